"""DNP3 (IEEE 1815-2012, clause 9): whether an outstation tells the status of its link. No application data is asked for."""

from typing import ClassVar

from scanners.observation import Facts
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.target import Target
from scanners.wire import ProtocolError, WireLimits
from scanners.zone import Intrusiveness, Zone

_START = b"\x05\x64"
_REQUEST_LINK_STATUS = 0xC9  # from a master, primary, function 9
_FROM_OUTSTATION = {0x0B: "link status", 0x0F: "not supported", 0x00: "ack", 0x01: "nack"}
_OUR_ADDRESS = 1024  # a master's usual one
# An outstation answers only to its own address: the one by which it should always answer, and those that people choose.
STATIONS = (0xFFFC, 0, 1, 2, 3, 4, 10)
_LIMITS = WireLimits(deadline_seconds=6.0, read_bytes=4 * 1024)


def crc(data: bytes) -> bytes:
    """The CRC of a block (polynomial 0x3D65, reflected, inverted), as sent: least significant byte first (9.2.6)."""
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA6BC if value & 1 else 0)
    return (value ^ 0xFFFF).to_bytes(2, "little")


def header(control: int, to: int, sender: int) -> bytes:
    """A link-layer frame without user data (9.2.4)."""
    block = _START + bytes((5, control)) + to.to_bytes(2, "little") + sender.to_bytes(2, "little")
    return block + crc(block)


REQUEST_LINK_STATUS = b"".join(header(_REQUEST_LINK_STATUS, station, _OUR_ADDRESS) for station in STATIONS)


class Dnp3Facts(Facts, frozen=True, kw_only=True):
    """``station`` is the link address that answered; ``said`` link status, not supported, ack or nack."""

    kind: ClassVar[str] = "dnp3"

    identified: bool | None = None
    station: int | None = None
    said: str | None = None


def read_answer(data: bytes) -> Dnp3Facts:
    """What the first frame says. Raises :class:`~scanners.wire.ProtocolError` when it is none of an outstation to us."""
    frame = data[:10]
    if len(frame) < 10 or frame[:2] != _START or frame[2] != 5 or crc(frame[:8]) != frame[8:10]:
        raise ProtocolError("its answer is no frame of DNP3")
    control = frame[3]
    said = _FROM_OUTSTATION.get(control & 0x0F) if control & 0xC0 == 0 else None
    if said is None or int.from_bytes(frame[4:6], "little") != _OUR_ADDRESS:
        raise ProtocolError("its answer is no frame of a DNP3 outstation")
    return Dnp3Facts(identified=True, station=int.from_bytes(frame[6:8], "little"), said=said)


def is_answer(data: bytes) -> bool:
    try:
        return read_answer(data).identified is True
    except ProtocolError:
        return False


class Dnp3Scanner:
    """Request Link Status of a few link addresses, in one segment, and nothing else."""

    name = "dnp3"
    version = "1"
    facts_type = Dnp3Facts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 10.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name == "dnp3"

    def wanted_in(self, zone: Zone) -> bool:
        return zone.identify_industrial

    async def look(self, target: Target, occasion: Occasion) -> Look:
        async with occasion.door.open(target, zone_id=occasion.zone.id, limits=_LIMITS) as wire:
            await wire.write(REQUEST_LINK_STATUS)
            facts = read_answer(await wire.read_exactly(10))
            return Look(facts, wire.evidence)


SCANNER = Dnp3Scanner()
