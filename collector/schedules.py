"""Schedules: when a zone is looked at by itself, exactly once for each slot.

The ``schedule`` table says when, the ``due_run`` ledger (one row a slot, unique) says what was done, the lease says who may.
APScheduler only wakes us at the right moment; its memory job store is filled from our table and may be lost at any time.

A slot of a cron schedule is a wall-clock time of its time zone: the hour that autumn repeats is one slot (its first
pass), a slot in the hour that spring leaves out comes that much later. A slot of an interval schedule is an instant. After a
pause only the newest slot that was missed is made up for, spread over ten minutes.
"""

import logging
import time
import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy.exc import SQLAlchemyError

from collector.leases import LEASE_SECONDS, RENEW_SECONDS, LeaseLost, drop_lease, keep_lease, take_lease, this_process
from collector.rescans import Rescans
from collector.schedule_rows import (
    due_slot,
    next_due,
    put_schedule,
    remove_schedule,
    schedules,
    sync_schedules,
    take_due,
)
from collector.slots import Schedule, ScheduleError, next_slot
from collector.stopping import StopIsPressed
from collector.store import Store
from scanners.zone import Zone

__all__ = [
    "Schedule",
    "ScheduleError",
    "Scheduler",
    "next_due",
    "put_schedule",
    "remove_schedule",
    "schedules",
    "sync_schedules",
    "take_due",
]

LEASE = "scheduler"
LATE_SECONDS = 120.0  # later than this after its slot, a run makes up for a pause
SPREAD_SECONDS = 600
RESCANS_EVERY_SECONDS = 300.0

log = logging.getLogger("talaia.schedules")


class SlotTrigger(BaseTrigger):  # type: ignore[misc]
    """Wakes APScheduler at the slots of one schedule."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        recent = now - timedelta(minutes=1)  # what was missed for longer is made up for by the ledger, once
        slot = next_slot(self.schedule, max(previous_fire_time or recent, recent))
        return None if slot is None else slot.at


class Scheduler:
    """Asks for a scan at every slot while it holds the lease ``scheduler``; a second one stands by, and takes over within 15 s.

    ``zones`` gives the zones in force by id. ``start`` and ``stop`` are called once each; threads of APScheduler do the rest.
    ``monotonic`` measures how long a late run has been held back. ``rescans``, where given, is asked every five minutes too.
    """

    def __init__(
        self,
        store: Store,
        zones: Callable[[], Mapping[str, Zone]],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        holder: str | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        lease_seconds: float = LEASE_SECONDS,
        rescans: Rescans | None = None,
    ) -> None:
        self._store = store
        self._zones = zones
        self._clock = clock
        self._holder = holder or this_process()
        self._monotonic = monotonic
        self._lease_seconds = lease_seconds
        self._rescans = rescans
        self._rescanned = -RESCANS_EVERY_SECONDS
        self._noticed: dict[tuple[str, str], float] = {}
        self._engine: Any = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(1)},  # one at a time: nothing here may overtake itself
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )
        self._known: dict[str, Schedule] = {}
        self.leading = False

    def start(self) -> None:
        """Begin; returns at once."""
        every = min(RENEW_SECONDS, self._lease_seconds / 4)
        self._engine.add_job(self.tick, IntervalTrigger(seconds=every), id="tick", next_run_time=datetime.now(UTC))
        self._engine.start()

    def stop(self) -> None:
        """End, and let a second scheduler take over at once."""
        self._engine.shutdown(wait=True)
        with self._store.write() as connection:
            drop_lease(connection, LEASE, self._holder)

    def tick(self) -> list[str]:
        """Renew or take the lease, follow the table, and take what is due; returns the scans asked for."""
        try:
            with self._store.write() as connection:
                self.leading = take_lease(connection, LEASE, self._holder, at=self._clock(), seconds=self._lease_seconds)
                present = {item.id: item for item in schedules(connection) if item.enabled} if self.leading else {}
            self._follow(present)
            taken = [scan_id for item in present.values() if (scan_id := self._take(item)) is not None]
            return [*taken, *self._rescan()]
        except (SQLAlchemyError, LeaseLost) as error:
            log.error("the schedules cannot be read; trying again", extra={"error.message": type(error).__name__})
            return []

    def _rescan(self) -> list[str]:
        """Ask for what risk says is due, every few minutes."""
        if self._rescans is None or not self.leading or self._monotonic() - self._rescanned < RESCANS_EVERY_SECONDS:
            return []
        self._rescanned = self._monotonic()
        now = self._clock()
        with self._store.read() as connection:
            wanted = self._rescans.plan(connection, self._zones(), at=now)
        if not wanted:
            return []
        try:
            with self._store.write() as connection:
                keep_lease(connection, LEASE, self._holder, at=now, seconds=self._lease_seconds)
                return self._rescans.ask(connection, wanted, at=now)
        except StopIsPressed:
            return []  # asked for again once the button is released

    def _follow(self, present: Mapping[str, Schedule]) -> None:
        """Make APScheduler's jobs those of the table."""
        for schedule_id in self._known.keys() - present.keys():
            self._engine.remove_job(f"slot:{schedule_id}")
        for item in present.values():
            if self._known.get(item.id) != item:
                job = f"slot:{item.id}"
                self._engine.add_job(self.fire, SlotTrigger(item), args=[item.id], id=job, replace_existing=True)
        self._known = dict(present)

    def fire(self, schedule_id: str) -> str | None:
        """A slot has come."""
        item = self._known.get(schedule_id)
        try:
            return None if item is None else self._take(item)
        except (SQLAlchemyError, LeaseLost) as error:
            log.error("a slot could not be taken; trying again", extra={"error.message": type(error).__name__})
            return None

    def _take(self, item: Schedule) -> str | None:
        now = self._clock()
        with self._store.read() as connection:
            slot = due_slot(connection, item, now=now)
        if slot is None or self._held_back(item.id, slot.key, now - slot.at):
            return None
        try:
            with self._store.write() as connection:
                keep_lease(connection, LEASE, self._holder, at=now, seconds=self._lease_seconds)
                scan_id = take_due(connection, item, self._zones(), now=now)
        except StopIsPressed:
            return None  # the slot stays; the newest one is made up for when the button is released
        self._noticed.pop((item.id, slot.key), None)
        if item.zone not in self._zones():
            log.warning(f"schedule {item.id}: zone {item.zone} is not in force; nothing was looked at")
        return scan_id

    def _held_back(self, schedule_id: str, key: str, late: timedelta) -> bool:
        """Late runs are spread over ten minutes, each schedule at its own place, so that they do not all begin at once."""
        if late.total_seconds() <= LATE_SECONDS:
            return False
        noticed = self._noticed.setdefault((schedule_id, key), self._monotonic())
        return self._monotonic() - noticed < zlib.crc32(schedule_id.encode()) % SPREAD_SECONDS
