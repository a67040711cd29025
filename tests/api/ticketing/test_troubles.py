"""What every connector does when the system there fails: it says which kind of trouble it is, shows no secret, and ends."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from api.ticketing.ticketing import Changes, Fields, Priority, Reference, Ticketing
from api.ticketing.trouble import TicketingError
from tests.api.ticketing.backends import NAMES, backend
from tests.api.ticketing.test_contract import draft

SECRET = "whsec_YS12ZXJ5LXNlY3JldC10b2tlbi0wMTIzNDU2Nzg5"
Answer = Callable[[BaseHTTPRequestHandler], None]
GONE = Reference(id="1", url="")
EVERYTHING: dict[str, Callable[[Ticketing], object]] = {
    "check": lambda it: it.check(),
    "search": lambda it: it.search("posture:vila:1"),
    "create": lambda it: it.create(draft()),
    "update": lambda it: it.update(GONE, Changes(wanted=Fields(priority=Priority.LOW))),
    "comment": lambda it: it.comment(GONE, "text"),
    "reopen": lambda it: it.reopen(GONE, "text"),
    "propose_resolution": lambda it: it.propose_resolution(GONE, "text"),
    "read": lambda it: it.read(GONE),
    "changed_since": lambda it: list(it.changed_since(datetime(2026, 11, 1, tzinfo=UTC))),
}


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    """A server that answers everything so; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def __getattr__(self, name: str) -> object:
            if name.startswith("do_"):
                return self._any
            raise AttributeError(name)

        def _any(self) -> None:
            self.body = self.rfile.read(int(self.headers["content-length"] or 0))
            answer(self)

        def log_message(self, format: str, *args: object) -> None:
            assert SECRET not in format % args

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def saying(status: int, body: bytes, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"content_type": "application/json", "content_length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.fixture(params=NAMES)
def connect(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Ticketing]:
    (tmp_path / "secret").write_text(SECRET + "\n")
    return lambda url: backend(request.param).connect(url, tmp_path / "secret")


def told_by(connector: Ticketing, operation: str) -> TicketingError:
    with pytest.raises(TicketingError) as told:
        EVERYTHING[operation](connector)
    assert SECRET not in str(told.value)
    return told.value


@pytest.mark.parametrize("operation", EVERYTHING)
@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, "temporary"), (503, "temporary"), (500, "temporary"), (400, "refused"), (401, "refused"), (403, "refused"),
     (302, "refused"), (301, "refused"), (409, "conflict"), (412, "conflict")],
)  # fmt: skip
def test_each_status_has_its_kind(connect: Callable[[str], Ticketing], operation: str, status: int, kind: str) -> None:
    def echo(handler: BaseHTTPRequestHandler) -> None:
        echoed = "you sent " + " ".join(handler.headers.values())
        saying(status, echoed.encode(), retry_after="7", location="http://127.0.0.1:9/elsewhere")(handler)

    with answering(echo) as url:
        told = told_by(connect(url), operation)
    assert told.kind == kind
    assert told.retry_after == (7.0 if kind == "temporary" else None)


def test_what_is_gone_is_told_apart(connect: Callable[[str], Ticketing]) -> None:
    with answering(saying(404, b"{}")) as url:
        assert told_by(connect(url), "read").found_nothing


@pytest.mark.parametrize("operation", EVERYTHING)
def test_nobody_there_is_temporary(connect: Callable[[str], Ticketing], operation: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        assert told_by(connect(f"http://127.0.0.1:{taken.getsockname()[1]}"), operation).kind == "temporary"


def test_an_answer_that_is_cut_off_is_temporary(connect: Callable[[str], Ticketing]) -> None:
    with answering(saying(200, b'{"id": 1, "issue', content_length="4000")) as url:
        assert told_by(connect(url), "read").kind == "temporary"


@pytest.mark.parametrize("body", [b"<html><title>Maintenance</title>", b'{"id": 1', b"\xff\xfe\x00", b"[" * 100_000])
def test_what_is_no_json_is_refused(connect: Callable[[str], Ticketing], body: bytes) -> None:
    with answering(saying(200, body)) as url:
        assert told_by(connect(url), "read").kind == "refused"


def test_a_reset_connection_is_temporary(connect: Callable[[str], Ticketing]) -> None:
    with answering(lambda handler: handler.connection.close()) as url:
        assert told_by(connect(url), "read").kind == "temporary"


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b'""', b"17"])
@pytest.mark.parametrize("operation", EVERYTHING)
def test_an_empty_answer_is_no_ticket(connect: Callable[[str], Ticketing], operation: str, body: bytes) -> None:
    """A search that says nothing found nothing; everything else is refused."""
    with answering(saying(200, body)) as url:
        kind, found = "refused", None
        try:
            found = EVERYTHING[operation](connect(url))
        except TicketingError as error:
            kind = error.kind
    assert (kind, bool(found)) == ("refused", False)
