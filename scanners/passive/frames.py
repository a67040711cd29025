"""From a frame on the wire to hints: link layer, ARP, neighbour discovery, IP, and who reads what is inside.

Every dissector takes bytes and raises :class:`~scanners.wire.ProtocolError` only. Frames are read one by one, nothing is
reassembled and nothing remembered: a frame costs what it is long.
"""

import ipaddress
from collections.abc import Callable

from scanners.octets import Octets
from scanners.passive import announcements, conversations, names
from scanners.passive.hints import Hint, mac_text
from scanners.wire import ProtocolError

FRAME_LIMIT = 65_535
_IPV4, _ARP, _IPV6, _LLDP = 0x0800, 0x0806, 0x86DD, 0x88CC
_VLAN = frozenset((0x8100, 0x88A8, 0x9100))
_CDP_SNAP = b"\xaa\xaa\x03\x00\x00\x0c\x20\x00"
_TCP, _UDP, _ICMP6 = 6, 17, 58
_UDP_READERS: dict[int, Callable[[bytes, str, str | None], list[Hint]]] = {
    67: announcements.dhcp,
    68: announcements.dhcp,
    137: names.netbios,
    138: names.netbios_datagram,
    1900: announcements.ssdp,
    5353: names.mdns,
    5355: names.llmnr,
}


def dissect(frame: bytes) -> list[Hint]:
    """What an Ethernet frame tells. Raises :class:`~scanners.wire.ProtocolError` when it is malformed."""
    octets = Octets(frame[:FRAME_LIMIT])
    octets.take(6)
    source = mac_text(octets.take(6))
    kind = octets.number(2)
    for _ in range(2):
        if kind in _VLAN:
            octets.take(2)
            kind = octets.number(2)
    rest = octets.rest()
    if kind == _ARP:
        return arp(rest)
    if kind == _IPV4:
        return ipv4(rest, source)
    if kind == _IPV6:
        return ipv6(rest, source)
    if kind == _LLDP:
        return announcements.lldp(rest, source)
    if kind < 1536 and rest.startswith(_CDP_SNAP):
        return announcements.cdp(rest[len(_CDP_SNAP) : kind], source)
    return []


def arp(data: bytes) -> list[Hint]:
    """The sender's own addresses (RFC 826). A probe (sender 0.0.0.0, RFC 5227) tells none."""
    octets = Octets(data)
    if octets.take(6) != b"\x00\x01\x08\x00\x06\x04":
        return []
    octets.take(2)
    mac, sender = mac_text(octets.take(6)), octets.take(4)
    if mac is None or not any(sender):
        return []
    return [Hint(by="arp", address=str(ipaddress.IPv4Address(sender)), mac=mac)]


def ipv4(data: bytes, mac: str | None) -> list[Hint]:
    """RFC 791; of a fragmented packet only the first part is read."""
    octets = Octets(data)
    head = octets.number(1)
    length = (head & 15) * 4
    if head >> 4 != 4 or length < 20:
        raise ProtocolError("no IPv4 header")
    octets.take(1)
    total = octets.number(2)
    octets.take(2)
    fragment = octets.number(2)
    octets.take(1)
    protocol = octets.number(1)
    octets.take(2)
    source, target = str(ipaddress.IPv4Address(octets.take(4))), str(ipaddress.IPv4Address(octets.take(4)))
    octets.take(length - 20)
    if fragment & 0x1FFF:
        return []
    return _inside(protocol, octets.rest()[: max(total - length, 0)], source, target, mac)


def ipv6(data: bytes, mac: str | None) -> list[Hint]:
    """RFC 8200, without extension headers."""
    octets = Octets(data)
    if octets.number(1) >> 4 != 6:
        raise ProtocolError("no IPv6 header")
    octets.take(3)
    length = octets.number(2)
    protocol = octets.number(1)
    octets.take(1)
    source, target = str(ipaddress.IPv6Address(octets.take(16))), str(ipaddress.IPv6Address(octets.take(16)))
    return _inside(protocol, octets.rest()[:length], source, target, mac)


def _inside(protocol: int, data: bytes, source: str, target: str, mac: str | None) -> list[Hint]:
    if protocol == _UDP:
        return udp(data, source, mac)
    if protocol == _TCP:
        return conversations.tcp(data, source, target)
    if protocol == _ICMP6:
        return neighbour(data, source)
    return []


def udp(data: bytes, source: str, mac: str | None) -> list[Hint]:
    octets = Octets(data)
    source_port, target_port, length = octets.number(2), octets.number(2), octets.number(2)
    octets.take(2)
    payload = octets.rest()[: max(length - 8, 0)]
    reader = _UDP_READERS.get(target_port) or _UDP_READERS.get(source_port)
    return reader(payload, source, mac) if reader else []


def neighbour(data: bytes, source: str) -> list[Hint]:
    """The hardware address in a solicitation (its source's) or an advertisement (its target's) (RFC 4861, 4.3, 4.4)."""
    octets = Octets(data)
    kind = octets.number(1)
    if kind not in (135, 136):
        return []
    octets.take(7)
    target = str(ipaddress.IPv6Address(octets.take(16)))
    address, wanted = (source, 1) if kind == 135 else (target, 2)
    for _ in range(8):
        if len(octets) < 8:
            break
        option, length = octets.number(1), octets.number(1)
        value = octets.take(max(length * 8 - 2, 0))
        mac = mac_text(value) if option == wanted else None
        if mac and address != "::":
            return [Hint(by="ndp", address=address, mac=mac)]
        if not length:
            break
    return []
