"""How long calls take on the clock, and how much of the processor they cost."""

import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import psutil
from sqlalchemy import func, select

from collector.store import Store

AIM_MS = 300
COLUMNS = ("p50 ms", "p99 ms", "processor ms")


@dataclass(frozen=True)
class Timed:
    """Milliseconds: the 50th and the 99th percentile of the clock, and the processor time of ours and of the database's, on
    average."""

    p50: float
    p99: float
    processor: float

    @property
    def cells(self) -> str:
        return f"{self.p50:.1f} | {self.p99:.1f} | {self.processor:.1f}"


class Processor:
    """The processor time of this process and of the database's: what a call costs, however busy the machine is."""

    def __init__(self, store: Store) -> None:
        self._database: psutil.Process | None = None
        if store.dialect == "postgresql":
            with store.read() as connection:
                self._database = psutil.Process(connection.scalar(select(func.pg_backend_pid()))).parent()

    def seconds(self) -> float:
        """Since some moment; the database's in steps of a hundredth."""
        children = self._database.children() if self._database else []
        return time.process_time() + sum(sum(one.cpu_times()[:2]) for one in children)


async def timed(ask: Callable[[], Awaitable[object]], rounds: int, processor: Processor) -> Timed:
    """``ask`` so often, after one first time."""
    await ask()
    taken, worked = [], processor.seconds()
    for _ in range(rounds):
        begun = time.perf_counter()
        await ask()
        taken.append((time.perf_counter() - begun) * 1000)
    return Timed(statistics.median(taken), percentile(taken), (processor.seconds() - worked) * 1000 / rounds)


def percentile(values: Sequence[float], share: float = 0.99) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def table(found: dict[tuple[str, str], Timed], what: str) -> None:
    """Print the lines for both callers as Markdown, and which miss the aim."""
    print(f"| {what} | city: {' | '.join(COLUMNS)} | department: {' | '.join(COLUMNS)} |\n|---|{'---:|' * 6}")
    for called in dict.fromkeys(called for called, _ in found):
        sides = [found.get((called, caller)) for caller in ("city", "department")]
        print(f"| `{called}` | {' | '.join(side.cells if side else '– | – | –' for side in sides)} |")
    slow = [f"{called} ({caller})" for (called, caller), one in found.items() if one.p99 >= AIM_MS]
    said = f"p99 under {AIM_MS} ms: {len(found) - len(slow)} of {len(found)}"
    print(f"\n{said}{'; slower: ' if slow else ''}{', '.join(slow)}")
