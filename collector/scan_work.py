"""One scan being carried out: sweeps one after the other, looks several at once beside them."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from collector.leases import LeaseLost
from collector.run_progress import Meter
from collector.runs import RunProgress, ScanState, UnitState
from collector.unit_rows import ATTEMPTS, Batch, TakenUnit, UnitRows
from scanners.clean_text import clean_text
from scanners.door import Door
from scanners.observation import Observation
from scanners.plan import Checkpoint, Endpoint, Found, LookUnit, Progress, SweepItem, SweepUnit
from scanners.zone import Zone

KEEP_SECONDS = 1.0  # what a sweep found is stored at least this often, so that looks begin while it runs
KEEP_ITEMS = 500
TICK_SECONDS = 0.25
REPORT_SECONDS = 0.5
HANG_SECONDS = 300.0
QUIET_SECONDS = 2.0  # without a sign from a unit: it only waits for slow hosts
WAITING_UNITS = 16  # for each unit that works there may be so many that wait

Watch = Callable[[RunProgress], None]
T = TypeVar("T")


class Prober(Protocol):
    """What is asked of :class:`scanners.probe.Probe`."""

    def sweep(
        self, unit: SweepUnit, progress: Callable[[Progress], None] | None = None, *, checkpoint: Checkpoint | None = None
    ) -> AsyncIterator[SweepItem]: ...

    def look(self, unit: LookUnit, progress: Callable[[Progress], None] | None = None) -> AsyncIterator[Observation]: ...


class Halt(StrEnum):
    """Why a scan ends, or pauses, before it is through."""

    STOPPED = "stopped"  # the stop button, or this one scan was stopped
    CLOSED = "closed"  # the zone's window closed
    GONE = "gone"  # the zone is no longer in force
    LEAVING = "leaving"  # this process ends


class ScanWork:
    """Carries one scan out for the holder of its zone's lease. ``zone_now`` gives the zone in force, None when it is gone."""

    def __init__(
        self,
        rows: UnitRows,
        probe: Prober,
        door: Door,
        *,
        looks_at_once: int,
        watch: Watch | None = None,
        hang_seconds: float = HANG_SECONDS,
    ) -> None:
        self._rows = rows
        self._probe = probe
        self._door = door
        self._looks_at_once = looks_at_once
        self._watch = watch
        self._hang_seconds = hang_seconds
        self._meter = Meter()
        self._pumps: dict[str, asyncio.Task[None]] = {}
        self._handed: set[tuple[str, int, str]] = set()
        self._news = asyncio.Event()
        self._swept = False
        self._looking: set[asyncio.Task[None]] = set()
        self._halt: Halt | None = None
        self._because = ""

    async def carry(self) -> None:
        """Work until nothing is left or something halts it, and write how it ended. Raises ``LeaseLost``."""
        for unit, state, kept in await asyncio.to_thread(self._rows.begin):
            self._remember(unit)
            if state is UnitState.FINISHED:
                self._meter.add_finished(unit, kept if isinstance(unit, LookUnit) or (kept and "sweep" in kept) else None)
            elif state is UnitState.FAILED:
                self._meter.add(unit)
                self._meter.failed += 1
                self._meter.done += 1
            else:
                self._meter.add(unit)
        reporter = asyncio.create_task(self._report())
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._sweep_all())
                for _ in range(self._looks_at_once):
                    group.create_task(self._look_all(group))
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from errors
        finally:
            reporter.cancel()
            with suppress(asyncio.CancelledError):
                await reporter
        await self._conclude()

    def leave(self) -> None:
        """End soon because this process ends; what is unfinished waits for the next one."""
        self._stop_for(Halt.LEAVING, "")

    def _remember(self, unit: SweepUnit | LookUnit) -> None:
        if isinstance(unit, LookUnit):
            self._handed |= {_key(item) for item in unit.endpoints}

    async def _conclude(self) -> None:
        if self._halt in (Halt.LEAVING, Halt.CLOSED):
            self._meter.phase = "waiting"
            self._meter.note(self._because)
            await asyncio.to_thread(self._rows.wait_again, self._progress())
            return
        state = {None: ScanState.FINISHED, Halt.STOPPED: ScanState.STOPPED}.get(self._halt, ScanState.FAILED)
        if state is ScanState.FINISHED:
            self._meter.phase = "done"
        progress = self._progress()
        await asyncio.to_thread(self._rows.end, state, self._because, progress)
        if self._watch is not None:
            self._watch(progress)

    def _progress(self) -> RunProgress:
        return self._meter.progress(len(self._handed))

    # --- why to halt ---------------------------------------------------------------------------------------------

    def _check(self) -> Halt | None:
        """Whether something says halt now."""
        if self._halt is None:
            zone = self._zone_now()
            if self._door.stop.pressed:
                self._stop_for(Halt.STOPPED, self._door.stop.reason)
            elif zone is None:
                self._stop_for(Halt.GONE, f"zone {self._rows.zone_id} is no longer in force")
            elif (closed := zone.closed_because(self._door.clock())) is not None:
                self._stop_for(Halt.CLOSED, closed)
        return self._halt

    def _zone_now(self) -> Zone | None:
        return next((zone for zone in self._door.zones if zone.id == self._rows.zone_id), None)

    def _stop_for(self, halt: Halt, because: str) -> None:
        if self._halt is None:
            self._halt, self._because = halt, because
            self._news.set()
            for pump in self._pumps.values():
                pump.cancel()

    async def _report(self) -> None:
        """Every quarter of a second: is there a reason to halt; every half: write the progress, renew the lease."""
        written = 0.0
        while True:
            self._check()
            if time.monotonic() - written >= REPORT_SECONDS:
                written = time.monotonic()
                progress = self._progress()
                await self._write(progress)
                if self._watch is not None:
                    self._watch(progress)
            await asyncio.sleep(TICK_SECONDS)

    async def _write(self, progress: RunProgress) -> None:
        storing = asyncio.create_task(asyncio.to_thread(self._rows.write_progress, progress))
        try:
            stopper = await asyncio.shield(storing)
        except asyncio.CancelledError:
            await asyncio.wait([storing])  # its thread goes on, and must not write after the scan's end is written
            raise
        except LeaseLost:
            self._stop_for(Halt.LEAVING, "another process carries on")
        except SQLAlchemyError as error:
            self._meter.note(f"the progress could not be stored: {type(error).__name__}")
        else:
            if stopper is not None:
                self._stop_for(Halt.STOPPED, f"stopped by {stopper}")

    # --- units ---------------------------------------------------------------------------------------------------

    async def _sweep_all(self) -> None:
        while self._check() is None and (taken := await asyncio.to_thread(self._rows.take, "sweep")) is not None:
            await self._carry_out(taken)
        self._swept = True
        self._news.set()

    async def _look_all(self, group: asyncio.TaskGroup) -> None:
        while self._check() is None:
            last = self._swept and not self._looking  # read before asking: what ends now has stored its looks already
            taken = await asyncio.to_thread(self._rows.take, "look")
            if taken is not None:
                task = group.create_task(self._carry_out(taken))
                self._looking.add(task)
                task.add_done_callback(self._looked)
                await self._until_quiet(task, taken.unit.id)
            elif last:
                return
            else:
                self._news.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._news.wait(), 1.0)

    async def _until_quiet(self, task: "asyncio.Task[None]", unit_id: str) -> None:
        """Until the unit is done, or only waits: for a tarpit, say. Then its place is another's, and it goes on beside."""
        while not (await asyncio.wait({task}, timeout=TICK_SECONDS))[0]:
            quiet = self._meter.silent_for(unit_id) > QUIET_SECONDS
            if quiet and len(self._looking) < self._looks_at_once * WAITING_UNITS:
                return

    def _looked(self, task: "asyncio.Task[None]") -> None:
        self._looking.discard(task)
        self._news.set()

    async def _carry_out(self, taken: TakenUnit) -> None:
        """Run one unit. Only the pump is ever cancelled, so that nothing is written by halves."""
        queue: asyncio.Queue[SweepItem] = asyncio.Queue()
        self._meter.begin(taken.unit)
        pump = asyncio.create_task(self._pump(taken, queue))
        self._pumps[taken.unit.id] = pump
        try:
            batch, hung = await self._drain(taken, queue, pump)
        finally:
            pump.cancel()
            self._pumps.pop(taken.unit.id, None)
        problem = f"nothing came from it for {self._hang_seconds:g} s" if hung else self._problem_of(taken, pump)
        if self._check() is not None:
            self._meter.end(taken.unit, finished=False)
            await asyncio.to_thread(self._give_back_swept, taken, batch)
        elif problem is None:
            count = self._meter.end(taken.unit, finished=True)
            self._follow(await asyncio.to_thread(self._rows.finish, taken, batch, count))
        elif taken.attempt >= ATTEMPTS:
            self._meter.end(taken.unit, finished=False, given_up=True)
            self._follow(await asyncio.to_thread(self._rows.give_up, taken, batch, problem))
        else:
            self._meter.end(taken.unit, finished=False)
            await asyncio.to_thread(self._rows.give_back, taken, problem, counted=True)
            await asyncio.sleep(0.2 * taken.attempt)

    def _give_back_swept(self, taken: TakenUnit, batch: Batch) -> None:
        """Let an interrupted unit wait again. A look is made again as a whole; of a sweep, what came is kept."""
        if isinstance(taken.unit, SweepUnit) and batch:
            self._rows.keep(taken, batch)
        self._rows.give_back(taken, self._because, counted=False)

    def _problem_of(self, taken: TakenUnit, pump: "asyncio.Task[None]") -> str | None:
        if pump.cancelled():
            return "it was interrupted"
        error = pump.exception()
        if error is not None:
            return f"{type(error).__name__}: {error}"
        if isinstance(taken.unit, SweepUnit) and self._meter.phase_of(taken.unit.id) != "done":
            return "the sweep ended before it was through"
        return None

    async def _pump(self, taken: TakenUnit, queue: "asyncio.Queue[SweepItem]") -> None:
        unit = taken.unit
        stream: Any
        if isinstance(unit, SweepUnit):
            stream = self._probe.sweep(unit, self._meter.report, checkpoint=taken.checkpoint)
        else:
            stream = self._probe.look(unit, self._meter.report)
        try:
            async for item in stream:
                self._meter.sign(unit.id)
                queue.put_nowait(item)
        finally:
            close = getattr(stream, "aclose", None)
            if close is not None:
                await close()

    async def _drain(self, taken: TakenUnit, queue: "asyncio.Queue[SweepItem]", pump: "asyncio.Task[None]") -> tuple[Batch, bool]:
        """Gather what the pump brings; a sweep's batches are stored on the way. Returns what is left, and whether it hung."""
        batch, since = Batch(), time.monotonic()
        hung = False
        while not (pump.done() and queue.empty()):
            with suppress(TimeoutError):
                self._gather(batch, await asyncio.wait_for(queue.get(), TICK_SECONDS))
                while not queue.empty():
                    self._gather(batch, queue.get_nowait())
            old = time.monotonic() - since >= KEEP_SECONDS or len(batch.observations) >= KEEP_ITEMS
            if isinstance(taken.unit, SweepUnit) and batch and old and not pump.done():
                kept, batch, since = batch, Batch(), time.monotonic()
                self._follow(await asyncio.to_thread(self._rows.keep, taken, kept))
            if not pump.done() and self._meter.silent_for(taken.unit.id) > self._hang_seconds:
                hung = True
                pump.cancel()
                with suppress(asyncio.CancelledError, TimeoutError):
                    await asyncio.wait_for(asyncio.shield(pump), 10)
                break
        return batch, hung

    def _gather(self, batch: Batch, item: SweepItem) -> None:
        if isinstance(item, Found):
            fresh = [place for place in item.endpoints if _key(place) not in self._handed]
            self._handed |= {_key(place) for place in fresh}
            batch.endpoints += fresh
            batch.domains += item.domains
        elif isinstance(item, Checkpoint):
            batch.checkpoint = item
        else:
            batch.observations.append(item)

    def _follow(self, looks: list[LookUnit]) -> None:
        for look in looks:
            self._meter.add(look)
        self._news.set()


def _key(item: Endpoint) -> tuple[str, int, str]:
    return item.address, item.port, item.transport.value


def sentence_of(error: Exception) -> str:
    """What went wrong, for the scan's row."""
    return clean_text(f"{type(error).__name__}: {error}", 300)
