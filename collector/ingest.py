"""From observations to everything that follows from them, in one transaction (law 6)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection

from collector.records import Changes, Deliver
from collector.store import Store
from rules.context import AssetFacts, EndpointFacts
from rules.verdict import Verdict
from scanners.observation import Facts, Observation
from scanners.zone import Zone


class Judge(Protocol):
    """What the collector asks of the rules (:class:`rules.rulebook.Rulebook`)."""

    def judge(
        self, facts: Facts, endpoint: EndpointFacts, asset: AssetFacts, parameters: Mapping[str, Mapping[str, Any]]
    ) -> Sequence[Verdict]:
        """Every rule about facts of this kind, not_applicable included."""
        ...

    def unjudged(self, kind: str) -> Sequence[Verdict]:
        """What a failed look leaves open: *unknown* for every rule about facts of this kind."""
        ...


@dataclass(frozen=True)
class IngestSettings:
    """What ingesting needs to know besides the store. ``zones`` by id; ``clock`` gives aware times."""

    clock: Callable[[], datetime]
    zones: Mapping[str, Zone] = field(default_factory=dict)


class Ingest:
    """Takes observations in. Build one a process; calls may come from any thread, each in its own transaction."""

    def __init__(self, store: Store, rulebook: Judge, settings: IngestSettings, deliver: Deliver | None = None) -> None:
        """``deliver`` is called last in each transaction with what changed (the outbox)."""

    def take(
        self, observations: Iterable[Observation], connection: Connection | None = None, *, scan_id: str | None = None
    ) -> Changes:
        """Identity, endpoints, latest observation, verdicts, coverage, findings, tally, events, risk and outbox, in one
        transaction: the caller's when ``connection`` (from ``store.write()``) is given, else its own.

        Idempotent by observation id, and indifferent to the order of observations of different places, scanners and
        vantages; one that is older than what is stored of the same look is counted as skipped. ``scan_id`` tells looks of
        different scans apart, for an endpoint is proved closed only by two scans in a row. A few hundred to a few thousand
        observations a call are best.
        """
        raise NotImplementedError

    def end_of_scan(self, scan_id: str, connection: Connection | None = None) -> Changes:
        """Writes the score history of city, departments, services; call once when a scan has ended."""
        raise NotImplementedError

    def refresh(self, connection: Connection | None = None) -> Changes:
        """What changes by time alone: overdue findings weigh more, unseen assets are judged (INV-001 to 003). Call daily."""
        raise NotImplementedError
