"""The addresses of one job as numbers from 0, and which of them may be asked now."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence

Interval = tuple[int, int]  # first and last address, both included


class Field:
    """``intervals`` are sorted and do not touch; an address' index is its place in them.

    ``shut`` holds one byte an index, 0 where a packet may go now. It is worked out here from what is allowed and what is
    excluded, independently of how the intervals were made: the second of two checks.
    """

    def __init__(self, version: int, intervals: Sequence[Interval]) -> None:
        self.version = version
        self.intervals = tuple(intervals)
        self._firsts = [first for first, _ in self.intervals]
        self._offsets: list[int] = []
        count = 0
        for first, last in self.intervals:
            self._offsets.append(count)
            count += last - first + 1
        self.count = count
        self.shut = bytes(b"\x01" * count)
        self.epoch = 0

    def address(self, index: int) -> int:
        place = bisect_right(self._offsets, index) - 1
        return self._firsts[place] + index - self._offsets[place]

    def index(self, address: int) -> int:
        """The index of ``address``, or -1."""
        place = bisect_right(self._firsts, address) - 1
        if place < 0 or address > self.intervals[place][1]:
            return -1
        return self._offsets[place] + address - self._firsts[place]

    def allow(self, allowed: Iterable[Interval], excluded: Iterable[Interval]) -> None:
        """Put a scope in force: only what is in ``allowed`` and not in ``excluded`` is asked from now on."""
        shut = bytearray(b"\x01" * self.count)
        self.mark(shut, allowed, 0)
        self.mark(shut, excluded, 1)
        self.shut = bytes(shut)
        self.epoch += 1

    def mark(self, flags: bytearray, intervals: Iterable[Interval], value: int) -> None:
        """Set the flag of every index whose address lies in ``intervals``."""
        for low, high in intervals:
            for (first, last), offset in zip(self.intervals, self._offsets, strict=True):
                start, end = max(first, low), min(last, high)
                if start <= end:
                    flags[offset + start - first : offset + end - first + 1] = bytes([value]) * (end - start + 1)
