"""S7comm on ISO on TCP: the module and its firmware, as its own system status lists say."""

from typing import ClassVar

from scanners.clean_text import clean_bytes
from scanners.observation import Facts
from scanners.protocols.s7_packets import CONNECT, SETUP, is_confirm, is_setup, packet_length, read_szl, szl_records
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.target import Target
from scanners.wire import ProtocolError, Wire, WireLimits
from scanners.zone import Intrusiveness, Zone

_LIMITS = WireLimits(deadline_seconds=8.0, read_bytes=16 * 1024)
_MODULES, _COMPONENTS = 0x0011, 0x001C


class S7Facts(Facts, frozen=True, kw_only=True):
    """``order_number`` such as 6ES7 315-2EH14-0AB0; ``product`` the type of module; ``firmware`` as ``V3.2.6``.

    ``identified``: it acknowledged S7 communication; False when only ISO on TCP answered. Serial numbers and the names of plants
    are left out.
    """

    kind: ClassVar[str] = "s7"

    identified: bool | None = None
    vendor: str | None = None
    order_number: str | None = None
    product: str | None = None
    firmware: str | None = None


def module_facts(modules: dict[int, bytes], components: dict[int, bytes]) -> S7Facts:
    """Facts of the records of the lists 0x0011 (module identification) and 0x001C (component identification)."""
    order = clean_bytes(modules[1][:20].strip(b"\0 "), 40) if 1 in modules else ""
    firmware = None
    for version in (modules.get(7, b"")[22:26], modules.get(6, b"")[22:26]):
        if len(version) == 4 and version[:1] == b"V":
            firmware = firmware or f"V{version[1]}.{version[2]}.{version[3]}"
    product = clean_bytes(components[7][:32].strip(b"\0 "), 64) if 7 in components else ""
    vendor = "Siemens" if order.startswith(("6ES7", "6AG1", "6GK7")) else None
    return S7Facts(identified=True, vendor=vendor, order_number=order or None, product=product or None, firmware=firmware)


class S7Scanner:
    """Connects as a programming device does, sets communication up and reads two identification lists. No block is touched."""

    name = "s7"
    version = "1"
    facts_type = S7Facts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 12.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name == "iso-tsap"

    def wanted_in(self, zone: Zone) -> bool:
        return zone.identify_industrial

    async def look(self, target: Target, occasion: Occasion) -> Look:
        async with occasion.door.open(target, zone_id=occasion.zone.id, limits=_LIMITS) as wire:
            facts = await _identify(wire)
            return Look(facts, wire.evidence)


async def _identify(wire: Wire) -> S7Facts:
    confirm = await _ask(wire, CONNECT)
    if not is_confirm(b"\x03\0\0\0" + confirm):
        raise ProtocolError("it does not confirm a connection of ISO on TCP")
    if confirm[1] & 0xF0 != 0xD0:
        return S7Facts()  # it refuses this rack and slot: what it is stays open
    try:
        if not is_setup(await _ask(wire, SETUP)):
            return S7Facts(identified=False)
        lists = [szl_records(await _ask(wire, read_szl(szl))) for szl in (_MODULES, _COMPONENTS)]
    except ProtocolError:
        return S7Facts(identified=False)
    return module_facts(*lists)


async def _ask(wire: Wire, packet: bytes) -> bytes:
    await wire.write(packet)
    return await wire.read_exactly(packet_length(await wire.read_exactly(4)))


SCANNER = S7Scanner()
