"""Browser sessions of people: a secret is new at each sign-in, only its digest is kept; they end idle, in the end, or at once."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from collector import tables, tokens
from collector.accounts import Account, account_with, grants_of
from collector.tokens import Token, digest_of

_table = tables.web_session


def open_session(connection: Connection, account: Account, now: datetime, lifetime: timedelta, agent: str = "") -> str:
    """Returns the cookie's secret."""
    secret = secrets.token_urlsafe(32)
    connection.execute(delete(_table).where(_table.c.expires_at <= now))
    row = {"digest": digest_of(secret), "account_id": account.id, "created_at": now, "expires_at": now + lifetime}
    connection.execute(insert(_table).values(**row, used_at=now, agent=agent[:200]))
    return secret


@dataclass(frozen=True)
class Live:
    """A person's session: who, when it was last used, and whether the city's identity provider opened it."""

    account: Account
    used_at: datetime
    by_provider: bool


def session_of(connection: Connection, secret: str, now: datetime, idle: timedelta) -> Token | Live | None:
    """Whose session this cookie is, a program's or a person's; None when it ended, its token did, or the account is disabled."""
    if len(secret) > 100:
        return None
    # Every request asks this: all but the grants in one statement.
    account, totp, provider = tables.account, tables.account_totp, tables.provider_session
    second_step = (totp.c.account_id == account.c.id) & totp.c.confirmed_at.is_not(None)
    held = (
        _table.outerjoin(account, account.c.id == _table.c.account_id)
        .outerjoin(totp, second_step)
        .outerjoin(provider, provider.c.digest == _table.c.digest)
    )
    further = (totp.c.account_id.label("second_step"), provider.c.digest.label("by_provider"))
    query = select(account, _table.c.token_id, _table.c.used_at, *further).select_from(held)
    row = connection.execute(query.where(_table.c.digest == digest_of(secret), _table.c.expires_at > now)).first()
    if row is None:
        return None
    if row.id is None:
        return tokens.valid_token(connection, row.token_id, now)
    if row.disabled_at is not None or row.used_at <= now - idle:
        return None
    found = account_with(row, grants_of(connection, row.id), row.second_step is not None)
    return Live(found, row.used_at, row.by_provider is not None)


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
