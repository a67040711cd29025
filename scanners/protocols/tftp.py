"""TFTP (RFC 1350): whether it answers a request for a file that nobody is meant to have."""

from typing import ClassVar

from scanners.observation import Facts
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.services.datagrams import TFTP_REQUEST, read_tftp
from scanners.target import Target
from scanners.wire import ProtocolError
from scanners.zone import Intrusiveness


class TftpFacts(Facts, frozen=True, kw_only=True):
    """``answers`` is True when it speaks TFTP; ``message`` is the text of its error."""

    kind: ClassVar[str] = "tftp"

    answers: bool | None = None
    message: str | None = None


class TftpScanner:
    """One read request; no file is transferred."""

    name = "tftp"
    version = "1"
    facts_type = TftpFacts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 5.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name == "tftp"

    async def look(self, target: Target, occasion: Occasion) -> Look:
        answers = await occasion.door.datagram(target, TFTP_REQUEST, zone_id=occasion.zone.id, any_port=True)
        if not answers:
            raise TimeoutError
        facts = read_tftp(answers[0])
        if facts is None:
            raise ProtocolError("its answer is no TFTP packet")
        return Look(TftpFacts(answers=True, message=facts.banner), answers[0])


SCANNER = TftpScanner()
