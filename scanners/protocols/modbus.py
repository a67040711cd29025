"""Modbus/TCP (Modbus Application Protocol V1.1b3 and Messaging on TCP/IP V1.0b): who made the controller."""

from contextlib import suppress
from typing import ClassVar

from scanners.clean_text import clean_bytes
from scanners.observation import Facts
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.target import Target
from scanners.wire import ProtocolError, Wire, WireLimits
from scanners.zone import Intrusiveness, Zone

_TRANSACTION = b"TA"
_READ_DEVICE_IDENTIFICATION = b"\x2b\x0e\x01\x00"  # function 43, MEI type 14, basic, from object 0 (section 6.21)
UNITS = (255, 1)  # 255 is the controller itself on TCP; a gateway's first device is often 1
_LONGEST = 254  # unit and PDU (Messaging on TCP/IP, section 4.2.1)
_LIMITS = WireLimits(deadline_seconds=6.0, read_bytes=4 * 1024)
_OBJECTS = {0: "vendor", 1: "product", 2: "revision"}
_TEXT = 100


def request(unit: int) -> bytes:
    """Read Device Identification, asked of one unit."""
    pdu = bytes((unit,)) + _READ_DEVICE_IDENTIFICATION
    return _TRANSACTION + b"\0\0" + len(pdu).to_bytes(2, "big") + pdu


IDENTIFY = request(UNITS[0])


class ModbusFacts(Facts, frozen=True, kw_only=True):
    """``unit`` is the one that identified itself; ``exception`` the code with which the last one asked refused.

    ``identified`` is True whenever Modbus answered, by an exception too. Serial numbers are not read.
    """

    kind: ClassVar[str] = "modbus"

    identified: bool | None = None
    unit: int | None = None
    vendor: str | None = None
    product: str | None = None
    revision: str | None = None
    exception: int | None = None


def is_answer(data: bytes) -> bool:
    """Whether ``data`` begins with the answer to our request: its transaction, protocol 0, function 43 or its exception."""
    if len(data) < 9 or data[:4] != _TRANSACTION + b"\0\0":
        return False
    length = int.from_bytes(data[4:6], "big")
    return 3 <= length <= _LONGEST and (data[7:9] == b"\x2b\x0e" or (data[7] == 0xAB and length == 3))


def read_answer(unit_and_pdu: bytes) -> ModbusFacts:
    """What one answer says. Raises :class:`~scanners.wire.ProtocolError` when it is none to Read Device Identification."""
    if len(unit_and_pdu) == 3 and unit_and_pdu[1] == 0xAB:
        return ModbusFacts(identified=True, exception=unit_and_pdu[2])
    if len(unit_and_pdu) < 8 or unit_and_pdu[1:3] != b"\x2b\x0e":
        raise ProtocolError("its answer is none to Read Device Identification")
    found: dict[str, str] = {}
    rest = unit_and_pdu[8:]
    for _ in range(unit_and_pdu[7]):
        if len(rest) < 2 or len(rest) < 2 + rest[1]:
            raise ProtocolError("its identification ends in the middle of an object")
        number, value, rest = rest[0], rest[2 : 2 + rest[1]], rest[2 + rest[1] :]
        if number in _OBJECTS:
            found[_OBJECTS[number]] = clean_bytes(value.strip(b"\0 "), _TEXT)
    return ModbusFacts(
        identified=True,
        unit=unit_and_pdu[0],
        vendor=found.get("vendor"),
        product=found.get("product"),
        revision=found.get("revision"),
    )


class ModbusScanner:
    """Read Device Identification (basic) of unit 255, and of unit 1 where that one refuses. No register or coil is read."""

    name = "modbus"
    version = "1"
    facts_type = ModbusFacts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 10.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name == "modbus"

    def wanted_in(self, zone: Zone) -> bool:
        return zone.identify_industrial

    async def look(self, target: Target, occasion: Occasion) -> Look:
        async with occasion.door.open(target, zone_id=occasion.zone.id, limits=_LIMITS) as wire:
            facts = await _ask(wire, UNITS[0])
            if facts.exception is not None:
                with suppress(ProtocolError, TimeoutError):  # it has refused in Modbus already: that is proof enough
                    facts = await _ask(wire, UNITS[1])
            return Look(facts, wire.evidence)


async def _ask(wire: Wire, unit: int) -> ModbusFacts:
    await wire.write(request(unit))
    head = await wire.read_exactly(6)
    length = int.from_bytes(head[4:6], "big")
    if head[:4] != _TRANSACTION + b"\0\0" or not 3 <= length <= _LONGEST:
        raise ProtocolError("its answer is none of Modbus")
    return read_answer(await wire.read_exactly(length))


SCANNER = ModbusScanner()
