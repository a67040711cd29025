"""Web servers that mean harm: none may hold the scanner, fill its memory or lead it away."""

import asyncio
import gzip
import random
import tracemalloc
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

import brotli
import pytest

from scanners.observation import Observation, Outcome
from scanners.protocols.http import HttpFacts
from scanners.protocols.http.client import BODY_BYTES, INFLATED_BYTES, Browser
from scanners.protocols.http.inflate import inflate
from scanners.protocols.http.look import HttpScanner
from scanners.scanner import observe
from scanners.service_facts import ServiceFacts
from scanners.target import Target
from scanners.zone import Intrusiveness
from tests.scanners.looking import Handler, loopback_zone, occasion, serving
from tests.scanners.web_servers import answer, site

QUICK = HttpScanner(request_seconds=0.4, total_seconds=3.0)
HTTP = ServiceFacts(name="http", tls=False)


async def observed(port: int, scanner: HttpScanner = QUICK, **zone: Any) -> Observation:
    return await observe(scanner, Target(address="127.0.0.1", port=port), occasion(loopback_zone(**zone), HTTP))


def talking(*parts: bytes, pause: float = 0.0, times: int = 50_000) -> Handler:
    """Say the first part once, and the others over and over until nobody listens."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(parts[0])
        for _ in range(times):
            for part in parts[1:]:
                writer.write(part)
            await writer.drain()
            if pause:
                await asyncio.sleep(pause)

    return handler


OK = b"HTTP/1.1 200 OK\r\n"
ENDLESS = {
    "headers": talking(OK, b"X-A: " + b"a" * 500 + b"\r\n"),
    "one header": talking(OK + b"X-A: ", b"a" * 500),
    "status line": talking(b"HTTP/1.1 200 ", b"a" * 500),
    "1xx": talking(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "103": talking(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
    "tiny chunks": talking(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
    "chunk extensions": talking(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1;" + b"x" * 500 + b"\r\na\r\n"),
    "trailers": talking(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: " + b"y" * 500 + b"\r\n"),
}


@pytest.mark.parametrize("form", ENDLESS)
async def test_what_does_not_end_is_cut(form: str) -> None:
    async with serving(ENDLESS[form]) as port:
        observation = await observed(port, HttpScanner())
    assert observation.outcome is Outcome.PROTOCOL_ERROR, observation.detail
    assert len(observation.evidence) <= 64 * 1024


DRIPS = {
    "header": talking(OK + b"X-A: ", b"a", pause=0.02),
    "1xx": talking(b"", b"HTTP/1.1 100 Continue\r\n\r\n", pause=0.02),
    "body": talking(OK + b"Content-Length: 100000\r\n\r\n", b"a", pause=0.02),
    "chunks": talking(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n", pause=0.02),
    "nothing": talking(b"", b"", pause=0.02),
}


@pytest.mark.parametrize("form", DRIPS)
async def test_a_drip_ends_with_the_deadline(form: str) -> None:
    async with serving(DRIPS[form]) as port:
        observation = await observed(port)
    assert observation.outcome is Outcome.TIMEOUT
    assert observation.facts is None


async def test_many_drips_at_once_all_end() -> None:
    async with serving(DRIPS["body"]) as port:
        zone = loopback_zone(connections_per_host=200)
        there = occasion(zone, HTTP)
        looks = [observe(QUICK, Target(address="127.0.0.1", port=port), there) for _ in range(100)]
        observations = await asyncio.gather(*looks)
    assert {observation.outcome for observation in observations} == {Outcome.TIMEOUT}


NOT_HTTP = [
    b"SSH-2.0-OpenSSH_9.2\r\n",
    b"\x16\x03\x01\x00\x05hello",
    b"HTTP/9.9 1\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n\x00\x01: x\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFFFFFF\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\ncut",
    b"",
]


@pytest.mark.parametrize("said", NOT_HTTP)
async def test_what_is_not_http_is_a_protocol_error(said: bytes) -> None:
    async with serving(talking(said, b"", times=0)) as port:
        observation = await observed(port)
    assert observation.outcome is Outcome.PROTOCOL_ERROR


LOCATIONS = [
    "file:///etc/passwd",
    "FILE:///etc/passwd",
    "//192.0.2.1/",
    "http://192.0.2.1/",
    "http://127.0.0.2:{port}/",
    "http://127.0.0.1:1/",
    "http://127.0.0.1:{port}@192.0.2.1/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://0x7f000001:{port}/",
    "https://127.0.0.1:{port}/",
    "gopher://127.0.0.1:{port}/",
    "javascript:alert(1)",
    "http://[broken",
    "http://127.0.0.1:99999/",
    "\\\\192.0.2.1\\share",
]


@pytest.mark.parametrize("location", LOCATIONS)
async def test_no_redirect_leads_away(location: str) -> None:
    asked: list[str] = []

    def respond(method: str, path: str, headers: dict[str, str]) -> bytes:
        asked.append(path)
        there = headers["host"].rpartition(":")[2]
        return answer(status="302 Found", headers={"Location": location.replace("{port}", there)})

    async with site(respond) as port:
        observation = await observed(port, intrusiveness=Intrusiveness.GENTLE)
    assert isinstance(observation.facts, HttpFacts)
    assert observation.facts.status == 302
    assert all(path == "/" or path.startswith("/%5C") for path in asked)


async def test_a_redirect_loop_and_an_endless_chain_end() -> None:
    asked: list[str] = []

    def respond(method: str, path: str, headers: dict[str, str]) -> bytes:
        asked.append(path)
        return answer(status="302 Found", headers={"Location": f"/{len(asked)}" if "loop" not in path else "/loop"})

    async with site(respond) as port:
        observation = await observed(port, intrusiveness=Intrusiveness.GENTLE)
    assert isinstance(observation.facts, HttpFacts)
    assert len(asked) == 6
    asked.clear()
    async with site(lambda m, p, h: (asked.append(p), answer(status="301 Moved", headers={"Location": "/"}))[1]) as port:
        await observed(port, intrusiveness=Intrusiveness.GENTLE)
    assert asked == ["/"]


async def test_a_location_with_line_feeds_cannot_add_a_header() -> None:
    asked: list[bytes] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(answer(status="302 Found", headers={"Location": "/a%0d%0aX-Evil:%201\x0b\x0cX b\u00e9"}))
            await writer.drain()

    async with serving(handler) as port:
        observation = await observed(port, intrusiveness=Intrusiveness.GENTLE)
    assert observation.outcome in (Outcome.OBSERVED, Outcome.PROTOCOL_ERROR)
    assert not any(line.lower().startswith(b"x-evil") for request in asked for line in request.splitlines())


def zeros(count: int) -> bytes:
    return b"<title>bomb</title>" + bytes(count)


BOMBS = {
    "gzip": ("gzip", gzip.compress(zeros(200 * 1024 * 1024), 9)),
    "x-gzip": ("x-gzip", gzip.compress(zeros(50 * 1024 * 1024), 9)),
    "deflate": ("deflate", zlib.compress(zeros(50 * 1024 * 1024), 9)),
    "raw deflate": ("deflate", zlib.compress(zeros(50 * 1024 * 1024), 9)[2:-4]),
    "br": ("br", brotli.compress(zeros(50 * 1024 * 1024), quality=5)),
    "gzip in gzip": ("gzip, gzip", gzip.compress(gzip.compress(zeros(200 * 1024 * 1024), 9), 9)),
}


@pytest.mark.parametrize("form", BOMBS)
async def test_a_bomb_inflates_to_a_mebibyte_at_most(form: str) -> None:
    coding, bomb = BOMBS[form]
    tracemalloc.start()
    inflated = inflate(bomb[:BODY_BYTES], coding, INFLATED_BYTES)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert inflated.startswith(b"<title>bomb</title>")
    assert len(inflated) <= INFLATED_BYTES
    assert peak < 8 * INFLATED_BYTES
    page = answer(bomb, headers={"Content-Encoding": coding})
    async with site(lambda method, path, headers: page) as port:
        observation = await observed(port, intrusiveness=Intrusiveness.GENTLE)
    assert isinstance(observation.facts, HttpFacts)
    assert observation.facts.title == "bomb"


@pytest.mark.parametrize("coding", ["zstd", "compress", "gzip, gzip, gzip", "nonsense"])
async def test_an_unknown_coding_is_not_undone(coding: str) -> None:
    page = answer(gzip.compress(b"<title>x</title>"), headers={"Content-Encoding": coding})
    async with site(lambda method, path, headers: page) as port:
        observation = await observed(port, intrusiveness=Intrusiveness.GENTLE)
    assert isinstance(observation.facts, HttpFacts)
    assert observation.facts.title == ""


async def test_a_body_is_cut_at_its_limit() -> None:
    async with serving(talking(OK + b"Content-Type: text/html\r\n\r\n<title>long</title>", b"a" * 10_000)) as port:
        there = occasion(service=HTTP)
        target = Target(address="127.0.0.1", port=port)
        async with Browser(there.door, there.zone, target, "http", requests=2, request_seconds=5) as browser:
            long = await browser.ask("/")
    assert long.whole is False
    assert len(long.raw) == BODY_BYTES


async def test_texts_are_clean_and_bounded() -> None:
    evil = "\x1b[31m\u202e${jndi:ldap://x}<script>"
    page = answer(
        f"<html><title>{evil}{'t' * 5000}</title><meta name=generator content='WordPress 5.1{evil}'></html>",
        headers={"Server": "nginx/1.2 \u202eevil", "X-Powered-By": "p" * 5000, "Set-Cookie": "sess\u202eion=1"},
    )
    async with site(lambda method, path, headers: page) as port:
        observation = await observed(port)
    assert isinstance(observation.facts, HttpFacts)
    facts = observation.facts
    texts = [facts.title, facts.server, facts.powered_by, facts.version_disclosed, *(c.name for c in facts.cookies or ())]
    for text in texts:
        assert text is not None
        assert len(text) <= 300
        assert not {"\x1b", "\u202e", "\n"} & set(text)


async def test_a_server_that_dies_after_the_front_page_leaves_the_rest_open() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        if request.startswith(b"GET / "):
            writer.write(answer("<title>alive</title>", headers={"Connection": "close"}))
            await writer.drain()
        else:
            await asyncio.sleep(3600)

    async with serving(handler) as port:
        observation = await observed(port)
    assert observation.outcome is Outcome.OBSERVED
    assert isinstance(observation.facts, HttpFacts)
    assert observation.facts.title == "alive"
    assert observation.facts.exposed_vcs is None
    assert observation.facts.exposed_debug is None
    assert observation.facts.admin_panel is None


async def test_the_stop_button_ends_a_look() -> None:
    there = occasion(service=HTTP)

    async def press(asked: Callable[[], Awaitable[None]]) -> None:
        await asked()
        there.door.stop.press("the test says so")

    seen = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        seen.set()
        await asyncio.sleep(3600)

    async def wait() -> None:
        await seen.wait()

    async with serving(handler) as port:
        target = Target(address="127.0.0.1", port=port)
        observation, _ = await asyncio.gather(observe(HttpScanner(), target, there), press(wait))
    assert observation.outcome is Outcome.REFUSED_BY_SCOPE
    assert "the test says so" in observation.detail


async def test_outside_the_zone_nothing_is_sent() -> None:
    asked: list[str] = []
    async with site(lambda method, path, headers: (asked.append(path), answer())[1]) as port:
        observation = await observed(port, networks=["127.0.0.0/8"], exclude=["127.0.0.1"])
    assert observation.outcome is Outcome.REFUSED_BY_SCOPE
    assert asked == []


GOOD = (
    answer(
        "<title>x</title><script src='/jquery-1.2.3.js'></script>",
        headers={"Set-Cookie": "sid=1", "Content-Encoding": "identity"},
    )
    + b"HTTP/1.1 100 Continue\r\n\r\n"
    + b"HTTP/1.1 302 Found\r\nLocation: //[x]/\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
)


async def test_mutilated_answers_are_never_our_own_error() -> None:
    """Three hundred answers with bytes changed, cut out and doubled; the seed is fixed."""
    chance = random.Random(9110)
    said = b""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(said)
            await writer.drain()

    scanner = HttpScanner(request_seconds=0.2, total_seconds=0.4)
    outcomes: set[Outcome] = set()
    async with serving(handler) as port:
        for _ in range(300):
            mutant = bytearray(GOOD)
            for _ in range(chance.randint(1, 6)):
                at, end = sorted((chance.randrange(len(mutant)), chance.randrange(len(mutant))))
                mutant[at : min(end, at + chance.randint(0, 20))] = chance.randbytes(chance.randint(0, 8))
            said = bytes(mutant)
            observation = await observed(port, scanner, intrusiveness=Intrusiveness.GENTLE)
            outcomes.add(observation.outcome)
            assert observation.outcome is not Outcome.ERROR, (observation.detail, said)
    assert {Outcome.OBSERVED, Outcome.PROTOCOL_ERROR} <= outcomes
