"""Keeping to a rate: packets per second for a zone, connections at once for a host."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar


class _Clock:
    """A timeout that can stand still."""

    def __init__(self, timeout: asyncio.Timeout) -> None:
        self._timeout = timeout
        self._waiting = 0
        self._left = 0.0

    def stand_still(self) -> None:
        self._waiting += 1
        when = self._timeout.when()
        if self._waiting == 1 and when is not None:
            self._left = when - asyncio.get_running_loop().time()
            self._reschedule(None)

    def go_on(self) -> None:
        self._waiting -= 1
        if self._waiting == 0:
            self._reschedule(asyncio.get_running_loop().time() + self._left)

    def _reschedule(self, when: float | None) -> None:
        try:
            self._timeout.reschedule(when)
        except RuntimeError:  # it has expired or ended meanwhile
            return


_clocks: ContextVar[tuple[_Clock, ...]] = ContextVar("clocks", default=())


@asynccontextmanager
async def deadline(seconds: float) -> AsyncIterator[None]:
    """Like ``asyncio.timeout``, but time spent in our own queues (a zone's pace, a host's turnstile) does not count.

    So a host is judged by how long *it* takes, not by how many others wait with it.
    """
    async with asyncio.timeout(seconds) as timeout:
        token = _clocks.set((*_clocks.get(), _Clock(timeout)))
        try:
            yield
        finally:
            _clocks.reset(token)


@contextmanager
def queueing() -> Iterator[None]:
    """The clocks of all deadlines around stand still while the context lasts."""
    clocks = _clocks.get()
    for clock in clocks:
        clock.stand_still()
    try:
        yield
    finally:
        for clock in clocks:
            clock.go_on()


_NEVER_LENT = 0.05
_LEAST_LENT = 0.005


class Pace:
    """A token bucket without a burst: the n-th packet leaves no earlier than n / rate after the first.

    One event loop only. ``rate`` is in packets per second; what :meth:`lend` has lent (to the sweep, which keeps its own
    clock in another process) is missing from it until given back.
    """

    def __init__(self, rate: float) -> None:
        self.rate = float(rate)
        self._lent = 0.0
        self._next = 0.0

    def book(self, packets: float = 1) -> float:
        """Count ``packets`` as leaving as soon as they may; how many seconds from now that is."""
        now = time.monotonic()
        start = max(self._next, now)
        self._next = start + packets / (self.rate * max(1.0 - self._lent, _NEVER_LENT))
        return start - now

    async def take(self, packets: int = 1) -> None:
        """Wait until ``packets`` may leave."""
        wait_seconds = self.book(packets)
        if wait_seconds > 0:
            with queueing():
                await asyncio.sleep(wait_seconds)

    @property
    def lendable(self) -> float:
        """The share (0 to 1) that may still be lent."""
        return max(0.0, 1.0 - _NEVER_LENT - self._lent)

    @contextmanager
    def lend(self, share: float) -> Iterator[float]:
        """Give ``share`` (0 to 1) of the whole rate away while the context lasts; yields it in packets per second.

        A twentieth is never lent, and nothing twice: what is left of the share is lent when it is less.
        """
        lent = max(min(share, self.lendable), _LEAST_LENT)
        self._lent += lent
        try:
            yield self.rate * lent
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
            with queueing():
                await gate.acquire()
            try:
                yield
            finally:
                gate.release()
        finally:
            gate, users = self._gates[key]
            if users == 1:
                del self._gates[key]
            else:
                self._gates[key] = (gate, users - 1)
