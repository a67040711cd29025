"""How a person is let in: the throttle that locks no owner out, the check, the cookies.

Who tries an account from places that never signed in to it shares five tries a minute with everybody else who does. A device or
address that did sign in has a budget of its own, so nobody can use up the owner's. Answers are the same for a wrong login, a
wrong password and a disabled account.
"""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection

from api.access import cookie_name
from api.pages.rendering import LANGUAGE_COOKIE, parts_of, render
from api.rechecks import whose
from collector import accounts, attempts, audit, provider_sessions, sessions
from collector.accounts import Account
from collector.passwords import Busy
from collector.sealing import Seal, SealError
from collector.throttle import address_drawer, drawer
from scanners.clean_text import clean_text

DEVICE_COOKIE = "talaia_device"
STEP_LASTS = timedelta(minutes=5)  # between password and code
_YEAR_SECONDS = 365 * 24 * 3600


def try_password(request: Request, login: str, password: str) -> Response:
    """Sign a person in, or say that it did not work; what was refused is in the audit log."""
    parts, address = parts_of(request), address_of(request)
    if not parts.local.enabled:
        return render(request, "sign_in.html", 403, problem="local")
    with parts.store.read() as connection:
        account = accounts.find_account(connection, login)
        stored = accounts.stored_password(connection, account) if account else None
        place = known_place(request, connection, account) if account else None
    if not has_budget(request, "sign-in", account.name if account else login.strip().lower(), place):
        _note_guessing(request, account)
        return render(request, "sign_in.html", 429, problem="many")
    usable = account is not None and account.disabled_at is None
    try:
        right, newer = request.app.state.passwords.check(stored if usable else None, password)
    except Busy:
        return render(request, "sign_in.html", 429, problem="many")
    if account is None or not right:
        if place is None:
            request.app.state.throttle.allows(parts.limits.refused_per_address, "refused", address_drawer(address))
        with parts.store.write() as connection:
            audit.note(connection, refusal_of(request, account))
        return render(request, "sign_in.html", 401, problem="password")
    if newer:
        with parts.store.write() as connection:
            accounts.keep_password(connection, account, newer)
    return go_on(request, account)


def go_on(request: Request, account: Account) -> Response:
    """Past the password: in, or to the second step where the person has one."""
    if not account.has_second_step:
        return welcome(request, account)
    parts = parts_of(request)
    with parts.store.write() as connection:
        secret = attempts.begin(connection, "code", parts.clock(), STEP_LASTS, account_id=account.id)
    answer = RedirectResponse("/sign-in/code", 303)
    seconds, secure = int(STEP_LASTS.total_seconds()), parts.over_tls
    answer.set_cookie(step_cookie(request), secret, max_age=seconds, path="/", secure=secure, httponly=True, samesite="strict")
    return answer


def step_cookie(request: Request) -> str:
    return "__Host-talaia_step" if parts_of(request).over_tls else "talaia_step"


def welcome(request: Request, account: Account, detail: Mapping[str, str] | None = None, refresh: str = "") -> Response:
    """A new session for this person, whose place is known from now on; with ``refresh`` the provider is asked about it.

    Raises :class:`~collector.sealing.SealError` when that cannot be kept.
    """
    parts, now, address = parts_of(request), parts_of(request).clock(), address_of(request)
    device = request.cookies.get(DEVICE_COOKIE, "")[:100] or secrets.token_urlsafe(32)
    places = [accounts.place_digest(account.id, "device", device), accounts.place_digest(account.id, "address", address)]
    with parts.store.write() as connection:
        agent = clean_text(request.headers.get("user-agent", ""), 200)
        secret = sessions.open_session(connection, account, now, parts.session_lifetime, agent)
        if refresh:
            provider_sessions.keep(connection, secret, _sealed(parts.seal, refresh, secret), now)
        accounts.remember_places(connection, account, places, now)
        audit.note(connection, replace(entry_of(account, now, address, "sign_in"), detail=detail or {}))
    answer = let_in(request, secret)
    remember(request, answer, DEVICE_COOKIE, device)
    if account.language:
        remember(request, answer, LANGUAGE_COOKIE, account.language)
    return answer


def _sealed(seal: Seal | None, refresh: str, secret: str) -> str:
    if seal is None:
        raise SealError("the settings name no sign_in.key_file")
    return seal.close(refresh, whose(secret))


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


def known_place(request: Request, connection: Connection, account: Account) -> str | None:
    """The device, else the address, if this account was signed in to from there."""
    asked = [("device", request.cookies.get(DEVICE_COOKIE, "")[:100]), ("address", address_of(request))]
    digests = [accounts.place_digest(account.id, kind, value) for kind, value in asked if value]
    return next((digest for digest in digests if accounts.knows_place(connection, account, digest)), None)


def has_budget(request: Request, what: str, login: str, place: str | None) -> bool:
    """Whether one more try of ``what`` (``sign-in``, ``code``) is heard, which uses it up."""
    throttle, limits = request.app.state.throttle, parts_of(request).limits
    if place is not None:
        return bool(throttle.allows(limits.sign_ins_per_account, what, place))
    if not throttle.would_allow(limits.refused_per_address, "refused", address_drawer(address_of(request))):
        return False
    return bool(throttle.allows(limits.sign_ins_per_account, what, drawer(login)))


def _note_guessing(request: Request, account: Account | None) -> None:
    """Tries that were not even heard: once a minute for each account, and once for all the logins that nobody has."""
    if request.app.state.limiter.allows(1, "guessing", account.id if account else ""):
        with parts_of(request).store.write() as connection:
            audit.note(connection, refusal_of(request, account, "too many tries"))


def refusal_of(request: Request, account: Account | None, step: str = "password") -> audit.Entry:
    """A sign-in that failed. A login that nobody has is not written down: people type passwords there."""
    name, key = (account.name, f"account:{account.id}") if account else ("a login that nobody has", "")
    at, address = parts_of(request).clock(), address_of(request)
    return audit.Entry(
        at=at, actor=name, actor_id=key, address=address, action="sign_in", outcome="denied", detail={"step": step}
    )
