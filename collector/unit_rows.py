"""The rows of one running scan. Every method is one transaction, and writes nothing once another process holds the zone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select, update

from collector.events import tell
from collector.ingest import Ingest
from collector.leases import LEASE_SECONDS, keep_lease
from collector.records import Changes, Deliver, EventRecord
from collector.runs import RunProgress, ScanState, UnitState, add_units, end_scan
from collector.stopping import scan_stop_by
from collector.store import Store
from collector.tables import scan, unit
from scanners.clean_text import clean_text
from scanners.observation import Observation, new_id
from scanners.plan import Checkpoint, Endpoint, LookUnit, Unit, from_json, look_units

ATTEMPTS = 3
DEATHS = 10  # a process may be killed for many reasons; a unit that is there each time is one

Point = Callable[[str], None]


@dataclass(frozen=True)
class TakenUnit:
    """A unit that this process works on now; ``attempt`` counts from 1."""

    unit: Unit
    attempt: int
    checkpoint: Checkpoint | None


@dataclass
class Batch:
    """What came from a unit and is not stored yet."""

    observations: list[Observation] = field(default_factory=list)
    endpoints: list[Endpoint] = field(default_factory=list)
    domains: list[str] = field(default_factory=list)
    checkpoint: Checkpoint | None = None

    def __bool__(self) -> bool:
        return bool(self.observations or self.endpoints or self.domains or self.checkpoint)


class UnitRows:
    """Reads and writes the units of one scan for the holder of the lease ``zone:<id>``.

    ``point`` is called at each named instant at which a kill must do no harm (``taken``, ``before-commit``, ``committed``).
    """

    def __init__(
        self,
        store: Store,
        ingest: Ingest,
        *,
        scan_id: str,
        zone_id: str,
        holder: str,
        clock: Callable[[], datetime],
        deliver: Deliver | None,
        point: Point,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._store = store
        self._ingest = ingest
        self.scan_id = scan_id
        self.zone_id = zone_id
        self._lease = f"zone:{zone_id}"
        self._holder = holder
        self._clock = clock
        self._deliver = deliver
        self._point = point
        self._lease_seconds = lease_seconds

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._store.write() as connection:
            keep_lease(connection, self._lease, self._holder, at=self._clock(), seconds=self._lease_seconds)
            yield connection
            self._point("before-commit")
        self._point("committed")

    def begin(self) -> list[tuple[Unit, UnitState, Any]]:
        """The scan runs now; what a dead process had in hand waits again. Returns all units with state and checkpoint."""
        with self._writing() as connection:
            mine = unit.c.scan_id == self.scan_id
            running = unit.c.state == UnitState.RUNNING.value
            gone = {"state": UnitState.FAILED.value, "detail": f"Talaia ended during each of {DEATHS} attempts at this"}
            connection.execute(update(unit).where(mine, running, unit.c.attempts >= DEATHS).values(gone))
            again = {"state": UnitState.WAITING.value, "leased_until": None}
            connection.execute(update(unit).where(mine, running).values(again))
            started = func.coalesce(scan.c.started_at, self._clock())
            runs = {"state": ScanState.RUNNING.value, "started_at": started, "ended_at": None, "detail": ""}
            connection.execute(update(scan).where(scan.c.id == self.scan_id).values(runs))
            rows = connection.execute(select(unit.c.body, unit.c.state, unit.c.checkpoint).where(mine)).all()
        return [(from_json(row.body), UnitState(row.state), row.checkpoint) for row in rows]

    def take(self, kind: str) -> TakenUnit | None:
        """The next waiting unit of a kind, now running."""
        with self._writing() as connection:
            wanted = (unit.c.scan_id == self.scan_id, unit.c.state == UnitState.WAITING.value, unit.c.kind == kind)
            row = connection.execute(select(unit).where(*wanted).order_by(unit.c.attempts, unit.c.id).limit(1)).one_or_none()
            if row is None:
                return None
            runs = {
                "state": UnitState.RUNNING.value,
                "attempts": row.attempts + 1,
                "leased_until": self._clock() + timedelta(seconds=self._lease_seconds),
            }
            connection.execute(update(unit).where(unit.c.id == row.id).values(runs))
        self._point("taken")
        checkpoint = Checkpoint(state=row.checkpoint) if kind == "sweep" and row.checkpoint else None
        return TakenUnit(from_json(row.body), row.attempts + 1, checkpoint)

    def keep(self, taken: TakenUnit, batch: Batch) -> list[LookUnit]:
        """Store what a sweep found so far, and how far it came; returns the looks that follow."""
        with self._writing() as connection:
            looks = self._keep(connection, batch)
            if batch.checkpoint is not None:
                self._set(connection, taken, checkpoint=batch.checkpoint.state, attempts=1)  # it gets on: count anew
        return looks

    def finish(self, taken: TakenUnit, batch: Batch, count: dict[str, Any]) -> list[LookUnit]:
        """Store the last of a unit and mark it finished, in one transaction."""
        with self._writing() as connection:
            looks = self._keep(connection, batch)
            self._set(connection, taken, state=UnitState.FINISHED.value, leased_until=None, checkpoint=count, detail="")
        return looks

    def give_up(self, taken: TakenUnit, batch: Batch, detail: str) -> list[LookUnit]:
        """Park a unit that failed three times; what it did see is kept, and how far a sweep came."""
        with self._writing() as connection:
            looks = self._keep(connection, batch)
            said = clean_text(detail, 400)
            self._set(connection, taken, state=UnitState.FAILED.value, leased_until=None, detail=said)
        return looks

    def give_back(self, taken: TakenUnit, detail: str, *, counted: bool) -> None:
        """Let a unit wait again. An attempt that we ended ourselves is not ``counted``."""
        attempts = taken.attempt if counted else taken.attempt - 1
        waits = {"state": UnitState.WAITING.value, "attempts": attempts, "leased_until": None}
        with self._writing() as connection:
            self._set(connection, taken, detail=clean_text(detail, 400), **waits)

    def _keep(self, connection: Connection, batch: Batch) -> list[LookUnit]:
        if batch.observations:
            self._ingest.take(batch.observations, connection, scan_id=self.scan_id)
        looks = list(look_units(self.zone_id, batch.endpoints, batch.domains)) if batch.endpoints or batch.domains else []
        add_units(connection, self.scan_id, looks)
        return looks

    def _set(self, connection: Connection, taken: TakenUnit, **values: Any) -> None:
        connection.execute(update(unit).where(unit.c.id == taken.unit.id).values(values))

    def write_progress(self, progress: RunProgress) -> str | None:
        """Store the progress and renew the lease; returns who asked to end this scan, if anybody."""
        with self._writing() as connection:
            plain = msgspec.to_builtins(progress)
            connection.execute(update(scan).where(scan.c.id == self.scan_id).values(progress=plain))
            return scan_stop_by(connection, self.scan_id)

    def wait_again(self, progress: RunProgress) -> None:
        """The scan waits: for the next window, or for the next process."""
        with self._writing() as connection:
            waits = {"state": ScanState.WAITING.value, "progress": msgspec.to_builtins(progress)}
            connection.execute(update(scan).where(scan.c.id == self.scan_id).values(waits))

    def end(self, state: ScanState, detail: str, progress: RunProgress) -> ScanState:
        """Write the end of the scan, its event and the scores after it, in one transaction. Returns the state it ended in."""
        with self._writing() as connection:
            at = self._clock()
            given_up = (unit.c.scan_id == self.scan_id, unit.c.state == UnitState.FAILED.value)
            failed = connection.execute(select(func.count(), func.min(unit.c.detail)).where(*given_up)).one()
            if state is ScanState.FINISHED and failed[0]:
                state = ScanState.FAILED
                detail = f"{failed[0]} parts of it were given up, among them: {failed[1]}"
            connection.execute(update(scan).where(scan.c.id == self.scan_id).values(progress=msgspec.to_builtins(progress)))
            end_scan(connection, self.scan_id, state, detail, at=at)
            self._ingest.end_of_scan(self.scan_id, connection)
            self._tell(connection, state, detail, progress, at)
        return state

    def _tell(self, connection: Connection, state: ScanState, detail: str, progress: RunProgress, at: datetime) -> None:
        said = {"scan_id": self.scan_id, "zone": self.zone_id, "detail": detail, **msgspec.to_builtins(progress)}
        record = EventRecord(id=new_id(), at=at, action=f"scan-{state.value}", detail=said)
        tell(connection, record)
        if self._deliver is not None:
            self._deliver(connection, Changes(0, 0, assets={}, evaluations=(), findings={}, events=(record,)))
