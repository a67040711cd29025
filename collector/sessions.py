"""Browser sessions of people: a secret is new at each sign-in, only its digest is kept; they end idle, in the end, or at once."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from collector import tables
from collector.accounts import Account, account_of
from collector.tokens import digest_of

_table = tables.web_session


def open_session(connection: Connection, account: Account, now: datetime, lifetime: timedelta, agent: str = "") -> str:
    """Returns the cookie's secret."""
    secret = secrets.token_urlsafe(32)
    connection.execute(delete(_table).where(_table.c.expires_at <= now))
    row = {"digest": digest_of(secret), "account_id": account.id, "created_at": now, "expires_at": now + lifetime}
    connection.execute(insert(_table).values(**row, used_at=now, agent=agent[:200]))
    return secret


def session_account(connection: Connection, secret: str, now: datetime, idle: timedelta) -> tuple[Account, datetime] | None:
    """Whose session this cookie is and when it was last used; None when it ended, or the account is disabled."""
    if len(secret) > 100:
        return None
    alive = (_table.c.expires_at > now, _table.c.used_at > now - idle, tables.account.c.disabled_at.is_(None))
    query = select(tables.account, _table.c.used_at).join(_table, _table.c.account_id == tables.account.c.id)
    row = connection.execute(query.where(_table.c.digest == digest_of(secret), *alive)).first()
    return (account_of(connection, row), row.used_at) if row else None


def note_use(connection: Connection, secret: str, now: datetime) -> None:
    connection.execute(update(_table).where(_table.c.digest == digest_of(secret)).values(used_at=now))


def list_sessions(connection: Connection, account_id: str, now: datetime, idle: timedelta) -> list[Row[Any]]:
    """Those in force, the last used first. ``digest`` names one; nobody can sign in with it."""
    alive = (_table.c.account_id == account_id, _table.c.expires_at > now, _table.c.used_at > now - idle)
    return list(connection.execute(select(_table).where(*alive).order_by(_table.c.used_at.desc(), _table.c.digest)))


def end_session(connection: Connection, account_id: str, digest: str) -> bool:
    """End one session of this account."""
    which = (_table.c.account_id == account_id, _table.c.digest == digest)
    return bool(connection.execute(delete(_table).where(*which)).rowcount)
