"""The progress display: one line that changes on a terminal, a line every few seconds in a log."""

import sys
import time
from collections.abc import Callable

from rich.console import Console
from rich.live import Live
from rich.text import Text

from collector.runs import RunProgress
from scanners.clean_text import clean_text
from talaia.cli.output import say

LOG_EVERY_SECONDS = 10.0


class Display:
    """Shows how far ``scans`` scans have come together, on stderr. Use as a context."""

    def __init__(self, scans: int) -> None:
        self._scans = scans
        self._latest: dict[str, RunProgress] = {}
        self._notes: set[str] = set()
        self._logged = time.monotonic()
        self._live = Live(console=Console(stderr=True), refresh_per_second=4, transient=True) if sys.stderr.isatty() else None

    def __enter__(self) -> "Display":
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()
        if self._latest:
            say(sentence(tuple(self._latest.values())))

    def watching(self, scan: str) -> Callable[[RunProgress], None]:
        """The function that a runner calls with the progress of ``scan``."""

        def watch(progress: RunProgress) -> None:
            self._latest[scan] = progress
            for note in set(progress.notes) - self._notes:
                self._notes.add(note)
                (self._live.console.print(Text(clean_text(note))) if self._live else say(clean_text(note)))
            self._show()

        return watch

    def _show(self) -> None:
        line = sentence(tuple(self._latest.values()))
        if self._live:
            self._live.update(Text(line))
        elif time.monotonic() - self._logged >= LOG_EVERY_SECONDS:
            self._logged = time.monotonic()
            say(line)


def sentence(parts: tuple[RunProgress, ...]) -> str:
    """``looking · 32/35 hosts · 61 ports · 410/520 checks · 96 a second · 2 s left``."""
    said = {part.phase for part in parts}
    phases: list[str] = [phase for phase in ("discovery", "looking", "closing", "waiting") if phase in said] or ["done"]
    hosts = f"{sum(p.hosts_done for p in parts)}/{sum(p.hosts_total for p in parts)} hosts"
    alive = f"{sum(p.hosts_alive for p in parts)} alive"
    ports = f"{sum(p.ports for p in parts)} open ports"
    checks = f"{sum(p.checks_done for p in parts)}/{sum(p.checks_total for p in parts)} checks"
    words = [" and ".join(phases[:2]), hosts, alive, ports, checks]
    rate = sum(p.rate for p in parts)
    if rate and phases != ["done"]:
        words.append(f"{rate:,.0f} a second")
    left = [p.seconds_left for p in parts if p.seconds_left is not None]
    if left and phases != ["done"]:
        words.append(f"{max(left):.0f} s left")
    return " · ".join(words)
