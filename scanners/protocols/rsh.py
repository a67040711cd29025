"""The Berkeley r-services: rlogin (RFC 1282), rsh and rexec (4.3BSD rshd(8), rexecd(8))."""

from typing import ClassVar

from scanners.observation import Facts
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.services import SERVICE
from scanners.target import Target
from scanners.wire import ProtocolError
from scanners.zone import Intrusiveness

_PROTOCOLS = {"login": "rlogin", "shell": "rsh", "exec": "rexec"}


class RshFacts(Facts, frozen=True, kw_only=True):
    """``protocol`` is rlogin, rsh or rexec; ``message`` what it said when asked by nobody for nothing."""

    kind: ClassVar[str] = "rsh"

    protocol: str | None = None
    message: str | None = None


class RshScanner:
    """Sees by its manners that one is there. No user that exists, no password and no command is named: no trust is used."""

    name = "rsh"
    version = "1"
    facts_type = RshFacts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 30.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name in _PROTOCOLS

    async def look(self, target: Target, occasion: Occasion) -> Look:
        look = await SERVICE.look(target, occasion)
        facts = look.facts
        if not isinstance(facts, ServiceFacts) or facts.name not in _PROTOCOLS:
            raise ProtocolError("it does not behave as rlogin, rsh or rexec do")
        return Look(RshFacts(protocol=_PROTOCOLS[facts.name], message=facts.banner), look.evidence)


SCANNER = RshScanner()
