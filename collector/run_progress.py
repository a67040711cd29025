"""Counts what a running scan has done, from what the probe says of each unit."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from collector.runs import RunProgress
from scanners.plan import LookUnit, Progress, Unit, networks_of

NOTES_LIMIT = 20
LEAST_SECONDS = 1.0


class UnitCount(msgspec.Struct, kw_only=True):
    """What one unit has to do and has done; kept with the finished unit, so that a resumed scan counts on honestly."""

    sweep: bool
    hosts_done: int = 0
    hosts_total: int = 0
    hosts_alive: int = 0
    ports_done: int = 0
    ports_total: int = 0
    checks_done: int = 0
    checks_total: int = 0
    rate: float = 0.0


def first_count(unit: Unit) -> UnitCount:
    """What is known of a unit before it runs."""
    if isinstance(unit, LookUnit):
        return UnitCount(sweep=False, checks_total=len(unit.endpoints) + len(unit.domains))
    return UnitCount(sweep=True, hosts_total=sum(network.num_addresses for network in networks_of(unit) if network.version == 4))


class Meter:
    """Adds the units of one scan up. ``monotonic`` gives seconds for rates and the time left."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._started = monotonic()
        self._units: dict[str, UnitCount] = {}
        self._running: set[str] = set()
        self._signs: dict[str, float] = {}
        self._phases: dict[str, str] = {}
        self._notes: dict[str, None] = {}
        self._before = 0.0  # work that was done before this process took the scan
        self.done = 0
        self.failed = 0
        self.phase: str | None = None

    def add(self, unit: Unit) -> None:
        self._units.setdefault(unit.id, first_count(unit))

    def add_finished(self, unit: Unit, count: Mapping[str, Any] | None) -> None:
        """A unit that was finished before this process took the scan."""
        self._units[unit.id] = msgspec.convert(count, UnitCount) if count else first_count(unit)
        self.done += 1
        self._before = self._work()[0]

    def begin(self, unit: Unit) -> None:
        self.add(unit)
        self._running.add(unit.id)
        self._signs[unit.id] = self._monotonic()
        self._phases.pop(unit.id, None)

    def sign(self, unit_id: str) -> None:
        """Something came from the unit: it does not hang."""
        self._signs[unit_id] = self._monotonic()

    def silent_for(self, unit_id: str) -> float:
        """Seconds since the last sign of the unit."""
        return self._monotonic() - self._signs.get(unit_id, self._monotonic())

    def phase_of(self, unit_id: str) -> str | None:
        return self._phases.get(unit_id)

    def note(self, sentence: str) -> None:
        if sentence and len(self._notes) < NOTES_LIMIT:
            self._notes[sentence] = None

    def report(self, said: Progress) -> None:
        """Take in what the probe says of a unit."""
        self.sign(said.unit_id)
        self._phases[said.unit_id] = said.phase
        count = self._units.get(said.unit_id)
        if count is None:
            return
        for sentence in said.notes:
            self.note(sentence)
        count.rate = said.rate
        count.hosts_done, count.hosts_alive = said.hosts_done, said.hosts_alive
        count.hosts_total = max(count.hosts_total, said.hosts_total, said.hosts_done)
        count.ports_done, count.ports_total = said.ports_done, said.ports_total
        if count.sweep:  # its targets are shuffled: all hosts come to their end together, so a share of the packets is told
            share = min(said.ports_done / said.ports_total, 1.0) if said.ports_total else 0.0
            count.hosts_total = max(count.hosts_total, said.hosts_alive)  # of IPv6 networks nobody counts the addresses
            count.hosts_done = max(count.hosts_done, int(count.hosts_total * share))
        else:
            count.checks_done = said.ports_done + said.checks_done
            count.checks_total = max(count.checks_total, said.ports_total + said.checks_total, count.checks_done)

    def end(self, unit: Unit, *, finished: bool, given_up: bool = False) -> dict[str, Any]:
        """The unit no longer runs here; returns what to keep with it."""
        self._running.discard(unit.id)
        count = self._units[unit.id]
        count.rate = 0.0
        if finished:
            count.hosts_done, count.checks_total = count.hosts_total, max(count.checks_done, 0)
            self.done += 1
        if given_up:
            self.failed += 1
            self.done += 1
        kept: dict[str, Any] = msgspec.to_builtins(count)
        if not finished and not given_up:
            self._units[unit.id] = first_count(unit)
        return kept

    def progress(self, ports: int) -> RunProgress:
        """The scan as a whole. ``ports`` is how many open endpoints were handed on."""
        sweeps = [count for count in self._units.values() if count.sweep]
        looks = [count for count in self._units.values() if not count.sweep]
        sweeping = any(self._units[key].sweep for key in self._running)
        counted = sweeps or looks
        return RunProgress(
            phase=self.phase or ("discovery" if sweeping else "looking"),
            hosts_done=sum(count.hosts_done for count in counted),
            hosts_total=sum(count.hosts_total for count in counted),
            hosts_alive=sum(count.hosts_alive for count in counted),
            ports=ports,
            checks_done=sum(count.checks_done for count in looks),
            checks_total=sum(count.checks_total for count in looks),
            units_done=self.done,
            units_total=len(self._units),
            units_failed=self.failed,
            rate=round(sum(self._units[key].rate for key in self._running if self._units[key].sweep == sweeping), 1),
            seconds_left=self._seconds_left(),
            notes=tuple(self._notes),
        )

    def _work(self) -> tuple[float, float]:
        """Done and whole work as shares of units: a sweep by its ports or hosts, a look by its checks."""
        done = 0.0
        for count in self._units.values():
            whole = (count.ports_total or count.hosts_total) if count.sweep else count.checks_total
            part = (count.ports_done if count.ports_total else count.hosts_done) if count.sweep else count.checks_done
            done += min(part / whole, 1.0) if whole else 0.0
        return done, float(len(self._units))

    def _seconds_left(self) -> float | None:
        done, whole = self._work()
        new = done - self._before
        elapsed = self._monotonic() - self._started
        if self.phase == "done" or not whole:
            return 0.0
        if new <= 0.02 * whole or elapsed < 1:
            return None
        return max(round((whole - done) * elapsed / new, 1), LEAST_SECONDS)  # nothing is left only when it has ended
