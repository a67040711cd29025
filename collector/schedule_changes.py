"""Schedules that people change: those made through the API. What the settings file says is changed there alone."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from collector.refusal import ActionRefused
from collector.schedule_rows import put_schedule, remove_schedule, schedules
from collector.slots import Schedule, checked, next_slot
from scanners.zone import Zone

MOST = 1_000


class ScheduleRefused(ActionRefused):
    """What was asked of a schedule was not done; the message says why. ``code`` is stable."""


def get_schedule(connection: Connection, schedule_id: str) -> Schedule | None:
    return next((one for one in schedules(connection) if one.id == schedule_id), None)


def create(connection: Connection, wanted: Schedule, zones: Mapping[str, Zone], *, at: datetime) -> None:
    """Make a schedule of a new id. Raises :class:`ScheduleRefused` and :class:`~collector.slots.ScheduleError`."""
    present = schedules(connection)
    if any(one.id == wanted.id for one in present):
        raise ScheduleRefused("id-taken", f"there is a schedule {wanted.id} already")
    if len(present) >= MOST:
        raise ScheduleRefused("too-many", f"there are {MOST} schedules already: delete one first")
    _fits(wanted, zones, at)
    put_schedule(connection, wanted, at=at)


def change(connection: Connection, wanted: Schedule, zones: Mapping[str, Zone], *, at: datetime) -> None:
    """Put ``wanted`` in the place of the schedule with its id. Raises as :func:`create` does, and ``LookupError``."""
    _ours(_present(connection, wanted.id))
    _fits(wanted, zones, at)
    put_schedule(connection, wanted, at=at)


def remove(connection: Connection, item: Schedule) -> None:
    """Forget a schedule; the scans that it asked for stay. Raises :class:`ScheduleRefused`."""
    _ours(item)
    remove_schedule(connection, item.id)


def switch(connection: Connection, item: Schedule, *, on: bool, at: datetime) -> bool:
    """Switch it on or off; False when it was so already. What was due while it was off is not made up for.

    Raises :class:`ScheduleRefused`.
    """
    _ours(item)
    if item.enabled is on:
        return False
    fields = {name: getattr(item, name) for name in item.__struct_fields__}
    put_schedule(connection, Schedule(**{**fields, "enabled": on}), at=at)
    return True


def _present(connection: Connection, schedule_id: str) -> Schedule:
    found = get_schedule(connection, schedule_id)
    if found is None:
        raise LookupError(schedule_id)
    return found


def _ours(item: Schedule) -> None:
    if item.from_settings:
        raise ScheduleRefused("from-settings", f"schedule {item.id} is of the settings file: change it there")


def _fits(wanted: Schedule, zones: Mapping[str, Zone], at: datetime) -> None:
    """Its zone is in force and opens after it is due; what is due outside the windows waits for the next one."""
    checked(wanted)
    zone = zones.get(wanted.zone)
    if zone is None:
        raise ScheduleRefused("unknown-zone", f"there is no zone {wanted.zone!r}")
    slot = next_slot(wanted, at)
    if slot is None:
        raise ScheduleRefused("never-due", "this schedule is never due")
    if zone.next_opening(slot.at) is None:
        raise ScheduleRefused(
            "never-open", f"zone {zone.id} does not open any more when this is due first ({slot.at:%Y-%m-%d %H:%M} UTC)"
        )
