"""The door: what it refuses, what it cuts, and how fast it lets go."""

import asyncio
import contextlib
import ipaddress
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import dns.message
import dns.rrset
import pytest

from scanners import pace as pacing
from scanners.door import Door, Refusal, RefusedByScope, own_addresses
from scanners.pace import Pace, Turnstile
from scanners.resolver import resolve
from scanners.stop import Stop
from scanners.target import Target, Transport
from scanners.wire import ProtocolError, Wire, WireLimits
from scanners.zone import Intrusiveness
from tests.scanners.zones import zone_for

HOST = "127.77.9.1"
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], object]


@contextlib.asynccontextmanager
async def server(handler: Handler) -> AsyncIterator[int]:
    """A TCP server on the test's host; its port."""
    made = await asyncio.start_server(handler, HOST, 0)
    try:
        yield made.sockets[0].getsockname()[1]
    finally:
        made.close()


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


def reason_of(door: Door, address: str, **options: object) -> Refusal | None:
    try:
        door.admit(address, **options)
    except RefusedByScope as refused:
        return refused.reason
    return None


def test_each_reason_to_stay_shut() -> None:
    zone = zone_for("10.0.0.0/24", "10.0.1.9", "192.168.0.0/16", "0.0.0.0/1", exclude=["10.0.0.128/25"], intrusiveness="gentle")
    other = zone_for("172.16.0.0/16", id="other", exclude=["10.0.0.7"], blackout=["2026-06-24"])
    own = [ipaddress.ip_address(text) for text in ("10.0.0.5", "10.0.1.9")]
    door = Door([zone, other], own_addresses=own, clock=lambda: datetime(2026, 6, 24, 12, tzinfo=UTC))
    assert reason_of(door, "10.0.0.1") is None
    assert reason_of(door, "10.0.1.9") is None  # our own, but named exactly
    assert reason_of(door, "10.0.0.5") is Refusal.OWN_HOST
    assert reason_of(door, "10.0.0.200") is Refusal.EXCLUDED
    assert reason_of(door, "10.0.0.7") is Refusal.EXCLUDED  # by another zone
    assert reason_of(door, "200.0.0.1") is Refusal.OUTSIDE
    assert reason_of(door, "10.0.0.1", zone_id="other") is Refusal.OUTSIDE
    assert reason_of(door, "127.0.0.1") is Refusal.SPECIAL  # named only by a network that is wider than the special block
    assert reason_of(door, "172.16.0.1") is Refusal.NOT_NOW
    assert reason_of(door, "10.0.0.1", needs=Intrusiveness.NORMAL) is Refusal.TOO_HARD
    door.stop.press("enough")
    assert reason_of(door, "10.0.0.1") is Refusal.STOPPED


def test_metadata_and_multicast_addresses_need_to_be_named() -> None:
    door = Door([zone_for("169.0.0.0/8", "224.0.0.0/3", "::/0")])
    for text in ("169.254.169.254", "224.0.0.251", "255.255.255.255", "ff02::1", "fe80::1", "::1", "::"):
        assert reason_of(door, text) is Refusal.SPECIAL, text
    assert reason_of(Door([zone_for("169.254.169.254")]), "169.254.169.254") is None


async def shut_later(door: Door, how: str) -> float:
    """Shut the door in half a second; when."""
    await asyncio.sleep(0.5)
    if how == "stop":
        await asyncio.to_thread(door.stop.press, "enough")
    else:
        await asyncio.to_thread(door.replace, [zone_for("127.77.0.0/16", exclude=[HOST])])
    return time.monotonic()


@pytest.mark.parametrize("how", ["stop", "replace"])
@pytest.mark.parametrize("what", ["read", "connect", "tls", "datagram", "pace", "crowd", "resolver"])
async def test_whatever_is_under_way_is_cut(how: str, what: str) -> None:
    """Reading, connecting, a handshake, waiting for an answer or for our own turn: each ends within a second, as refused."""
    tight = {"packets_per_second": 1} if what == "pace" else {"connections_per_host": 1} if what == "crowd" else {}
    zone = zone_for("127.77.0.0/16", connect_timeout_seconds=30, resolver=HOST, domains=["example.test"], **tight)
    door = Door([zone])
    with socket.socket() as full, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        full.bind((HOST, 0))
        mute.bind((HOST, 0))
        zone = zone.model_copy(update={"resolver_port": mute.getsockname()[1]})
        door.replace([zone])
        full.listen(0)
        crowd = [socket.socket() for _ in range(3)]  # fills the backlog: the next SYN stays unanswered
        for each in crowd:
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        async with server(silent) as port:
            look = {
                "read": lambda: read_from(door, port),
                "connect": lambda: read_from(door, full.getsockname()[1]),
                "tls": lambda: read_from(door, port, ssl.create_default_context()),
                "datagram": lambda: door.datagram(at(mute.getsockname()[1], Transport.UDP), b"?", timeout_seconds=30),
                "pace": lambda: asyncio.gather(*(read_from(door, port) for _ in range(20))),
                "crowd": lambda: asyncio.gather(*(read_from(door, port) for _ in range(20))),
                "resolver": lambda: door.ask_resolver(zone, b"x" * 12, timeout_seconds=30),
            }[what]
            shutting = asyncio.create_task(shut_later(door, how))
            with pytest.raises(RefusedByScope) as caught:
                await look()
            took = time.monotonic() - await shutting
        for each in crowd:
            each.close()
    assert took < 2.0  # promised: one second
    if what != "resolver":
        assert caught.value.reason is (Refusal.STOPPED if how == "stop" else Refusal.EXCLUDED)


def at(port: int, transport: Transport = Transport.TCP) -> Target:
    return Target(address=HOST, port=port, transport=transport)


async def read_from(door: Door, port: int, tls: ssl.SSLContext | None = None) -> bytes:
    async with door.open(at(port), tls=tls, limits=WireLimits(deadline_seconds=60)) as wire:
        return await wire.read_some()


async def test_nothing_is_written_through_a_door_that_was_shut() -> None:
    received = bytearray()

    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(100):
            received.extend(piece)
        writer.close()

    door = Door([zone_for("127.77.0.0/16")])
    async with server(keep) as port:
        async with door.open(at(port)) as wire:
            await wire.write(b"before")
            await asyncio.sleep(0.1)
            door.replace([])
            with pytest.raises(RefusedByScope):
                await wire.write(b"after")
        await asyncio.sleep(0.2)
    assert received == b"before"


async def test_a_changed_rate_holds_at_once_for_connections_that_are_open() -> None:
    zone = zone_for("127.77.0.0/16", packets_per_second=100_000)
    door = Door([zone])
    async with server(silent) as port, door.open(at(port)) as wire:
        await wire.write(b"x")
        door.replace([zone.model_copy(update={"packets_per_second": 7})])
        await wire.write(b"x")
        assert door.pace(zone).rate == 7


async def read_all(wire: Wire) -> None:
    while await wire.read_some():
        pass


async def test_limits_and_closed_ports() -> None:
    async def pour(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()

    door = Door([zone_for("127.77.0.0/16")])
    async with server(pour) as port:
        async with door.open(at(port), limits=WireLimits(read_bytes=100_000)) as wire:
            with pytest.raises(ProtocolError):
                await read_all(wire)
            assert len(wire.evidence) == 64 * 1024
        async with door.open(at(port)) as wire:
            with pytest.raises(ProtocolError):
                await wire.read_line(100)
    with pytest.raises(ConnectionRefusedError):
        await read_from(door, port)


async def test_a_datagram_is_answered_by_its_own_endpoint_only() -> None:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as liar:
        for each in (asked, liar):
            each.bind((HOST, 0))
            each.setblocking(False)

        async def answer() -> None:
            _, peer = await loop.sock_recvfrom(asked, 100)
            liar.sendto(b"lie", peer)
            await asyncio.sleep(0.1)
            for _ in range(5):
                asked.sendto(b"truth", peer)

        answering = asyncio.create_task(answer())
        door = Door([zone_for("127.77.0.0/16")])
        assert await door.datagram(at(asked.getsockname()[1], Transport.UDP), b"?") == [b"truth"]
        await answering
        closed = asked.getsockname()[1]
    with pytest.raises(ConnectionRefusedError):
        await door.datagram(at(closed, Transport.UDP), b"?")


@pytest.mark.parametrize("workers", [1, 50])
async def test_the_pace_lets_go_of_no_more_than_its_rate(workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock that wakes late now and then, as a busy machine's does."""
    now = [100.0]
    monkeypatch.setattr(pacing.time, "monotonic", lambda: now[0])
    rate, released = 1000, list[float]()
    pace = Pace(rate)

    async def take() -> None:
        while now[0] < 105.0:
            await pace.take()
            released.append(now[0])

    async def tick() -> None:
        steps = 0
        while now[0] < 106.0:
            steps += 1
            now[0] += 0.2 if steps % 400 == 0 else 0.003
            for _ in range(3):  # the event loop's timers run by the same clock
                await asyncio.sleep(0)

    await asyncio.gather(tick(), *(take() for _ in range(workers)))
    for start in range(0, len(released), 97):
        within = [moment for moment in released[start:] if moment < released[start] + 1.0]
        assert len(within) <= rate * 1.02 + workers
    if workers > 1:
        assert len(released) >= rate * 5 * 0.85  # what the late wake-ups cost is not made up for


async def test_what_is_lent_is_missing_and_nothing_is_lent_twice() -> None:
    pace = Pace(1000)
    with pace.lend(0.7) as first, pace.lend(0.7) as second:
        assert (first, round(second)) == (700.0, 250)
        assert pace.lendable == pytest.approx(0.0)
        pace.book(0)
        started = pace._next
        pace.book(50)
        assert pace._next - started == pytest.approx(1.0, abs=0.01)
    assert pace.lendable == pytest.approx(0.95)


async def test_the_turnstile_lets_so_many_through_and_forgets() -> None:
    turnstile, inside, most = Turnstile(), 0, 0

    async def visit() -> None:
        nonlocal inside, most
        async with turnstile.through("a", 3):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.01)
            inside -= 1

    visits = [asyncio.create_task(visit()) for _ in range(20)]
    await asyncio.sleep(0.015)
    visits[-1].cancel()
    await asyncio.gather(*visits, return_exceptions=True)
    assert most == 3
    assert turnstile._gates == {}


async def test_many_loans_of_one_host_do_not_wait_for_each_other_for_ever() -> None:
    door = Door([zone_for("127.77.0.0/16", connections_per_host=8)])

    async def borrow() -> int:
        async with door.lend(HOST, zone_id="z", share=0.05) as loan:
            await asyncio.sleep(0.01)
            return loan.connections

    async with asyncio.timeout(20):
        assert await asyncio.gather(*(borrow() for _ in range(20))) == [2] * 20


def test_the_button_is_obeyed_by_all_even_when_one_fails() -> None:
    stop, called = Stop(), []

    def fail() -> None:
        raise OSError("broken")

    stop.listen(fail)
    forget = stop.listen(lambda: called.append("forgotten"))
    stop.listen(lambda: called.append("obeyed"))
    forget()
    with pytest.raises(ExceptionGroup):
        stop.press("enough")
    stop.press("again")
    stop.listen(lambda: called.append("late"))
    assert (called, stop.reason, stop.pressed) == (["obeyed", "late"], "enough", True)


@pytest.mark.parametrize(("address", "inside"), [("127.77.9.9", True), ("10.0.0.1", False), ("127.77.66.6", False)])
async def test_a_name_is_worth_what_its_addresses_are(address: str, inside: bool) -> None:
    """Asked from the zone's own resolver; what it resolves to must be in scope."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as resolver:
        resolver.bind((HOST, 0))
        resolver.setblocking(False)
        zone = zone_for("127.77.0.0/16", exclude=["127.77.66.0/24"], domains=["example.test"], resolver=HOST)
        zone = zone.model_copy(update={"resolver_port": resolver.getsockname()[1]})

        async def answer() -> None:
            while True:
                question, peer = await asyncio.get_running_loop().sock_recvfrom(resolver, 512)
                reply = dns.message.make_response(dns.message.from_wire(question))
                if reply.question[0].rdtype == dns.rdatatype.A:
                    reply.answer.append(dns.rrset.from_text(reply.question[0].name, 60, "IN", "A", address))
                resolver.sendto(reply.to_wire(), peer)

        answering = asyncio.create_task(answer())
        door = Door([zone])
        if inside:
            assert await resolve(door, "www.example.test", zone) == (ipaddress.ip_address(address),)
        else:
            with pytest.raises(RefusedByScope):
                await resolve(door, "www.example.test", zone)
        with pytest.raises(RefusedByScope):
            await resolve(door, "example.org", zone)
        answering.cancel()


def test_our_own_addresses_are_known() -> None:
    assert {ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1")} <= own_addresses()
