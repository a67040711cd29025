"""Requests that may be sent again (Idempotency-Key, draft-ietf-httpapi-idempotency-key-header): done once, answered alike.

Every function takes an open connection of the store and the time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from collector.tables import repeated_request as table

KEPT_FOR = timedelta(hours=24)
LONGEST = timedelta(minutes=2)  # no request takes longer: one without an answer by then was cut off


class Known(StrEnum):
    """What is known of a key."""

    NEW = "new"
    RUNNING = "running"
    CUT_OFF = "cut_off"  # it began and nobody knows whether it was done
    DIFFERENT = "different"  # it was another request
    ANSWERED = "answered"


@dataclass(frozen=True)
class Request:
    """One request of a caller; ``fingerprint`` is a digest of all it asks."""

    caller: str
    key: str
    fingerprint: str


@dataclass(frozen=True)
class Answer:
    """``body`` None: an answer that is shown once (a secret)."""

    status: int
    media_type: str
    body: bytes | None


def begin(connection: Connection, request: Request, now: datetime) -> tuple[Known, Answer | None]:
    """Claim the key for this request, or say what is known of it; keys older than a day are forgotten."""
    connection.execute(delete(table).where(table.c.at < now - KEPT_FOR))
    row = connection.execute(select(table).where(*_this(request))).first()
    if row is None:
        try:
            with connection.begin_nested():
                connection.execute(
                    insert(table).values(caller=request.caller, key=request.key, fingerprint=request.fingerprint, at=now)
                )
        except IntegrityError:
            return Known.RUNNING, None  # another process claimed it between the two statements
        return Known.NEW, None
    if row.fingerprint != request.fingerprint:
        return Known.DIFFERENT, None
    if row.status is None:
        return (Known.RUNNING if now - row.at < LONGEST else Known.CUT_OFF), None
    return Known.ANSWERED, Answer(row.status, row.media_type, row.body)


def finish(connection: Connection, request: Request, answer: Answer) -> None:
    """Keep what was answered."""
    kept = {"status": answer.status, "media_type": answer.media_type, "body": answer.body}
    connection.execute(update(table).where(*_this(request)).values(**kept))


def forget(connection: Connection, request: Request) -> None:
    """Nothing was done: the key may be used again."""
    connection.execute(delete(table).where(*_this(request)))


def _this(request: Request) -> tuple[ColumnElement[bool], ...]:
    return (table.c.caller == request.caller, table.c.key == request.key)
