"""What hosts announce of themselves: DHCP, LLDP, CDP, SSDP."""

import ipaddress
import re
from collections.abc import Sequence

from scanners.octets import Octets
from scanners.passive.hints import Hint, mac_text, name, text
from scanners.wire import ProtocolError

_MAGIC = b"\x63\x82\x53\x63"
_REQUEST, _ACK = 3, 5
_OPTIONS_LIMIT = 128
_ENTRIES_LIMIT = 64
_SERVER = re.compile(rb"^SERVER:[ \t]*([^\r\n]{1,200})", re.IGNORECASE | re.MULTILINE)


def dhcp(data: bytes, source: str, mac: str | None) -> list[Hint]:
    """The client of a message: its hardware address, name (option 12), vendor class (60), and the address it has or asks to
    keep (RFC 2131, RFC 2132). An address that is only offered is nobody's yet."""
    octets = Octets(data)
    operation, hardware, size = octets.number(1), octets.number(1), octets.number(1)
    octets.take(9)
    mine, given = octets.take(4), octets.take(4)
    octets.take(8)
    client = mac_text(octets.take(16)[:6])
    octets.take(192)
    if operation not in (1, 2) or (hardware, size) != (1, 6) or client is None or octets.take(4) != _MAGIC:
        return []
    options = _options(octets)
    kind = options.get(53, b"")[:1]
    address = mine if any(mine) else b""
    if operation == 1 and kind == bytes((_REQUEST,)):
        address = address or options.get(50, b"")
    if operation == 2:
        address = given if kind == bytes((_ACK,)) else b""
    said = name(options.get(12, b"")) if operation == 1 else None
    return [
        Hint(
            by="dhcp",
            address=str(ipaddress.IPv4Address(address)) if len(address) == 4 and any(address) else None,
            mac=client,
            names=(said,) if said else (),
            vendor_class=text(options.get(60, b"")) if operation == 1 else None,
        )
    ]


def _options(octets: Octets) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    for _ in range(_OPTIONS_LIMIT):
        if not len(octets):
            break
        code = octets.number(1)
        if code == 255:
            break
        if code:
            found.setdefault(code, octets.vector(1))
    return found


def lldp(data: bytes, mac: str | None) -> list[Hint]:
    """System name, description and management addresses (IEEE 802.1AB, 8.5)."""
    octets, names, system, addresses = Octets(data), [], None, []
    for _ in range(_ENTRIES_LIMIT):
        if len(octets) < 2:
            break
        head = octets.number(2)
        kind, value = head >> 9, octets.take(head & 0x1FF)
        if kind == 0:
            break
        if kind == 5:
            said = name(value)
            names += [said] if said else []
        elif kind == 6:
            system = text(value)
        elif kind == 8:
            addresses.append(_management(value))
    return _of_neighbour("lldp", mac, names, system, addresses)


def _management(value: bytes) -> str | None:
    """A management address TLV: length, family (IANA address family numbers: 1 IPv4, 2 IPv6), address."""
    inside = Octets(Octets(value).vector(1))
    family, raw = inside.number(1), inside.rest()
    if family == 1 and len(raw) == 4:
        return str(ipaddress.IPv4Address(raw))
    return str(ipaddress.IPv6Address(raw)) if family == 2 and len(raw) == 16 else None


def cdp(data: bytes, mac: str | None) -> list[Hint]:
    """Device id, addresses, version and platform of a Cisco Discovery Protocol message (as Wireshark's packet-cdp reads it)."""
    octets, names, addresses = Octets(data), [], []
    octets.take(4)  # version, time to live, checksum
    platform = version = None
    for _ in range(_ENTRIES_LIMIT):
        if len(octets) < 4:
            break
        kind, length = octets.number(2), octets.number(2)
        if length < 4:
            raise ProtocolError("a CDP entry that is shorter than its head")
        value = octets.take(length - 4)
        if kind == 1:
            said = name(value)
            names += [said] if said else []
        elif kind == 2:
            addresses += _cdp_addresses(value)
        elif kind == 5:
            version = text(value.splitlines()[0]) if value.splitlines() else None
        elif kind == 6:
            platform = text(value)
    system = " ".join(part for part in (platform, version) if part) or None
    return _of_neighbour("cdp", mac, names, system, addresses)


def _cdp_addresses(value: bytes) -> list[str]:
    octets, found = Octets(value), []
    for _ in range(min(octets.number(4), 16)):
        octets.take(1)
        protocol, raw = octets.vector(1), octets.vector(2)
        if protocol == b"\xcc" and len(raw) == 4:
            found.append(str(ipaddress.IPv4Address(raw)))
    return found


def _of_neighbour(by: str, mac: str | None, names: list[str], system: str | None, addresses: Sequence[str | None]) -> list[Hint]:
    known: list[str | None] = [address for address in addresses if address] or [None]
    return [Hint(by=by, address=address, mac=mac, names=tuple(names), system=system) for address in known[:8]]


def ssdp(data: bytes, source: str, mac: str | None) -> list[Hint]:
    """The SERVER header of an announcement or answer (UPnP Device Architecture 2.0, 1.2.2)."""
    if not data.startswith((b"NOTIFY * HTTP/", b"HTTP/1.1 200")):
        return []
    found = _SERVER.search(data[:2048])
    return [Hint(by="ssdp", address=source, mac=mac, system=text(found[1]))] if found else []
