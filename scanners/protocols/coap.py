"""CoAP (RFC 7252) without DTLS: the list of resources that RFC 6690 has every server offer."""

import re
from typing import ClassVar

from scanners.clean_text import clean_bytes
from scanners.observation import Facts
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.services.reflections import COAP_CORE
from scanners.target import Target, Transport
from scanners.wire import ProtocolError
from scanners.zone import Intrusiveness, Zone

MOST_RESOURCES = 64
_LINK = re.compile(rb"<([^<>\0-\x20]{1,200})>")


class CoapFacts(Facts, frozen=True, kw_only=True):
    """``code`` is that of the answer (``2.05``). ``listed``: the resources were told; ``resources`` are their paths, at most 64
    of the first block. What is behind them is not asked for.
    """

    kind: ClassVar[str] = "coap"

    code: str | None = None
    listed: bool | None = None
    resources: tuple[str, ...] | None = None


class CoapScanner:
    """One confirmable GET of /.well-known/core."""

    name = "coap"
    version = "1"
    facts_type = CoapFacts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 5.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name == "coap"

    def wanted_at(self, target: Target, zone: Zone) -> bool:
        return target.transport is Transport.UDP

    async def look(self, target: Target, occasion: Occasion) -> Look:
        answers = await occasion.door.datagram(target, COAP_CORE, zone_id=occasion.zone.id)
        if not answers:
            raise TimeoutError
        return Look(read_core(answers[0]), answers[0])


def read_core(data: bytes) -> CoapFacts:
    """The answer to :data:`COAP_CORE`. Raises :class:`~scanners.wire.ProtocolError` when it is none."""
    token = COAP_CORE[0] & 0x0F
    if len(data) < 4 + token or data[0] >> 6 != 1 or data[0] & 0x0F != token or data[4 : 4 + token] != COAP_CORE[4 : 4 + token]:
        raise ProtocolError("its answer is none of CoAP to our request")
    code = f"{data[1] >> 5}.{data[1] & 0x1F:02}"
    if code != "2.05":
        return CoapFacts(code=code, listed=False)
    found = _LINK.findall(_payload(data, 4 + token))
    return CoapFacts(code=code, listed=True, resources=tuple(clean_bytes(path, 200) for path in found[:MOST_RESOURCES]))


def _payload(data: bytes, at: int) -> bytes:
    """What follows the options (RFC 7252, 3.1). Raises :class:`~scanners.wire.ProtocolError` when they are cut off."""
    extended = {13: 1, 14: 2}
    while at < len(data) and data[at] != 0xFF:
        delta, length = data[at] >> 4, data[at] & 0x0F
        if 15 in (delta, length):
            raise ProtocolError("an option of its answer is none")
        at += 1 + extended.get(delta, 0)
        size = extended.get(length, 0)
        length = length if not size else int.from_bytes(data[at : at + size], "big") + (13 if size == 1 else 269)
        at += size + length
    if at > len(data):
        raise ProtocolError("the options of its answer are cut off")
    return data[at + 1 :]


SCANNER = CoapScanner()
