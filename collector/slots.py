"""Slots: the instants at which a schedule is due, each with the name under which the ledger knows it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from collector.cron import Cron, CronError, parse_cron

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
SHORTEST_SECONDS = 60
LONGEST_SECONDS = 366 * 86_400


class ScheduleError(ValueError):
    """A schedule cannot be read: a sentence that names it and says what is wrong."""


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """One schedule. Exactly one of ``cron`` (five fields; 0 and 7 are Sunday) and ``interval_seconds`` (60 or more) is given.

    ``timezone`` is an IANA name, usually that of the zone. ``since`` is when it began to count; the store keeps it.
    """

    id: str
    zone: str
    cron: str | None = None
    interval_seconds: int | None = None
    timezone: str = "Europe/Madrid"
    enabled: bool = True
    from_settings: bool = False
    since: datetime | None = None


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """``at`` is the instant (UTC); ``key`` the wall-clock time of a cron slot, or the instant of an interval's."""

    at: datetime
    key: str


def checked(schedule: Schedule) -> Schedule:
    """The schedule itself when it can be read. Raises :class:`ScheduleError`."""
    if (schedule.cron is None) == (schedule.interval_seconds is None):
        raise ScheduleError(f"schedule {schedule.id}: give either cron or an interval")
    if schedule.interval_seconds is not None and not SHORTEST_SECONDS <= schedule.interval_seconds <= LONGEST_SECONDS:
        raise ScheduleError(f"schedule {schedule.id}: an interval lasts from a minute to a year")
    try:
        _zone_info(schedule.timezone)
        if schedule.cron is not None:
            _cron(schedule.cron)
    except CronError as error:
        raise ScheduleError(f"schedule {schedule.id}: {error}") from error
    except (OSError, ValueError, LookupError) as error:
        raise ScheduleError(f"schedule {schedule.id}: {schedule.timezone!r} is not a time zone") from error
    return schedule


@lru_cache(maxsize=512)
def _cron(text: str) -> Cron:
    return parse_cron(text)


@lru_cache(maxsize=64)
def _zone_info(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def next_slot(schedule: Schedule, after: datetime) -> Slot | None:
    """The first slot later than ``after``; None when there is none within eight years."""
    if schedule.interval_seconds is not None:
        return _interval(schedule, after, 1)
    start = after.astimezone(_zone_info(schedule.timezone)).date() - timedelta(days=1)
    return next((slot for slot in _cron_slots(schedule, start) if slot.at > after), None)


def newest_slot(schedule: Schedule, until: datetime) -> Slot | None:
    """The last slot at or before ``until`` and after ``schedule.since``."""
    if schedule.interval_seconds is not None:
        slot: Slot | None = _interval(schedule, until, 0)
    else:
        start = until.astimezone(_zone_info(schedule.timezone)).date() + timedelta(days=1)
        slots = _cron_slots(schedule, start, backwards=True)
        slot = next((slot for slot in slots if slot.at <= until), None)
    if slot is None or (schedule.since is not None and slot.at <= schedule.since):
        return None
    return slot


def _interval(schedule: Schedule, at: datetime, ahead: int) -> Slot:
    origin = (schedule.since or EPOCH).astimezone(UTC)
    step = timedelta(seconds=schedule.interval_seconds or 0)
    instant = origin + ((at - origin) // step + ahead) * step
    return Slot(at=instant, key=f"{instant:%Y-%m-%dT%H:%M:%SZ}")


def _cron_slots(schedule: Schedule, start: date, *, backwards: bool = False) -> Iterator[Slot]:
    cron = _cron(schedule.cron or "")
    zone = _zone_info(schedule.timezone)
    for day in cron.dates(start, backwards=backwards):
        slots = _of_day(cron, zone, day)
        yield from reversed(slots) if backwards else slots


def _of_day(cron: Cron, zone: ZoneInfo, day: date) -> list[Slot]:
    """The slots of a day in order of instant.

    In the hour that autumn repeats, its first pass counts (fold 0). A time that spring leaves out is that much later on
    the clock (02:30 becomes 03:30); where another slot is due at that instant already, the two are one.
    """
    found: dict[datetime, Slot] = {}
    for wall in cron.times(day):
        instant = wall.replace(tzinfo=zone).astimezone(UTC)
        missing = instant.astimezone(zone).replace(tzinfo=None) != wall
        if not missing or instant not in found:
            found[instant] = Slot(at=instant, key=f"{wall:%Y-%m-%dT%H:%M}")
    return [found[instant] for instant in sorted(found)]
