"""Sessions that an identity provider opened are asked about again: when, by whom, and with what. Refresh tokens come in sealed.

One caller at a time asks about a session (:func:`claim`); a provider that gives a new refresh token with each answer ends the
session of who uses an old one.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update

from collector.sign_in_tables import provider_session as table
from collector.tokens import digest_of

EVERY = timedelta(seconds=45)  # with the time an answer may take, what is withdrawn there ends here within a minute
CLAIM_LASTS = timedelta(seconds=10)
RETRY_AFTER = timedelta(seconds=10)


def keep(connection: Connection, secret: str, sealed: str, now: datetime) -> None:
    """The session of this secret was opened by the provider just now."""
    connection.execute(insert(table).values(digest=digest_of(secret), refresh=sealed, checked_at=now))


def find(connection: Connection, secret: str) -> Row[Any] | None:
    return connection.execute(select(table).where(table.c.digest == digest_of(secret))).first()


def claim(connection: Connection, secret: str, now: datetime) -> str | None:
    """The sealed refresh token for the one who shall ask; None when somebody asks already, or it is too early."""
    due = (table.c.checked_at <= now - EVERY, or_(table.c.retry_at.is_(None), table.c.retry_at <= now))
    free = or_(table.c.claimed_at.is_(None), table.c.claimed_at <= now - CLAIM_LASTS)
    taken = update(table).where(table.c.digest == digest_of(secret), *due, free).values(claimed_at=now)
    return connection.execute(taken.returning(table.c.refresh)).scalar()


def stands(connection: Connection, secret: str, sealed: str, now: datetime) -> None:
    """The provider said that it stands; ``sealed`` is what to ask with the next time."""
    values = {"refresh": sealed, "checked_at": now, "claimed_at": None, "retry_at": None}
    connection.execute(update(table).where(table.c.digest == digest_of(secret)).values(**values))


def unanswered(connection: Connection, secret: str, now: datetime) -> None:
    """The provider did not answer."""
    values = {"claimed_at": None, "retry_at": now + RETRY_AFTER}
    connection.execute(update(table).where(table.c.digest == digest_of(secret)).values(**values))
