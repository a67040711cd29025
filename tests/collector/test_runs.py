"""Scans: asked for, carried out in units, stopped, taken up again; nothing repeated that was finished, nothing left out."""

import asyncio
import re
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from collector import runs
from collector.leases import take_lease
from collector.runner import Patience
from collector.runs import ScanState, start_scan, stop_scan
from collector.stopping import StopIsPressed, release_stop, request_stop
from collector.store import Store
from collector.tables import endpoint, event, lease, observation, scan, unit
from scanners.observation import Observation, Outcome
from scanners.plan import LookUnit
from scanners.service_facts import ServiceFacts
from scanners.target import Target
from tests.collector.probing import NOW, Pretend, runner, zone


def asked(store: Store, targets: list[str] | None = None, **more: Any) -> str:
    with store.write() as connection:
        return start_scan(connection, zone(**more), targets, asked_by="a test", at=NOW)


def row(store: Store, scan_id: str) -> Any:
    with store.read() as connection:
        return connection.execute(select(scan).where(scan.c.id == scan_id)).one()


def counted(store: Store, table: Any, *where: Any) -> int:
    with store.read() as connection:
        found: int = connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one()
        return found


async def test_a_scan_sweeps_and_looks_and_says_how_it_went(store: Store) -> None:
    scan_id, probe, said = asked(store), Pretend(), []
    assert await runner(store, probe).run(scan_id, said.append) is ScanState.FINISHED
    assert sorted(probe.looked) == sorted(probe.swept)
    assert len(probe.swept) == 64
    assert counted(store, endpoint, endpoint.c.state == "open") == 64
    assert counted(store, unit, unit.c.state != "finished") == 0
    last = said[-1]
    assert (last.phase, last.hosts_alive, last.ports, last.checks_done) == ("done", 64, 64, 64)
    assert (last.hosts_done, last.hosts_total) == (64, 64)
    assert last.units_done == last.units_total > 4
    assert last.seconds_left == 0
    stored = row(store, scan_id)
    assert stored.progress["phase"] == "done"
    assert stored.started_at is not None
    assert stored.ended_at is not None
    with store.read() as connection:
        assert connection.execute(select(event.c.action).where(event.c.action.like("scan-%"))).scalars().all() == [
            "scan-finished"
        ]


async def test_looks_begin_while_the_sweep_still_runs(store: Store) -> None:
    probe = Pretend(pause=0.05)
    await runner(store, probe).run(asked(store))
    assert probe.order.index("look") < len(probe.order) - 1 - probe.order[::-1].index("sweep")


async def test_a_target_is_looked_at_alone(store: Store) -> None:
    probe = Pretend()
    assert await runner(store, probe).run(asked(store, ["192.0.2.9:22"])) is ScanState.FINISHED
    assert (probe.swept, probe.looked) == ([], ["192.0.2.9"])


async def test_known_endpoints_are_looked_at_again_even_when_the_sweep_is_asked_for_less(store: Store) -> None:
    await runner(store, Pretend()).run(asked(store, ["192.0.2.9:22"]))
    with store.read() as connection:
        body = runs.first_units(connection, zone(), None)[0]
    assert [(item.address, item.port) for item in body.expected] == [("192.0.2.9", 22)]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("198.51.100.1", "198.51.100.1 is not in zone dmz"),
        ("192.0.2.0/24", "192.0.2.0/24 does not lie in zone dmz"),
        ("192.0.2.1/26", "has host bits set"),
        ("010.0.0.1", "'010.0.0.1' is not a DNS name"),
        ("::ffff:192.0.2.1", "IPv4 address inside IPv6"),
        ("sede.example", "sede.example is not a domain of zone dmz"),
        ("192.0.2.1:99999", "not a port number"),
        ("192.0.2.5", "192.0.2.5 is excluded by zone dmz"),
        ("-oN /tmp/x", "is not"),
    ],
)
def test_a_target_outside_the_zone_is_refused(store: Store, target: str, sentence: str) -> None:
    with pytest.raises(runs.TargetRefused, match=re.escape(sentence)), store.write() as connection:
        start_scan(connection, zone(exclude=["192.0.2.5/32"]), ["192.0.2.1", target], asked_by="a test", at=NOW)
    assert counted(store, scan) == 0


def test_the_zone_of_targets_is_found() -> None:
    zones = [zone("a", "192.0.2.0/26"), zone("b", "198.51.100.0/24")]
    assert runs.zone_of_targets(zones, ["198.51.100.7", "198.51.100.8:443"]).id == "b"
    with pytest.raises(runs.TargetRefused, match=r"203\.0\.113\.1 lies in none of the zones a, b"):
        runs.zone_of_targets(zones, ["203.0.113.1"])
    with pytest.raises(runs.TargetRefused, match="not in zone b"):
        runs.zone_of_targets(zones, ["198.51.100.7", "192.0.2.1"])


async def test_a_unit_that_fails_is_tried_three_times_and_parked(store: Store) -> None:
    probe = Pretend(bad=("192.0.2.9",))
    scan_id = asked(store, ["192.0.2.9:22"])
    assert await runner(store, probe).run(scan_id) is ScanState.FAILED
    assert probe.looked == ["192.0.2.9"] * 3
    stored = row(store, scan_id)
    assert stored.detail == "1 parts of it were given up, among them: RuntimeError: 192.0.2.9 broke the probe"
    with store.write() as connection:
        assert runs.resume_scan(connection, scan_id)
    probe.bad.clear()
    assert await runner(store, probe).run(scan_id) is ScanState.FINISHED


async def test_a_unit_that_hangs_is_ended_and_what_it_saw_is_kept(store: Store) -> None:
    probe = Pretend(mute=("192.0.2.9",))
    scan_id = asked(store, ["192.0.2.8:22", "192.0.2.9:22"])
    assert await runner(store, probe).run(scan_id) is ScanState.FAILED
    assert probe.looked == ["192.0.2.8", "192.0.2.9"] * 3
    assert "nothing came from it for 0.5 s" in row(store, scan_id).detail
    assert counted(store, observation, observation.c.scanner == "service") == 1


async def test_the_stop_button_ends_a_scan_and_it_can_be_taken_up_again(store: Store) -> None:
    probe = Pretend(pause=0.02)
    scan_id = asked(store)
    running = asyncio.create_task(runner(store, probe).run(scan_id))
    while len(probe.looked) < 10:
        await asyncio.sleep(0.02)
    with store.write() as connection:
        request_stop(connection, by="anna", reason="the network is slow", at=NOW)
    assert await running is ScanState.STOPPED
    assert "the network is slow" in row(store, scan_id).detail
    with pytest.raises(StopIsPressed, match="the network is slow"), store.write() as connection:
        start_scan(connection, zone(), None, asked_by="a test", at=NOW)
    with pytest.raises(StopIsPressed), store.write() as connection:
        runs.resume_scan(connection, scan_id)
    with store.write() as connection:
        release_stop(connection)
        assert runs.resume_scan(connection, scan_id)
    assert await runner(store, probe).run(scan_id) is ScanState.FINISHED
    assert counted(store, endpoint, endpoint.c.service == "ssh") == 64
    assert counted(store, observation, observation.c.scanner == "service") == 64


async def test_one_scan_is_stopped_and_the_others_go_on(store: Store) -> None:
    probe = Pretend(pause=0.02)
    works = runner(store, probe, zone(), zone("other", "198.51.100.0/28"))
    with store.write() as connection:
        first = start_scan(connection, zone(), None, asked_by="a test", at=NOW)
        second = start_scan(connection, zone("other", "198.51.100.0/28"), None, asked_by="a test", at=NOW)
    both = [asyncio.create_task(works.run(first)), asyncio.create_task(works.run(second))]
    while len(probe.swept) < 10:
        await asyncio.sleep(0.02)
    with store.write() as connection:
        assert stop_scan(connection, first, by="anna", at=NOW)
    assert await asyncio.gather(*both) == [ScanState.STOPPED, ScanState.FINISHED]
    with store.write() as connection:
        assert not stop_scan(connection, first, by="anna", at=NOW)


async def test_a_scan_waits_for_the_window_and_goes_on_in_the_next(store: Store) -> None:
    clock = {"now": NOW}  # 10:00 in Madrid
    window = [{"from": "20:00", "until": "06:00"}]
    works = runner(store, Pretend(), zone(windows=window), clock=lambda: clock["now"])
    scan_id = asked(store, windows=window)
    said: list[Any] = []
    running = asyncio.create_task(works.run(scan_id, said.append))
    while not (said and said[-1].notes):
        await asyncio.sleep(0.02)
    assert said[-1].phase == "waiting"
    assert "the scan waits until 2026-11-23 19:00 UTC" in said[-1].notes[0]
    clock["now"] = NOW.replace(hour=19)
    assert await running is ScanState.FINISHED


async def test_a_window_that_closes_pauses_the_scan(store: Store) -> None:
    clock = {"now": NOW}
    window = [{"from": "08:00", "until": "12:00"}]
    probe = Pretend(pause=0.02)
    works = runner(store, probe, zone(windows=window), clock=lambda: clock["now"])
    scan_id = asked(store, windows=window)
    running = asyncio.create_task(works.run(scan_id))
    while len(probe.looked) < 5:
        await asyncio.sleep(0.02)
    clock["now"] = NOW + timedelta(hours=3)
    while row(store, scan_id).state != "waiting":
        await asyncio.sleep(0.05)
    before = len(probe.looked)
    assert before < 64
    clock["now"] = NOW + timedelta(days=1)
    assert await running is ScanState.FINISHED
    assert counted(store, observation, observation.c.scanner == "service") == 64


async def test_a_zone_that_is_no_longer_in_force_ends_its_scan(store: Store) -> None:
    scan_id = asked(store, name="gone")
    assert await runner(store, Pretend()).run(scan_id) is ScanState.FAILED
    assert row(store, scan_id).detail == "zone gone is not in force"


async def test_a_service_takes_scans_as_they_come(store: Store) -> None:
    probe, ended = Pretend(), threading.Event()
    working = asyncio.create_task(runner(store, probe).work(ended))
    first, second = asked(store), asked(store, ["192.0.2.3:22"])
    while {row(store, first).state, row(store, second).state} != {"finished"}:
        await asyncio.sleep(0.05)
    ended.set()
    await asyncio.wait_for(working, 60)


async def test_a_service_that_ends_leaves_its_scan_to_the_next(store: Store) -> None:
    probe, ended = Pretend(pause=0.02), threading.Event()
    working = asyncio.create_task(runner(store, probe).work(ended))
    scan_id = asked(store)
    while len(probe.looked) < 5:
        await asyncio.sleep(0.02)
    ended.set()
    await asyncio.wait_for(working, 60)
    assert row(store, scan_id).state == "waiting"
    assert counted(store, unit, unit.c.state == "running") == 0
    assert await runner(store, probe).run(scan_id) is ScanState.FINISHED
    assert counted(store, observation, observation.c.scanner == "service") == 64


async def test_a_zone_is_looked_at_by_one_process_at_a_time(store: Store) -> None:
    """The packet rate of a zone is kept by one process; a second one waits until the first is gone."""
    scan_id = asked(store)
    with store.write() as connection:
        assert take_lease(connection, "zone:dmz", "somebody else", at=datetime.now(UTC), seconds=1.5)
    probe = Pretend()
    works = runner(store, probe, clock=lambda: datetime.now(UTC))
    running = asyncio.create_task(works.run(scan_id))
    await asyncio.sleep(0.8)
    assert not probe.swept
    assert await asyncio.wait_for(running, 60) is ScanState.FINISHED


async def test_whoever_lost_the_zone_writes_nothing(store: Store) -> None:
    probe = Pretend(pause=0.02)
    scan_id = asked(store)
    running = asyncio.create_task(runner(store, probe).run(scan_id))
    while len(probe.swept) < 20:
        await asyncio.sleep(0.02)
    with store.write() as connection:
        connection.execute(update(lease).values(holder="somebody else", until=NOW + timedelta(seconds=3)))
    kept = counted(store, observation)
    await asyncio.sleep(1.0)
    assert counted(store, observation) == kept
    running.cancel()


class Tarpits(Pretend):
    """Every eighth host lets us wait until all others were looked at: if anybody waited for it, nobody would ever end."""

    def __init__(self, healthy: int) -> None:
        super().__init__()
        self.healthy, self.released = healthy, asyncio.Event()

    async def look(self, unit: LookUnit, progress: Any = None) -> AsyncIterator[Observation]:
        slow = [item for item in unit.endpoints if int(item.address.rpartition(".")[2]) % 8 == 0]
        for place in (*(item for item in unit.endpoints if item not in slow), *slow):
            if place in slow:
                await self.released.wait()
            self._write("look", place.address)
            if len(self.looked) == self.healthy:
                self.released.set()
            target, facts = Target(address=place.address, port=place.port), ServiceFacts(name="ssh", tls=False)
            yield self._observation(unit.zone_id, target, "service", facts, Outcome.OBSERVED)


async def test_units_that_wait_for_a_tarpit_give_their_place_to_others(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """reliability.md H9: there are more units with a tarpit in them than looks at once."""
    monkeypatch.setattr("collector.scan_work.QUIET_SECONDS", 0.1)
    probe = Tarpits(healthy=112)
    wide = zone(network="192.0.2.0/25")
    scan_id = asked(store, network="192.0.2.0/25")
    async with asyncio.timeout(60):
        ended = await runner(store, probe, wide, patience=Patience(lease=2.0, hang=60)).run(scan_id)
    assert ended is ScanState.FINISHED
    assert len(probe.looked) == 128
    assert all(int(address.rpartition(".")[2]) % 8 for address in probe.looked[:112])
    assert counted(store, unit, unit.c.kind == "look") > 4


async def test_the_time_left_is_nothing_only_at_the_end(store: Store) -> None:
    said: list[Any] = []
    await runner(store, Pretend(pause=0.03)).run(asked(store), said.append)
    left = [each.seconds_left for each in said]
    assert left[-1] == 0
    assert all(seconds is None or seconds >= 1 for seconds in left[:-1])
    known = [seconds for seconds in left[:-1] if seconds is not None]
    assert known
    assert max(known) < 60  # of a scan that takes some seconds
