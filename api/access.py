"""Who asks, and whether they may. Closed by default: an address that is not named public answers nobody without a token."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

import limits
from anyio import to_thread
from fastapi import Request
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as AsgiScope

from api.parts import AppParts
from api.problems import Problem, problem_response
from collector import tokens
from collector.tokens import Scope, Token

PUBLIC = re.compile(
    r"/api/v1/health|/static/[A-Za-z0-9_./-]+|/sign-in|/enter/[A-Za-z0-9_-]{1,100}|/favicon\.ico|/language|/theme"
)
COOKIE = "talaia_session"
SECURE_COOKIE = "__Host-talaia_session"


@dataclass(frozen=True)
class Caller:
    """Whose request this is. ``session`` is the cookie's secret when a browser asks, else empty."""

    token: Token
    session: str = ""

    @property
    def name(self) -> str:
        return self.token.name


def caller_of(request: Request) -> Caller:
    """The caller that the door let in."""
    caller = request.scope.get("talaia.caller")
    if not isinstance(caller, Caller):
        raise Problem(401, "unauthenticated", "this needs a token", {"www-authenticate": "Bearer"})
    return caller


def needs(scope: Scope) -> Callable[[Request], Caller]:
    """A dependency: the caller, if its token has ``scope``."""

    def check(request: Request) -> Caller:
        caller = caller_of(request)
        if not caller.token.allows(scope):
            raise Problem(403, "forbidden", f"this needs a token with the scope {scope.value}")
        return caller

    return check


def cookie_name(parts: AppParts) -> str:
    return SECURE_COOKIE if parts.base_url.startswith("https:") else COOKIE


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
        caller = await to_thread.run_sync(self._find, secret, program) if secret else None
        if caller is not None:
            scope["talaia.caller"] = caller
            return None if self.limiter.allows(self.parts.limits.per_token, "token", caller.token.id) else _too_many()
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

    def _find(self, secret: str, program: bool) -> Caller | None:
        now = self.parts.clock()
        with self.parts.store.read() as connection:
            find = tokens.find_token if program else tokens.session_token
            token = find(connection, secret, now)
        if token is None:
            return None
        if tokens.use_is_news(token, now):
            with self.parts.store.write() as connection:
                tokens.note_use(connection, token, now)
        return Caller(token, "" if program else secret)

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
