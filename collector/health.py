"""Whether the watch is awake: each part of it looked at, with what was found. Reads only, and asks no other machine."""

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from collector import migrations, tables
from collector.feeds.keeping import feeds, is_stale
from collector.leases import LEASE_SECONDS
from collector.queries.scans import last_finished_scan
from collector.schedule_rows import schedules
from collector.schedules import LEASE
from collector.slots import Schedule, newest_slot, next_slot
from collector.stopping import stop_state
from collector.store import Store

LATE_TICK = timedelta(seconds=30)
WAITS = (timedelta(minutes=15), timedelta(hours=4))  # the oldest thing that waits to leave: worth a word; trouble
FREE = ((0.10, 2 << 30), (0.03, 256 << 20))  # share and bytes of the disk: worth a word; trouble
AHEAD = timedelta(minutes=5)  # what was written later than now
UNSEEN = timedelta(days=8)  # a zone without a schedule that nobody looked at


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"
    TROUBLE = "trouble"


@dataclass(frozen=True)
class Check:
    """What was found of one part. ``code`` says it, for programs and for the texts; ``facts`` are the numbers and times in it."""

    part: str
    state: State
    code: str
    facts: dict[str, Any] = field(default_factory=dict)


def look(store: Store, zones: Iterable[str], now: datetime) -> list[Check]:
    """Look at every part; ``zones`` are the ids of those in force. A store that cannot be read is the only thing said then."""
    try:
        with store.read() as connection:
            found = [Check("store", State.OK, "store-ok", {"kind": store.dialect}), _schema(connection), _stop(connection)]
            found += [_scheduler(connection, now), _workers(connection, now), *_zones(connection, sorted(zones), now)]
            found += [*_outbox(connection, now), *_feeds(connection, now)]
            return [*found, _disk(store, connection), _clock(connection, now)]
    except SQLAlchemyError as error:
        return [Check("store", State.TROUBLE, "store-unreadable", {"error": type(error).__name__})]


def worst(checks: Iterable[Check]) -> State:
    """The state of the whole: that of its worst part."""
    order = list(State)
    return max((check.state for check in checks), key=order.index, default=State.OK)


def _schema(connection: Connection) -> Check:
    found, needed = migrations.current(connection), migrations.head()
    same = found == needed
    return Check("schema", State.OK if same else State.TROUBLE, "schema-ok" if same else "schema-other", {"found": found or "–"})


def _stop(connection: Connection) -> Check:
    pressed = stop_state(connection)
    if pressed is None:
        return Check("stop", State.OK, "stop-released")
    return Check("stop", State.WARNING, "stop-pressed", {"by": pressed.by, "at": pressed.at, "reason": pressed.reason})


def _scheduler(connection: Connection, now: datetime) -> Check:
    """Its last tick is when it last renewed its lease."""
    until = connection.execute(select(tables.lease.c.until).where(tables.lease.c.name == LEASE)).scalar()
    coming = [slot.at for one in schedules(connection) if one.enabled and (slot := next_slot(one, now)) is not None]
    facts: dict[str, Any] = {"next": min(coming, default=None)}
    if until is None:
        return Check("scheduler", State.TROUBLE, "scheduler-never", facts)
    facts["ticked"] = min(until - timedelta(seconds=LEASE_SECONDS), now)
    asleep = now - facts["ticked"] > LATE_TICK
    return Check("scheduler", State.TROUBLE if asleep else State.OK, "scheduler-asleep" if asleep else "scheduler-ok", facts)


def _workers(connection: Connection, now: datetime) -> Check:
    """Units whose lease ran out wait for whoever takes them up; scans that nobody carries on are trouble."""
    unit, scan = tables.unit.c, tables.scan.c
    under_way = select(scan.id).where(scan.state == "running")
    running = select(unit.id).where(unit.scan_id.in_(under_way), unit.state == "running")
    held = connection.execute(select(func.count()).select_from(running.where(unit.leased_until > now).subquery())).scalar_one()
    lost = connection.execute(select(func.count()).select_from(running.where(unit.leased_until <= now).subquery())).scalar_one()
    waiting = connection.execute(
        select(func.count()).where(scan.state == "waiting", scan.created_at < now - WAITS[0])
    ).scalar_one()
    facts = {"running": held, "lost": lost, "waiting": waiting}
    if lost:
        return Check("workers", State.TROUBLE, "workers-lost", facts)
    if waiting and not held:
        return Check("workers", State.WARNING, "workers-waiting", facts)
    return Check("workers", State.OK, "workers-ok", facts)


def _zones(connection: Connection, zones: list[str], now: datetime) -> list[Check]:
    planned: dict[str, list[Schedule]] = {}
    for one in schedules(connection):
        if one.enabled:
            planned.setdefault(one.zone, []).append(one)
    return [_zone(connection, zone, planned.get(zone, []), now) for zone in zones]


def _zone(connection: Connection, zone: str, planned: list[Schedule], now: datetime) -> Check:
    """Silent: two slots in a row without a finished look, or a look that heard nobody where the one before it did."""
    last = last_finished_scan(connection, zone)
    facts: dict[str, Any] = {"zone": zone, "last": last.ended_at if last is not None else None}
    before_last = _missed_since(planned, now)
    if last is None:
        late = before_last is not None
        return Check("zone", State.TROUBLE if late else State.WARNING, "zone-never", facts)
    if before_last is not None and last.ended_at < before_last:
        return Check("zone", State.TROUBLE, "zone-silent", facts)
    if not planned and now - last.ended_at > UNSEEN:
        return Check("zone", State.WARNING, "zone-unseen", facts)
    if _heard(last) == 0 and (earlier := _earlier(connection, last)) is not None and _heard(earlier):
        return Check("zone", State.TROUBLE, "zone-deaf", {**facts, "heard": _heard(earlier)})
    return Check("zone", State.OK, "zone-ok", facts)


def _missed_since(planned: list[Schedule], now: datetime) -> datetime | None:
    """The slot before the last one, of the schedule that runs most often."""
    found: list[datetime] = []
    for one in planned:
        newest = newest_slot(one, now)
        earlier = newest_slot(one, newest.at - timedelta(seconds=1)) if newest is not None else None
        if earlier is not None:
            found.append(earlier.at)
    return max(found, default=None)


def _heard(scan: Row[Any]) -> int:
    """How many hosts answered."""
    progress = scan.progress if isinstance(scan.progress, dict) else {}
    return int(progress.get("hosts_alive") or 0)


def _earlier(connection: Connection, scan: Row[Any]) -> Row[Any] | None:
    """The look at the whole zone before this one; None too when this one was not at the whole zone."""
    if scan.targets is not None:
        return None
    of = tables.scan.c
    query = select(tables.scan).where(of.zone == scan.zone, of.state == "finished", of.ended_at < scan.ended_at)
    rows = connection.execute(query.order_by(of.ended_at.desc()).limit(20)).all()
    return next((row for row in rows if row.targets is None), None)


def _outbox(connection: Connection, now: datetime) -> list[Check]:
    of = tables.outbox.c
    counted = select(of.sink, func.count(), func.min(of.created_at), func.count(of.last_error)).group_by(of.sink)
    found = [
        Check("delivery", *_waits(oldest, refused, now), {"sink": sink, "waiting": waiting, "refused": refused, "oldest": oldest})
        for sink, waiting, oldest, refused in connection.execute(counted.order_by(of.sink))
    ]
    return found or [Check("delivery", State.OK, "delivery-empty")]


def _waits(oldest: datetime, refused: int, now: datetime) -> tuple[State, str]:
    if now - oldest > WAITS[1]:
        return State.TROUBLE, "delivery-stuck"
    if refused:
        return State.WARNING, "delivery-refused"
    return (State.WARNING, "delivery-slow") if now - oldest > WAITS[0] else (State.OK, "delivery-ok")


def _feeds(connection: Connection, now: datetime) -> list[Check]:
    """What is known of vulnerabilities grows old when nobody fetches it; a city that uses none has chosen so."""
    found = []
    for row in feeds(connection):
        code = "feeds-stale" if is_stale(row, now) else "feeds-pending" if row.pending else "feeds-ok"
        facts = {"feed": row.name.upper(), "published": row.published, "entries": row.entries}
        found.append(Check("feeds", State.OK if code == "feeds-ok" else State.WARNING, code, facts))
    return found or [Check("feeds", State.OK, "feeds-none")]


def _disk(store: Store, connection: Connection, usage: Callable[[Path], Any] = shutil.disk_usage) -> Check:
    """The disk under a SQLite file; PostgreSQL's is on its own machine, and only the size of the database is known."""
    if store.dialect == "postgresql":
        size = int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
        return Check("disk", State.OK, "disk-elsewhere", {"size": size})
    place = Path(store.url.database or "")
    room = usage(place.parent)
    facts = {"size": place.stat().st_size, "free": room.free, "total": room.total}
    for (share, least), state, code in zip(
        reversed(FREE), (State.TROUBLE, State.WARNING), ("disk-full", "disk-low"), strict=True
    ):
        if room.free < min(share * room.total, least):
            return Check("disk", state, code, facts)
    return Check("disk", State.OK, "disk-ok", facts)


def _clock(connection: Connection, now: datetime) -> Check:
    """Nothing was written in the future, and a database on another machine has the same time."""
    written = [
        connection.execute(select(table.c.at).order_by(table.c.seq.desc()).limit(1)).scalar()
        for table in (tables.event, tables.audit)
    ]
    latest = max((at for at in written if at is not None), default=now)
    if latest - now > AHEAD:
        return Check("clock", State.TROUBLE, "clock-back", {"latest": latest, "now": now})
    if connection.dialect.name == "postgresql":
        theirs: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        if abs(theirs - now) > AHEAD:
            return Check("clock", State.WARNING, "clock-apart", {"latest": theirs, "now": now})
    return Check("clock", State.OK, "clock-ok", {"now": now})
