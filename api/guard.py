"""What every request passes before anything else: which host it asks, how big it is, what its answer must carry."""

from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import problem_response

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


class SecurityHeaders:
    """Adds the security headers to every answer; what is not a static file is never kept by a cache."""

    def __init__(self, app: ASGIApp, over_tls: bool) -> None:
        self.app = app
        self.over_tls = over_tls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                if self.over_tls:
                    headers["strict-transport-security"] = "max-age=31536000; includeSubDomains"
                if not scope["path"].startswith("/static/"):
                    headers["cache-control"] = "no-store"
            await send(message)

        await self.app(scope, receive, with_headers)


class HostAllowList:
    """Answers only requests for the names it is known by (DNS rebinding)."""

    def __init__(self, app: ASGIApp, base_url: str, allowed: Iterable[str]) -> None:
        self.app = app
        self.allowed = {host.lower() for host in allowed} | {_without_port(urlsplit(base_url).netloc.lower())}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            host = _without_port(Headers(scope=scope).get("host", "").lower())
            if "*" not in self.allowed and host not in self.allowed:
                refusal = problem_response(421, "wrong-host", "this server does not answer to that host name")
                await refusal(scope, receive, send)
                return
        await self.app(scope, receive, send)


class BodyLimit:
    """Refuses a body that is announced too long, and ends one that grows too long. ``limit_of`` a request: in bytes."""

    def __init__(self, app: ASGIApp, limit_of: Callable[[Scope], int]) -> None:
        self.app = app
        self.limit_of = limit_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced, limit = Headers(scope=scope).get("content-length", "0"), self.limit_of(scope)
        if not announced.isdecimal() or int(announced[:20]) > limit:
            await self._refuse(limit, scope, receive, send)
            return
        body = await self._body(receive, limit)
        if body is None:
            await self._refuse(limit, scope, receive, send)
            return
        unread = [body]

        async def replay() -> Message:
            if unread:
                return {"type": "http.request", "body": unread.pop(), "more_body": False}
            return await receive()

        await self.app(scope, replay, send)

    async def _body(self, receive: Receive, limit: int) -> bytes | None:
        """The whole body; None when it is too long or the client went away."""
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return None
            body += message.get("body", b"")
            if len(body) > limit:
                return None
            if not message.get("more_body", False):
                return bytes(body)

    async def _refuse(self, limit: int, scope: Scope, receive: Receive, send: Send) -> None:
        said = f"this request may have at most {limit} bytes"
        refusal = problem_response(413, "too-large", said, headers={"connection": "close"})
        await refusal(scope, receive, send)


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]
