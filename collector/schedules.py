"""Schedules: when a zone is looked at by itself, exactly once for each slot.

The ``schedule`` table says when, the ``due_run`` ledger (one row a slot, unique) says what was done, the lease says who may.
APScheduler only wakes us at the right moment; its memory job store is filled from our table and may be lost at any time.

A slot of a cron schedule is a wall-clock time of its time zone: the hour that autumn repeats is one slot (its first
pass), a slot in the hour that spring leaves out comes that much later. A slot of an interval schedule is an instant. After a
pause only the newest slot that was missed is made up for, spread over ten minutes.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection

from scanners.zone import Zone

if TYPE_CHECKING:
    from collector.store import Store


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """One schedule. Exactly one of ``cron`` (five fields; 0 and 7 are Sunday) and ``interval_seconds`` (60 or more) is given.

    ``timezone`` is an IANA name, usually that of the zone.
    """

    id: str
    zone: str
    cron: str | None = None
    interval_seconds: int | None = None
    timezone: str = "Europe/Madrid"
    enabled: bool = True
    from_settings: bool = False


class ScheduleError(ValueError):
    """A schedule cannot be read: a sentence that names it and says what is wrong."""


def put_schedule(connection: Connection, schedule: Schedule, *, at: datetime) -> None:
    """Write a schedule, new or changed. It counts from ``at`` on when its times changed or it was switched on.

    Raises :class:`ScheduleError`.
    """
    raise NotImplementedError


def remove_schedule(connection: Connection, schedule_id: str) -> bool:
    """Forget a schedule and its ledger; False when there was none."""
    raise NotImplementedError


def schedules(connection: Connection) -> tuple[Schedule, ...]:
    """All schedules, by id."""
    raise NotImplementedError


def next_due(schedule: Schedule, after: datetime) -> datetime | None:
    """The first slot after ``after`` (UTC); None when it is switched off or never due. For lists: no database is asked."""
    raise NotImplementedError


def sync_schedules(connection: Connection, wanted: Sequence[Schedule], *, at: datetime) -> None:
    """Make the schedules that came from the settings file be exactly ``wanted``; those made through the API stay.

    Raises :class:`ScheduleError` for a bad one, and for an id that the API has taken.
    """
    raise NotImplementedError


class Scheduler:
    """Asks for a scan at every slot while it holds the lease ``scheduler``; a second one stands by, and takes over within 15 s.

    ``zones`` gives the zones in force by id. ``start`` and ``stop`` are called once each; threads of APScheduler do the rest.
    """

    def __init__(
        self,
        store: "Store",
        zones: Callable[[], Mapping[str, Zone]],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        holder: str | None = None,
    ) -> None: ...

    def start(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        raise NotImplementedError
