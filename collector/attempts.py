"""Sign-ins that are under way between two requests, kept where every process sees them, bounded in number and time."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from collector.sign_in_tables import sign_in_attempt as table
from collector.tokens import digest_of

MAX_OF_A_KIND = 5_000


def begin(
    connection: Connection,
    kind: str,
    now: datetime,
    lifetime: timedelta,
    *,
    account_id: str | None = None,
    kept: Mapping[str, str] | None = None,
) -> str:
    """Returns the secret by which :func:`find` knows it. Old ones give way to new ones."""
    secret = secrets.token_urlsafe(32)
    connection.execute(delete(table).where(table.c.expires_at <= now))
    many = connection.scalar(select(func.count()).select_from(table).where(table.c.kind == kind)) or 0
    if many >= MAX_OF_A_KIND:
        oldest = select(table.c.digest).where(table.c.kind == kind).order_by(table.c.expires_at).limit(many - MAX_OF_A_KIND + 1)
        connection.execute(delete(table).where(table.c.digest.in_(list(connection.scalars(oldest)))))
    row = {"digest": digest_of(secret), "kind": kind, "account_id": account_id, "kept": dict(kept or {}), "tries": 0}
    connection.execute(insert(table).values(**row, expires_at=now + lifetime))
    return secret


def find(connection: Connection, kind: str, secret: str, now: datetime) -> Row[Any] | None:
    """The attempt, while it lasts."""
    where = (table.c.digest == digest_of(secret), table.c.kind == kind, table.c.expires_at > now)
    return connection.execute(select(table).where(*where)).first()


def count_try(connection: Connection, secret: str) -> None:
    """One more thing was tried in it."""
    connection.execute(update(table).where(table.c.digest == digest_of(secret)).values(tries=table.c.tries + 1))


def take(connection: Connection, kind: str, secret: str, now: datetime) -> Row[Any] | None:
    """The attempt, used up: of two that ask at once, one gets it."""
    found = connection.execute(
        delete(table).where(table.c.digest == digest_of(secret), table.c.kind == kind).returning(*table.c)
    ).first()
    return found if found is not None and found.expires_at > now else None
