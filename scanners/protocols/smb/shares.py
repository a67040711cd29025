"""The list of shares: NetrShareEnum of srvsvc (MS-SRVS 3.1.4.8) in DCE/RPC over a named pipe (C706, MS-RPCE)."""

import struct
import uuid
from dataclasses import dataclass

from scanners.clean_text import clean_text
from scanners.wire import ProtocolError

PIPE = "srvsvc"
_SRVSVC = uuid.UUID("4b324fc8-1670-01d3-1278-5a47bf6ee188").bytes_le + struct.pack("<HH", 3, 0)
_NDR = uuid.UUID("8a885d04-1ceb-11c9-9fe8-08002b104860").bytes_le + struct.pack("<HH", 2, 0)
_BIND, _BIND_ACK, _REQUEST, _RESPONSE, _FAULT = 11, 12, 0, 2, 3
_LAST_FRAGMENT = 2
MOST_SHARES = 64
LONGEST_NAME = 1024  # characters: a share's name has at most 80, its remark 48 in old systems and 256 in new ones


@dataclass(frozen=True)
class Share:
    """``disk`` is False for printers, devices and pipes."""

    name: str
    disk: bool


def _packet(kind: int, call: int, body: bytes) -> bytes:
    return struct.pack("<BBBBIHHI", 5, 0, kind, 3, 0x10, 16 + len(body), 0, call) + body


def bind() -> bytes:
    return _packet(_BIND, 1, struct.pack("<HHIBBHHBB", 4280, 4280, 0, 1, 0, 0, 0, 1, 0) + _SRVSVC + _NDR)


def read_bind(packet: bytes) -> bool:
    """Whether the interface was accepted."""
    if len(packet) < 28 or packet[2] != _BIND_ACK:
        return False
    at = 26 + int.from_bytes(packet[24:26], "little")
    at += -at % 4
    return packet[at : at + 1] != b"" and packet[at + 4 : at + 6] == b"\0\0"


def enumerate_shares(host: str) -> bytes:
    """NetrShareEnum, level 1 (names, kinds, remarks)."""
    name = f"\\\\{host}\0"
    text = name.encode("utf-16-le")
    body = struct.pack("<IIII", 0x20000, len(name), 0, len(name)) + text + bytes(-len(text) % 4)
    body += struct.pack("<IIIII", 1, 1, 0x20004, 0, 0) + struct.pack("<II", 0xFFFFFFFF, 0)
    return _packet(_REQUEST, 2, struct.pack("<IHH", len(body), 0, 15) + body)


def is_fault(packet: bytes) -> bool:
    """Whether the call was turned down rather than answered (C706, 12.6.4.7)."""
    return len(packet) > 2 and packet[2] == _FAULT


def fragment(packet: bytes) -> tuple[bytes, bool]:
    """The stub data of one fragment of a response, and whether it is the last. Raises :class:`~scanners.wire.ProtocolError`."""
    if len(packet) < 24 or packet[0] != 5 or packet[2] != _RESPONSE:
        raise ProtocolError("the answer of the pipe is no RPC response")
    length = int.from_bytes(packet[8:10], "little")
    return packet[24:length], bool(packet[3] & _LAST_FRAGMENT)


def read_shares(stub: bytes) -> tuple[Share, ...] | None:
    """The shares, at most :data:`MOST_SHARES`; None when access is denied. Raises :class:`~scanners.wire.ProtocolError`."""
    if len(stub) >= 4 and int.from_bytes(stub[-4:], "little") not in (0, 234):  # 234: there is more
        return None
    if len(stub) < 24 or stub[:4] != b"\1\0\0\0":
        raise ProtocolError("the list of shares is none")
    count = int.from_bytes(stub[20:24], "little") if stub[16:20] != bytes(4) else 0
    if 24 + count * 12 > len(stub):
        raise ProtocolError("the list of shares is shorter than it says")
    at, found = 24 + count * 12, []
    for number in range(min(count, MOST_SHARES)):
        name_at, kind, remark_at = struct.unpack_from("<III", stub, 24 + number * 12)
        name = ""
        if name_at:
            name, at = _text(stub, at)
        if remark_at:
            _, at = _text(stub, at)
        found.append(Share(clean_text(name, 100), kind & 0x0FFFFFFF == 0))
    return tuple(found)


def _text(stub: bytes, at: int) -> tuple[str, int]:
    """A conformant varying string of 16-bit characters, and where the next value begins."""
    if at + 12 > len(stub):
        raise ProtocolError("a text in the list of shares is cut off")
    length = int.from_bytes(stub[at + 8 : at + 12], "little")
    end = at + 12 + 2 * length
    if length > LONGEST_NAME or end > len(stub):
        raise ProtocolError("a text in the list of shares is too long")
    return stub[at + 12 : end].decode("utf-16-le", "replace").rstrip("\0"), end + -end % 4
