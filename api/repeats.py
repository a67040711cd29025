"""The header Idempotency-Key: a program that heard no answer sends the same request again, and it is done once."""

import hashlib
import re

from anyio import to_thread
from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access import Caller
from api.parts import AppParts
from api.problems import problem_response
from collector import repeats
from collector.repeats import Answer, Known, Request

HEADER = "idempotency-key"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
# Operations whose answer holds a secret: it is never kept.
_SHOWN_ONCE = frozenset({"create_token", "create_webhook", "create_account", "reset_account"})
_REFUSALS = {
    Known.RUNNING: (409, "in-progress", "the first request with this key is still under way: ask again in a few seconds"),
    Known.CUT_OFF: (
        409,
        "outcome-unknown",
        "the first request with this key was cut off: look whether it was done",
    ),
    Known.DIFFERENT: (422, "key-reused", "this key was sent with another request: a key stands for one request"),
}


class Repeats:
    """Middleware inside the door and the body limit: the caller is known and the body is one message."""

    def __init__(self, app: ASGIApp, parts: AppParts) -> None:
        self.app = app
        self.parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["type"] == "http" and scope["method"] == "POST" and scope["path"].startswith("/api/")
        key = Headers(scope=scope).get(HEADER) if asked else None
        caller = scope.get("talaia.caller")
        if key is None or not isinstance(caller, Caller):
            await self.app(scope, receive, send)
            return
        if not _KEY.fullmatch(key):
            refusal = problem_response(422, "bad-key", "an Idempotency-Key has 1 to 255 printable ASCII characters and no space")
            await refusal(scope, receive, send)
            return
        first = await receive()
        request = Request(caller.id, key, _fingerprint(scope, first.get("body", b"")))
        known, answer = await to_thread.run_sync(self._begin, request)
        if known is not Known.NEW:
            await _again(known, answer)(scope, receive, send)
            return
        await self._do(request, scope, _then(first, receive), send)

    def _begin(self, request: Request) -> tuple[Known, Answer | None]:
        with self.parts.store.write() as connection:
            return repeats.begin(connection, request, self.parts.clock())

    async def _do(self, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        heard = _Heard(send)
        try:
            await self.app(scope, receive, heard)
        finally:
            operation = getattr(scope.get("route"), "operation_id", None)
            await to_thread.run_sync(self._end, request, heard, operation in _SHOWN_ONCE)

    def _end(self, request: Request, heard: "_Heard", shown_once: bool) -> None:
        with self.parts.store.write() as connection:
            if heard.status < 500 and heard.status != 429 and heard.complete:
                body = None if shown_once and heard.status < 400 else bytes(heard.body)
                repeats.finish(connection, request, Answer(heard.status, heard.media_type, body))
            else:
                repeats.forget(connection, request)


class _Heard:
    """Passes the answer on and remembers it."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.status = 500
        self.media_type = "application/json"
        self.body = bytearray()
        self.complete = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.media_type = Headers(raw=message["headers"]).get("content-type", self.media_type)[:100]
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")
            self.complete = not message.get("more_body", False)
        await self.send(message)


def _fingerprint(scope: Scope, body: bytes) -> str:
    digest = hashlib.sha256()
    # A form is the same whatever its sender made up to stand between its parts.
    _, told = parse_options_header(Headers(scope=scope).get("content-type", ""))
    if boundary := told.get(b"boundary"):
        body = (b"\r\n" + body).replace(b"\r\n--" + boundary, b"\r\n--")
    for part in (scope["method"].encode(), scope["path"].encode(), scope.get("query_string", b""), body):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _again(known: Known, answer: Answer | None) -> Response:
    if answer is None:
        status, code, detail = _REFUSALS[known]
        return problem_response(status, code, detail, headers={"retry-after": "5"} if known is Known.RUNNING else None)
    if answer.body is None:
        return problem_response(409, "shown-once", "this was done; its answer held a secret, which is shown once")
    return Response(answer.body, answer.status, {"idempotency-replayed": "true"}, answer.media_type)


def _then(first: Message, receive: Receive) -> Receive:
    """The message that was read already, then the rest."""
    unread = [first]

    async def replay() -> Message:
        return unread.pop() if unread else await receive()

    return replay
