"""From observations to everything that follows from them, in one transaction (law 6)."""

import gc
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Connection

from collector import risk
from collector.batch import Batch, Tables
from collector.deadlines import DeadlinePolicy
from collector.endpoints import Applies
from collector.exceptions import lapse
from collector.feeds.keeping import pending, weighed
from collector.findings import LifeCycle
from collector.identity import IdentityPolicy
from collector.intake import Intake
from collector.inventory import ASSETS_AT_ONCE, NetworkDefault, judge_inventory, present_assets, prune
from collector.inventory_size import freeze_when_due
from collector.records import Changes, Deliver, ScoreRecord
from collector.store import Store
from collector.threats import Flaws, Threats
from rules.context import AssetFacts, EndpointFacts
from rules.verdict import Verdict
from scanners.observation import Facts, Observation
from scanners.scanner import scanners_by_name
from scanners.service_facts import ServiceFacts
from scanners.zone import Zone

__all__ = ["Changes", "Ingest", "IngestSettings", "Judge", "NetworkDefault"]

_OTHERS_TURN_SECONDS = 0.02  # SQLite has no queue of writers: who waits asks again after some milliseconds


class _GarbageCollector:
    """Put off while a batch is worked on: it makes many small objects and no cycles, and looking through them all again and
    again took a fifth of the time. Batches of several threads count together."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._batches = 0
        self._was_on = False

    @contextmanager
    def paused(self) -> Iterator[None]:
        with self._lock:
            self._was_on = self._was_on if self._batches else gc.isenabled()
            self._batches += 1
            gc.disable()
        try:
            yield
        finally:
            with self._lock:
                self._batches -= 1
                if not self._batches and self._was_on:
                    gc.enable()


_COLLECTOR = _GarbageCollector()  # there is one in a process


class Judge(Flaws, Protocol):
    """What the collector asks of the rules (:class:`rules.rulebook.Rulebook`)."""

    def judge(
        self,
        facts: Facts,
        endpoint: EndpointFacts,
        asset: AssetFacts,
        parameters: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Sequence[Verdict]:
        """Every rule about facts of this kind, not_applicable included."""
        ...

    def unjudged(self, kind: str, reason: str) -> Sequence[Verdict]:
        """What a failed look leaves open: *unknown* for every rule about facts of this kind."""
        ...


def applies_by_scanner(scanner: str, service: ServiceFacts) -> bool:
    """Whether the scanner of that name has anything to ask such a service; True for the sweep and the first look."""
    found = scanners_by_name().get(scanner)
    return True if found is None else found.applies(service)


@dataclass(frozen=True)
class IngestSettings:
    """What ingesting needs to know besides the store.

    ``clock`` gives aware times; ``zones`` are by id. ``networks`` give assets that nobody declared a service (the smallest
    network counts) and say where addresses are leased. An asset is proved gone when complete sweeps of two scans got no answer
    and it was not seen for ``gone_after``. ``scores_every``: at most so often the scores of groups are written while
    ingesting.
    """

    clock: Callable[[], datetime]
    zones: Mapping[str, Zone] = field(default_factory=dict)
    networks: tuple[NetworkDefault, ...] = ()
    deadlines: DeadlinePolicy = field(default_factory=DeadlinePolicy)
    identity: IdentityPolicy = field(default_factory=IdentityPolicy)
    applies: Applies = applies_by_scanner
    gone_after: timedelta = timedelta(days=30)
    scores_every: timedelta = timedelta(minutes=1)
    remember_ids_for: timedelta = timedelta(days=14)


class Ingest:
    """Takes observations in. Build one a process; calls may come from any thread, each in its own transaction."""

    def __init__(self, store: Store, rulebook: Judge, settings: IngestSettings, deliver: Deliver | None = None) -> None:
        """``deliver`` is called last in each transaction with what changed (the outbox)."""
        self._store = store
        self._rulebook = rulebook
        self._settings = settings
        self._deliver = deliver
        self._tables = Tables(store.dialect)
        self._scored_at: datetime | None = None
        self._lock = threading.Lock()

    @property
    def store(self) -> Store:
        return self._store

    @property
    def settings(self) -> IngestSettings:
        return self._settings

    def life_cycle(self, connection: Connection) -> LifeCycle:
        """That of a transaction that changes findings beside observations."""
        settings = self._settings
        return LifeCycle(now=settings.clock(), deadlines=settings.deadlines, threats=Threats(connection, self._rulebook))

    def take(
        self, observations: Iterable[Observation], connection: Connection | None = None, *, scan_id: str | None = None
    ) -> Changes:
        """Identity, endpoints, latest observation, verdicts, coverage, findings, tally, events, risk and outbox, in one
        transaction: the caller's when ``connection`` (from ``store.write()``) is given, else its own.

        Idempotent by observation id. Once the sweeps of a scan are in, the order of its looks at different places, by different
        scanners or from different vantages does not matter (before, a failed look at a place that never answered is of
        nothing); a look older than what is stored of the same place, scanner and vantage is counted as skipped. ``scan_id``
        tells looks of different scans apart, for an endpoint is proved closed only by two scans in a row; without it, looks of
        one hour count as one scan. A time in the future is taken as now. Some hundreds to thousands a call are best.
        """
        taken = list(observations)
        with _COLLECTOR.paused(), self._writing(connection) as writing:
            return self._take(writing, taken, scan_id)

    def _take(self, connection: Connection, taken: Sequence[Observation], scan_id: str | None) -> Changes:
        now = self._settings.clock()
        intake = Intake(connection, self._tables, self._rulebook, self._settings, now)
        changes = intake.take(taken, scan_id)
        scores = self._scores(connection, now) if changes.findings or changes.assets else ()
        return self._hand_on(connection, changes, scores)

    def end_of_scan(self, scan_id: str, connection: Connection | None = None) -> Changes:
        """Writes the score history of city, departments, services; call once when a scan has ended."""
        with self._writing(connection) as writing:
            now = self._settings.clock()
            freeze_when_due(writing, now)
            return self._hand_on(writing, Changes.nothing(), self._scores(writing, now, always=True))

    def refresh(self) -> int:
        """What changes by time alone: exceptions end, overdue findings weigh more, unseen assets are judged (INV-001 to 003),
        and what the feeds or the policy say otherwise now. Call daily. Returns the number of assets judged.

        In short transactions of ``ASSETS_AT_ONCE`` assets: whoever else writes waits for one of them at most. A kill in between
        loses nothing; the next call begins anew.
        """
        self.change(lapse, groups=False)
        with self._store.read() as reading:
            waiting, assets = pending(reading), present_assets(reading)
        for start in range(0, len(assets), ASSETS_AT_ONCE):
            self._judge(assets[start : start + ASSETS_AT_ONCE])
            time.sleep(_OTHERS_TURN_SECONDS)
        with self._store.write() as writing:
            now = self._settings.clock()
            weighed(writing, waiting)
            freeze_when_due(writing, now)
            prune(writing, now - self._settings.remember_ids_for)
            self.hand_on(writing, Changes.nothing())
        return len(assets)

    def _judge(self, assets: Sequence[str]) -> None:
        with _COLLECTOR.paused(), self._store.write() as writing:
            intake = Intake(writing, self._tables, self._rulebook, self._settings, self._settings.clock())
            self._hand_on(writing, judge_inventory(intake, assets), ())

    def change(
        self, work: Callable[[Batch, LifeCycle], Any], connection: Connection | None = None, *, groups: bool = True
    ) -> Changes:
        """Do ``work`` on findings (:mod:`collector.exceptions`) with all that follows from it: score, events, outbox.

        ``groups`` False: of many calls the last alone scores departments, services and the city.
        """
        with self._writing(connection) as writing:
            now = self._settings.clock()
            intake = Intake(writing, self._tables, self._rulebook, self._settings, now)
            work(intake.batch, intake.life)
            changes = intake.finish(ingested=0, skipped=0)
            return self._hand_on(writing, changes, self._scores(writing, now, always=True) if groups else ())

    def hand_on(self, connection: Connection, changes: Changes) -> Changes:
        """Deliver what was changed beside observations (an inventory taken in), with the scores of the groups it moved."""
        return self._hand_on(connection, changes, self._scores(connection, self._settings.clock(), always=True))

    def _writing(self, connection: Connection | None) -> Any:
        return nullcontext(connection) if connection is not None else self._store.write()

    def _scores(self, connection: Connection, now: datetime, *, always: bool = False) -> tuple[ScoreRecord, ...]:
        with self._lock:
            recent = self._scored_at is not None and timedelta(0) <= now - self._scored_at < self._settings.scores_every
            if recent and not always:
                return ()
            self._scored_at = now
        return risk.write_history(connection, risk.all_groups(connection, now))

    def _hand_on(self, connection: Connection, changes: Changes, scores: tuple[ScoreRecord, ...]) -> Changes:
        handed = changes.with_scores(scores)
        if self._deliver is not None:
            self._deliver(connection, handed)
        return handed
