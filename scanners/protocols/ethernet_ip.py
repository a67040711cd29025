"""EtherNet/IP (CIP Networks Library, volume 2): ListIdentity, which every device answers without a session."""

from typing import ClassVar

from scanners.clean_text import clean_bytes
from scanners.observation import Facts
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.target import Target, Transport
from scanners.wire import ProtocolError, WireLimits
from scanners.zone import Intrusiveness, Zone

_COMMAND = b"\x63\x00"
LIST_IDENTITY = _COMMAND + bytes(22)  # encapsulation header (2-3.1), no data
_HEADER, _LONGEST = 24, 2048
_IDENTITY = 0x0C  # item type of the common packet format
_LIMITS = WireLimits(deadline_seconds=6.0, read_bytes=8 * 1024)
_VENDORS = {  # ODVA vendor ids
    1: "Rockwell Automation/Allen-Bradley",
    26: "Festo",
    34: "Siemens",
    40: "WAGO",
    47: "Omron",
    90: "HMS Industrial Networks",
    108: "Beckhoff Automation",
    145: "Siemens",
    161: "Mitsubishi Electric",
    243: "Schneider Electric",
    283: "Hilscher",
    808: "SICK",
    1105: "Moxa",
}


class EthernetIpFacts(Facts, frozen=True, kw_only=True):
    """``vendor`` by its ODVA id (``vendor 77`` when we have no name for it); ``revision`` as major.minor.

    The serial number is left out.
    """

    kind: ClassVar[str] = "ethernet_ip"

    identified: bool | None = None
    vendor: str | None = None
    product: str | None = None
    revision: str | None = None


def is_answer(data: bytes) -> bool:
    """Whether ``data`` begins with the head of an answer to ListIdentity."""
    return len(data) >= _HEADER and data[:2] == _COMMAND and data[4:20] == bytes(16)


def read_answer(data: bytes) -> EthernetIpFacts:
    """The first identity of an answer (2-4.2.2). Raises :class:`~scanners.wire.ProtocolError`."""
    if not is_answer(data):
        raise ProtocolError("its answer is none to ListIdentity")
    body = data[_HEADER : _HEADER + int.from_bytes(data[2:4], "little")]
    if len(body) < 6 or body[:2] == b"\0\0":
        return EthernetIpFacts(identified=True)
    kind, length = int.from_bytes(body[2:4], "little"), int.from_bytes(body[4:6], "little")
    item = body[6 : 6 + length]
    if kind != _IDENTITY or len(item) < 33:
        raise ProtocolError("its identity ends too early")
    vendor = int.from_bytes(item[18:20], "little")
    return EthernetIpFacts(
        identified=True,
        vendor=_VENDORS.get(vendor, f"vendor {vendor}"),
        product=clean_bytes(item[33 : 33 + item[32]].strip(b"\0 "), 64) or None,
        revision=f"{item[24]}.{item[25]}",
    )


class EthernetIpScanner:
    """ListIdentity, over the transport that answered. No session is registered."""

    name = "ethernet_ip"
    version = "1"
    facts_type = EthernetIpFacts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 10.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name == "ethernet-ip"

    def wanted_in(self, zone: Zone) -> bool:
        return zone.identify_industrial

    async def look(self, target: Target, occasion: Occasion) -> Look:
        if target.transport is Transport.UDP:
            answers = await occasion.door.datagram(target, LIST_IDENTITY, zone_id=occasion.zone.id)
            if not answers:
                raise TimeoutError
            return Look(read_answer(answers[0]), answers[0])
        async with occasion.door.open(target, zone_id=occasion.zone.id, limits=_LIMITS) as wire:
            await wire.write(LIST_IDENTITY)
            head = await wire.read_exactly(_HEADER)
            length = int.from_bytes(head[2:4], "little")
            if head[:2] != _COMMAND or length > _LONGEST:
                raise ProtocolError("its answer is none to ListIdentity")
            return Look(read_answer(head + await wire.read_exactly(length)), wire.evidence)


SCANNER = EthernetIpScanner()
