"""A tarpit costs its own time, and less and less of it."""

import asyncio
from typing import Any

import pytest

from scanners import looking, patience
from scanners.door import Door
from scanners.observation import Outcome
from scanners.patience import GUESSES_LIMIT, SLOW_LIMIT, TIMEOUTS_LIMIT, HostPatience, NmapPatience
from scanners.plan import Endpoint, LookUnit
from scanners.probe import Probe
from scanners.protocols import redis
from scanners.scanner import Occasion
from scanners.service_facts import ServiceFacts
from scanners.target import Target
from scanners.zone import Intrusiveness
from tests.scanners.looking import serving
from tests.scanners.looks import loopback_zone


class NeverAnswered:
    """A scanner whose looks all end without an answer, and that counts them."""

    version, facts_type, intrusiveness, deadline_seconds = "1", redis.RedisFacts, Intrusiveness.GENTLE, 5.0

    def __init__(self, name: str, made: list[str]) -> None:
        self.name, self.made = name, made

    def applies(self, service: ServiceFacts) -> bool:
        return True

    async def look(self, target: Target, occasion: Occasion) -> Any:
        self.made.append(self.name)
        raise TimeoutError


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def test_a_host_that_says_nothing_on_many_ports_is_not_asked_on_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "SLOW_SECONDS", 0.0)
    monkeypatch.setattr("scanners.services.first_look.GREETING_SECONDS", 0.01)
    monkeypatch.setattr("scanners.services.first_look.LISTEN_ONLY", dict.fromkeys(range(65536), "x"))
    asked: set[str] = set()

    async def counted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.add(str(writer.get_extra_info("peername")))
        await reader.read()

    server = await asyncio.start_server(counted, "0.0.0.0", 0)
    port = server.sockets[0].getsockname()[1]
    others = [await asyncio.start_server(counted, "127.0.0.1", 0) for _ in range(40)]
    ports = [port, *(each.sockets[0].getsockname()[1] for each in others)]
    unit = LookUnit(id="u", zone_id="prova", endpoints=tuple(Endpoint(address="127.0.0.1", port=each) for each in ports))
    zone = loopback_zone(connections_per_host=1)
    got = [item async for item in Probe(Door([zone]), scanners={}, nmap=False).look(unit)]
    given_up = [item for item in got if item.outcome is Outcome.TIMEOUT]
    assert {item.target.port for item in got} == set(ports)  # each port has its result
    assert len(asked) == SLOW_LIMIT
    assert len(given_up) == len(ports) - SLOW_LIMIT
    assert all("not asked" in item.detail for item in given_up)
    for each in (server, *others):
        each.close()


async def test_only_some_silent_ports_of_a_host_are_asked_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GREETING_SECONDS", "HELLO_SECONDS"):
        monkeypatch.setattr(f"scanners.services.first_look.{name}", 0.05)
    asked: dict[int, int] = {}

    async def counted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = writer.get_extra_info("sockname")[1]
        asked[port] = asked.get(port, 0) + 1
        await reader.read()

    servers = [await asyncio.start_server(counted, "127.0.0.1", 0) for _ in range(10)]
    ports = [each.sockets[0].getsockname()[1] for each in servers]
    unit = LookUnit(id="u", zone_id="prova", endpoints=tuple(Endpoint(address="127.0.0.1", port=each) for each in ports))
    zone = loopback_zone(connections_per_host=64)
    assert len([item async for item in Probe(Door([zone]), scanners={}, nmap=False).look(unit)]) == 10
    few = [port for port, times in asked.items() if times <= 3]  # a greeting with a hello on it, HTTP
    assert len(few) == 10 - GUESSES_LIMIT
    for each in servers:
        each.close()


async def test_no_scanner_is_sent_again_where_none_was_answered() -> None:
    async def greeting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2p1\r\n")
        await reader.read()

    made: list[str] = []
    scanners = {name: NeverAnswered(name, made) for name in "abcdefgh"}
    async with serving(greeting) as port:
        unit = LookUnit(id="u", zone_id="prova", endpoints=(Endpoint(address="127.0.0.1", port=port),))
        zone = loopback_zone(connections_per_host=1)
        got = [item async for item in Probe(Door([zone]), scanners=scanners, nmap=False).look(unit)]
    assert len(made) == TIMEOUTS_LIMIT
    ended = [item for item in got if item.scanner != "service"]
    assert {item.scanner for item in ended} == set(scanners)
    assert {item.outcome for item in ended} == {Outcome.TIMEOUT}


async def test_nmap_is_not_asked_about_a_tarpit(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    async def ask_nmap(door: Any, zone: Any, address: str, ports: list[int], **more: Any) -> dict[int, Any]:
        asked.extend(ports)
        return {}

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"2")
        await reader.read()

    async def odd(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HELLO, I AM SOMETHING THAT NOBODY KNOWS\r\n")
        await reader.read()

    monkeypatch.setattr(looking, "ask_nmap", ask_nmap)
    async with serving(drip) as one, serving(drip) as two, serving(odd) as three:
        unit = LookUnit(
            id="u", zone_id="prova", endpoints=tuple(Endpoint(address="127.0.0.1", port=p) for p in (one, two, three))
        )
        assert [item async for item in Probe(Door([loopback_zone()]), scanners={}).look(unit)]
    assert asked == [three]


def test_a_host_is_a_tarpit_when_several_ports_let_us_wait() -> None:
    host = HostPatience()
    assert host.first_look(10, 0, named=False)
    assert not host.is_tarpit
    assert not host.first_look(10, 0, named=True)
    assert not host.first_look(0.1, 200, named=False)
    assert host.first_look(0.1, 1, named=False)
    assert host.is_tarpit
    assert host.over_because(first=True) is None


def test_nmap_rests_after_a_row_of_silent_ports_and_is_tried_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("scanners.patience.time.monotonic", lambda: now)
    rests = NmapPatience(fruitless_limit=3)
    for told in (False, False, True, False, False):
        rests.note(told=told)
    assert not rests.spent()
    rests.note(told=False)
    assert rests.spent()
    now += 601
    assert not rests.spent()
