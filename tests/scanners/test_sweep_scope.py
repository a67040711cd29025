"""The proof of scope (S1, S2, S5): counters on both ends of a cable, with default routes, so that a leak would be seen."""

import asyncio
import contextlib
import ipaddress
import time
from collections.abc import AsyncGenerator, Iterator
from datetime import datetime

import pytest

from scanners.discovery import Progress, Scope, SweepEvent, scope_of, sweep
from scanners.discovery.child import RawProcess
from scanners.door import Refusal, RefusedByScope
from tests.namespaces import Counts, Namespace, cable, count, namespace, switch
from tests.scanners.networks import Seen, door_of, routed_city, swept
from tests.scanners.zones import zone_for

PORTS = frozenset({22, 80, 81, 443})
OUTSIDE = ("ipv4_out", "ipv6_out", "arp_out", "nd_out", "other")
V4, V6 = "10.78.0.0/23", "fd78::/119"
SCOPE = ["10.78.0.0/25", "10.78.1.0/24", "fd78::/120"]  # of it the zone excludes what is not here


def leaked(*counts: Counts) -> dict[str, int]:
    """Whatever went out of scope, over all counters."""
    return {name: value for each in counts for name, value in each.read().items() if name in OUTSIDE and value}


@pytest.fixture
def city() -> Iterator[tuple[Namespace, Namespace]]:
    with routed_city("10.78.0.0/16", "fd78::/64") as made:
        yield made


@pytest.mark.parametrize("raw", [True, False])
async def test_nothing_leaves_the_scope_and_all_of_it_is_covered(city: tuple[Namespace, Namespace], raw: bool) -> None:
    probe, far = city
    leaving, arriving = count(probe, "egress", SCOPE), count(far, "ingress", SCOPE)
    zone = zone_for(V4, V6, exclude=["10.78.0.128/25", "fd78::100/120"], packets_per_second=20_000, connections_per_host=64)
    with probe.entered():
        seen = await swept(door_of(zone), zone, tcp_ports=PORTS, udp_ports=frozenset({53}), raw=raw)
    named = [ip for text in SCOPE for ip in ipaddress.ip_network(text)]
    assert seen.tcp == {(str(ip), 80) for ip in named}
    assert set(seen.hosts) == {str(ip) for ip in named}
    assert all(facts.tcp_covered == "22,80-81,443" and facts.tcp_closed == "22,81,443" for facts in seen.hosts.values())
    assert seen.finished is not None
    assert (seen.finished.complete, seen.finished.raw_socket) == (True, raw)
    assert leaked(leaving, arriving) == {}
    assert arriving.read()["ipv4_in"] >= 384 * 4
    assert arriving.read()["ipv6_in"] >= 256 * 4


async def test_the_raw_process_alone_keeps_the_scope_when_its_orders_are_too_wide(city: tuple[Namespace, Namespace]) -> None:
    """The intervals of the job hold more than is allowed: the second check, inside the process, must hold alone."""
    probe, far = city
    leaving, arriving = count(probe, "egress", ["10.78.0.0/25"]), count(far, "ingress", ["10.78.0.0/25"])
    first = int(ipaddress.ip_address("10.78.0.0"))
    with probe.entered():
        child = await RawProcess.start(door_of(zone_for(V4)).stop)
        bounds = {"allowed": [[first, first + 255]], "excluded": [[first + 128, first + 255]]}
        child.order(
            {
                "do": "sweep",
                "version": 4,
                "intervals": [[first, first + 1023]],
                "tcp": [80],
                "udp": [53],
                "rate": 5000,
                "retries": 1,
            }
            | {"timeout": 0.3, **bounds}
        )
        said = []
        while not said or said[-1]["say"] not in ("done", "error"):
            said.append(await child.line())
        await child.end()
    found = {index for line in said if line["say"] == "tcp" for index in line.get("open", ())}
    assert found == set(range(128))
    assert leaked(leaving, arriving) == {}


@pytest.fixture
def link() -> Iterator[tuple[Namespace, Namespace, list[Namespace]]]:
    """A probe and four hosts on one switch: 10.77.0.1 and .10 to .13, fd77::1 and fd77::10 to ::13."""
    with contextlib.ExitStack() as made:
        probe = made.enter_context(namespace("probe"))
        middle = made.enter_context(namespace("switch"))
        hosts = [made.enter_context(namespace(f"host{number}")) for number in range(4)]
        cable(probe, middle, near=["10.77.0.1/24", "fd77::1/64"])
        for number, host in enumerate(hosts):
            mac = f"02:00:00:00:00:1{number}"
            cable(host, middle, near=[f"10.77.0.1{number}/24", f"fd77::1{number}/64"], near_mac=mac)
        switch(middle, *middle.devices)
        probe.route("default", via="10.77.0.13")
        probe.route("default", via="fd77::13")
        yield probe, middle, hosts


async def test_on_the_local_link_only_neighbours_in_scope_are_asked_for(
    link: tuple[Namespace, Namespace, list[Namespace]],
) -> None:
    probe, middle, _ = link
    scope = ["10.77.0.8/30", "10.77.0.12/32", "fd77::/123", "fd77::10/127", "fd77::12/128"]
    leaving, arriving = count(probe, "egress", scope), count(middle, "ingress", scope)
    zone = zone_for("10.77.0.8/29", "fd77::/120", exclude=["10.77.0.13", "10.77.0.14/31", "fd77::13", "fd77::14/126",
                    "fd77::18/125", "fd77::20/123", "fd77::40/122", "fd77::80/121"])  # fmt: skip
    with probe.entered():
        seen = await swept(door_of(zone), zone, tcp_ports=frozenset({80}), udp_ports=frozenset(), raw=True)
    assert set(seen.hosts) == {"10.77.0.10", "10.77.0.11", "10.77.0.12", "fd77::10", "fd77::11", "fd77::12"}
    assert seen.hosts["10.77.0.11"].mac == seen.hosts["fd77::11"].mac == "02-00-00-00-00-11"
    assert "arp" in (seen.hosts["10.77.0.10"].answered_by or ())
    assert "ndp" in (seen.hosts["fd77::10"].answered_by or ())
    assert seen.hosts["10.77.0.10"].tcp_closed == "80"
    assert leaked(leaving, arriving) == {}


async def test_neighbours_of_a_wide_ipv6_network_are_found_and_expected_addresses_asked(
    link: tuple[Namespace, Namespace, list[Namespace]],
) -> None:
    probe, _, _ = link
    zone = zone_for("fd77::/64")
    silent = ipaddress.ip_address("fd77::dead")
    with probe.entered():
        seen = await swept(door_of(zone), zone, tcp_ports=frozenset({80}), udp_ports=frozenset(), expected=[silent], raw=True)
    assert {address for address, facts in seen.hosts.items() if facts.alive} == {f"fd77::1{number}" for number in range(4)}
    assert (seen.hosts["fd77::dead"].alive, seen.hosts["fd77::dead"].tcp_covered) == (False, "80")


async def test_nobody_is_asked_by_multicast_where_something_is_excluded(
    link: tuple[Namespace, Namespace, list[Namespace]],
) -> None:
    probe, middle, _ = link
    arriving = count(middle, "ingress", ["fd77::/64"])
    zone = zone_for("fd77::/64", exclude=["fd77::13"])
    with probe.entered():
        seen = await swept(door_of(zone), zone, tcp_ports=frozenset({80}), udp_ports=frozenset(), raw=True)
    assert seen.hosts == {}
    assert {name: value for name, value in arriving.read().items() if value and name != "housekeeping"} == {}


async def listen(events: AsyncGenerator[SweepEvent, None], seen: Seen, begun: asyncio.Event) -> None:
    """Take all events; ``begun`` is set when the first closed or open ports are known."""
    async with contextlib.aclosing(events):
        async for event in events:
            seen.take(event)
            if isinstance(event, Progress) and event.hosts > 300:
                begun.set()


@pytest.mark.parametrize("raw", [True, False])
async def test_an_exclusion_made_while_it_runs_holds_within_a_second(city: tuple[Namespace, Namespace], raw: bool) -> None:
    probe, far = city
    zone = zone_for("10.78.0.0/22", packets_per_second=2000, connections_per_host=64)
    late = zone.model_copy(update={"exclude": (ipaddress.ip_network("10.78.2.0/23"),)})
    with probe.entered():
        door = door_of(zone)
        changed: list[Counts] = []
        seen, begun = Seen(), asyncio.Event()

        async def change() -> None:
            await begun.wait()
            door.replace([late])
            await asyncio.sleep(1.0)
            changed.append(count(far, "ingress", ["10.78.0.0/23"]))

        changing = asyncio.create_task(change())
        events = sweep(door, zone, tcp_ports=frozenset(range(1, 9)), udp_ports=frozenset(), raw=raw)
        await listen(events, seen, begun)
        await changing
    after = changed[0].read()
    assert after["ipv4_in"] > 0
    assert after["ipv4_out"] == 0
    inside = {
        address: facts
        for address, facts in seen.hosts.items()
        if ipaddress.ip_address(address) in ipaddress.ip_network("10.78.0.0/23")
    }
    assert len(inside) == 512
    assert all(facts.tcp_covered == "1-8" for facts in inside.values())
    assert any(facts.tcp_covered != "1-8" for address, facts in seen.hosts.items() if address not in inside)


@pytest.mark.parametrize("how", ["stop", "withdrawn", "window"])
@pytest.mark.parametrize("raw", [True, False])
async def test_a_shut_door_ends_the_sweep_within_a_second(city: tuple[Namespace, Namespace], how: str, raw: bool) -> None:
    probe, far = city
    zone = zone_for("10.78.0.0/22", packets_per_second=1000, blackout=["2026-06-02"])
    with probe.entered():
        days = ["2026-06-01T12:00+00:00"]
        door = door_of(zone, clock=lambda: datetime.fromisoformat(days[-1]))
        seen, counted, shut_at, ended_at = Seen(), [], 0.0, 0.0

        begun = asyncio.Event()

        async def shut() -> None:
            nonlocal shut_at
            await begun.wait()
            shut_at = time.monotonic()
            if how == "stop":
                await asyncio.to_thread(door.stop.press, "enough")
            elif how == "withdrawn":
                door.replace([])
            else:
                days.append("2026-06-02T12:00+00:00")
            await asyncio.sleep(1.0)
            counted.append(count(far, "ingress", []))

        shutting = asyncio.create_task(shut())
        events = sweep(door, zone, tcp_ports=frozenset(range(1, 9)), udp_ports=frozenset(), raw=raw)
        await listen(events, seen, begun)
        ended_at = time.monotonic()
        await shutting
    assert seen.finished is not None
    assert not seen.finished.complete
    assert {"stop": "enough", "withdrawn": "no longer in force", "window": "blackout"}[how] in seen.finished.detail
    assert seen.saved
    assert ended_at - shut_at < 2.0  # promised: one second
    await asyncio.sleep(0.5)
    assert counted[0].read()["ipv4_out"] == 0


async def test_a_door_that_is_shut_sends_nothing(city: tuple[Namespace, Namespace]) -> None:
    probe, _ = city
    leaving = count(probe, "egress", [])
    with probe.entered():
        zone = zone_for("10.78.0.0/30")
        cases = [
            (
                door_of(zone_for("10.78.0.0/30", blackout=[door_of(zone).clock().date().isoformat()])),
                Refusal.NOT_NOW,
                zone_for("10.78.0.0/30"),
            ),
            (door_of(), Refusal.NOT_NOW, zone),
            (
                door_of(zone_for("10.78.0.0/30", exclude=["10.78.0.0/24"])),
                Refusal.OUTSIDE,
                zone_for("10.78.0.0/30", exclude=["10.78.0.0/24"]),
            ),
        ]
        for door, reason, asked in cases:
            with pytest.raises(RefusedByScope) as caught:
                await swept(door, asked)
            assert caught.value.reason is reason
        outside = [ipaddress.ip_network("10.99.0.0/24")]
        with pytest.raises(RefusedByScope):
            await swept(door_of(zone), zone, networks=outside)
    assert {name: value for name, value in leaving.read().items() if value and name != "housekeeping"} == {}


def test_the_scope_leaves_out_what_any_zone_excludes_special_addresses_and_our_own() -> None:
    own = ipaddress.ip_address("10.0.0.9")
    zone = zone_for("10.0.0.0/28", "127.0.0.0/30", "0.0.0.0/7", "fd00::/64", "fd01::/126")
    other = zone_for("192.0.2.0/24", id="other", exclude=["10.0.0.0/30"])
    door = door_of(zone, other)
    door.own_addresses = frozenset({own, ipaddress.ip_address("127.0.0.1")})
    scope = scope_of(door, zone, expected=[ipaddress.ip_address("fd00::5"), ipaddress.ip_address("fd02::1")])
    ten, loop, one = int(own) - 9, 127 << 24, 1 << 24
    assert scope.ipv4 == ((one, 2 * one - 1), (ten + 4, ten + 8), (ten + 10, ten + 15), (loop, loop), (loop + 2, loop + 3))
    fd0, fd1 = int(ipaddress.ip_address("fd00::")), int(ipaddress.ip_address("fd01::"))
    assert scope.ipv6 == ((fd0 + 5, fd0 + 5), (fd1, fd1 + 3))
    assert scope.links == (ipaddress.ip_network("fd00::/64"),)
    assert scope_of(door, zone, [ipaddress.ip_network("10.0.0.4/31")]) == Scope(ipv4=((ten + 4, ten + 5),))
