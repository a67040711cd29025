"""Who asks, and whether they may. Closed by default: an address that is not named public answers nobody without a token."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from http.cookies import CookieError, SimpleCookie
from typing import Annotated, Any

import limits
from anyio import to_thread
from fastapi import Depends, Request
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as AsgiScope

from api.oidc import Oidc
from api.parts import AppParts
from api.problems import Problem, problem_response
from api.rechecks import Recheck
from api.rights import NOWHERE, OPERATIONS, Permission, Reach, reach_of
from collector import audit, sessions, tokens
from collector.accounts import Account
from collector.grants import Grant
from collector.stopping import stop_state
from collector.throttle import Throttle, address_drawer
from scanners.clean_text import clean_text

PUBLIC = re.compile(
    r"/api/v1/health|/static/[A-Za-z0-9_./-]+|/sign-in(/code|/oidc(/back|/leave|/logout)?)?|/(enter|welcome)/[A-Za-z0-9_-]{1,100}|/favicon\.ico|/language|/theme"
)
# Refused because the same person asked for it: two are needed.
OF_TWO = frozenset({"own-request", "own-proposal"})
COOKIE = "talaia_session"
SECURE_COOKIE = "__Host-talaia_session"
STOP = "talaia.stop"  # of a page's request: the press in force, None when looking is allowed
# What a person may ask for who has to enrol a second step first.
_ENROLLING = re.compile(
    r"/account/second-step(/confirm)?|/sign-out|/static/[A-Za-z0-9_./-]+|/favicon\.(ico|svg)|/language|/theme"
)


@dataclass(frozen=True)
class Caller:
    """Whose request this is.

    ``id`` is ``token:…`` or ``account:…``. ``narrowed`` are the only permissions a token was given of its role's. ``session`` is
    the cookie's secret when a browser asks, else empty. ``must_enrol``: a second step comes before anything else. ``reach``
    are the departments in which this very operation is allowed, set by :func:`authorise`: None for the whole city. What lies
    outside is to be answered as what does not exist.
    """

    id: str
    name: str
    grants: tuple[Grant, ...]
    narrowed: frozenset[str] | None = None
    session: str = ""
    address: str = ""
    reach: Reach = NOWHERE
    must_enrol: bool = False

    @property
    def confined(self) -> bool:
        """Whether departments are all it sees."""
        return all(grant.department is not None for grant in self.grants)

    def may(self, permission: str, department: str | None = None) -> bool:
        """Whether it may do this at all, or in this department: what a page offers."""
        reach = self.reach_for(permission)
        return reach is None or (department in reach if department is not None else bool(reach))

    def reach_for(self, permission: str) -> Reach:
        """The departments in which it has this permission, whatever the operation at hand needs: None for the whole city."""
        return reach_of(self.grants, Permission(permission), self.narrowed)

    def noting(self, at: datetime, action: str, **more: Any) -> audit.Entry:
        """An entry of the audit log with this caller as its author."""
        return audit.Entry(at=at, actor=self.name, actor_id=self.id, address=self.address, action=action, **more)


def caller_of(request: Request) -> Caller:
    """The caller that the door let in."""
    caller = request.scope.get("talaia.caller")
    if not isinstance(caller, Caller):
        raise Problem(401, "unauthenticated", "this needs a token", {"www-authenticate": "Bearer"})
    return caller


async def _asker(request: Request) -> Caller:
    return caller_of(request)  # without a thread, which nothing here waits in


Asker = Annotated[Caller, Depends(_asker)]


def operation_of(request: Request) -> str:
    """The name of what is asked for: the API's operation id, or ``METHOD /path`` of a page."""
    route = request.scope["route"]
    return getattr(route, "operation_id", None) or f"{request.method} {route.path}"


async def authorise(request: Request) -> None:
    """A dependency of every router: lets the caller pass with its reach, or refuses. Without a thread: nothing in it waits."""
    caller, operation = caller_of(request), operation_of(request)
    permission = OPERATIONS.get(operation)
    reach = reach_of(caller.grants, permission, caller.narrowed) if permission else NOWHERE
    if reach == NOWHERE:
        raise Problem(403, "forbidden", f"this needs the permission {permission.value if permission else 'of nobody'}")
    request.scope["talaia.caller"] = replace(caller, reach=reach)


def note_denied(request: Request, status: int, code: str) -> None:
    """Write a refusal down if it is one of rights; of a caller that repeats it, no more than so many a minute.

    What does not exist for a caller confined to departments may be another's: whoever tries such ids is to be seen, each of them
    once an hour.
    """
    caller, parts = request.scope.get("talaia.caller"), request.app.state.parts
    if not isinstance(caller, Caller) or "route" not in request.scope:
        return
    groping = status == 404 and caller.confined and bool(request.path_params)
    if groping and not request.app.state.limiter.is_news("groping", caller.id, request.method, request.url.path):
        return
    if (status == 403 or groping or code in OF_TWO) and _to_be_noted(request, caller.id):
        path = request.url.path
        detail = {"why": code} if PUBLIC.fullmatch(path) else {"why": code, "path": clean_text(path, 300)}  # a link is a secret
        with parts.store.write() as connection:
            audit.note(connection, caller.noting(parts.clock(), operation_of(request), outcome="denied", detail=detail))


def note_stranger(request: Request, action: str, secret: str = "", shown: str = "token") -> None:
    """Write down that a token (or a link: ``shown``) was refused: one that is no longer in force by its name, what nobody has
    without a word of it."""
    parts, address = request.app.state.parts, request.client.host if request.client else "unknown"
    if not _to_be_noted(request, f"address:{address_drawer(address)}"):
        return
    with parts.store.write() as connection:
        token = tokens.token_of(connection, secret)
        known = (f"token:{token.id}", token.name) if token else ("", f"a {shown} that nobody has")
        audit.note(connection, Caller(*known, (), address=address).noting(parts.clock(), action, outcome="denied"))


def _to_be_noted(request: Request, whose: str) -> bool:
    return bool(request.app.state.limiter.allows(request.app.state.parts.limits.denials_noted, "denied", whose))


def cookie_name(parts: AppParts) -> str:
    return SECURE_COOKIE if parts.over_tls else COOKIE


class Limiter:
    """Counts the requests of this process in sliding windows."""

    def __init__(self) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def allows(self, per_minute: int, *key: str) -> bool:
        return self._limiter.hit(limits.RateLimitItemPerMinute(per_minute), *key)

    def is_news(self, *key: str) -> bool:
        """Whether this is the first time in an hour."""
        return self._limiter.hit(limits.RateLimitItemPerHour(1), *key)


class Door:
    """The middleware that knows each caller before any route does."""

    def __init__(self, app: ASGIApp, parts: AppParts, limiter: Limiter) -> None:
        self.app = app
        self.parts = parts
        self.limiter = limiter

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal = await self._judge(scope)
        await (refusal or self.app)(scope, receive, send)

    async def _judge(self, scope: AsgiScope) -> Response | None:
        path: str = scope["path"]
        address = scope["client"][0] if scope.get("client") else "unknown"
        if not self.limiter.allows(self.parts.limits.per_address, "address", address):
            return _too_many()
        program = path.startswith("/api/")
        headers = Headers(scope=scope)
        secret = _bearer(headers) if program else self._cookie(headers)
        caller = await to_thread.run_sync(self._find, secret, scope, program, address) if secret else None
        if caller is not None:
            scope["talaia.caller"] = caller
            if caller.must_enrol and not _ENROLLING.fullmatch(path):
                return RedirectResponse("/account/second-step", 303)
            return None if self.limiter.allows(self.parts.limits.per_token, caller.id) else _too_many()
        if PUBLIC.fullmatch(path):
            return None
        if program:
            return await to_thread.run_sync(self._unknown, Request(scope), address, secret)
        if headers.get("hx-request") == "true":
            return Response(status_code=401, headers={"hx-redirect": "/sign-in"})
        return RedirectResponse("/sign-in", 303)

    def _unknown(self, request: Request, address: str, secret: str | None) -> Response:
        detail = "send a token: Authorization: Bearer talaia_…"
        if secret is not None:
            throttle: Throttle = request.app.state.throttle
            if not throttle.allows(self.parts.limits.refused_per_address, "refused", address_drawer(address)):
                return _too_many()
            note_stranger(request, "authenticate", secret)
            detail = "this token is unknown, expired or revoked"
        return problem_response(401, "unauthenticated", detail, headers={"www-authenticate": 'Bearer realm="talaia"'})

    def _find(self, secret: str, scope: AsgiScope, program: bool, address: str) -> Caller | None:
        parts, now = self.parts, self.parts.clock()
        with parts.store.read() as connection:
            if program:
                found: tokens.Token | sessions.Live | None = tokens.find_token(connection, secret, now)
            else:
                found = sessions.session_of(connection, secret, now, parts.session_idle)
                if found and not scope["path"].startswith("/static/"):
                    scope[STOP] = stop_state(connection)  # every page says it
        if isinstance(found, sessions.Live):
            return self._person(found, secret, address, scope["app"].state.oidc)
        return self._token(found, "" if program else secret, address) if found else None

    def _token(self, token: tokens.Token, session: str, address: str) -> Caller:
        now = self.parts.clock()
        if tokens.use_is_news(token.last_used_at, now):
            with self.parts.store.write() as connection:
                tokens.note_use(connection, token, now)
        return Caller(f"token:{token.id}", token.name, token.grants, token.permissions, session, address)

    def _person(self, live: sessions.Live, secret: str, address: str, oidc: Oidc | None) -> Caller | None:
        parts, now = self.parts, self.parts.clock()
        account: Account | None = live.account
        if live.by_provider:
            account = Recheck(parts, oidc, secret, address).account(live.account) if oidc else None
        elif not parts.local.enabled:
            return None
        if account is None:
            return None
        if tokens.use_is_news(live.used_at, now):
            with parts.store.write() as connection:
                sessions.note_use(connection, secret, now)
        must_enrol = not live.by_provider and parts.local.second_step_required and not account.has_second_step
        return Caller(f"account:{account.id}", account.name, account.grants, None, secret, address, must_enrol=must_enrol)

    def _cookie(self, headers: Headers) -> str | None:
        try:
            cookie = SimpleCookie(headers.get("cookie", "")[:4096]).get(cookie_name(self.parts))
        except CookieError:
            return None
        return cookie.value if cookie else None


def _bearer(headers: Headers) -> str | None:
    kind, _, secret = headers.get("authorization", "").partition(" ")
    return secret.strip() if kind.lower() == "bearer" else None


def _too_many() -> Response:
    return problem_response(429, "too-many", "too many requests: wait a minute", headers={"retry-after": "60"})
