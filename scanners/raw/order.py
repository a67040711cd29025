"""In what order targets are asked, and when."""

import math
from collections.abc import Callable

_GOLDEN = (math.sqrt(5) - 1) / 2
BURST_SECONDS = 0.018  # what may be made up for after a late wake-up: under 2 % of any one second


class Spread:
    """A full-cycle permutation of ``0 … count-1`` that keeps neighbours apart: place k holds ``(step * k) mod count``.

    ``step`` is coprime to ``count`` and nearest to its golden section, so that by the three-gap theorem any stretch of
    consecutive places is spread evenly over the whole range: a network that is one n-th of the range gets about one n-th
    of every stretch.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        step = max(1, round(count * _GOLDEN))
        while math.gcd(step, count) != 1:
            step += 1
        self.step = step
        self._back = pow(step, -1, count) if count > 1 else 0

    def at(self, place: int) -> int:
        return self.step * place % self.count

    def place(self, member: int) -> int:
        return self._back * member % self.count


class Metronome:
    """A token bucket whose depth is 18 ms: in no second does more than 102 % of ``rate`` leave.

    ``rate`` is in packets per second. ``clock`` is monotonic, in seconds. Time lost beyond the depth is not made up for.
    """

    def __init__(self, rate: float, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last = clock()
        self._tokens = 1.0
        self.set_rate(rate)

    def set_rate(self, rate: float) -> None:
        self.rate = max(rate, 0.1)
        self._depth = max(1.0, self.rate * BURST_SECONDS)
        self._tokens = min(self._tokens, self._depth)

    def ready(self) -> int:
        """How many packets may leave now."""
        now = self._clock()
        self._tokens = min(self._depth, self._tokens + (now - self._last) * self.rate)
        self._last = now
        return max(0, int(self._tokens))

    def spend(self, packets: int) -> None:
        self._tokens -= packets

    def wait_seconds(self) -> float:
        """Until the next packet, or a few milliseconds' worth of them, may leave."""
        wanted = max(1.0, self.rate * 0.003)
        return max(0.0, (wanted - self._tokens) / self.rate)
