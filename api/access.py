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

from api.parts import AppParts
from api.problems import Problem, problem_response
from api.rights import NOWHERE, OPERATIONS, Permission, Reach, reach_of
from collector import audit, sessions, tokens
from collector.grants import Grant
from scanners.clean_text import clean_text

PUBLIC = re.compile(
    r"/api/v1/health|/static/[A-Za-z0-9_./-]+|/sign-in(/oidc(/back|/leave|/logout)?)?|/(enter|welcome)/[A-Za-z0-9_-]{1,100}|/favicon\.ico|/language|/theme"
)
COOKIE = "talaia_session"
SECURE_COOKIE = "__Host-talaia_session"


@dataclass(frozen=True)
class Caller:
    """Whose request this is.

    ``id`` is ``token:…`` or ``account:…``. ``narrowed`` are the only permissions a token was given of its role's. ``session`` is
    the cookie's secret when a browser asks, else empty. ``reach`` are the departments in which this very operation is allowed,
    set by :func:`authorise`: None for the whole city. What lies outside is to be answered as what does not exist.
    """

    id: str
    name: str
    grants: tuple[Grant, ...]
    narrowed: frozenset[str] | None = None
    session: str = ""
    address: str = ""
    reach: Reach = NOWHERE

    def may(self, permission: str, department: str | None = None) -> bool:
        """Whether it may do this at all, or in this department: what a page offers."""
        reach = reach_of(self.grants, Permission(permission), self.narrowed)
        return reach is None or (department in reach if department is not None else bool(reach))

    def noting(self, at: datetime, action: str, **more: Any) -> audit.Entry:
        """An entry of the audit log with this caller as its author."""
        return audit.Entry(at=at, actor=self.name, actor_id=self.id, address=self.address, action=action, **more)


def caller_of(request: Request) -> Caller:
    """The caller that the door let in."""
    caller = request.scope.get("talaia.caller")
    if not isinstance(caller, Caller):
        raise Problem(401, "unauthenticated", "this needs a token", {"www-authenticate": "Bearer"})
    return caller


Asker = Annotated[Caller, Depends(caller_of)]


def operation_of(request: Request) -> str:
    """The name of what is asked for: the API's operation id, or ``METHOD /path`` of a page."""
    route = request.scope["route"]
    return getattr(route, "operation_id", None) or f"{request.method} {route.path}"


def authorise(request: Request) -> None:
    """A dependency of every router: lets the caller pass with its reach, or refuses and writes it down."""
    caller, operation = caller_of(request), operation_of(request)
    permission = OPERATIONS.get(operation)
    reach = reach_of(caller.grants, permission, caller.narrowed) if permission else NOWHERE
    if reach == NOWHERE:
        _deny(request, caller, operation)
        raise Problem(403, "forbidden", f"this needs the permission {permission.value if permission else 'of nobody'}")
    request.scope["talaia.caller"] = replace(caller, reach=reach)


def _deny(request: Request, caller: Caller, operation: str) -> None:
    """Write a denied attempt down; of a caller that repeats it, no more than so many a minute."""
    parts: AppParts = request.app.state.parts
    if request.app.state.limiter.allows(parts.limits.denials_noted, "denied", caller.id):
        with parts.store.write() as connection:
            entry = caller.noting(parts.clock(), operation, outcome="denied", detail={"path": clean_text(request.url.path, 300)})
            audit.note(connection, entry)


def cookie_name(parts: AppParts) -> str:
    return SECURE_COOKIE if parts.over_tls else COOKIE


class Limiter:
    """Counts requests in sliding windows of a minute."""

    def __init__(self) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def allows(self, per_minute: int, *key: str) -> bool:
        return self._limiter.hit(limits.RateLimitItemPerMinute(per_minute), *key)

    def would_allow(self, per_minute: int, *key: str) -> bool:
        return self._limiter.test(limits.RateLimitItemPerMinute(per_minute), *key)


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
        caller = await to_thread.run_sync(self._find, secret, program, address) if secret else None
        if caller is not None:
            scope["talaia.caller"] = caller
            return None if self.limiter.allows(self.parts.limits.per_token, caller.id) else _too_many()
        if PUBLIC.fullmatch(path):
            return None
        if program:
            return self._unknown(address, tried=secret is not None)
        if headers.get("hx-request") == "true":
            return Response(status_code=401, headers={"hx-redirect": "/sign-in"})
        return RedirectResponse("/sign-in", 303)

    def _unknown(self, address: str, *, tried: bool) -> Response:
        if tried and not self.limiter.allows(self.parts.limits.refused_per_address, "refused", address):
            return _too_many()
        detail = "this token is unknown, expired or revoked" if tried else "send a token: Authorization: Bearer talaia_…"
        return problem_response(401, "unauthenticated", detail, headers={"www-authenticate": 'Bearer realm="talaia"'})

    def _find(self, secret: str, program: bool, address: str) -> Caller | None:
        return self._token(secret, program, address) or (None if program else self._person(secret, address))

    def _token(self, secret: str, program: bool, address: str) -> Caller | None:
        now = self.parts.clock()
        with self.parts.store.read() as connection:
            find = tokens.find_token if program else tokens.session_token
            token = find(connection, secret, now)
        if token is None:
            return None
        if tokens.use_is_news(token.last_used_at, now):
            with self.parts.store.write() as connection:
                tokens.note_use(connection, token, now)
        session = "" if program else secret
        return Caller(f"token:{token.id}", token.name, token.grants, token.permissions, session, address)

    def _person(self, secret: str, address: str) -> Caller | None:
        now = self.parts.clock()
        with self.parts.store.read() as connection:
            found = sessions.session_account(connection, secret, now, self.parts.session_idle)
        if found is None:
            return None
        account, used_at = found
        if tokens.use_is_news(used_at, now):
            with self.parts.store.write() as connection:
                sessions.note_use(connection, secret, now)
        return Caller(f"account:{account.id}", account.name, account.grants, None, secret, address)

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
