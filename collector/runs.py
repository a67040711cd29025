"""Scans as rows: asking for one, stopping it, taking it up again, and what is read of it while it runs.

The work itself is done by :class:`collector.runner.Runner`. A scan is cut into units (:mod:`scanners.plan`) that are kept in the
``unit`` table; whoever is killed in the middle loses nothing, because a unit is finished in the transaction that keeps its
last results.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec
from sqlalchemy import Connection

from scanners.zone import Zone


class ScanState(StrEnum):
    WAITING = "waiting"  # asked for; also: outside the zone's window
    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"  # ended by a person; `resume_scan` takes it up where it was
    FAILED = "failed"  # some unit was given up; what was seen is kept


class RunProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a scan has come: the JSON in ``scan.progress``, written at most twice a second.

    ``phase`` is ``waiting``, ``discovery``, ``looking``, ``closing`` or ``done``. ``ports`` counts open endpoints found;
    ``checks`` looks of scanners. ``rate`` is packets a second in discovery and looks a second after it. ``seconds_left`` is
    None while it cannot be told. ``notes`` are sentences for people.
    """

    phase: str = "waiting"
    hosts_done: int = 0
    hosts_total: int = 0
    hosts_alive: int = 0
    ports: int = 0
    checks_done: int = 0
    checks_total: int = 0
    units_done: int = 0
    units_total: int = 0
    units_failed: int = 0
    rate: float = 0.0
    seconds_left: float | None = None
    notes: tuple[str, ...] = ()


class TargetRefused(ValueError):
    """A target is not text that can be read, or lies in no zone. Nothing was asked for."""


def start_scan(
    connection: Connection,
    zone: Zone,
    targets: Sequence[str] | None = None,
    *,
    asked_by: str,
    at: datetime,
    schedule_id: str | None = None,
) -> str:
    """Ask for a scan of the whole ``zone``, or of ``targets`` inside it; returns its id.

    Targets are addresses, networks or names, the first and last with an optional port (``192.0.2.7``, ``192.0.2.0/28``,
    ``sede.example:443``, ``[2001:db8::7]:22``). An endpoint (with a port) is looked at without a sweep: this is how a finding
    is tested again. Known endpoints of the inventory are looked at too. The scan's row and first units are written in the
    caller's transaction; it waits until a :class:`~collector.runner.Runner` takes it, and for the zone's next window.

    Raises :class:`TargetRefused` and :class:`~collector.stopping.StopIsPressed`.
    """
    raise NotImplementedError


def zone_of_targets(zones: Iterable[Zone], targets: Sequence[str]) -> Zone:
    """The one zone that all ``targets`` lie in. Raises :class:`TargetRefused` naming the first that lies in none."""
    raise NotImplementedError


def stop_scan(connection: Connection, scan_id: str, *, by: str, at: datetime) -> bool:
    """Stop one scan, wherever it runs; False when it had ended. A running one ends within a second."""
    raise NotImplementedError


def resume_scan(connection: Connection, scan_id: str, *, at: datetime) -> bool:
    """Let a stopped or failed scan go on with the units it had left; False when there is no such scan.

    Raises :class:`~collector.stopping.StopIsPressed`.
    """
    raise NotImplementedError


def progress_of(connection: Connection, scan_id: str) -> tuple[ScanState, RunProgress]:
    """State and progress of a scan. Raises ``LookupError``."""
    raise NotImplementedError
