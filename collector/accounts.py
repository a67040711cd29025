"""Accounts of people, what they were granted, and the links with which they set a password. Links are kept as digests only.

Every function takes an open connection of the store and the time. What an account loses, its sessions lose at once.
"""

import re
import secrets
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from collector import tables
from collector.grants import Grant, Role
from collector.refusal import ActionRefused
from collector.tokens import digest_of

LINK_LIFETIME = timedelta(days=2)
MAX_PLACES = 20
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,99}")
_LANGUAGES = ("ca", "es", "en")


class AccountError(ActionRefused):
    """An account cannot be made, or granted, as asked."""

    def __init__(self, message: str) -> None:
        super().__init__("bad-account", message)


@dataclass(frozen=True)
class Account:
    """A person, without the password. ``grants`` are sorted."""

    id: str
    name: str
    display_name: str
    email: str | None
    language: str | None
    created_at: datetime
    disabled_at: datetime | None
    has_password: bool
    grants: tuple[Grant, ...]
    has_second_step: bool = False


def is_login(name: str) -> bool:
    """Whether an account may have this name."""
    return _NAME.fullmatch(name) is not None


def create_account(
    connection: Connection, name: str, display_name: str, now: datetime, *, email: str | None = None, language: str | None = None
) -> Account:
    """An account without a password or grants. Raises :class:`AccountError` when the name is taken or anything is malformed."""
    name = name.strip().lower()
    if not is_login(name):
        raise AccountError(
            "an account's name has 1 to 100 of a-z, 0-9, dot, dash, underscore and @, and begins with one of the first"
        )
    if not 1 <= len(display_name) <= 200 or not display_name.isprintable():
        raise AccountError("a person's name has 1 to 200 printable characters")
    if email is not None and (len(email) > 254 or not re.fullmatch(r"[^\s@\"<>(),;:\\]+@[^\s@\"<>(),;:\\]+", email)):
        raise AccountError(f"{email!r} is no mail address")
    if language is not None and language not in _LANGUAGES:
        raise AccountError(f"the language is one of {', '.join(_LANGUAGES)}")
    if connection.execute(select(tables.account.c.id).where(tables.account.c.name == name)).first():
        raise AccountError(f"an account is named {name!r} already")
    made = Account(str(uuid.uuid4()), name, display_name, email, language, now, None, False, ())
    row = {"id": made.id, "name": name, "display_name": display_name, "email": email, "language": language, "created_at": now}
    connection.execute(insert(tables.account).values(**row))
    return made


def find_account(connection: Connection, name_or_id: str) -> Account | None:
    which = or_(tables.account.c.name == name_or_id.strip().lower(), tables.account.c.id == name_or_id)
    row = connection.execute(select(tables.account).where(which)).first()
    return account_of(connection, row) if row else None


def account_of_subject(connection: Connection, issuer: str, subject: str) -> Account | None:
    """The account of a person whom an identity provider knows."""
    which = (tables.account.c.issuer == issuer, tables.account.c.subject == subject)
    row = connection.execute(select(tables.account).where(*which)).first()
    return account_of(connection, row) if row else None


def bind_subject(connection: Connection, account: Account, issuer: str, subject: str) -> None:
    values = {"issuer": issuer, "subject": subject}
    connection.execute(update(tables.account).where(tables.account.c.id == account.id).values(**values))


def subject_of(connection: Connection, account: Account) -> str:
    """The identity provider's lasting name for this person; empty when it knows none."""
    return connection.execute(select(tables.account.c.subject).where(tables.account.c.id == account.id)).scalar() or ""


def list_accounts(connection: Connection) -> list[Account]:
    return accounts_of(connection, connection.execute(select(tables.account).order_by(tables.account.c.name)).all())


def account_of(connection: Connection, row: Row[Any]) -> Account:
    """The account of its row."""
    return accounts_of(connection, [row])[0]


def accounts_of(connection: Connection, rows: Sequence[Row[Any]]) -> list[Account]:
    """The accounts of their rows, with what belongs to them read at once."""
    only = [row.id for row in rows] if len(rows) == 1 else None  # for a list of all, all is read
    steps = select(tables.account_totp.c.account_id)
    if only is not None:
        steps = steps.where(tables.account_totp.c.account_id.in_(only))
    confirmed = set(connection.scalars(steps.where(tables.account_totp.c.confirmed_at.is_not(None))))
    grants = _grants_of(connection, only)
    return [account_with(row, grants.get(row.id, ()), row.id in confirmed) for row in rows]


def account_with(row: Row[Any], grants: Iterable[Grant], has_second_step: bool) -> Account:
    """The account of a row that has its columns, with what stands elsewhere."""
    return Account(
        id=row.id,
        name=row.name,
        display_name=row.display_name,
        email=row.email,
        language=row.language,
        created_at=row.created_at,
        disabled_at=row.disabled_at,
        has_password=row.password is not None,
        grants=tuple(sorted(grants, key=lambda one: (one.role, one.department or ""))),
        has_second_step=has_second_step,
    )


def grants_of(connection: Connection, account_id: str) -> list[Grant]:
    return _grants_of(connection, [account_id]).get(account_id, [])


def _grants_of(connection: Connection, only: Sequence[str] | None) -> dict[str, list[Grant]]:
    given = select(tables.account_grant)
    if only is not None:
        given = given.where(tables.account_grant.c.account_id.in_(only))
    grants: dict[str, list[Grant]] = {}
    for one in connection.execute(given):
        grants.setdefault(one.account_id, []).append(Grant(Role(one.role), one.department or None))
    return grants


def set_grants(connection: Connection, account: Account, grants: Iterable[Grant], *, ending: bool = True) -> None:
    """These and no others; sessions end too, if ``ending``.

    Raises :class:`AccountError` for a department that the catalogue does not have.
    """
    wanted = {(grant.role, grant.department or "") for grant in grants}
    known = set(connection.scalars(select(tables.department.c.id)))
    unknown = {department for _, department in wanted if department} - known
    if unknown:
        raise AccountError(f"there is no department {', '.join(sorted(unknown))}")
    connection.execute(delete(tables.account_grant).where(tables.account_grant.c.account_id == account.id))
    if wanted:
        rows = [{"account_id": account.id, "role": role.value, "department": department} for role, department in sorted(wanted)]
        connection.execute(insert(tables.account_grant), rows)
    if ending:
        end_sessions(connection, account)


def set_disabled(connection: Connection, account: Account, at: datetime | None) -> None:
    """Disable at ``at``, ending sessions and links; or with None enable again."""
    connection.execute(update(tables.account).where(tables.account.c.id == account.id).values(disabled_at=at))
    connection.execute(delete(tables.account_link).where(tables.account_link.c.account_id == account.id))
    end_sessions(connection, account)


def end_sessions(connection: Connection, account: Account) -> int:
    """Sign this person out everywhere; how many sessions there were."""
    return connection.execute(delete(tables.web_session).where(tables.web_session.c.account_id == account.id)).rowcount


def stored_password(connection: Connection, account: Account) -> str | None:
    return connection.execute(select(tables.account.c.password).where(tables.account.c.id == account.id)).scalar()


def keep_password(connection: Connection, account: Account, hashed: str) -> None:
    """Another hash of the same password."""
    connection.execute(update(tables.account).where(tables.account.c.id == account.id).values(password=hashed))


def set_password(connection: Connection, account: Account, hashed: str) -> None:
    """A new password: every session and link of before ends, and no place is known any more."""
    keep_password(connection, account, hashed)
    end_sessions(connection, account)
    for table in (tables.account_link, tables.account_place):
        connection.execute(delete(table).where(table.c.account_id == account.id))


def issue_link(connection: Connection, account: Account, now: datetime) -> str:
    """A code for ``/welcome/<code>``, with which a password is set, once; one of before ends."""
    code = secrets.token_urlsafe(32)
    links = tables.account_link
    connection.execute(delete(links).where(or_(links.c.expires_at <= now, links.c.account_id == account.id)))
    connection.execute(insert(links).values(digest=digest_of(code), account_id=account.id, expires_at=now + LINK_LIFETIME))
    return code


def account_of_link(connection: Connection, code: str, now: datetime) -> Account | None:
    """Whose link this is, while it lasts; it is used up by :func:`set_password`."""
    links = tables.account_link
    where = (links.c.digest == digest_of(code), links.c.expires_at > now, tables.account.c.disabled_at.is_(None))
    row = connection.execute(select(tables.account).join(links, links.c.account_id == tables.account.c.id).where(*where)).first()
    return account_of(connection, row) if row else None


def place_digest(account_id: str, kind: str, value: str) -> str:
    """A device or an address as it is kept: it says nothing to who reads the store."""
    return digest_of(f"{kind}:{account_id}:{value}")


def knows_place(connection: Connection, account: Account, digest: str) -> bool:
    places = tables.account_place
    return bool(
        connection.execute(select(places.c.digest).where(places.c.account_id == account.id, places.c.digest == digest)).first()
    )


def remember_places(connection: Connection, account: Account, digests: Iterable[str], now: datetime) -> None:
    """Keep where a person signed in from, the latest :data:`MAX_PLACES`."""
    places = tables.account_place
    own = places.c.account_id == account.id
    for digest in digests:
        connection.execute(delete(places).where(own, places.c.digest == digest))
        connection.execute(insert(places).values(account_id=account.id, digest=digest, seen_at=now))
    kept = select(places.c.digest).where(own).order_by(places.c.seen_at.desc(), places.c.digest).limit(MAX_PLACES)
    connection.execute(delete(places).where(own, places.c.digest.not_in(list(connection.scalars(kept)))))
