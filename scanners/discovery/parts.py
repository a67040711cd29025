"""A sweep is done in parts, small enough that what is known of each fits in little memory."""

import ipaddress
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from scanners.discovery.scope import Interval
from scanners.target import Address

MOST_HOSTS = 1 << 18
MOST_PROBES = 1 << 26  # a byte each


@dataclass(frozen=True)
class Part:
    """Some addresses of one IP version. An address' index is its place in ``intervals``."""

    version: int
    intervals: tuple[Interval, ...]

    @cached_property
    def count(self) -> int:
        return sum(last - first + 1 for first, last in self.intervals)

    @cached_property
    def _offsets(self) -> list[int]:
        offsets, count = [], 0
        for first, last in self.intervals:
            offsets.append(count)
            count += last - first + 1
        return offsets

    def address(self, index: int) -> Address:
        place = bisect_right(self._offsets, index) - 1
        number = self.intervals[place][0] + index - self._offsets[place]
        return ipaddress.IPv4Address(number) if self.version == 4 else ipaddress.IPv6Address(number)

    def index(self, address: Address) -> int | None:
        if address.version != self.version:
            return None
        place = bisect_right(self.intervals, (int(address), 1 << 128)) - 1
        if place < 0 or int(address) > self.intervals[place][1]:
            return None
        return self._offsets[place] + int(address) - self.intervals[place][0]

    def outside(self, allowed: Iterable[Interval], excluded: Iterable[Interval]) -> bytearray:
        """A byte an index: 1 where the address is not in ``allowed``, or is in ``excluded``."""
        flags = bytearray(b"\x01" * self.count)
        for pairs, value in ((allowed, 0), (excluded, 1)):
            for low, high in pairs:
                for (first, last), offset in zip(self.intervals, self._offsets, strict=True):
                    start, end = max(first, low), min(last, high)
                    if start <= end:
                        flags[offset + start - first : offset + end - first + 1] = bytes([value]) * (end - start + 1)
        return flags


def parts_of(version: int, intervals: Iterable[Interval], ports: int) -> Iterator[Part]:
    """Cut ``intervals`` into parts, each with few enough addresses to be asked at ``ports`` ports."""
    most = min(MOST_HOSTS, max(1, MOST_PROBES // max(1, ports)))
    gathered: list[Interval] = []
    room = most
    for first, last in intervals:
        start = first
        while start <= last:
            end = min(last, start + room - 1)
            gathered.append((start, end))
            room -= end - start + 1
            start = end + 1
            if room == 0:
                yield Part(version, tuple(gathered))
                gathered, room = [], most
    if gathered:
        yield Part(version, tuple(gathered))
