"""A receiver of webhooks on loopback, over real HTTP or TLS, that answers what it is told to answer and remembers what it got."""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
from standardwebhooks import Webhook


@dataclass
class Got:
    """One request: its headers in small letters and its body as it came."""

    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.json.decode(self.body)["data"]
        return found


@dataclass
class Receiver:
    """``answers`` are given in turn (status and headers), then always 204. ``refuses`` are ids of events it never takes."""

    url: str = ""
    got: list[Got] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    always: int | None = None
    drip_seconds: float = 0.0

    @property
    def taken(self) -> list[str]:
        """Ids of events in the order of their requests."""
        return [one.data["id"] for one in self.got]

    @property
    def messages(self) -> list[str]:
        return [one.headers["webhook-id"] for one in self.got]

    def verified(self, secret: str) -> list[Any]:
        """What the receivers' own library says of every request; it raises for one that is not as signed."""
        return [Webhook(secret).verify(one.body, one.headers) for one in self.got]

    def answer(self, got: Got) -> tuple[int, dict[str, str]]:
        self.got.append(got)
        if got.data["id"] in self.refuses:
            return 422, {}
        if self.always is not None:
            return self.always, {}
        return self.answers.pop(0) if self.answers else (204, {})


@contextmanager
def receiving(certificate: Path | None = None, name: str = "127.0.0.1") -> Iterator[Receiver]:
    """A receiver while the context lasts; with a certificate (PEM with its key) it speaks TLS."""
    told = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status, headers = told.answer(Got({key.lower(): value for key, value in self.headers.items()}, body))
            if told.drip_seconds:
                for _ in range(40):
                    self.wfile.write(b"HTTP/1.1 1")
                    time.sleep(told.drip_seconds)
            self.send_response(status)
            for key, value in headers.items():
                self.send_header(key, value)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

        def handle(self) -> None:
            with suppress(OSError):  # it was told to drip, and nobody listens any more
                super().handle()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    told.url = f"{'http' if certificate is None else 'https'}://{name}:{server.server_address[1]}/talaia"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
