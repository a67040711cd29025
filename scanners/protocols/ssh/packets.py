"""Reading what an SSH server says before encryption: the identification line and the unencrypted packets of RFC 4253."""

import re
import struct
from dataclasses import dataclass

from scanners.clean_text import clean_bytes
from scanners.wire import ProtocolError, Wire

OUR_IDENTIFICATION = b"SSH-2.0-Talaia_0.1\r\n"

MSG_DISCONNECT = 1
MSG_KEXINIT = 20
_UNIMPORTANT = frozenset({2, 3, 4})  # IGNORE, UNIMPLEMENTED, DEBUG

_LINES_BEFORE = 32  # RFC 4253 §4.2 lets a server say other lines first, and sets no limit
_LINE_BYTES = 1024  # the identification itself is 255 at most; the lines before it have no limit
_PACKET_BYTES = 35_000  # RFC 4253 §6.1
_PACKETS_SKIPPED = 16
_TOO_MANY_CONNECTIONS = 12  # RFC 4253 §11.1

# What OpenSSH says instead of its identification when it has too many unauthenticated clients, or has had enough of us.
_BUSY = re.compile(rb"^(?:Exceeded MaxStartups|Not allowed at this time)")
_IDENTIFICATION = re.compile(rb"^SSH-(\d{1,3}\.\d{1,3})-([^ \r\n]*)(?: ([^\r\n]*))?")
_PRODUCT = re.compile(r"^([A-Za-z][A-Za-z0-9.+ ]*?)(?:[_/-](?:for_Windows_|SSH_)?[vV]?(\d[A-Za-z0-9.]*)|[_/-].*)?$")


class Busy(TimeoutError):
    """The server dropped us unheard. That says nothing about it: the look counts as not answered."""


@dataclass(frozen=True)
class Identification:
    """The server's first line (RFC 4253 §4.2), as clean texts."""

    protocol: str
    software: str
    comments: str

    @property
    def product(self) -> tuple[str, str]:
        """The product named by ``software`` and its version; empty texts where it names none."""
        found = _PRODUCT.match(self.software)
        return (found[1], found[2] or "") if found else ("", "")


@dataclass(frozen=True)
class KexInit:
    """SSH_MSG_KEXINIT (RFC 4253 §7.1): ten name lists, in the order and form in which they were sent."""

    kex: tuple[bytes, ...]
    host_key: tuple[bytes, ...]
    ciphers_to_server: tuple[bytes, ...]
    ciphers_to_client: tuple[bytes, ...]
    macs_to_server: tuple[bytes, ...]
    macs_to_client: tuple[bytes, ...]
    compression_to_server: tuple[bytes, ...]
    compression_to_client: tuple[bytes, ...]
    languages_to_server: tuple[bytes, ...] = ()
    languages_to_client: tuple[bytes, ...] = ()


async def read_identification(wire: Wire) -> Identification:
    """The server's identification line.

    Raises :class:`Busy` when the server drops the connection unheard and :class:`~scanners.wire.ProtocolError` when what it says
    is not SSH.
    """
    heard = False
    for _ in range(_LINES_BEFORE):
        try:
            line = await wire.read_line(_LINE_BYTES)
        except ConnectionResetError as error:
            raise Busy("the server reset the connection before it said anything") from error
        if _BUSY.match(line) or (not line and not heard):
            raise Busy("the server takes no more connections now")
        if not line:
            raise ProtocolError("the connection ended before an SSH identification")
        if line.startswith(b"SSH-"):
            return parse_identification(line)
        heard = True
    raise ProtocolError("said many lines, and no SSH identification among them")


def parse_identification(line: bytes) -> Identification:
    """Read ``SSH-protoversion-softwareversion SP comments``. Raises :class:`~scanners.wire.ProtocolError`."""
    found = _IDENTIFICATION.match(line)
    if not found:
        raise ProtocolError(f"not an SSH identification: {clean_bytes(line, 80)}")
    return Identification(
        protocol=found[1].decode("ascii"), software=clean_bytes(found[2], 255), comments=clean_bytes(found[3] or b"", 255)
    )


def packet(payload: bytes) -> bytes:
    """An unencrypted binary packet (RFC 4253 §6) around ``payload``."""
    padding = 8 - (len(payload) + 5) % 8
    padding += 8 if padding < 4 else 0
    return struct.pack(">IB", len(payload) + padding + 1, padding) + payload + bytes(padding)


async def read_packet(wire: Wire) -> bytes:
    """The payload, never empty, of the next packet that matters. Raises :class:`~scanners.wire.ProtocolError`, :class:`Busy`."""
    for _ in range(_PACKETS_SKIPPED):
        length, padding = struct.unpack(">IB", await wire.read_exactly(5))
        if not padding + 2 <= length <= _PACKET_BYTES:
            raise ProtocolError(f"a packet of {length} bytes with {padding} bytes of padding is not SSH")
        payload = (await wire.read_exactly(length - 1))[: length - 1 - padding]
        if payload[0] == MSG_DISCONNECT:
            raise _disconnected(payload)
        if payload[0] not in _UNIMPORTANT:
            return payload
    raise ProtocolError("sent many packets, and none that matters")


def _disconnected(payload: bytes) -> Exception:
    reader = Reader(payload[1:])
    reason = reader.uint32()
    said = clean_bytes(reader.string(), 120)
    if reason == _TOO_MANY_CONNECTIONS:
        return Busy(f"the server takes no more connections now: {said}")
    return ProtocolError(f"the server ended the connection (reason {reason}): {said}")


class Reader:
    """Fields of RFC 4251 §5, taken one by one from ``data``; :class:`~scanners.wire.ProtocolError` at its end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        if self._at + count > len(self._data):
            raise ProtocolError("a field is longer than its packet")
        self._at += count
        return self._data[self._at - count : self._at]

    def uint32(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def string(self) -> bytes:
        return self.take(self.uint32())

    def mpint(self) -> int:
        return int.from_bytes(self.string(), "big", signed=True)

    def names(self) -> tuple[bytes, ...]:
        return tuple(name for name in self.string().split(b",") if name)


def string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def mpint(number: int) -> bytes:
    """A positive ``number`` as RFC 4251 §5 writes it."""
    return string(number.to_bytes(number.bit_length() // 8 + 1, "big"))


def parse_kexinit(payload: bytes) -> KexInit:
    """Read a KEXINIT payload. Raises :class:`~scanners.wire.ProtocolError`."""
    if payload[:1] != bytes([MSG_KEXINIT]):
        raise ProtocolError(f"message {payload[:1].hex() or 'nothing'} came where the algorithms should be")
    reader = Reader(payload[1:])
    reader.take(16)  # the cookie
    return KexInit(*(reader.names() for _ in range(10)))


def build_kexinit(init: KexInit, cookie: bytes) -> bytes:
    """The payload of a KEXINIT that offers ``init``; ``cookie`` is 16 random bytes."""
    lists = (
        init.kex,
        init.host_key,
        init.ciphers_to_server,
        init.ciphers_to_client,
        init.macs_to_server,
        init.macs_to_client,
        init.compression_to_server,
        init.compression_to_client,
        init.languages_to_server,
        init.languages_to_client,
    )
    return bytes([MSG_KEXINIT]) + cookie + b"".join(string(b",".join(names)) for names in lists) + bytes(5)
