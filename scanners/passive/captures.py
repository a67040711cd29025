"""Captures, read frame by frame: pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng).

Our own reader and not scapy's, so that the process that listens holds none of its code; and bounded: no block is longer than
:data:`BLOCK_LIMIT`, whatever it says.
"""

import struct
from collections.abc import Iterator
from typing import BinaryIO

BLOCK_LIMIT = 1 << 20
_PCAP = {0xA1B2C3D4: 1_000_000, 0xA1B23C4D: 1_000_000_000}
_SECTION, _INTERFACE, _SIMPLE, _ENHANCED = 0x0A0D0D0A, 1, 3, 6
_ORDER, _INTERFACES_LIMIT = 0x1A2B3C4D, 4096
_RESOLUTION = 9
ETHERNET, LINUX_COOKED, LINUX_COOKED_2, RAW_IP = 1, 113, 276, (12, 101, 228, 229)

Frame = tuple[bytes, float]


class NoCapture(ValueError):
    """The file is no capture, or ends in the middle of one; the frames before were read."""


def frames_of(file: BinaryIO) -> Iterator[Frame]:
    """Every frame of a link that we can read, as an Ethernet frame, and when it was taken (seconds since 1970).

    Raises :class:`NoCapture`. A last frame that was cut short, as a capture that was killed leaves it, is no error.
    """
    head = file.read(4)
    for order in ("<", ">"):
        if len(head) == 4 and struct.unpack(order + "I", head)[0] in _PCAP:
            yield from _pcap(file, order, _PCAP[struct.unpack(order + "I", head)[0]])
            return
    if len(head) == 4 and struct.unpack("<I", head)[0] == _SECTION:
        yield from _pcapng(file)
        return
    raise NoCapture("it is neither pcap nor pcapng")


def _pcap(file: BinaryIO, order: str, second: int) -> Iterator[Frame]:
    rest = file.read(20)
    if len(rest) < 20:
        raise NoCapture("its head is cut short")
    link = struct.unpack(order + "I", rest[16:20])[0] & 0xFFFF
    while len(head := file.read(16)) == 16:
        seconds, part, length, _ = struct.unpack(order + "IIII", head)
        if length > BLOCK_LIMIT:
            raise NoCapture(f"a frame of {length} bytes")
        frame = file.read(length)
        if len(frame) < length:
            return
        yield from _told(frame, link, seconds + part / second)


def _pcapng(file: BinaryIO) -> Iterator[Frame]:
    order, links = "<", list[tuple[int, int]]()
    kind: int | None = _SECTION
    while kind is not None:
        length_bytes = file.read(4)
        if kind == _SECTION:
            magic = file.read(4)
            if len(magic) < 4 or _ORDER not in (struct.unpack("<I", magic)[0], struct.unpack(">I", magic)[0]):
                raise NoCapture("a section without byte order")
            order, links = "<" if struct.unpack("<I", magic)[0] == _ORDER else ">", []
        if len(length_bytes) < 4:
            return
        length = struct.unpack(order + "I", length_bytes)[0] - 8 - (4 if kind == _SECTION else 0)
        if not 4 <= length <= BLOCK_LIMIT:
            raise NoCapture("a block whose length cannot be")
        body = file.read(length)
        if len(body) < length:
            return
        if kind == _INTERFACE and len(links) < _INTERFACES_LIMIT:
            links.append(_interface(body[:-4], order))
        elif kind in (_ENHANCED, _SIMPLE):
            yield from _packet(kind, body[:-4], order, links)
        following = file.read(4)
        kind = struct.unpack(order + "I", following)[0] if len(following) == 4 else None


def _interface(body: bytes, order: str) -> tuple[int, int]:
    """Link type, and units a second (option if_tsresol)."""
    if len(body) < 8:
        raise NoCapture("an interface without a link type")
    at, second = 8, 1_000_000
    while at + 4 <= len(body):
        code, length = struct.unpack(order + "HH", body[at : at + 4])
        if code == _RESOLUTION and length == 1 and at + 4 < len(body):
            value = body[at + 4]
            second = 2 ** (value & 0x3F) if value & 0x80 else 10 ** min(value, 12)
        if code == 0:
            break
        at += 4 + (length + 3) // 4 * 4
    return struct.unpack(order + "H", body[:2])[0], second


def _packet(kind: int, body: bytes, order: str, links: list[tuple[int, int]]) -> Iterator[Frame]:
    if kind == _SIMPLE:
        if links and len(body) >= 4:
            yield from _told(body[4 : 4 + struct.unpack(order + "I", body[:4])[0]], links[0][0], 0.0)
        return
    if len(body) < 20:
        raise NoCapture("a packet without a head")
    number, high, low, length, _ = struct.unpack(order + "IIIII", body[:20])
    if number < len(links):
        link, second = links[number]
        yield from _told(body[20 : 20 + length], link, ((high << 32) + low) / second)


def _told(frame: bytes, link: int, at: float) -> Iterator[Frame]:
    whole = as_ethernet(frame, link)
    if whole:
        yield whole, at


def as_ethernet(frame: bytes, link: int) -> bytes:
    """Empty for a link that we cannot read."""
    if link == ETHERNET:
        return frame
    if link == LINUX_COOKED and len(frame) >= 16:
        return bytes(6) + frame[6:12] + frame[14:]
    if link == LINUX_COOKED_2 and len(frame) >= 20:
        return bytes(6) + frame[12:18] + frame[:2] + frame[20:]
    if link in RAW_IP and frame:
        return bytes(12) + (b"\x86\xdd" if frame[0] >> 4 == 6 else b"\x08\x00") + frame
    return b""
