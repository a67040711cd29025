"""Scans as rows: asking for one, stopping it, taking it up again, and what is read of it while it runs.

The work itself is done by :class:`collector.runner.Runner`. A scan is cut into units (:mod:`scanners.plan`) that are kept in the
``unit`` table; whoever is killed in the middle loses nothing, because a unit is finished in the transaction that keeps its
last results.
"""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select, update

from collector.scan_targets import TargetRefused, first_units, read_targets
from collector.stopping import StopIsPressed, forget_scan_stop, request_scan_stop, stop_state
from collector.tables import scan, unit
from scanners.clean_text import clean_text
from scanners.plan import SweepUnit, Unit, to_json
from scanners.zone import Zone

__all__ = [
    "RunProgress",
    "ScanState",
    "StopIsPressed",
    "TargetRefused",
    "UnitState",
    "progress_of",
    "resume_scan",
    "start_scan",
    "stop_scan",
    "zone_of_targets",
]


class ScanState(StrEnum):
    WAITING = "waiting"  # asked for; also: outside the zone's window
    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"  # ended by a person; `resume_scan` takes it up where it was
    FAILED = "failed"  # some unit was given up, or its zone is no longer in force; what was seen is kept


ENDED = frozenset({ScanState.FINISHED, ScanState.STOPPED, ScanState.FAILED})


class UnitState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"  # given up after three attempts; the row says why


class RunProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a scan has come: the JSON in ``scan.progress``, written at most twice a second.

    ``phase`` is ``waiting``, ``discovery``, ``looking``, ``closing`` or ``done``. ``hosts`` are addresses to ask, ``ports`` open
    endpoints found, ``checks`` looks of scanners at them (the total grows while hosts are found). ``rate`` is packets a second
    in discovery and looks a second after it. ``seconds_left`` is None while it cannot be told. ``notes`` are sentences.
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
    units = first_units(connection, zone, targets)
    return ask_for(connection, zone, units, targets, asked_by=asked_by, at=at, schedule_id=schedule_id)


def ask_for(
    connection: Connection,
    zone: Zone,
    units: Sequence[Unit],
    targets: Sequence[str] | None,
    *,
    asked_by: str,
    at: datetime,
    schedule_id: str | None = None,
) -> str:
    """Write down a scan that consists of ``units``; ``targets`` are what people read of it. Returns its id.

    Raises :class:`~collector.stopping.StopIsPressed`.
    """
    pressed = stop_state(connection)
    if pressed is not None:
        raise StopIsPressed(pressed)
    scan_id = str(uuid.uuid4())
    connection.execute(
        insert(scan).values(
            id=scan_id,
            zone=zone.id,
            targets=None if targets is None else list(dict.fromkeys(targets)),
            asked_by=clean_text(asked_by, 200),
            schedule_id=schedule_id,
            state=ScanState.WAITING.value,
            created_at=at,
            progress=msgspec.to_builtins(RunProgress(units_total=len(units))),
        )
    )
    add_units(connection, scan_id, units)
    return scan_id


def add_units(connection: Connection, scan_id: str, units: Iterable[Unit]) -> int:
    """Put units beside those the scan has; returns how many."""
    rows = [
        {
            "id": item.id,
            "scan_id": scan_id,
            "kind": "sweep" if isinstance(item, SweepUnit) else "look",
            "body": to_json(item),
            "state": UnitState.WAITING.value,
        }
        for item in units
    ]
    if rows:
        connection.execute(insert(unit), rows)
    return len(rows)


def zone_of_targets(zones: Iterable[Zone], targets: Sequence[str]) -> Zone:
    """The one zone that all ``targets`` lie in. Raises :class:`TargetRefused` naming the first that lies in none."""
    candidates = list(zones)
    for target in targets:
        fits, refusal = [], TargetRefused(f"{target} lies in no zone")
        for zone in candidates:
            try:
                read_targets(zone, [target])
                fits.append(zone)
            except TargetRefused as error:
                refusal = error
        if not fits:
            alone = len(candidates) == 1
            raise refusal if alone else TargetRefused(f"{target} lies in none of the zones {_listed(candidates)}")
        candidates = fits
    if not candidates:
        raise TargetRefused("there is no zone to look at")
    return candidates[0]


def _listed(zones: Sequence[Zone]) -> str:
    return ", ".join(zone.id for zone in zones)


def stop_scan(connection: Connection, scan_id: str, *, by: str, at: datetime) -> bool:
    """Stop one scan, wherever it runs; False when it had ended or there is none. A running one ends within a second."""
    row = connection.execute(select(scan.c.state).where(scan.c.id == scan_id)).one_or_none()
    if row is None or row.state in ENDED:
        return False
    if row.state == ScanState.WAITING:
        end_scan(connection, scan_id, ScanState.STOPPED, f"stopped by {by} before it began", at=at)
    else:
        request_scan_stop(connection, scan_id, by=by, at=at)
    return True


def end_scan(connection: Connection, scan_id: str, state: ScanState, detail: str, *, at: datetime) -> None:
    """Write the end of a scan."""
    ended = {"state": state.value, "ended_at": at, "detail": clean_text(detail, 400)}
    connection.execute(update(scan).where(scan.c.id == scan_id).values(ended))
    forget_scan_stop(connection, scan_id)


def resume_scan(connection: Connection, scan_id: str) -> bool:
    """Let a stopped or failed scan go on with the units it had left; False when there is no such scan.

    Raises :class:`~collector.stopping.StopIsPressed`.
    """
    pressed = stop_state(connection)
    if pressed is not None:
        raise StopIsPressed(pressed)
    again = {"state": ScanState.WAITING.value, "ended_at": None, "detail": ""}
    takeable = scan.c.state.in_([ScanState.STOPPED.value, ScanState.FAILED.value])
    if not connection.execute(update(scan).where(scan.c.id == scan_id, takeable).values(again)).rowcount:
        return False
    left = unit.c.state.in_([UnitState.FAILED.value, UnitState.RUNNING.value])
    fresh: dict[str, Any] = {"state": UnitState.WAITING.value, "attempts": 0, "leased_until": None}
    connection.execute(update(unit).where(unit.c.scan_id == scan_id, left).values(fresh))
    return True


def progress_of(connection: Connection, scan_id: str) -> tuple[ScanState, RunProgress]:
    """State and progress of a scan. Raises ``LookupError``."""
    row = connection.execute(select(scan.c.state, scan.c.progress).where(scan.c.id == scan_id)).one_or_none()
    if row is None:
        raise LookupError(f"there is no scan {scan_id}")
    return ScanState(row.state), msgspec.convert(row.progress or {}, RunProgress, strict=False)
