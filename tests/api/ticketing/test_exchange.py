"""One question over HTTP: it ends in time whatever the other side does, and waits as it is told."""

import gzip
import time
from http.server import BaseHTTPRequestHandler

import pytest

from api.ticketing.exchange import MOST_BYTES, Exchange
from api.ticketing.trouble import TicketingError
from tests.api.ticketing.test_troubles import Answer, answering, saying


def asked(url: str, waited: list[float] | None = None) -> TicketingError:
    exchange = Exchange(url, dict, system="a desk", timeout_seconds=0.5, sleep=(waited if waited is not None else []).append)
    with pytest.raises(TicketingError) as told:
        exchange.ask("GET", "/")
    return told.value


def dripping(first: bytes, part: bytes) -> Answer:
    """A little at a time, and never the end."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(first)
        try:
            while True:
                handler.wfile.write(part)
                handler.wfile.flush()
                time.sleep(0.05)
        except OSError:
            handler.close_connection = True

    return answer


@pytest.mark.parametrize(
    "slow",
    [
        dripping(b"HTTP/1.1 200 OK\r\n", b"x-more: 1\r\n"),
        dripping(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n", b" "),
        dripping(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        dripping(b"", b""),
    ],
    ids=["headers", "body", "chunks", "nothing"],
)
def test_an_answer_that_never_ends_is_left(slow: Answer) -> None:
    with answering(slow) as url:
        assert asked(url).kind == "temporary"


@pytest.mark.parametrize("body", [b"[" + b" " * MOST_BYTES + b"]", gzip.compress(b"[" + b" " * (40 * MOST_BYTES) + b"]")])
def test_an_answer_that_is_too_long_is_refused(body: bytes) -> None:
    encoding = {"content_encoding": "gzip"} if body[:1] != b"[" else {}
    with answering(saying(200, body, **encoding)) as url:
        assert (told := asked(url)).kind == "refused"
    assert "longer" in str(told)


def test_it_waits_as_it_is_told_and_asks_three_times() -> None:
    times: list[int] = []

    def busy(handler: BaseHTTPRequestHandler) -> None:
        times.append(1)
        saying(429, b"", retry_after="0")(handler)

    waited: list[float] = []
    with answering(busy) as url:
        assert asked(url, waited).retry_after == 0.0
    assert (len(times), len(waited)) == (3, 2)


def test_a_wait_that_is_longer_than_an_answer_may_take_is_left_to_the_caller() -> None:
    waited: list[float] = []
    with answering(saying(503, b"", retry_after="600")) as url:
        assert asked(url, waited).retry_after == 600.0
    assert waited == []


def test_a_redirect_is_not_followed() -> None:
    paths: list[str] = []

    def elsewhere(handler: BaseHTTPRequestHandler) -> None:
        paths.append(handler.path)
        saying(307, b"", location="/elsewhere")(handler)

    with answering(elsewhere) as url:
        assert asked(url).kind == "refused"
    assert paths == ["/"]


@pytest.mark.parametrize(
    "url", ["http://tickets.test.invalid", "https://me:secret@127.0.0.1", "ftp://127.0.0.1", "127.0.0.1", "https://h/?a=b"]
)
def test_an_address_that_would_give_a_login_away_is_refused(url: str) -> None:
    with pytest.raises(TicketingError) as told:
        Exchange(url, dict, system="a desk")
    assert told.value.kind == "refused"
    assert "secret" not in str(told.value)
