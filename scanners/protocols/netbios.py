"""NetBIOS name service (RFC 1002, 4.2.18): the names that a Windows or Samba host gives to anybody who asks."""

from typing import ClassVar

from scanners.clean_text import clean_bytes
from scanners.observation import Facts
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.services.reflections import NODE_STATUS, read_node_status
from scanners.target import Target, Transport
from scanners.wire import ProtocolError
from scanners.zone import Intrusiveness, Zone

_FIRST = 57  # behind header, name, type, class, time to live, length and the number of names
_ENTRY = 18
MOST_NAMES = 64


class NetbiosFacts(Facts, frozen=True, kw_only=True):
    """``names`` are written ``ARXIU<20>``, with the suffix in hexadecimal. ``host_name`` is the machine's, ``workgroup`` its
    domain or workgroup; ``mac`` is in ECS form, None where the host gives zeros (Samba). ``file_server``: suffix 20 is there;
    ``domain_controller``: the group name with suffix 1c is.
    """

    kind: ClassVar[str] = "netbios"

    host_name: str | None = None
    workgroup: str | None = None
    names: tuple[str, ...] | None = None
    file_server: bool | None = None
    domain_controller: bool | None = None
    mac: str | None = None


class NetbiosScanner:
    """One node status request."""

    name = "netbios"
    version = "1"
    facts_type = NetbiosFacts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 5.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name in ("netbios-ns", "nbns")

    def wanted_at(self, target: Target, zone: Zone) -> bool:
        return target.transport is Transport.UDP

    async def look(self, target: Target, occasion: Occasion) -> Look:
        answers = await occasion.door.datagram(target, NODE_STATUS, zone_id=occasion.zone.id)
        if not answers:
            raise TimeoutError
        return Look(read_names(answers[0]), answers[0])


def read_names(data: bytes) -> NetbiosFacts:
    """The table of a node status response. Raises :class:`~scanners.wire.ProtocolError` when it is none or cut off."""
    if read_node_status(data) is None or len(data) < _FIRST + data[_FIRST - 1] * _ENTRY:
        raise ProtocolError("its answer is no NetBIOS node status")
    count = data[_FIRST - 1]
    entries = []
    for number in range(count):
        entry = data[_FIRST + number * _ENTRY :][:_ENTRY]
        entries.append((clean_bytes(entry[:15].rstrip(b" \0"), 60), entry[15], bool(entry[16] & 0x80)))
    after = _FIRST + count * _ENTRY
    mac = data[after : after + 6]
    return NetbiosFacts(
        host_name=next((name for name, suffix, group in entries if suffix == 0 and not group), None),
        workgroup=next((name for name, suffix, group in entries if suffix == 0 and group), None),
        names=tuple(dict.fromkeys(f"{name}<{suffix:02x}>" for name, suffix, _ in entries[:MOST_NAMES])),
        file_server=any(suffix == 0x20 and not group for _, suffix, group in entries),
        domain_controller=any(suffix == 0x1C and group for _, suffix, group in entries),
        mac=mac.hex("-").upper() if len(mac) == 6 and any(mac) else None,
    )


SCANNER = NetbiosScanner()
