"""One's complement sums (RFC 1071), one at a time and a thousand at a time.

Such a sum does not depend on the byte order it is computed in, and a value of 32 bits or more is congruent modulo 65535 to the
sum of its 16-bit words: so whole addresses can be added as they are.
"""

import struct
from array import array

LANE_BITS = 32


def checksum(total: int) -> int:
    """The checksum field for a sum of words or of longer values."""
    return 65535 - total % 65535


def words(data: bytes | bytearray) -> int:
    """The sum of the 16-bit words of ``data``."""
    padded = data if len(data) % 2 == 0 else data + b"\0"
    return sum(struct.unpack(f">{len(padded) // 2}H", padded))


def plus(left: int, right: int) -> int:
    """The sum of two 16-bit words with the carry added at the end."""
    total = left + right
    return (total & 0xFFFF) + (total >> 16)


def swapped(word: int) -> int:
    """The 16-bit word with its bytes exchanged."""
    return (word & 0xFF) << 8 | word >> 8


class Lanes:
    """A column of 16-bit words as one long integer, so that a word can be added to all of them at once."""

    def __init__(self, column: "array[int]") -> None:
        self._size = len(column)
        self._value = int.from_bytes(array("I", column).tobytes(), "little")
        self._ones = int.from_bytes(array("I", [1]) * self._size, "little")
        self._low = self._ones * 0xFFFF

    def plus(self, word: int) -> memoryview:
        """Each word of the column :func:`plus` ``word``, as a view of native 16-bit words."""
        total = self._value + self._ones * word
        folded = (total & self._low) + (total >> 16 & self._ones)
        return memoryview(folded.to_bytes(self._size * 4, "little")).cast("H")[::2]
