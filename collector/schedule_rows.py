"""Schedules as rows, and the ledger of what was due and taken."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from collector.runs import ScanState, start_scan
from collector.slots import Schedule, ScheduleError, Slot, checked, newest_slot, next_slot
from collector.tables import due_run, scan, schedule
from scanners.zone import Zone

LEDGER_DAYS = 400


def put_schedule(connection: Connection, wanted: Schedule, *, at: datetime) -> None:
    """Write a schedule, new or changed. It counts from ``at`` on when its times changed or it was switched on.

    Raises :class:`ScheduleError`.
    """
    checked(wanted)
    values: dict[str, Any] = {
        "zone": wanted.zone,
        "cron": wanted.cron,
        "interval_seconds": wanted.interval_seconds,
        "timezone": wanted.timezone,
        "enabled": wanted.enabled,
        "from_settings": wanted.from_settings,
    }
    row = connection.execute(select(schedule).where(schedule.c.id == wanted.id)).one_or_none()
    if row is None:
        connection.execute(insert(schedule).values(id=wanted.id, created_at=at, **values))
        return
    times = ("cron", "interval_seconds", "timezone")
    if any(getattr(row, name) != values[name] for name in times) or (wanted.enabled and not row.enabled):
        values["created_at"] = at
    connection.execute(update(schedule).where(schedule.c.id == wanted.id).values(values))


def remove_schedule(connection: Connection, schedule_id: str) -> bool:
    """Forget a schedule and its ledger; False when there was none."""
    connection.execute(delete(due_run).where(due_run.c.schedule_id == schedule_id))
    return bool(connection.execute(delete(schedule).where(schedule.c.id == schedule_id)).rowcount)


def schedules(connection: Connection) -> tuple[Schedule, ...]:
    """All schedules, by id."""
    return tuple(_schedule(row) for row in connection.execute(select(schedule).order_by(schedule.c.id)))


def _schedule(row: Row[Any]) -> Schedule:
    return Schedule(
        id=row.id,
        zone=row.zone,
        cron=row.cron,
        interval_seconds=row.interval_seconds,
        timezone=row.timezone,
        enabled=row.enabled,
        from_settings=row.from_settings,
        since=row.created_at,
    )


def next_due(wanted: Schedule, after: datetime) -> datetime | None:
    """The first slot after ``after`` (UTC); None when it is switched off or never due. For lists: no database is asked."""
    slot = next_slot(wanted, after) if wanted.enabled else None
    return None if slot is None else slot.at


def sync_schedules(connection: Connection, wanted: Sequence[Schedule], *, at: datetime) -> None:
    """Make the schedules that came from the settings file be exactly ``wanted``; those made through the API stay.

    Raises :class:`ScheduleError` for a bad one, and for an id that the API has taken.
    """
    present = {item.id: item for item in schedules(connection)}
    for item in wanted:
        other = present.get(item.id)
        if other is not None and not other.from_settings:
            raise ScheduleError(f"schedule {item.id} was made through the API already: give the one in the settings another id")
        put_schedule(connection, Schedule(**{**_fields(item), "from_settings": True}), at=at)
    kept = {item.id for item in wanted}
    for item in present.values():
        if item.from_settings and item.id not in kept:
            remove_schedule(connection, item.id)


def _fields(item: Schedule) -> dict[str, Any]:
    return {name: getattr(item, name) for name in item.__struct_fields__}


def due_slot(connection: Connection, wanted: Schedule, *, now: datetime) -> Slot | None:
    """The newest slot that has come and was not taken; None when there is nothing to do."""
    slot = newest_slot(wanted, now) if wanted.enabled else None
    if slot is None:
        return None
    row = select(due_run.c.taken_at).where(due_run.c.schedule_id == wanted.id, due_run.c.due_local == slot.key)
    return slot if connection.execute(row).one_or_none() is None else None


def take_due(connection: Connection, wanted: Schedule, zones: Mapping[str, Zone], *, now: datetime) -> str | None:
    """Take the newest slot that has come, and ask for its scan, in the caller's transaction.

    Returns the scan's id: a new one, or the one that this schedule asked for before and that has not ended, into which the
    slot falls. None when nothing was due, when another process took the slot, or when the zone is not in force (the slot
    is taken then, for there is nothing to make up for). Raises :class:`~collector.stopping.StopIsPressed`: the slot stays.
    """
    slot = due_slot(connection, wanted, now=now)
    if slot is None:
        return None
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = {"schedule_id": wanted.id, "due_local": slot.key, "taken_at": now}
    new = dialect.insert(due_run).values(row).on_conflict_do_nothing().returning(due_run.c.schedule_id)
    if connection.execute(new).first() is None:
        return None
    zone = zones.get(wanted.zone)
    if zone is None:
        return None
    scan_id = _open_scan(connection, wanted.id)
    if scan_id is None:
        scan_id = start_scan(connection, zone, asked_by=f"schedule {wanted.id}", at=now, schedule_id=wanted.id)
    here = (due_run.c.schedule_id == wanted.id, due_run.c.due_local == slot.key)
    connection.execute(update(due_run).where(*here).values(scan_id=scan_id))
    old = (due_run.c.schedule_id == wanted.id, due_run.c.taken_at < now - timedelta(days=LEDGER_DAYS))
    connection.execute(delete(due_run).where(*old))
    return scan_id


def _open_scan(connection: Connection, schedule_id: str) -> str | None:
    still = scan.c.state.in_([ScanState.WAITING.value, ScanState.RUNNING.value])
    query = select(scan.c.id).where(scan.c.schedule_id == schedule_id, still).limit(1)
    return connection.execute(query).scalar_one_or_none()
