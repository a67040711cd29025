"""ICMP and ICMPv6 echo (RFC 792, RFC 4443), the ICMP errors about our probes, and the UDP questions."""

import hashlib
import os
import socket
import struct
import time
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address

from scanners.raw import templates
from scanners.raw.arithmetic import checksum, words
from scanners.raw.ends import Ends
from scanners.raw.engine import Engine
from scanners.raw.field import Field
from scanners.raw.order import Spread
from scanners.raw.payloads import payload
from scanners.raw.report import ICMP, UDP, Report

_ECHO_REPLY_V4, _UNREACHABLE_V4 = 0, 3
_UNREACHABLE_V6, _ECHO_REPLY_V6, _ADVERTISEMENT = 1, 129, 136
_REFUSALS_PER_SECOND = 500  # scapy reads some thousands a second; a flood of them must not stop the sweep
_COOKIE_BYTES = 8
_TFTP_PORT, _TFTP_ANSWERS = 69, (b"\0\x05\0", b"\0\x03\0", b"\0\x06")  # error, first block, options (RFC 1350, RFC 2347)


class Echo:
    """Asks hosts whether they are there. A reply proves itself by a keyed digest of the address in its payload."""

    def __init__(self, field: Field, ends: Ends, report: Report) -> None:
        self._field, self._ends, self._report = field, ends, report
        self._key = os.urandom(16)
        identifier = int.from_bytes(self._key[:2], "big")
        self._template = templates.echo(field.version, identifier, bytes(_COOKIE_BYTES))
        self._head = struct.pack(">HH", identifier, 1)
        self._second, self._read = 0, 0
        self.on_refusal: Callable[[templates.Refusal], None] = lambda refusal: None
        self.on_advertisement: Callable[[bytes], None] = lambda message: None

    def _cookie(self, address: int) -> bytes:
        return hashlib.blake2s(address.to_bytes(16, "big"), key=self._key, digest_size=_COOKIE_BYTES).digest()

    def ask(self, engine: Engine, askable: Callable[[int], bool]) -> None:
        """One echo request to each index that is allowed now, has given no answer yet and is ``askable``."""
        for index in shuffled(self._field.count):
            if self._report.alive[index] or self._field.shut[index] or not askable(index):
                continue
            engine.turn()
            if self._field.shut[index]:
                continue
            address = self._field.address(index)
            packet = bytearray(self._template)
            packet[-_COOKIE_BYTES:] = self._cookie(address)
            if self._field.version == 4:
                struct.pack_into(">H", packet, 2, checksum(words(packet)))
            send_datagram(self._ends.icmp, bytes(packet), text(self._field.version, address), 0)
            engine.spend(1)

    def hear(self) -> None:
        """Read at most a few thousand of the ICMP messages that have come."""
        for _ in range(4096):
            try:
                packet, where = self._ends.icmp.recvfrom(1500)
            except OSError:
                return
            if self._field.version == 4:
                self._hear_v4(packet)
            else:
                self._hear_v6(packet, where[0])

    def _hear_v4(self, packet: bytes) -> None:
        header = (packet[0] & 15) * 4 if packet else 0
        message = packet[header:]
        if len(packet) < 20 or len(message) < 8:
            return
        if message[0] == _ECHO_REPLY_V4:
            self._replied(int.from_bytes(packet[12:16], "big"), message)
        elif message[0] == _UNREACHABLE_V4 and self._may_read():
            self._refused(lambda: templates.read_refusal_v4(packet))

    def _hear_v6(self, message: bytes, said_by: str) -> None:
        if len(message) < 8:
            return
        sender = int(IPv6Address(said_by.partition("%")[0]))
        if message[0] == _ECHO_REPLY_V6:
            self._replied(sender, message)
        elif message[0] == _ADVERTISEMENT:
            self.on_advertisement(message)
        elif message[0] == _UNREACHABLE_V6 and self._may_read():
            self._refused(lambda: templates.read_refusal_v6(sender, message))

    def _replied(self, address: int, message: bytes) -> None:
        index = self._field.index(address)
        if index >= 0 and message[4:8] == self._head and message[8:16] == self._cookie(address):
            self._report.answered(index, ICMP)

    def _may_read(self) -> bool:
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._read = second, 0
        self._read += 1
        return self._read <= _REFUSALS_PER_SECOND

    def _refused(self, read: Callable[[], templates.Refusal | None]) -> None:
        try:
            refusal = read()
        except Exception:  # noqa: BLE001 - scapy may fail in any way over a hostile packet; it then says nothing
            return
        if refusal is not None:
            self.on_refusal(refusal)


class Questions:
    """UDP: one payload a service. A datagram back from the endpoint that was asked is the answer.

    A TFTP server answers from a port of its own (RFC 1350, section 4): its packet is known by what it says.
    """

    def __init__(self, field: Field, ends: Ends, report: Report, ports: tuple[int, ...]) -> None:
        self._field, self._ends, self._report, self.ports = field, ends, report, ports
        self._places = {port: place for place, port in enumerate(ports)}
        self._answered = bytearray(field.count * len(ports))
        self._asked = bytearray(field.count)

    def ask(self, engine: Engine, askable: Callable[[int], bool]) -> None:
        """One datagram to each allowed, ``askable`` (index × port) that is silent."""
        width = len(self.ports)
        for number in shuffled(self._field.count * width):
            index, place = divmod(number, width)
            if self._answered[number] or self._field.shut[index] or not askable(index):
                continue
            engine.turn()
            if self._field.shut[index]:
                continue
            port = self.ports[place]
            self._asked[index] = 1
            send_datagram(self._ends.udp, payload(port), text(self._field.version, self._field.address(index)), port)
            engine.spend(1)

    def hear(self) -> None:
        for _ in range(4096):
            try:
                data, where = self._ends.udp.recvfrom(64)
            except OSError:
                return
            kind = IPv4Address if self._field.version == 4 else IPv6Address
            port = _TFTP_PORT if where[1] not in self._places and data.startswith(_TFTP_ANSWERS) else where[1]
            self.note(int(kind(where[0].partition("%")[0])), port, 1)

    def note(self, address: int, port: int, state: int) -> None:
        """An endpoint answered (1), or said that the port is closed (2) or forbidden (3)."""
        index, place = self._field.index(address), self._places.get(port, -1)
        if index < 0 or place < 0 or not self._asked[index]:
            return
        number = index * len(self.ports) + place
        if not self._answered[number]:
            self._answered[number] = state
            self._report.port("udp", number, state)
        if state != 3:
            self._report.answered(index, UDP)


def shuffled(count: int) -> "list[int] | map[int]":
    """``0 … count-1`` so that neighbours in number are far apart in time."""
    return map(Spread(count).at, range(count)) if count else []


def text(version: int, address: int) -> str:
    return str(IPv4Address(address) if version == 4 else IPv6Address(address))


def send_datagram(sock: socket.socket, data: bytes, host: str, port: int) -> None:
    try:
        sock.sendto(data, (host, port))
    except OSError:
        return  # no route, a broadcast address or a full queue: it stays silent and is asked again
