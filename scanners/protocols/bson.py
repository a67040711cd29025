"""BSON (bsonspec.org, version 1.1) as far as answers to MongoDB's administrative commands need it: bounded, and never executing.

``pymongo`` brings a whole client for the hundred lines that are used of it, and its decoder builds whatever it is sent.
"""

import struct
from typing import Any

from scanners.wire import ProtocolError

_DEEPEST = 12
_ELEMENTS = 5000  # of one whole answer
_FIXED = {
    0x01: 8,
    0x07: 12,
    0x09: 8,
    0x10: 4,
    0x11: 8,
    0x12: 8,
    0x13: 16,
}  # double, ObjectId, date, int32, timestamp, int64, decimal
_EMPTY = (0x06, 0x0A, 0x7F, 0xFF)  # undefined, null, greatest and least key


def encode(document: dict[str, int | bool | str]) -> bytes:
    """A flat document of int32, booleans and texts."""
    body = b""
    for name, value in document.items():
        key = name.encode() + b"\0"
        if isinstance(value, bool):
            body += b"\x08" + key + bytes((value,))
        elif isinstance(value, int):
            body += b"\x10" + key + value.to_bytes(4, "little", signed=True)
        else:
            text = value.encode() + b"\0"
            body += b"\x02" + key + len(text).to_bytes(4, "little") + text
    return (len(body) + 5).to_bytes(4, "little") + body + b"\0"


def decode(data: bytes) -> dict[str, Any]:
    """The document at the beginning of ``data``. Values that nobody here needs (binary, code, dates) come as None.

    Raises :class:`~scanners.wire.ProtocolError` for anything malformed, over twelve levels deep or of over 5000 elements.
    """
    return _Reader(data).document(0)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.left = _ELEMENTS

    def document(self, depth: int) -> dict[str, Any]:
        start = self.at
        length = self._length()
        end = start + length
        if depth > _DEEPEST or length < 5 or end > len(self.data):
            raise ProtocolError("sent a document that is none")
        found: dict[str, Any] = {}
        while self.at < end - 1:
            self.left -= 1
            if self.left < 0:
                raise ProtocolError("sent a document of too many elements")
            kind = self._take(1)[0]
            name = self._name()
            found[name] = self._value(kind, depth)
        if self.at != end - 1 or self._take(1) != b"\0":
            raise ProtocolError("sent a document that does not end where it says")
        return found

    def _value(self, kind: int, depth: int) -> Any:
        if kind in _FIXED:
            return _number(kind, self._take(_FIXED[kind]))
        if kind in (0x02, 0x0D, 0x0E):
            return self._take(self._length()).rstrip(b"\0").decode("utf-8", "replace")
        if kind == 0x03:
            return self.document(depth + 1)
        if kind == 0x04:
            return list(self.document(depth + 1).values())
        if kind == 0x05:
            self._take(self._length() + 1)
            return None
        if kind == 0x08:
            return self._take(1) != b"\0"
        if kind == 0x0B:
            self._name(), self._name()
            return None
        if kind in _EMPTY:
            return None
        raise ProtocolError(f"sent a value of type {kind}")

    def _length(self) -> int:
        return int.from_bytes(self._take(4), "little", signed=True)

    def _name(self) -> str:
        end = self.data.find(b"\0", self.at, self.at + 256)
        if end < 0:
            raise ProtocolError("sent a name that does not end")
        name = self.data[self.at : end].decode("utf-8", "replace")
        self.at = end + 1
        return name

    def _take(self, count: int) -> bytes:
        if count < 0 or self.at + count > len(self.data):
            raise ProtocolError("sent a document that is cut short")
        self.at += count
        return self.data[self.at - count : self.at]


def _number(kind: int, raw: bytes) -> int | float | None:
    if kind == 0x01:
        value: float = struct.unpack("<d", raw)[0]
        return value
    return int.from_bytes(raw, "little", signed=True) if kind in (0x10, 0x12) else None
