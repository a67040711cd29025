"""The runner: takes scans that wait, works through their units, and survives being killed at any instant."""

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.exc import SQLAlchemyError

from collector.ingest import Ingest
from collector.leases import LEASE_SECONDS, LeaseLost, drop_lease, holder_of, take_lease, this_process
from collector.records import Deliver
from collector.runs import ENDED, RunProgress, ScanState, end_scan, progress_of
from collector.scan_work import HANG_SECONDS, Prober, ScanWork, Watch, sentence_of
from collector.stopping import StopWatch
from collector.store import Store
from collector.tables import scan
from collector.unit_rows import Point, UnitRows
from scanners.door import Door
from scanners.probe import Probe

POLL_SECONDS = 0.25

log = logging.getLogger("talaia.runner")


@dataclass(frozen=True)
class Patience:
    """How long things may take, in seconds; tests make them shorter."""

    lease: float = LEASE_SECONDS
    hang: float = HANG_SECONDS


class Runner:
    """Works through scans, one whole zone at a time and targeted ones beside it.

    ``door`` knows the zones in force and holds the stop button; ``probe`` looks through that door (``Probe(door)`` when None).
    ``holder`` names this process in leases. A zone is looked at by one process at a time (lease ``zone:<id>``), so that
    its packet rate is kept; a second process waits, and takes over within 15 s of a kill. ``deliver`` puts the event of
    a scan's end into the outbox.
    """

    def __init__(
        self,
        store: Store,
        ingest: Ingest,
        door: Door,
        *,
        probe: Prober | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        holder: str | None = None,
        looks_at_once: int = 4,
        deliver: Deliver | None = None,
        patience: Patience = Patience(),
        point: Point = lambda name: None,
    ) -> None:
        self._store = store
        self._ingest = ingest
        self._door = door
        self._probe: Prober = probe or Probe(door)
        self._clock = clock
        self._holder = holder or this_process()
        self._looks_at_once = looks_at_once
        self._deliver = deliver
        self._patience = patience
        self._point = point
        self._works: dict[str, ScanWork | None] = {}  # None: about to begin
        self._whole: set[str] = set()
        self._users: dict[str, int] = {}

    async def run(self, scan_id: str, watch: Watch | None = None) -> ScanState:
        """Carry one scan to its end and return the state it ended in.

        ``watch`` is called with the progress at most twice a second. When another process is at work in that zone, this waits
        and watches until the scan has ended there; outside the zone's window it waits too. The stop button ends it. Raises
        ``LookupError`` for an unknown scan.
        """
        with StopWatch(self._store, self._door.stop):
            while True:
                state, progress = await asyncio.to_thread(self._read, scan_id)
                if state in ENDED:
                    return state
                if watch is not None and scan_id not in self._works:
                    watch(progress)
                if self._door.stop.pressed and state is ScanState.WAITING:
                    await asyncio.to_thread(self._end, scan_id, ScanState.STOPPED, self._door.stop.reason)
                elif not await self._attempt(scan_id, watch):
                    await asyncio.sleep(POLL_SECONDS)

    async def work(self, ended: threading.Event) -> None:
        """Service mode: take scans as they come until ``ended`` is set; what runs then is left to be taken up again."""
        tasks: set[asyncio.Task[bool]] = set()
        with StopWatch(self._store, self._door.stop, problem=log.error):
            while not ended.is_set():
                if not self._door.stop.pressed:
                    for scan_id in await self._takeable():
                        task = asyncio.create_task(self._attempt(scan_id, None))
                        tasks.add(task)
                        task.add_done_callback(tasks.discard)
                await asyncio.sleep(POLL_SECONDS)
            for work in self._works.values():
                if work is not None:
                    work.leave()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _takeable(self) -> list[str]:
        try:
            return await asyncio.to_thread(self._waiting)
        except SQLAlchemyError as error:
            log.error("scans cannot be read; trying again", extra={"error.message": type(error).__name__})
            await asyncio.sleep(1)
            return []

    def _waiting(self) -> list[str]:
        """Scans that nobody carries out, oldest first: asked for, or left behind by a process that died."""
        open_states = [ScanState.WAITING.value, ScanState.RUNNING.value]
        with self._store.read() as connection:
            rows = connection.execute(
                select(scan.c.id, scan.c.zone).where(scan.c.state.in_(open_states)).order_by(scan.c.created_at, scan.c.id)
            ).all()
            at = self._clock()
            free = {zone: holder_of(connection, f"zone:{zone}", at=at) in (None, self._holder) for zone in {r.zone for r in rows}}
        return [row.id for row in rows if row.id not in self._works and free[row.zone]]

    def _read(self, scan_id: str) -> tuple[ScanState, RunProgress]:
        with self._store.read() as connection:
            return progress_of(connection, scan_id)

    def _end(self, scan_id: str, state: ScanState, detail: str) -> None:
        with self._store.write() as connection:
            end_scan(connection, scan_id, state, detail, at=self._clock())

    async def _attempt(self, scan_id: str, watch: Watch | None) -> bool:
        """Carry a scan out if it may run now and nobody else does; False when it must wait."""
        if scan_id in self._works:
            return False
        self._works[scan_id] = None
        try:
            row = await asyncio.to_thread(self._row, scan_id)
            if row is None or not await self._may_begin(row):
                return False
            return await self._hold(row, watch)
        except LeaseLost:
            return False
        except SQLAlchemyError as error:
            log.error("the store failed during a scan; trying again", extra={"error.message": sentence_of(error)})
            await asyncio.sleep(1)
            return False
        except Exception as error:
            log.exception("a scan failed")
            await asyncio.to_thread(self._end, scan_id, ScanState.FAILED, sentence_of(error))
            return True
        finally:
            self._works.pop(scan_id, None)

    def _row(self, scan_id: str) -> Row[Any] | None:
        with self._store.read() as connection:
            return connection.execute(select(scan).where(scan.c.id == scan_id)).one_or_none()

    async def _may_begin(self, row: Row[Any]) -> bool:
        zone = next((zone for zone in self._door.zones if zone.id == row.zone), None)
        if zone is None:
            await asyncio.to_thread(self._end, row.id, ScanState.FAILED, f"zone {row.zone} is not in force")
            return False
        now = self._clock()
        closed = zone.closed_because(now)
        if closed is None:
            return True
        opening = await asyncio.to_thread(zone.next_opening, now)
        if opening is None:
            await asyncio.to_thread(self._end, row.id, ScanState.FAILED, f"{closed}, and it does not open again")
            return False
        note = f"{closed}; the scan waits until {opening:%Y-%m-%d %H:%M} UTC"
        if note not in (row.progress or {}).get("notes", ()):
            await asyncio.to_thread(self._note, row.id, {**(row.progress or {}), "phase": "waiting", "notes": [note]})
        return False

    def _note(self, scan_id: str, progress: dict[str, Any]) -> None:
        with self._store.write() as connection:
            connection.execute(update(scan).where(scan.c.id == scan_id).values(progress=progress))

    async def _hold(self, row: Row[Any], watch: Watch | None) -> bool:
        """Carry out one scan under the lease of its zone, which scans of this process share."""
        if row.targets is None and row.zone in self._whole:
            return False
        if not await asyncio.to_thread(self._lease, row.zone):
            return False
        self._users[row.zone] = self._users.get(row.zone, 0) + 1
        if row.targets is None:
            self._whole.add(row.zone)
        try:
            work = ScanWork(
                self._rows(row),
                self._probe,
                self._door,
                looks_at_once=self._looks_at_once,
                watch=watch,
                hang_seconds=self._patience.hang,
            )
            self._works[row.id] = work
            await work.carry()
            return True
        finally:
            if row.targets is None:
                self._whole.discard(row.zone)
            self._users[row.zone] -= 1
            if not self._users[row.zone]:
                with suppress(SQLAlchemyError):
                    await asyncio.to_thread(self._release, row.zone)

    def _rows(self, row: Row[Any]) -> UnitRows:
        return UnitRows(
            self._store,
            self._ingest,
            scan_id=row.id,
            zone_id=row.zone,
            holder=self._holder,
            clock=self._clock,
            deliver=self._deliver,
            point=self._point,
            lease_seconds=self._patience.lease,
        )

    def _lease(self, zone_id: str) -> bool:
        with self._store.write() as connection:
            seconds = self._patience.lease
            return take_lease(connection, f"zone:{zone_id}", self._holder, at=self._clock(), seconds=seconds)

    def _release(self, zone_id: str) -> None:
        with self._store.write() as connection:
            drop_lease(connection, f"zone:{zone_id}", self._holder)
