"""ARP (RFC 826) and IPv6 neighbour discovery (RFC 4861) on the local link."""

import socket
import struct
from collections.abc import Iterable

from scanners.raw import templates
from scanners.raw.arithmetic import checksum, words
from scanners.raw.ends import ETH_ARP, ETH_IPV6, Ends
from scanners.raw.engine import Engine
from scanners.raw.field import Field
from scanners.raw.links import Link, global_prefixes, routes, source_towards
from scanners.raw.report import ARP, NDP, Report

_BROADCAST = b"\xff" * 6
_ARP_REPLY = 2
_TARGET_LINK_LAYER = 2


class Neighbourhood:
    """Which indices of ``field`` lie on a local link, and who of them is there."""

    def __init__(self, field: Field, ends: Ends, report: Report) -> None:
        self._field, self._ends, self._report = field, ends, report
        self._links: list[Link] = []
        self._place = bytearray(field.count)  # 0: not on a link; else the place of its link plus one
        for route in routes(field.version):
            number = 0
            if route.link is not None:
                if route.link not in self._links:
                    self._links.append(route.link)
                number = min(self._links.index(route.link) + 1, 255)
            field.mark(self._place, [route.interval], number)
        self._templates: dict[tuple[Link, int], bytes] = {}

    def on_link(self, index: int) -> bool:
        return self._place[index] != 0

    def link(self, index: int) -> Link:
        return self._links[self._place[index] - 1]

    def members(self) -> list[int]:
        return [index for index, place in enumerate(self._place) if place]

    def ask(self, engine: Engine, indices: Iterable[int]) -> None:
        """Ask for each of ``indices`` that is allowed now and has not answered."""
        for index in indices:
            if self._report.alive[index]:
                continue
            engine.turn()
            if self._field.shut[index]:
                continue
            link, address = self.link(index), self._field.address(index)
            if self._field.version == 4:
                self._ask_arp(link, address)
            else:
                self._ask_ndp(link, address)
            engine.spend(1)

    def _ask_arp(self, link: Link, address: int) -> None:
        key = (link, address >> 8)
        if key not in self._templates:
            self._templates[key] = templates.arp_request(link.mac, source_towards(4, address))
        packet = self._templates[key][:24] + address.to_bytes(4, "big")
        _send_to(self._ends.link, packet, (link.name, ETH_ARP, 0, 0, _BROADCAST))

    def _ask_ndp(self, link: Link, address: int) -> None:
        key = (link, address >> 16)
        if key not in self._templates:
            self._templates[key] = templates.neighbour_solicitation(link.mac, source_towards(6, address))
        packet = bytearray(self._templates[key])
        target = address.to_bytes(16, "big")
        low = target[13:]
        packet[24:40] = bytes.fromhex("ff0200000000000000000001ff") + low
        packet[48:64] = target
        total = words(packet[8:40]) + words(packet[40:]) + len(packet) - 40 + socket.IPPROTO_ICMPV6
        struct.pack_into(">H", packet, 42, checksum(total))
        _send_to(self._ends.link, bytes(packet), (link.name, ETH_IPV6, 0, 0, b"\x33\x33\xff" + low))

    def hear_arp(self) -> None:
        """Read every ARP packet that has come; replies about our addresses count."""
        for packet in _waiting(self._ends.arp, 64):
            if len(packet) < 28 or packet[:6] != b"\x00\x01\x08\x00\x06\x04" or packet[6:8] != b"\x00\x02":
                continue
            index = self._field.index(int.from_bytes(packet[14:18], "big"))
            if index >= 0 and self._place[index] and not self._field.shut[index]:
                self._report.answered(index, ARP, packet[8:14])

    def hear_advertisement(self, message: bytes) -> None:
        """A neighbour advertisement, without its IPv6 header."""
        address, mac = read_advertisement(message)
        index = self._field.index(address)
        if index >= 0 and mac and self._place[index] and not self._field.shut[index]:
            self._report.answered(index, NDP, mac)


def read_advertisement(message: bytes) -> tuple[int, bytes]:
    """The target of a neighbour advertisement and its hardware address (empty when it is not said)."""
    if len(message) < 24:
        return -1, b""
    at, mac = 24, b""
    while at + 8 <= len(message) and message[at + 1]:
        if message[at] == _TARGET_LINK_LAYER:
            mac = message[at + 2 : at + 8]
        at += message[at + 1] * 8
    return int.from_bytes(message[8:24], "big"), mac


def links_within(wide: Iterable[tuple[int, int]], excluded: Iterable[tuple[int, int]]) -> list[tuple[Link, int]]:
    """Links that lie wholly within ``wide`` with nothing excluded, each with our own address there.

    Only there may all nodes be asked at once: nobody outside the scope would hear it.
    """
    found: list[tuple[Link, int]] = []
    wide, excluded = list(wide), list(excluded)
    for link in dict.fromkeys(route.link for route in routes(6) if route.link is not None):
        for own, (first, last) in global_prefixes(link):
            inside = any(low <= first and last <= high for low, high in wide)
            if inside and not any(low <= last and first <= high for low, high in excluded):
                found.append((link, own))
    return found


def _send_to(sock: socket.socket, packet: bytes, where: tuple[str, int, int, int, bytes]) -> None:
    try:
        sock.sendto(packet, where)
    except OSError:
        return  # the queue is full or the link is down: it stays silent and is asked again


def _waiting(sock: socket.socket, size: int) -> list[bytes]:
    """Everything that waits in a socket, at most 4096 packets."""
    found: list[bytes] = []
    try:
        while len(found) < 4096:
            found.append(sock.recv(size))
    except OSError:
        pass
    return found
