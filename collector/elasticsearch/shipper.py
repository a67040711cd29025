"""The shipper: takes what waits in the outbox to Elasticsearch, and deletes a row only when its document is there.

A row is marked as sent before it is sent and deleted after its own answer came, so that a kill or a dead node at any
instant loses nothing; what may have arrived without an answer is looked for before it is sent again.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import msgspec
from elastic_transport import ApiError, TransportError
from elasticsearch import Elasticsearch
from sqlalchemy import Connection, Row, delete, func, select, update
from sqlalchemy.exc import SQLAlchemyError

from collector.elasticsearch.bulk import Answer, Fate, send, stored_before
from collector.elasticsearch.client import Client
from collector.elasticsearch.templates import install_templates
from collector.leases import LEASE_SECONDS, LeaseLost, drop_lease, keep_lease, take_lease, this_process
from collector.outbox import ELASTICSEARCH
from collector.store import Store
from collector.tables import outbox
from scanners.clean_text import clean_text

LEASE = "shipper"
ROWS_AT_ONCE = 1_000
BYTES_AT_ONCE = 5 * 1024 * 1024
IDLE_SECONDS = 0.5
STANDBY_SECONDS = 2.5
LONGEST_PAUSE_SECONDS = 60.0
REFUSED_AGAIN_SECONDS = 600.0

log = logging.getLogger("talaia.shipper")

Point = Callable[[str], None]


class Shipped(msgspec.Struct, frozen=True, kw_only=True):
    """What one round did. ``pause_seconds`` is how long to wait before the next."""

    stored: int = 0
    refused: int = 0
    later: int = 0
    pause_seconds: float = 0.0
    problem: str | None = None


class Shipper:
    """Delivers one store's outbox. ``connect`` makes a client (it is called again when a login was refused, so that a changed
    secret file is read without a restart). One process at a time ships (lease ``shipper``); calls come from one thread.

    ``point`` is called at each named instant at which a kill must do no harm (``marked``, ``sent``, ``deleted``).
    """

    def __init__(
        self,
        store: Store,
        connect: Callable[[], Elasticsearch],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
        holder: str | None = None,
        point: Point = lambda name: None,
        rows_at_once: int = ROWS_AT_ONCE,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._store = store
        self._connect = connect
        self._client: Elasticsearch | None = None
        self._clock = clock
        self._monotonic = monotonic
        self._holder = holder or this_process()
        self._point = point
        self._most = rows_at_once
        self._size = rows_at_once
        self._lease_seconds = lease_seconds
        self._failures = 0
        self._refused_at: float | None = None
        self._installed = False
        self._told: str | None = None

    def run(self, ended: threading.Event) -> None:
        """Ship until ``ended`` is set. Never raises: what fails is told once and tried again, later and later."""
        while not ended.is_set():
            ended.wait(self.ship_once().pause_seconds)
        with suppress(SQLAlchemyError), self._store.write() as connection:
            drop_lease(connection, LEASE, self._holder)
        self._close()

    def ship_once(self) -> Shipped:
        """One round: read, send, delete what arrived."""
        try:
            rows = self._rows()
            if rows is None:
                return Shipped(pause_seconds=STANDBY_SECONDS)
            if not rows:
                return Shipped(pause_seconds=IDLE_SECONDS)
            shipped = self._ship(rows)
        except (ApiError, TransportError) as error:
            return self._failed(error)
        except (SQLAlchemyError, LeaseLost, ValueError, OSError) as error:
            return self._pause(f"{type(error).__name__}: {error}")
        except (LookupError, TypeError, AttributeError) as error:  # JSON of another shape: something answers in its place
            return self._pause(f"an answer that is none of Elasticsearch's ({type(error).__name__})")
        if shipped.later:
            return msgspec.structs.replace(shipped, pause_seconds=self._pause(shipped.problem or "").pause_seconds)
        self._failures, self._told = 0, None
        self._size = min(self._most, self._size * 2)
        return shipped

    def _ship(self, rows: Sequence[Row[Any]]) -> Shipped:
        client = self._client = self._client or self._connect()
        if not self._installed:
            install_templates(client)
            self._installed = True
        unsure = [row for row in rows if row.attempts]
        there = stored_before(client, unsure) if unsure else set()
        if there:
            self._settle([row for row in rows if row.seq in there], [Answer(fate=Fate.STORED)] * len(there))
            rows = [row for row in rows if row.seq not in there]
        if not rows:
            return Shipped(stored=len(there))
        self._mark(rows)
        self._point("marked")
        answers = send(client, rows)
        self._point("sent")
        self._settle(rows, answers)
        self._point("deleted")
        fates = [answer.fate for answer in answers]
        problem = next((answer.reason for answer in answers if answer.fate is Fate.LATER), None)
        if fates.count(Fate.REFUSED):
            reason = next(answer.reason for answer in answers if answer.fate is Fate.REFUSED)
            said = self._hiding(reason)
            log.error("Elasticsearch refused %d documents; they are kept: %s", fates.count(Fate.REFUSED), said)
        return Shipped(
            stored=len(there) + fates.count(Fate.STORED),
            refused=fates.count(Fate.REFUSED),
            later=fates.count(Fate.LATER),
            problem=problem,
        )

    # --- rows ----------------------------------------------------------------------------------------------------

    def _rows(self) -> list[Row[Any]] | None:
        """The oldest rows to send; those that were refused before are tried again now and then. None: another ships."""
        with self._store.write() as connection:
            if not take_lease(connection, LEASE, self._holder, at=self._clock(), seconds=self._lease_seconds):
                return None
        with self._store.read() as connection:
            rows = self._oldest(connection, outbox.c.last_error.is_(None))
            due = self._refused_at is None or self._monotonic() - self._refused_at > REFUSED_AGAIN_SECONDS
            if not rows and due:
                self._refused_at = self._monotonic()
                rows = self._oldest(connection, outbox.c.last_error.is_not(None))
        return rows

    def _oldest(self, connection: Connection, which: Any) -> list[Row[Any]]:
        """The oldest rows of a kind, no more bytes than one request may have."""
        query = select(outbox.c.seq, func.length(outbox.c.body)).where(outbox.c.sink == ELASTICSEARCH, which)
        seqs: list[int] = []
        size = 0
        for seq, length in connection.execute(query.order_by(outbox.c.seq).limit(self._size)):
            size += length
            if seqs and size > BYTES_AT_ONCE:
                break
            seqs.append(seq)
        return list(connection.execute(select(outbox).where(outbox.c.seq.in_(seqs)).order_by(outbox.c.seq))) if seqs else []

    def _mark(self, rows: Sequence[Row[Any]]) -> None:
        """From now on these may be there already."""
        with self._writing() as connection:
            these = outbox.c.seq.in_([row.seq for row in rows])
            connection.execute(update(outbox).where(these).values(attempts=outbox.c.attempts + 1))

    def _settle(self, rows: Sequence[Row[Any]], answers: Sequence[Answer]) -> None:
        """Delete what arrived; what was surely not taken is unmarked, and keeps the reason if it was refused."""
        stored = [row.seq for row, answer in zip(rows, answers, strict=True) if answer.fate is Fate.STORED]
        later = [row.seq for row, answer in zip(rows, answers, strict=True) if answer.fate is Fate.LATER]
        with self._writing() as connection:
            if stored:
                connection.execute(delete(outbox).where(outbox.c.seq.in_(stored)))
            if later:
                connection.execute(update(outbox).where(outbox.c.seq.in_(later)).values(attempts=outbox.c.attempts - 1))
            for row, answer in zip(rows, answers, strict=True):
                if answer.fate is Fate.REFUSED:
                    said = {"last_error": clean_text(self._hiding(answer.reason), 400), "attempts": 0}
                    connection.execute(update(outbox).where(outbox.c.seq == row.seq).values(said))

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._store.write() as connection:
            keep_lease(connection, LEASE, self._holder, at=self._clock(), seconds=self._lease_seconds)
            yield connection

    # --- failures ------------------------------------------------------------------------------------------------

    def _failed(self, error: ApiError | TransportError) -> Shipped:
        """The request as a whole failed."""
        status, said = getattr(error, "status_code", None), self._hiding(f"{type(error).__name__}: {error}")
        if status == 413 and self._size == 1:
            return self._too_large()
        if status in (413, 429):
            self._size = max(1, self._size // 2)
        if status in (401, 403):
            self._close()  # the secret may be another by now
        if status == 413:
            return Shipped(problem="the request was too large; half of it is sent next")
        return self._pause(said)

    def _too_large(self) -> Shipped:
        """One document alone is more than the cluster takes."""
        rows = self._rows() or []
        reason = "413: the document is larger than the cluster's http.max_content_length"
        self._settle(rows[:1], [Answer(fate=Fate.REFUSED, reason=reason)] * len(rows[:1]))
        return Shipped(refused=len(rows[:1]), problem=reason)

    def _pause(self, problem: str) -> Shipped:
        """Wait longer after each failure, and not all at once: exponential with full jitter."""
        said = clean_text(self._hiding(problem), 300)
        if said != self._told:
            log.warning("Elasticsearch does not take documents; they are kept and sent later: %s", said)
        self._told = said
        self._failures += 1
        longest = min(LONGEST_PAUSE_SECONDS, 0.5 * 2 ** min(self._failures, 10))
        return Shipped(pause_seconds=random.uniform(longest / 2, longest), problem=said)  # noqa: S311 - a pause is no secret

    def _hiding(self, text: str) -> str:
        return self._client.hiding(text) if isinstance(self._client, Client) else text

    def _close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()


@contextmanager
def shipping(store: Store, connect: Callable[[], Elasticsearch]) -> Iterator[Shipper]:
    """Ship in a thread while the context lasts. At its end the request under way may finish; nothing is lost if it cannot."""
    shipper = Shipper(store, connect)
    ended = threading.Event()
    thread = threading.Thread(target=shipper.run, args=(ended,), name="shipper", daemon=True)
    thread.start()
    try:
        yield shipper
    finally:
        ended.set()
        thread.join(timeout=10)
