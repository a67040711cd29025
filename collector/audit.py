"""The audit log: every change and every denied attempt, in rows that are only ever added and that hold each other.

Each row carries the digest of the one before it (a hash chain), so that a row that is changed, taken out or put between others
is found by :func:`verify`. Rows cut off at the end are found by comparing with a head that was written down elsewhere.
"""

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, text

from collector.tables import audit as table

GENESIS = "0" * 64
_LOCK = 0x7A1A1A  # of PostgreSQL's advisory locks: two writers never continue the same row
_STEP = 5_000


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What happened. ``actor`` is a name, ``actor_id`` what it stands for (``token:…``, ``account:…``, ``command line``).

    ``action`` is an operation's id; ``outcome`` is ``done``, ``denied`` or ``failed``; ``detail`` holds no secret.
    """

    at: datetime
    actor: str
    action: str
    actor_id: str = ""
    address: str = ""
    outcome: str = "done"
    subject: str = ""
    subject_id: str = ""
    department_id: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Chain:
    """What a check of the log found: ``broken_at`` is the number of the first row that does not fit, None when all do."""

    rows: int
    head: str
    broken_at: int | None = None


def note(connection: Connection, entry: Entry) -> None:
    """Add one row, in the transaction of what it tells of: both are kept, or neither."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    previous = connection.execute(select(table.c.digest).order_by(table.c.seq.desc()).limit(1)).scalar() or GENESIS
    row = {
        "id": str(uuid.uuid4()),
        "at": entry.at,
        "actor": entry.actor[:200],
        "actor_id": entry.actor_id[:100],
        "address": entry.address[:45],
        "action": entry.action[:100],
        "outcome": entry.outcome,
        "subject": entry.subject[:64],
        "subject_id": entry.subject_id[:200],
        "department_id": entry.department_id,
        "detail": json.loads(json.dumps(dict(entry.detail), default=str)),
        "previous": previous,
    }
    connection.execute(insert(table).values(**row, digest=digest_of(row)))


def digest_of(row: Mapping[str, Any]) -> str:
    """SHA-256 over the row before it and every word of this one, in one spelling (JSON, keys sorted, UTC)."""
    said = {name: value for name, value in row.items() if name not in ("seq", "digest")}
    said["at"] = said["at"].astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()


def verify(connection: Connection) -> Chain:
    """Read the whole log and recompute its chain."""
    head, count, last = GENESIS, 0, -1
    while True:
        rows = connection.execute(select(table).where(table.c.seq > last).order_by(table.c.seq).limit(_STEP)).all()
        for row in rows:
            kept = dict(row._mapping)
            if row.previous != head or row.digest != digest_of(kept):
                return Chain(count, head, row.seq)
            head, count, last = row.digest, count + 1, row.seq
        if len(rows) < _STEP:
            return Chain(count, head)


def latest(connection: Connection, limit: int = 100, before: int | None = None) -> list[Row[Any]]:
    """Rows, latest first; ``before`` is the number of the last one seen."""
    query = select(table).order_by(table.c.seq.desc()).limit(limit)
    return list(connection.execute(query.where(table.c.seq < before) if before is not None else query))


def has_digest(connection: Connection, digest: str) -> bool:
    """Whether the row that once was the head is still there."""
    return digest == GENESIS or connection.execute(select(table.c.seq).where(table.c.digest == digest)).first() is not None
