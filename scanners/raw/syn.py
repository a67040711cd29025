"""The stateless SYN sweep: slots that are patched a thousand at a time, and answers that prove themselves.

The sequence number of a probe is a secret of its host plus a secret of its port, in each of its two halves in one's complement:

    high = host_high + port_secret          low = host_low - port_secret - port number

so the sum of port and sequence number, and with it the checksum, is the same for all ports of a host. A host learns from
the probes it gets nothing about the 32 secret bits of another; an answer must carry exactly this number plus one.
"""

import os
import re
import socket
import struct
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from scanners.raw import templates
from scanners.raw.arithmetic import Lanes, checksum, plus, swapped, words
from scanners.raw.bulk import Salvo
from scanners.raw.field import Field
from scanners.raw.links import source_towards
from scanners.raw.order import Spread

SILENT, OPEN, CLOSED, FILTERED = 0, 1, 2, 3
CHUNK = 1024
_RUN = re.compile(rb"\x00+")
_IPV4_SLASH, _IPV6_SLASH = 8, 16  # our own address is looked up once per /24 and /112


@dataclass(frozen=True)
class Shape:
    """Where things lie in a slot. The packet begins at ``packet``, the TCP header at ``tcp``."""

    stride: int
    packet: int
    tcp: int
    packet_bytes: int


SHAPES = {4: Shape(stride=64, packet=20, tcp=40, packet_bytes=44), 6: Shape(stride=96, packet=28, tcp=68, packet_bytes=64)}


@dataclass(frozen=True)
class Neighbour:
    """Where a host on the local link is found."""

    link_index: int
    mac: bytes


class SynTrack:
    """All probes to the hosts ``members`` (indices of ``field``), every port once a pass.

    ``neighbours`` gives each member's place on the link, or is None for hosts that the kernel routes to.
    """

    def __init__(
        self,
        field: Field,
        members: Sequence[int],
        ports: Sequence[int],
        source_port: int,
        neighbours: Sequence[Neighbour] | None = None,
    ) -> None:
        self.field, self.members, self.ports = field, members, tuple(ports)
        self.count = len(members)
        self.spread = Spread(self.count)
        self.on_link = neighbours is not None
        self.chunks = (self.count + CHUNK - 1) // CHUNK
        self.rows = [bytearray(self.count) for _ in self.ports]
        self._places = {port: place for place, port in enumerate(self.ports)}
        self._high = array("H", os.urandom(2 * self.count))
        self._low = array("H", os.urandom(2 * self.count))
        self._salts = [int.from_bytes(os.urandom(2), "big") for _ in self.ports]
        self._epoch = -1
        self._shut = b""
        self._aimed: tuple[int, int] = (-1, -1)
        shape = SHAPES[field.version]
        address_bytes = 20 if self.on_link else 16 if field.version == 4 else 28
        self.salvo = Salvo(self.count, shape.stride, address_bytes, shape.packet, shape.packet_bytes)
        self._load(shape, source_port, neighbours)
        self._split(shape)

    @property
    def steps(self) -> int:
        """Steps of one pass: each is one port of one chunk of hosts."""
        return self.chunks * len(self.ports)

    def _load(self, shape: Shape, source_port: int, neighbours: Sequence[Neighbour] | None) -> None:
        """Write what does not change into every slot: socket address, IP header, the host's TCP checksum."""
        version, buffer, stride = self.field.version, self.salvo.buffer, shape.stride
        size, at = (4, 16) if version == 4 else (16, 24)  # of the destination within the IP header
        made: dict[int, tuple[bytes, int, int]] = {}
        for slot in range(self.count):
            member = self.spread.at(slot)
            address = self.field.address(self.members[member])
            block = address >> (_IPV4_SLASH if version == 4 else _IPV6_SLASH)
            if block not in made:
                made[block] = self._template(address, source_port)
            packet, ip_sum, tcp_sum = made[block]
            start = slot * stride
            near = neighbours[member] if neighbours is not None else None
            name = _socket_address(version, address, near)
            buffer[start : start + len(name)] = name
            start += shape.packet
            buffer[start : start + shape.packet_bytes] = packet
            buffer[start + at : start + at + size] = address.to_bytes(size, "big")
            if version == 4:
                struct.pack_into(">H", buffer, start + 10, checksum(ip_sum + address))
            secret = swapped(self._high[slot]) + swapped(self._low[slot])
            struct.pack_into(">H", buffer, start - shape.packet + shape.tcp + 16, checksum(tcp_sum + address + secret))

    def _template(self, address: int, source_port: int) -> tuple[bytes, int, int]:
        """The packet towards the neighbourhood of ``address``, and the sums of its IP and TCP parts without the address."""
        version = self.field.version
        source = source_towards(version, address)
        packet = templates.syn(version, source, source_port)
        header = 20 if version == 4 else 40
        segment = packet[header:]
        return packet, words(packet[:header]), words(segment) + source + socket.IPPROTO_TCP + len(segment)

    def _split(self, shape: Shape) -> None:
        """Columns of the slots, chunk by chunk: views into the buffer, and the hosts' secrets as lanes."""
        whole, stride = self.salvo.buffer.cast("H"), shape.stride // 2
        first = shape.tcp // 2 + 1
        self._columns, self._secrets = [], []
        for chunk in range(self.chunks):
            start, end = chunk * CHUNK, min((chunk + 1) * CHUNK, self.count)
            views = [whole[start * stride + first + word : end * stride : stride] for word in range(3)]
            self._columns.append(views)
            self._secrets.append((Lanes(self._high[start:end]), Lanes(self._low[start:end])))

    def _aim(self, chunk: int, place: int) -> None:
        """Point every slot of a chunk at the port in that place."""
        if self._aimed == (chunk, place):
            return
        port, salt = self.ports[place], self._salts[place]
        ports, highs, lows = self._columns[chunk]
        high, low = self._secrets[chunk]
        ports[:] = memoryview(struct.pack(">H", port) * len(ports)).cast("H")
        highs[:] = high.plus(swapped(salt))
        lows[:] = low.plus(swapped(_low_salt(salt, port)))
        self._aimed = (chunk, place)

    def shut(self) -> bytes:
        """By slot, what the scope in force forbids."""
        if self._epoch != self.field.epoch:
            self._epoch = self.field.epoch
            forbidden, members, spread = self.field.shut, self.members, self.spread
            self._shut = bytes(forbidden[members[spread.at(slot)]] for slot in range(self.count))
        return self._shut

    def next_run(self, step: int, start: int, only: bytes | None = None) -> tuple[int, int]:
        """The next slots, from ``start`` on, of that step that are allowed, still silent and not set in ``only``.

        Returns the first and the end of the run, equal when there is none, and points them at the step's port.
        """
        turn, chunk = divmod(step, self.chunks)
        place = (turn + chunk) % len(self.ports)
        end = min((chunk + 1) * CHUNK, self.count)
        start = max(start, chunk * CHUNK)
        taken = _either(self.rows[place][start:end], self.shut()[start:end])
        if only is not None:
            taken = _either(taken, only[start:end])
        found = _RUN.search(taken)
        if found is None:
            return end, end
        self._aim(chunk, place)
        return start + found.start(), start + found.end()

    def prove(self, slot: int, place: int, acknowledged: int) -> bool:
        """Whether ``acknowledged`` is the sequence number we sent to that host and port, plus one."""
        salt = self._salts[place]
        high = plus(swapped(self._high[slot]), salt)
        low = plus(swapped(self._low[slot]), _low_salt(salt, self.ports[place]))
        return acknowledged == ((high << 16 | low) + 1) & 0xFFFFFFFF

    def place_of(self, port: int) -> int:
        return self._places.get(port, -1)

    def slot_of(self, member: int) -> int:
        return self.spread.place(member)


def _low_salt(salt: int, port: int) -> int:
    return plus(0xFFFF - salt, 0xFFFF - port)


def _either(left: bytes | bytearray, right: bytes) -> bytes:
    return (int.from_bytes(left, "little") | int.from_bytes(right, "little")).to_bytes(len(left), "little")


def _socket_address(version: int, address: int, near: Neighbour | None) -> bytes:
    if near is not None:
        protocol = socket.htons(0x0800 if version == 4 else 0x86DD)
        return struct.pack("@HHiHBB8s", socket.AF_PACKET, protocol, near.link_index, 0, 0, 6, near.mac)
    if version == 4:
        return struct.pack("@HH4s8x", socket.AF_INET, 0, address.to_bytes(4, "big"))
    return struct.pack("@HHI16sI", socket.AF_INET6, 0, 0, address.to_bytes(16, "big"), 0)
