"""How a person is let in: the throttle that locks no owner out, the check, the cookies.

Who tries an account from places that never signed in to it shares five tries a minute with everybody else who does. A device or
address that did sign in has a budget of its own, so nobody can use up the owner's. Answers are the same for a wrong login, a
wrong password and a disabled account.
"""

import secrets
from datetime import datetime

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection

from api.access import cookie_name
from api.pages.rendering import LANGUAGE_COOKIE, parts_of, render
from collector import accounts, audit, sessions
from collector.accounts import Account
from collector.passwords import Busy
from scanners.clean_text import clean_text

DEVICE_COOKIE = "talaia_device"
_YEAR_SECONDS = 365 * 24 * 3600


def try_password(request: Request, login: str, password: str) -> Response:
    """Sign a person in, or say that it did not work; what was refused is in the audit log."""
    parts, address = parts_of(request), address_of(request)
    with parts.store.read() as connection:
        account = accounts.find_account(connection, login)
        stored = accounts.stored_password(connection, account) if account else None
        place = _known_place(request, connection, account) if account else None
    if not _has_budget(request, account.id if account else login.lower(), place):
        return render(request, "sign_in.html", 429, problem="many")
    usable = account is not None and account.disabled_at is None
    try:
        right, newer = request.app.state.passwords.check(stored if usable else None, password)
    except Busy:
        return render(request, "sign_in.html", 429, problem="many")
    if account is None or not right:
        if place is None:
            request.app.state.limiter.allows(parts.limits.refused_per_address, "refused", address)
        _note_refusal(request, account)
        return render(request, "sign_in.html", 401, problem="password")
    with parts.store.write() as connection:
        if newer:
            accounts.keep_password(connection, account, newer)
    return welcome(request, account)


def welcome(request: Request, account: Account) -> Response:
    """A new session for this person, whose place is known from now on."""
    parts, now, address = parts_of(request), parts_of(request).clock(), address_of(request)
    device = request.cookies.get(DEVICE_COOKIE, "")[:100] or secrets.token_urlsafe(32)
    places = [accounts.place_digest(account.id, "device", device), accounts.place_digest(account.id, "address", address)]
    with parts.store.write() as connection:
        agent = clean_text(request.headers.get("user-agent", ""), 200)
        secret = sessions.open_session(connection, account, now, parts.session_lifetime, agent)
        accounts.remember_places(connection, account, places, now)
        audit.note(connection, entry_of(account, now, address, "sign_in"))
    answer = let_in(request, secret)
    remember(request, answer, DEVICE_COOKIE, device)
    if account.language:
        remember(request, answer, LANGUAGE_COOKIE, account.language)
    return answer


def entry_of(account: Account, at: datetime, address: str, action: str) -> audit.Entry:
    """What a person did who is not signed in yet."""
    key = f"account:{account.id}"
    return audit.Entry(
        at=at, actor=account.name, actor_id=key, address=address, action=action, subject="account", subject_id=account.id
    )


def let_in(request: Request, secret: str) -> RedirectResponse:
    """To the first page, with the session's cookie."""
    parts = parts_of(request)
    answer = RedirectResponse("/", 303)
    answer.set_cookie(
        cookie_name(parts),
        secret,
        max_age=int(parts.session_lifetime.total_seconds()),
        path="/",
        secure=parts.over_tls,
        httponly=True,
        samesite="strict",
    )
    return answer


def remember(request: Request, answer: Response, name: str, value: str) -> None:
    secure = parts_of(request).over_tls
    answer.set_cookie(name, value, max_age=_YEAR_SECONDS, path="/", secure=secure, httponly=True, samesite="strict")


def address_of(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def _known_place(request: Request, connection: Connection, account: Account) -> str | None:
    """The device, else the address, if this account was signed in to from there."""
    asked = [("device", request.cookies.get(DEVICE_COOKIE, "")[:100]), ("address", address_of(request))]
    digests = [accounts.place_digest(account.id, kind, value) for kind, value in asked if value]
    return next((digest for digest in digests if accounts.knows_place(connection, account, digest)), None)


def _has_budget(request: Request, whose: str, place: str | None) -> bool:
    limiter, limits = request.app.state.limiter, parts_of(request).limits
    if place is not None:
        return bool(limiter.allows(limits.sign_ins_per_account, "sign-in", whose, place))
    if not limiter.would_allow(limits.refused_per_address, "refused", address_of(request)):
        return False
    return bool(limiter.allows(limits.sign_ins_per_account, "sign-in", whose))


def _note_refusal(request: Request, account: Account | None) -> None:
    """A login that nobody has is not written down: people type passwords there."""
    parts = parts_of(request)
    name, key = (account.name, f"account:{account.id}") if account else ("a login that nobody has", "")
    entry = audit.Entry(
        at=parts.clock(), actor=name, actor_id=key, address=address_of(request), action="sign_in", outcome="denied"
    )
    with parts.store.write() as connection:
        audit.note(connection, entry)
