"""A process that carries out one scan and is killed (``main`` is run by :mod:`tests.forking`).

With a point it kills itself there, at that occurrence, as ``kill -9`` would; without one the test does it from outside.
"""

import asyncio
import os
import signal
from datetime import UTC, datetime
from pathlib import Path

from collector.runner import Patience
from collector.store import open_store
from tests.collector.probing import Pretend, runner


def main(url: str, scan_id: str, log: str, point: str = "", occurrence: str = "0") -> None:
    left = int(occurrence)

    def passing(name: str) -> None:
        nonlocal left
        if name == point:
            left -= 1
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

    probe = Pretend(Path(log), pause=0.01)
    works = runner(open_store(url), probe, clock=lambda: datetime.now(UTC), patience=Patience(lease=1.2), point=passing)
    with Path(log).open("a") as file:
        file.write("begin -\n")
    state = asyncio.run(works.run(scan_id))
    with Path(log).open("a") as file:
        file.write(f"end {state.value}\n")
