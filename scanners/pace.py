"""Keeping to a rate: packets per second for a zone, connections at once for a host."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager


class Pace:
    """A token bucket without a burst: the n-th packet leaves no earlier than n / rate after the first.

    One event loop only. ``rate`` is in packets per second; what :meth:`lend` has lent (to the sweep, which keeps its own
    clock in another process) is missing from it until given back.
    """

    def __init__(self, rate: float) -> None:
        self.rate = float(rate)
        self._lent = 0.0
        self._next = 0.0

    async def take(self, packets: int = 1) -> None:
        """Wait until ``packets`` may leave."""
        now = time.monotonic()
        start = max(self._next, now)
        self._next = start + packets / max(self.rate - self._lent, 1.0)
        if start > now:
            await asyncio.sleep(start - now)

    @contextmanager
    def lend(self, share: float) -> Iterator[float]:
        """Give ``share`` (0 to 1) of the whole rate away while the context lasts; yields it in packets per second."""
        lent = self.rate * share
        self._lent += lent
        try:
            yield lent
        finally:
            self._lent -= lent


class Turnstile:
    """At most ``width`` at once for each key (an address); keys without users take no memory."""

    def __init__(self) -> None:
        self._gates: dict[str, tuple[asyncio.Semaphore, int]] = {}

    @asynccontextmanager
    async def through(self, key: str, width: int) -> AsyncIterator[None]:
        gate, users = self._gates.get(key, (asyncio.Semaphore(width), 0))
        self._gates[key] = (gate, users + 1)
        try:
            async with gate:
                yield
        finally:
            gate, users = self._gates[key]
            if users == 1:
                del self._gates[key]
            else:
                self._gates[key] = (gate, users - 1)
