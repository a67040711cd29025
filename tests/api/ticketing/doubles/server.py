"""The HTTP side of a double: one request at a time on loopback, and what was asked is kept for tests to look at."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request. Names of headers are in lower case; ``parts`` are the decoded segments of the path;
    ``target`` is path and query as they were sent."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    target: str = ""

    @property
    def parts(self) -> list[str]:
        return [unquote(part) for part in self.path.strip("/").split("/")]

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """``data`` becomes JSON; ``None`` is an empty body."""

    status: int
    data: object = None
    headers: dict[str, str] = field(default_factory=dict)


class Refused(Exception):
    """An answer that ends the handling of a request."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply)
        self.reply = reply


class Double(ABC):
    """``asked`` are all requests. ``replies`` are given instead of handling the next ones: a broken proxy, a full disk.
    ``skew`` is how far the clock over there is off."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.replies: list[Reply] = []
        self.skew = timedelta()
        self.lock = Lock()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.skew

    @abstractmethod
    def answer(self, asked: Asked) -> Reply:
        """What the product would say, after doing it."""

    def handle(self, asked: Asked) -> Reply:
        with self.lock:
            self.asked.append(asked)
            if self.replies:
                return self.replies.pop(0)
            try:
                return self.answer(asked)
            except Refused as refused:
                return refused.reply


@contextmanager
def serving(double: Double) -> Iterator[str]:
    """The address of a double while the context lasts."""

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            url = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            query = dict(parse_qsl(url.query, keep_blank_values=True, strict_parsing=bool(url.query)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = double.handle(Asked(self.command, url.path, query, headers, body, self.path))
            content = b"" if reply.data is None else json.dumps(reply.data).encode()
            self.send_response_only(reply.status)
            self.send_header("date", format_datetime(double.now(), usegmt=True))
            for name, value in {"content-type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            if reply.status != 204:
                self.send_header("content-length", str(len(content)))
            self.end_headers()
            if reply.status != 204:
                self.wfile.write(content)

        def __getattr__(self, name: str) -> object:
            if name.startswith("do_"):
                return self._any
            raise AttributeError(name)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
