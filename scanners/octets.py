"""Reading a stranger's bytes: every length is checked before it is believed."""

from scanners.wire import ProtocolError


class Octets:
    """A cursor over ``data``. Every method raises :class:`~scanners.wire.ProtocolError` when the bytes do not suffice."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __len__(self) -> int:
        return len(self._data) - self._at

    def take(self, count: int) -> bytes:
        if count > len(self):
            raise ProtocolError(f"a message ends {count - len(self)} bytes too early")
        self._at += count
        return self._data[self._at - count : self._at]

    def number(self, width: int) -> int:
        """An unsigned big-endian number of ``width`` bytes."""
        return int.from_bytes(self.take(width), "big")

    def vector(self, width: int) -> bytes:
        """A vector with a length of ``width`` bytes before it (RFC 8446, section 3.4)."""
        return self.take(self.number(width))

    def rest(self) -> bytes:
        return self.take(len(self))
