"""Who is on the link of an IPv6 network too wide to be asked address by address."""

import socket
from typing import Any

from scanners.raw import templates
from scanners.raw.arithmetic import checksum, words
from scanners.raw.ends import ETH_IPV6, Ends
from scanners.raw.engine import Engine
from scanners.raw.job import intervals
from scanners.raw.lines import Lines
from scanners.raw.neighbours import links_within, read_advertisement

_ALL_NODES = bytes.fromhex("ff020000000000000000000000000001")
_ALL_NODES_MAC = b"\x33\x33\x00\x00\x00\x01"
_MOST_FOUND = 65536
_ECHO_REPLY, _ADVERTISEMENT = 129, 136


class LookAround:
    """Sends an echo request to all nodes (RFC 4291 section 2.7.1) of the links that lie wholly in scope, and listens."""

    def __init__(self, order: dict[str, Any], ends: Ends, lines: Lines) -> None:
        self._wide, self._excluded = intervals(order["links"]), intervals(order["excluded"])
        self._allowed = intervals(order["allowed"])
        self._ends, self._lines = ends, lines
        self._times, self._listen = int(order.get("retries", 1)) + 1, float(order.get("timeout", 2.0))
        self._found: set[int] = set()
        self._untold: list[int] = []
        self._engine = Engine(lines, float(order["rate"]), self._order, self._flush)
        self._engine.hear(ends.icmp, self._hear)

    def run(self) -> None:
        for _ in range(self._times):
            for link, own in links_within(self._wide, self._excluded):
                self._engine.turn()
                if not _within(own, self._allowed) or not links_within(self._wide, self._excluded):
                    continue
                self._engine.spend(1)
                packet = _request(own)
                try:
                    self._ends.link.sendto(packet, (link.name, ETH_IPV6, 0, 0, _ALL_NODES_MAC))
                except OSError:
                    continue
            self._engine.rest(self._listen)
        self._flush()
        self._lines.say("done", sent=self._engine.sent)

    def _hear(self) -> None:
        for _ in range(4096):
            try:
                message, where = self._ends.icmp.recvfrom(1500)
            except OSError:
                return
            address = -1
            if message[:1] == bytes([_ECHO_REPLY]):
                address = int.from_bytes(socket.inet_pton(socket.AF_INET6, where[0].partition("%")[0]), "big")
            elif message[:1] == bytes([_ADVERTISEMENT]):
                address = read_advertisement(message)[0]
            known = address in self._found or len(self._found) >= _MOST_FOUND
            if not known and _within(address, self._allowed) and not _within(address, self._excluded):
                self._found.add(address)
                self._untold.append(address)

    def _flush(self) -> None:
        if self._untold:
            self._lines.say("found", addresses=[str(address) for address in self._untold])
            self._untold = []

    def _order(self, order: dict[str, Any]) -> None:
        if order.get("do") == "allow":
            self._allowed, self._excluded = intervals(order["allowed"]), intervals(order["excluded"])
            self._lines.say("allowed", shut=0)


def _request(own: int) -> bytes:
    """A whole IPv6 packet with an echo request from ``own`` to all nodes."""
    head = bytearray(templates.neighbour_solicitation(bytes(6), own)[:40])
    body = bytearray(templates.echo(6, 0x5441, bytes(8)))
    head[4:6] = len(body).to_bytes(2, "big")
    head[24:40] = _ALL_NODES
    total = words(bytes(head[8:40])) + words(bytes(body)) + len(body) + socket.IPPROTO_ICMPV6
    body[2:4] = checksum(total).to_bytes(2, "big")
    return bytes(head + body)


def _within(address: int, pairs: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= address <= last for first, last in pairs)
