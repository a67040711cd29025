"""The plan of a pass, and the probe carrying it out on a handful of servers on loopback."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.discovery import Finished, HostSeen, Opened, Saved
from scanners.door import Door, RefusedByScope
from scanners.observation import Observation, Outcome
from scanners.plan import (
    ENDPOINTS_PER_LOOK,
    Checkpoint,
    Endpoint,
    Found,
    LookUnit,
    Progress,
    SweepUnit,
    from_json,
    look_units,
    sweep_units,
    to_json,
)
from scanners.probe import Probe
from scanners.protocols import redis, telnet
from scanners.service_facts import HostFacts, ServiceFacts
from scanners.stop import Stop
from scanners.sweep_run import CheckpointInvalid, SweepRun
from scanners.target import Transport, parse_network
from tests.processes import free_port
from tests.scanners import small_servers as servers
from tests.scanners.looking import serving
from tests.scanners.looks import loopback_zone
from tests.scanners.small_servers import HERE

ENDPOINTS = st.builds(
    Endpoint,
    address=st.sampled_from([f"127.0.0.{number}" for number in range(1, 40)]),
    port=st.integers(1, 65535),
    transport=st.sampled_from(Transport),
    names=st.lists(st.sampled_from(["seu.example", "web.example"]), unique=True).map(tuple),
)


@given(st.lists(ENDPOINTS, max_size=200))
def test_look_units_hold_every_endpoint_once(found: list[Endpoint]) -> None:
    units = look_units("prova", found)
    held = [(item.address, item.port, item.transport) for unit in units for item in unit.endpoints]
    assert sorted(held) == sorted({(item.address, item.port, item.transport) for item in found})
    for unit in units:
        assert from_json(json.loads(json.dumps(to_json(unit)))) == unit
        hosts = {item.address for item in unit.endpoints}
        assert len(unit.endpoints) <= ENDPOINTS_PER_LOOK or len(hosts) == 1
    by_host = [{item.address for item in unit.endpoints} for unit in units]
    assert sum(len(hosts) for hosts in by_host) == len(set().union(*by_host)) if by_host else True


def test_names_of_one_endpoint_are_joined() -> None:
    twice = [Endpoint(address=HERE, port=80, names=("a.example",)), Endpoint(address=HERE, port=80, names=("b.example",))]
    assert look_units("prova", twice)[0].endpoints == (Endpoint(address=HERE, port=80, names=("a.example", "b.example")),)


def test_sweep_units_cut_a_wide_zone() -> None:
    zone = loopback_zone(networks=("10.0.0.0/18", "2001:db8::/64"), domains=("example.org",))
    known = Endpoint(address="10.0.17.1", port=80)
    units = sweep_units(zone, expected=[known])
    networks = [parse_network(text) for unit in units for text in unit.networks]
    assert sum(network.num_addresses for network in networks if network.version == 4) == 2**14
    assert [unit.domains for unit in units] == [("example.org",), *[()] * (len(units) - 1)]
    assert [unit.expected for unit in units if unit.expected] == [(known,)]
    assert all(from_json(json.loads(json.dumps(to_json(unit)))) == unit for unit in units)


def test_a_zone_of_domains_only_has_one_unit() -> None:
    zone = loopback_zone(networks=(), domains=("example.org",))
    (unit,) = sweep_units(zone)
    assert (unit.networks, unit.domains) == ((), ("example.org",))


async def observed(probe: Probe, *endpoints: Endpoint, **more: Any) -> list[Observation]:
    (unit,) = look_units("prova", endpoints)
    return [observation async for observation in probe.look(unit, **more)]


async def test_every_endpoint_is_looked_at_and_asked_by_what_applies(tmp_path: Path) -> None:
    closed = free_port()
    lines = ["ADDRESS:2323 stream tcp nowait root /usr/sbin/telnetd telnetd", "ADDRESS:9999 stream tcp nowait root internal"]
    said: list[Progress] = []
    with servers.inetd(tmp_path, lines[:1]) as address, servers.redis(tmp_path) as place:
        probe = Probe(Door([loopback_zone()]), scanners={"telnet": telnet.SCANNER, "redis": redis.SCANNER}, nmap=False)
        places = [(address, 2323), place, (HERE, closed)]
        all_of_it = await observed(probe, *[Endpoint(address=ip, port=port) for ip, port in places], progress=said.append)
    by_place = {(item.target.address, item.target.port, item.scanner): item for item in all_of_it}
    assert len(by_place) == len(all_of_it) == 5
    assert by_place[HERE, closed, "service"].outcome is Outcome.CLOSED
    assert isinstance(by_place[address, 2323, "telnet"].facts, telnet.TelnetFacts)
    assert by_place[*place, "redis"].facts == redis.RedisFacts(auth_required=False, version=_version(by_place[*place, "redis"]))
    last = said[-1]
    assert (last.phase, last.ports_total, last.ports_done, last.ports_open) == ("done", 3, 3, 2)
    assert (last.checks_total, last.checks_done, last.hosts_done) == (2, 2, 2)


def _version(observation: Observation) -> str | None:
    return getattr(observation.facts, "version", None)


class _Recorder:
    """A scanner that notes which names it is asked at."""

    version, facts_type, intrusiveness, deadline_seconds = "1", redis.RedisFacts, redis.SCANNER.intrusiveness, 5.0

    def __init__(self, name: str) -> None:
        self.name, self.asked = name, list[str | None]()

    def applies(self, service: ServiceFacts) -> bool:
        return service.name == "http"

    async def look(self, target: Any, occasion: Any) -> Any:
        self.asked.append(target.name)
        raise TimeoutError


async def web(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(4096)
    writer.write(b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n")
    await writer.drain()


async def test_virtual_hosts_are_asked_by_name_as_well() -> None:
    http, other = _Recorder("http"), _Recorder("other")
    async with serving(web) as port:
        endpoint = Endpoint(address=HERE, port=port, names=("a.example", "b.example"))
        await observed(Probe(Door([loopback_zone()]), scanners={"http": http, "other": other}, nmap=False), endpoint)
    assert sorted(http.asked, key=str) == [None, "a.example", "b.example"] or set(http.asked) == {None, "a.example", "b.example"}
    assert other.asked == [None]


async def test_a_tarpit_and_a_flood_delay_nobody_else() -> None:
    """The tarpit lets go only once the web server was named: if anybody waited for it, the web server would come last."""
    named = asyncio.Event()

    async def tarpit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await named.wait()

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not writer.is_closing():
            writer.write(b"\x00\xff" * 32768)
            await writer.drain()

    async with serving(tarpit) as slow, serving(flood) as loud, serving(web) as port:
        probe = Probe(Door([loopback_zone(connections_per_host=16)]), scanners={}, nmap=False)
        (unit,) = look_units("prova", [Endpoint(address=HERE, port=number) for number in (slow, loud, port)])
        order = []
        async for item in probe.look(unit):
            order.append((item.target.port, getattr(item.facts, "name", None)))
            if item.target.port == port:
                named.set()
    assert set(order) == {(slow, None), (loud, "unknown"), (port, "http")}
    assert order[-1] == (slow, None)


async def test_the_stop_button_ends_a_unit_and_says_what_was_left() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    stop = Stop()
    async with serving(silent) as port:
        door = Door([loopback_zone(packets_per_second=5)], stop=stop)
        unit = LookUnit(
            id="u", zone_id="prova", endpoints=tuple(Endpoint(address=f"127.0.9.{n}", port=port) for n in range(1, 60))
        )
        pressed: list[float] = []

        def press() -> None:
            pressed.append(time.monotonic())
            stop.press("enough")

        asyncio.get_running_loop().call_later(0.3, press)
        got = [observation async for observation in Probe(door, nmap=False).look(unit)]
    assert time.monotonic() - pressed[0] < 1  # the promise of the stop button
    assert {item.target.address for item in got} == {item.address for item in unit.endpoints}
    assert Outcome.REFUSED_BY_SCOPE in {item.outcome for item in got}
    assert any("enough" in item.detail for item in got)


async def test_a_zone_that_nobody_knows_is_refused() -> None:
    probe = Probe(Door([loopback_zone()]))
    with pytest.raises(RefusedByScope):
        await anext(probe.look(LookUnit(id="u", zone_id="other")))
    with pytest.raises(RefusedByScope):
        await anext(probe.sweep(SweepUnit(id="u", zone_id="other", networks=("127.0.0.1/32",), ports="80")))


async def test_what_lies_outside_the_zone_is_refused_as_a_result() -> None:
    probe = Probe(Door([loopback_zone(networks=("127.0.9.0/24",))]), nmap=False)
    (one,) = await observed(probe, Endpoint(address=HERE, port=80))
    assert one.outcome is Outcome.REFUSED_BY_SCOPE


async def test_sweep_and_look_end_to_end(tmp_path: Path) -> None:
    said: list[Progress] = []
    with servers.redis(tmp_path, address="127.0.66.1") as place:
        zone = loopback_zone(networks=("127.0.66.0/30",), connect_timeout_seconds=0.5)
        gone = Endpoint(address="127.0.66.2", port=9)
        (unit,) = sweep_units(zone, ports=frozenset({place[1]}), expected=[gone])
        probe = Probe(Door([zone]), nmap=False)
        items = [item async for item in probe.sweep(unit, said.append)]
        found = [endpoint for item in items if isinstance(item, Found) for endpoint in item.endpoints]
        looks = [one for look in look_units(zone.id, found) async for one in probe.look(look)]
    assert gone in found
    assert Endpoint(address=place[0], port=place[1]) in found
    hosts = {item.target.address: item.facts for item in items if isinstance(item, Observation)}
    host = hosts["127.0.66.1"]
    assert isinstance(host, HostFacts)
    assert host.tcp_open == (place[1],)
    assert said[-1].phase == "done"
    outcomes = {(one.target.address, one.scanner): one.outcome for one in looks}
    assert outcomes["127.0.66.1", "redis"] is Outcome.OBSERVED
    assert outcomes["127.0.66.2", "service"] is Outcome.CLOSED


def played(monkeypatch: pytest.MonkeyPatch, *events: Any) -> dict[str, Any]:
    """Put a sweep that says ``events`` in place of the real one; returns what it was called with."""
    called: dict[str, Any] = {}

    async def sweep(door: Door, zone: Any, **more: Any) -> AsyncIterator[Any]:
        called.update(more)
        for event in events:
            yield event

    monkeypatch.setattr("scanners.sweep_run.sweep", sweep)
    return called


async def test_a_checkpoint_comes_after_what_was_found_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    zone = loopback_zone()
    (unit,) = sweep_units(zone, networks=[parse_network("127.0.0.0/30")], ports=frozenset({80, 81}))
    facts = HostFacts(alive=True, tcp_open=(80,))
    first = [Opened(HERE, 80), Saved(b"half"), Opened(HERE, 81), Finished(complete=False, raw_socket=False, detail="stopped")]
    played(monkeypatch, *first)
    said: list[Progress] = []
    items = [item async for item in SweepRun(unit, zone, Door([zone]), said.append).items()]
    assert [type(item) for item in items] == [Found, Checkpoint, Found]
    assert said[-1].phase == "discovery"
    assert said[-1].notes == ("stopped",)
    checkpoint = items[1]
    assert isinstance(checkpoint, Checkpoint)
    stored = msgspec.convert(json.loads(msgspec.json.encode(checkpoint)), Checkpoint)

    called = played(
        monkeypatch, Opened(HERE, 80), Opened(HERE, 81), HostSeen(HERE, facts), Finished(complete=True, raw_socket=False)
    )
    again = [item async for item in SweepRun(unit, zone, Door([zone]), said.append).items(stored)]
    assert called["checkpoint"] == b"half"
    assert [item.endpoints for item in again if isinstance(item, Found)] == [(Endpoint(address=HERE, port=81),)]
    assert said[-1].phase == "done"


@pytest.mark.parametrize("state", [{}, {"unit": "other", "handed": {}, "sweep": ""}, {"unit": "u", "handed": 3, "sweep": "?"}])
async def test_a_foreign_checkpoint_is_refused(state: dict[str, Any]) -> None:
    zone = loopback_zone()
    unit = SweepUnit(id="u", zone_id="prova", networks=("127.0.0.1/32",), ports="80")
    with pytest.raises(CheckpointInvalid):
        await anext(SweepRun(unit, zone, Door([zone]), lambda _: None).items(Checkpoint(state=state)))
