"""Keeping to a rate: packets per second for a zone, connections at once for a host."""

import asyncio
import time
from collections import deque
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


_BURST_SECONDS = 0.018  # what may be made up for after a late wake-up
_NEVER_LENT = 0.05
_LEAST_LENT = 0.005


class Pace:
    """A token bucket whose depth is 18 ms: in no second do more than 102 % of ``rate`` leave.

    One event loop only. ``rate`` is in packets per second; what :meth:`lend` has lent (to the sweep, which keeps its own
    clock in another process) is missing from it until given back.
    """

    def __init__(self, rate: float) -> None:
        self.rate = float(rate)
        self._lent = 0.0
        self._next = 0.0
        self._waiting: deque[tuple[asyncio.Future[None], int]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def book(self, packets: float = 1) -> None:
        """Count ``packets`` that have left or leave now; who comes next waits for them."""
        earliest = time.monotonic() - _BURST_SECONDS
        self._next = max(self._next, earliest) + packets / (self.rate * max(1.0 - self._lent, _NEVER_LENT))

    def take_now(self, packets: int = 1) -> bool:
        """Count ``packets`` as leaving if they may leave at once."""
        if self._waiting or self._next > time.monotonic():
            return False
        self.book(packets)
        return True

    async def take(self, packets: int = 1) -> None:
        """Wait until ``packets`` may leave; first come, first served."""
        if self.take_now(packets):
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, packets))
        self._arm()
        with queueing():
            await turn

    def _arm(self) -> None:
        if self._timer is None and self._waiting:
            wait_seconds = max(0.0, self._next - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(wait_seconds, self._release)

    def _release(self) -> None:
        """Let go all whose turn it is; those that gave up waiting take no turn."""
        self._timer = None
        while self._waiting and (self._waiting[0][0].done() or self._next <= time.monotonic()):
            turn, packets = self._waiting.popleft()
            if not turn.done():
                self.book(packets)
                turn.set_result(None)
        self._arm()

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


class _Gate:
    """Who is inside, and who waits: first come, first served, each with the width it was told."""

    def __init__(self) -> None:
        self.inside = 0
        self.waiting: deque[tuple[asyncio.Future[None], int]] = deque()

    async def enter(self, width: int) -> None:
        if not self.waiting and self.inside < width:
            self.inside += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append((turn, width))
        try:
            with queueing():
                await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave()
            else:
                self._let_in()
            raise

    def leave(self) -> None:
        self.inside -= 1
        self._let_in()

    def _let_in(self) -> None:
        while self.waiting and (self.waiting[0][0].done() or self.inside < self.waiting[0][1]):
            turn, _ = self.waiting.popleft()
            if not turn.done():
                self.inside += 1
                turn.set_result(None)


class Turnstile:
    """At most ``width`` at once for each key (an address); keys without users take no memory.

    The width of a key may change: who comes with a smaller one waits until so few are inside.
    """

    def __init__(self) -> None:
        self._gates: dict[str, tuple[_Gate, int]] = {}

    @asynccontextmanager
    async def through(self, key: str, width: int) -> AsyncIterator[None]:
        gate, users = self._gates.get(key) or (_Gate(), 0)
        self._gates[key] = (gate, users + 1)
        try:
            await gate.enter(width)
            try:
                yield
            finally:
                gate.leave()
        finally:
            gate, users = self._gates[key]
            if users == 1:
                del self._gates[key]
            else:
                self._gates[key] = (gate, users - 1)
