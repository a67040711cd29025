"""ETags: what was read has a name, so that it is not sent again unchanged and not changed unseen (RFC 9110 §8.8, §13).

Every JSON answer to a GET of the API has a strong ETag of its bytes; If-None-Match with it is answered 304. What can be changed
also has a *version*, which says only what a change replaces: the ETag is then ``"version.bytes"`` and If-Match is compared by the
version, so that a clock that went on (the next runs of a schedule) refuses nobody.
"""

import hashlib
from typing import Annotated

from fastapi import Header, Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import Problem

_DESCRIBED = "the ETag of what was read: refused with 412 if it has changed"
IfMatch = Annotated[str | None, Header(alias="If-Match", max_length=200, description=_DESCRIBED)]
# Without it the answer is 428, not 422 (RFC 6585): the OpenAPI document says that it is required, the router does not.
MustMatch = Annotated[
    str | None, Header(alias="If-Match", max_length=200, description=_DESCRIBED, json_schema_extra={"x-required": True})
]
_VERSION = "talaia.version"
_LENGTH = 20


def version_of(*parts: object) -> str:
    """The version of a thing: a digest of everything that a change of it may replace."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:_LENGTH]


def versioned(request: Request, version: str) -> None:
    """Give this answer's ETag the version of the thing that it shows."""
    request.scope[_VERSION] = version


def matches(if_match: str | None, version: str) -> None:
    """For a change that may name what it read. Raises the problem *stale* (412) when that is no longer so."""
    if if_match is None or if_match.strip() == "*":
        return
    named = {tag.strip().strip('"').partition(".")[0] for tag in if_match.split(",")}
    if version not in named:
        raise Problem(412, "stale", "this has changed since you read it: read it again and decide anew")


def must_match(if_match: str | None, version: str) -> None:
    """For a change that has to name what it read. Raises *etag-missing* (428) and *stale* (412)."""
    if if_match is None:
        raise Problem(428, "etag-missing", "send the ETag of what you read in If-Match: it says what you changed")
    matches(if_match, version)


class Etags:
    """Middleware around the routes of the API: names each whole JSON answer to a GET, and answers 304 to who has it already."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/api/"):
            await self.app(scope, receive, send)
            return
        await self.app(scope, receive, _Named(scope, send))


class _Named:
    """Holds the head of an answer back until its body is there."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.scope = scope
        self.send = send
        self.head: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            kind = Headers(raw=message["headers"]).get("content-type", "")
            if message["status"] < 300 and kind.startswith("application/json"):
                self.head = message
                return
        elif self.head is not None:
            head, self.head = self.head, None
            if not message.get("more_body", False):
                message = self._name(head, message)
            await self.send(head)
        await self.send(message)

    def _name(self, head: Message, body: Message) -> Message:
        """Write the ETag into ``head``; the body to send with it, which is none when it is known there."""
        headers, version = MutableHeaders(raw=head["headers"]), self.scope.get(_VERSION)
        reading = self.scope["method"] in ("GET", "HEAD")
        if "etag" not in headers and (reading or version):
            digest = hashlib.sha256(body.get("body", b"")).hexdigest()[:_LENGTH]
            headers["etag"] = f'"{version}.{digest}"' if version else f'"{digest}"'
        head["headers"] = headers.raw
        known = Headers(scope=self.scope).get("if-none-match") if reading else None
        if known is None or not _holds(known, headers["etag"]):
            return body
        head["status"] = 304
        head["headers"] = [(name, value) for name, value in headers.raw if name not in (b"content-length", b"content-type")]
        return {"type": "http.response.body", "body": b""}


def _holds(known: str, etag: str) -> bool:
    """Weak comparison, as If-None-Match asks."""
    return known.strip() == "*" or etag in {tag.strip().removeprefix("W/") for tag in known[:4_000].split(",")}
