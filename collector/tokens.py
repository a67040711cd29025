"""API tokens, browser sessions and sign-in links. Only digests are stored: who reads the store can sign in nowhere.

A secret is 256 random bits, so a plain SHA-256 digest is as good as a slow one: there is nothing to guess.
Every function takes an open connection of the store and the time.
"""

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from collector import tables
from collector.grants import Grant, Role

_PREFIX = "talaia_"
_USED_STEP = timedelta(minutes=1)  # "last used" is kept to the minute: a request needs no write of its own


class TokenError(ValueError):
    """A token cannot be made as asked."""


@dataclass(frozen=True)
class Token:
    """A token without its secret.

    ``departments`` are those it is confined to, None for the whole city; ``permissions`` narrow what its role may do.
    """

    id: str
    name: str
    role: Role
    departments: tuple[str, ...] | None
    permissions: frozenset[str] | None
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None

    @property
    def grants(self) -> tuple[Grant, ...]:
        if self.departments is None:
            return (Grant(self.role),)
        return tuple(Grant(self.role, department) for department in self.departments)

    def valid(self, now: datetime) -> bool:
        return self.revoked_at is None and now < self.expires_at


def create_token(
    connection: Connection,
    name: str,
    role: Role,
    now: datetime,
    lifetime: timedelta,
    *,
    departments: Iterable[str] | None = None,
    permissions: Iterable[str] | None = None,
) -> tuple[Token, str]:
    """Make a token; returns it and its secret, which is shown once and stored nowhere.

    Raises :class:`TokenError` when the name is taken or empty, a set of departments or permissions is empty or names a department
    that is not known, or the lifetime is not positive.
    """
    confined = None if departments is None else tuple(sorted(set(departments)))
    narrowed = None if permissions is None else frozenset(permissions)
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise TokenError("a token's name has 1 to 100 printable characters")
    if confined == () or narrowed == frozenset():
        raise TokenError("a token that is confined to no department, or may do nothing, would be of no use")
    known = set(connection.scalars(select(tables.department.c.id)))
    for department in set(confined or ()) - known:
        raise TokenError(f"there is no department {department!r}")
    if lifetime <= timedelta(0):
        raise TokenError("a token must live for some time")
    if connection.execute(select(tables.token.c.id).where(tables.token.c.name == name)).first():
        raise TokenError(f"a token is named {name!r} already; revoked ones keep their name")
    secret = _PREFIX + secrets.token_urlsafe(32)
    token = Token(str(uuid.uuid4()), name, role, confined, narrowed, now, now + lifetime, None, None)
    connection.execute(
        insert(tables.token).values(
            id=token.id,
            name=name,
            digest=digest_of(secret),
            role=role.value,
            departments=None if confined is None else list(confined),
            permissions=None if narrowed is None else sorted(narrowed),
            created_at=now,
            expires_at=token.expires_at,
        )
    )
    return token, secret


def find_token(connection: Connection, secret: str, now: datetime) -> Token | None:
    """The valid token of this secret; None for an unknown, expired or revoked one."""
    if not secret.startswith(_PREFIX) or len(secret) > 100:
        return None
    digest = digest_of(secret)
    row = connection.execute(select(tables.token).where(tables.token.c.digest == digest)).first()
    if row is None or not hmac.compare_digest(row.digest, digest):
        return None
    token = _token(row)
    return token if token.valid(now) else None


def token_of(connection: Connection, secret: str) -> Token | None:
    """The token of this secret, also one that was revoked or has expired: whose it was, when it is refused."""
    row = connection.execute(select(tables.token).where(tables.token.c.digest == digest_of(secret))).first()
    return _token(row) if row else None


def note_use(connection: Connection, token: Token, now: datetime) -> None:
    connection.execute(update(tables.token).where(tables.token.c.id == token.id).values(last_used_at=now))


def use_is_news(last_used_at: datetime | None, now: datetime) -> bool:
    """Whether the last use that is kept, of a token or a session, is old enough to be written again."""
    return last_used_at is None or now - last_used_at >= _USED_STEP


def list_tokens(connection: Connection) -> list[Token]:
    return [
        _token(row) for row in connection.execute(select(tables.token).order_by(tables.token.c.created_at, tables.token.c.id))
    ]


def revoke_token(connection: Connection, name_or_id: str, now: datetime) -> bool:
    """Revoke at once, with every session it opened; whether there was such a token that was not revoked yet."""
    which = or_(tables.token.c.name == name_or_id, tables.token.c.id == name_or_id)
    ids = list(connection.scalars(select(tables.token.c.id).where(which)))
    connection.execute(delete(tables.web_session).where(tables.web_session.c.token_id.in_(ids)))
    connection.execute(delete(tables.entry_code).where(tables.entry_code.c.token_id.in_(ids)))
    fresh = update(tables.token).where(which, tables.token.c.revoked_at.is_(None)).values(revoked_at=now)
    return bool(connection.execute(fresh).rowcount)


def open_session(connection: Connection, token: Token, now: datetime, lifetime: timedelta) -> str:
    """A new browser session of ``token``; returns the cookie's secret. It never outlives its token."""
    secret = secrets.token_urlsafe(32)
    connection.execute(delete(tables.web_session).where(tables.web_session.c.expires_at <= now))
    connection.execute(
        insert(tables.web_session).values(
            digest=digest_of(secret),
            token_id=token.id,
            created_at=now,
            expires_at=min(now + lifetime, token.expires_at),
            used_at=now,
        )
    )
    return secret


def valid_token(connection: Connection, token_id: str, now: datetime) -> Token | None:
    """The token of this id, unless it was revoked or has expired."""
    row = connection.execute(select(tables.token).where(tables.token.c.id == token_id)).first()
    token = _token(row) if row else None
    return token if token and token.valid(now) else None


def close_session(connection: Connection, secret: str) -> None:
    connection.execute(delete(tables.web_session).where(tables.web_session.c.digest == digest_of(secret)))


def issue_entry_code(connection: Connection, token: Token, now: datetime, lifetime: timedelta = timedelta(hours=1)) -> str:
    """A code for the link ``/enter/<code>``, which signs one browser in as ``token``, once."""
    code = secrets.token_urlsafe(32)
    connection.execute(delete(tables.entry_code).where(tables.entry_code.c.expires_at <= now))
    connection.execute(insert(tables.entry_code).values(digest=digest_of(code), token_id=token.id, expires_at=now + lifetime))
    return code


def redeem_entry_code(connection: Connection, code: str, now: datetime) -> Token | None:
    """Use the code up; the valid token it stands for, or None."""
    used = (
        delete(tables.entry_code)
        .where(tables.entry_code.c.digest == digest_of(code), tables.entry_code.c.expires_at > now)
        .returning(tables.entry_code.c.token_id)
    )
    token_id = connection.execute(used).scalar()
    return None if token_id is None else valid_token(connection, token_id, now)


def digest_of(secret: str) -> str:
    """What is kept of a secret of 256 random bits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _token(row: Row[Any]) -> Token:
    return Token(
        id=row.id,
        name=row.name,
        role=Role(row.role),
        departments=None if row.departments is None else tuple(row.departments),
        permissions=None if row.permissions is None else frozenset(row.permissions),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )
