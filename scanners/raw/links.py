"""Which addresses lie on a local link, read from the kernel's own tables under ``/proc/net``."""

import fcntl
import ipaddress
import re
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_SIOCGIFFLAGS, _SIOCGIFHWADDR = 0x8913, 0x8927
_IFF_LOOPBACK, _IFF_POINTOPOINT, _IFF_NOARP = 0x8, 0x10, 0x80
_RTF_UP, _RTF_GATEWAY, _RTF_REJECT = 0x1, 0x2, 0x200
_ETHERNET = 1
_LOCAL = re.compile(r"/(\d+) host LOCAL|/(\d+) link BROADCAST")

Interval = tuple[int, int]


@dataclass(frozen=True)
class Link:
    """An Ethernet-like interface: ``mac`` is our own address on it."""

    name: str
    index: int
    mac: bytes


@dataclass(frozen=True)
class Route:
    """``link`` is None when the addresses are not on a local link: behind a gateway, our own, or on a link without ARP."""

    interval: Interval
    prefix: int
    link: Link | None


def link_of(name: str) -> Link | None:
    """The interface, if neighbours on it are found by ARP or neighbour discovery."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        request = struct.pack("16s24x", name.encode()[:15])
        try:
            flags = struct.unpack_from("H", fcntl.ioctl(probe, _SIOCGIFFLAGS, request), 16)[0]
            answer = fcntl.ioctl(probe, _SIOCGIFHWADDR, request)
            index = socket.if_nametoindex(name)
        except OSError:
            return None
    family = struct.unpack_from("H", answer, 16)[0]
    if family != _ETHERNET or flags & (_IFF_LOOPBACK | _IFF_POINTOPOINT | _IFF_NOARP):
        return None
    return Link(name, index, answer[18:24])


def routes(version: int) -> list[Route]:
    """The main table and our own addresses, the least specific first: the last that holds an address decides."""
    found = [*_routes_v4(), *_own_v4()] if version == 4 else [*_routes_v6()]
    return sorted(found, key=lambda route: route.prefix)


def _routes_v4() -> Iterator[Route]:
    for line in _lines("/proc/net/route")[1:]:
        name, destination, gateway, flags, *_, mask = line.split()[:8]
        first, wide = socket.ntohl(int(destination, 16)), socket.ntohl(int(mask, 16))
        if int(flags, 16) & _RTF_UP:
            direct = int(gateway, 16) == 0 and not int(flags, 16) & _RTF_REJECT
            yield Route((first, first | ~wide & 0xFFFFFFFF), wide.bit_count(), link_of(name) if direct else None)


def _own_v4() -> Iterator[Route]:
    """Local and broadcast addresses: nobody answers ARP for them."""
    address = 0
    for line in _lines("/proc/net/fib_trie"):
        text = line.strip()
        if text.startswith("|-- "):
            address = int(ipaddress.IPv4Address(text[4:]))
        elif found := _LOCAL.search(text):
            prefix = int(found[1] or found[2])
            yield Route((address, address + (1 << (32 - prefix)) - 1), prefix, None)


def _routes_v6() -> Iterator[Route]:
    for line in _lines("/proc/net/ipv6_route"):
        destination, prefix, _, _, gateway, _, _, _, flags, name = line.split()
        first, length = int(destination, 16), int(prefix, 16)
        if first >> 120 == 0xFF or not int(flags, 16) & _RTF_UP:
            continue
        link = link_of(name) if int(gateway, 16) == 0 and not int(flags, 16) & (_RTF_GATEWAY | _RTF_REJECT) else None
        yield Route((first, first | (1 << (128 - length)) - 1), length, link)


def global_prefixes(link: Link) -> list[tuple[int, Interval]]:
    """Our own IPv6 addresses on a link that are not link-local, each with the interval of its prefix."""
    found = []
    for line in _lines("/proc/net/if_inet6"):
        address, _, prefix, scope, _, name = line.split()
        if name == link.name and int(scope, 16) == 0:
            own, rest = int(address, 16), 128 - int(prefix, 16)
            first = own >> rest << rest
            found.append((own, (first, first | (1 << rest) - 1)))
    return found


def source_towards(version: int, address: int) -> int:
    """Our own address that the kernel would use towards ``address``; 0 when there is no route. Sends nothing."""
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    text = str(ipaddress.IPv4Address(address) if version == 4 else ipaddress.IPv6Address(address))
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((text, 9))
        except OSError:
            return 0
        return int(ipaddress.ip_address(probe.getsockname()[0]))


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
