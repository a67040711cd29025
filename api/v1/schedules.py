"""Schedules: when a zone is looked at by itself. Those of the settings file stay the file's; others are made and changed here."""

from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from sqlalchemy import Connection

from api.access import Asker, Caller
from api.etags import IfMatch, MustMatch, matches, must_match, version_of, versioned
from api.parts import AppParts
from api.problems import Problem, not_found
from api.v1.asking import parts_of
from api.v1.requests import Body, Id, Key
from collector import audit, schedule_changes
from collector.queries import scans as queries
from collector.schedules import Schedule, next_due, schedules
from collector.slots import LONGEST_SECONDS, SHORTEST_SECONDS, ScheduleError, checked
from scanners.clean_text import clean_text
from scanners.zone import Zone

router = APIRouter(prefix="/schedules", tags=["schedules"])
_NEXT_RUNS = 3
_WHEN: list[JsonValue] = [
    {"required": ["cron"], "properties": {"cron": {"type": "string"}}},
    {"required": ["interval_seconds"], "properties": {"interval_seconds": {"type": "integer"}}},
]


class ScheduleBody(Body):
    """A zone and when: either ``cron`` (five fields on the clock of ``timezone``) or ``interval_seconds``."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [{"zone": "dmz", "cron": "30 3 * * 1-5", "timezone": "Europe/Madrid", "enabled": True}],
            "oneOf": _WHEN,
        },
    )

    zone: Id = Field(max_length=64)
    cron: str | None = Field(None, min_length=1, max_length=100)
    interval_seconds: int | None = Field(None, ge=SHORTEST_SECONDS, le=LONGEST_SECONDS)
    timezone: str | None = Field(
        None, min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_+/-]+$", description="an IANA name; else that of the zone"
    )
    enabled: bool = True


class NewSchedule(ScheduleBody):
    """A schedule of a new id."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [{"id": "weekdays", "zone": "dmz", "cron": "30 3 * * 1-5", "timezone": "Europe/Madrid"}],
            "oneOf": _WHEN,
        },
    )

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")


class NextRun(BaseModel):
    """``begins`` is when looking can begin: a run that falls outside its zone's windows waits for the next one."""

    due: datetime
    begins: datetime | None = Field(description="null: the zone does not open again")


class ScheduleShown(BaseModel):
    id: str
    source: Literal["settings", "api"] = Field(description="settings: of the settings file, which alone changes it")
    zone: str
    cron: str | None
    interval_seconds: int | None
    timezone: str
    enabled: bool
    next_runs: list[datetime]
    coming: list[NextRun] = Field(description="the next runs, and when looking can begin")
    last_run: datetime | None
    last_scan: str | None


class Schedules(BaseModel):
    items: list[ScheduleShown]


@router.get("", operation_id="list_schedules", summary="Schedules with their next runs")
def many(request: Request) -> Schedules:
    return Schedules(items=show_schedules(parts_of(request)))


@router.post("", operation_id="create_schedule", summary="Make a schedule", status_code=201)
def create(request: Request, caller: Asker, wanted: NewSchedule) -> ScheduleShown:
    parts = parts_of(request)
    return _answer(request, put(parts, caller, wanted.id, wanted, None))


@router.get("/{schedule_id}", operation_id="get_schedule", summary="One schedule with its next runs")
def one(request: Request, schedule_id: Key) -> ScheduleShown:
    parts = parts_of(request)
    with parts.store.read() as connection:
        return _answer(request, _shown(parts, connection, _found(connection, schedule_id)))


@router.put("/{schedule_id}", operation_id="change_schedule", summary="Put another schedule in its place (If-Match)")
def change(request: Request, caller: Asker, schedule_id: Key, wanted: ScheduleBody, if_match: MustMatch = None) -> ScheduleShown:
    return _answer(request, put(parts_of(request), caller, schedule_id, wanted, if_match, replacing=True))


@router.delete("/{schedule_id}", operation_id="delete_schedule", summary="Forget a schedule (If-Match); its scans stay")
def delete(request: Request, caller: Asker, schedule_id: Key, if_match: MustMatch = None) -> ScheduleShown:
    return remove(parts_of(request), caller, schedule_id, if_match)


@router.post("/{schedule_id}/pause", operation_id="pause_schedule", summary="Switch a schedule off; repeating it changes nothing")
def pause(request: Request, caller: Asker, schedule_id: Key, if_match: IfMatch = None) -> ScheduleShown:
    return _answer(request, switch(parts_of(request), caller, schedule_id, if_match, on=False))


@router.post("/{schedule_id}/resume", operation_id="resume_schedule", summary="Switch it on; it counts from now on")
def resume(request: Request, caller: Asker, schedule_id: Key, if_match: IfMatch = None) -> ScheduleShown:
    return _answer(request, switch(parts_of(request), caller, schedule_id, if_match, on=True))


def put(
    parts: AppParts, caller: Caller, schedule_id: str, wanted: ScheduleBody, if_match: str | None, *, replacing: bool = False
) -> ScheduleShown:
    """Make a schedule, or replace it, and note it. Raises *not found*, *bad-schedule*, *stale* and the refused ones."""
    now, zones = parts.clock(), parts.zones()
    zone = zones.get(wanted.zone)
    timezone = wanted.timezone or (zone.timezone if zone else "UTC")
    made = Schedule(id=schedule_id, timezone=timezone, **wanted.model_dump(exclude={"id", "timezone"}))
    with parts.store.write() as connection:
        before = _found(connection, schedule_id) if replacing else None
        try:
            checked(made)  # what is wrong in itself is told first, whatever If-Match says (RFC 9110 §13.2.1)
            if before is not None:
                must_match(if_match, schedule_version(before))
            work = schedule_changes.change if replacing else schedule_changes.create
            work(connection, made, zones, at=now)
        except ScheduleError as error:
            raise Problem(409, "bad-schedule", clean_text(str(error), 400)) from error
        _note(connection, caller, now, "change_schedule" if replacing else "create_schedule", made)
        return _shown(parts, connection, _found(connection, schedule_id))


def remove(parts: AppParts, caller: Caller, schedule_id: str, if_match: str | None) -> ScheduleShown:
    """Forget a schedule and note it; what it was. Raises *not found*, *stale* and the refused ones."""
    now = parts.clock()
    with parts.store.write() as connection:
        found = _found(connection, schedule_id)
        must_match(if_match, schedule_version(found))
        shown = _shown(parts, connection, found)
        schedule_changes.remove(connection, found)
        _note(connection, caller, now, "delete_schedule", found)
        return shown


def switch(parts: AppParts, caller: Caller, schedule_id: str, if_match: str | None, *, on: bool) -> ScheduleShown:
    """Switch a schedule on or off and note it. Raises *not found*, *stale* and the refused ones."""
    now = parts.clock()
    with parts.store.write() as connection:
        found = _found(connection, schedule_id)
        matches(if_match, schedule_version(found))
        if schedule_changes.switch(connection, found, on=on, at=now):
            _note(connection, caller, now, "resume_schedule" if on else "pause_schedule", found)
        return _shown(parts, connection, _found(connection, schedule_id))


def schedule_version(item: Schedule | ScheduleShown) -> str:
    """What a change of a schedule replaces."""
    return version_of(item.id, item.zone, item.cron, item.interval_seconds, item.timezone, item.enabled)


def show_schedules(parts: AppParts) -> list[ScheduleShown]:
    with parts.store.read() as connection:
        return [_shown(parts, connection, one) for one in schedules(connection)]


def _answer(request: Request, shown: ScheduleShown) -> ScheduleShown:
    versioned(request, schedule_version(shown))
    return shown


def _found(connection: Connection, schedule_id: str) -> Schedule:
    found = schedule_changes.get_schedule(connection, schedule_id)
    if found is None:
        raise not_found("schedule")
    return found


def _note(connection: Connection, caller: Caller, now: datetime, action: str, item: Schedule) -> None:
    when = item.cron or f"every {item.interval_seconds} s"
    detail = {"zone": item.zone, "when": when, "timezone": item.timezone, "enabled": item.enabled}
    audit.note(connection, caller.noting(now, action, subject="schedule", subject_id=item.id, detail=detail))


def _shown(parts: AppParts, connection: Connection, item: Schedule) -> ScheduleShown:
    ran = queries.last_runs(connection, item.id, 1)
    runs, zone = _next_runs(item, parts.clock()), parts.zones().get(item.zone)
    return ScheduleShown(
        id=item.id,
        source="settings" if item.from_settings else "api",
        zone=item.zone,
        cron=item.cron,
        interval_seconds=item.interval_seconds,
        timezone=item.timezone,
        enabled=item.enabled,
        next_runs=runs,
        coming=[NextRun(due=due, begins=_begins(zone, due)) for due in runs],
        last_run=ran[0].taken_at if ran else None,
        last_scan=ran[0].scan_id if ran else None,
    )


def _begins(zone: Zone | None, due: datetime) -> datetime | None:
    return None if zone is None else zone.next_opening(due)


def _next_runs(item: Schedule, now: datetime) -> list[datetime]:
    found: list[datetime] = []
    while len(found) < _NEXT_RUNS:
        due = next_due(item, found[-1] if found else now)
        if due is None:
            break
        found.append(due)
    return found
