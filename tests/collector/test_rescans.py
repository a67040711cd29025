"""What is due by risk is looked at again: no sooner, no later, not while a window is shut; a finding is tested where it is."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from collector.looking_again import look_again
from collector.rescans import RescanPolicy, Rescans, due_places
from collector.runs import start_scan
from collector.scan_targets import TargetRefused
from collector.schedules import Scheduler
from collector.stopping import request_stop
from collector.store import Store
from collector.tables import finding, scan, unit
from rules.verdict import Severity
from scanners.plan import NO_ADDRESS, LookUnit, SweepUnit, Unit, from_json
from scanners.protocols.names import NamesFacts
from scanners.zone import Zone
from tests.collector.probing import zone
from tests.collector.publishing import START, City

CRITICAL, CLEAN = "192.0.2.7", "192.0.2.8"


@pytest.fixture
def city(store: Store) -> City:
    """One host with an open Redis (critical) and one whose Redis asks for a password."""
    city = City(store)
    city.look(CRITICAL, password=False)
    city.look(CLEAN, password=True)
    with store.write() as connection:  # what else the two hosts have is of no interest here
        connection.execute(update(finding).where(finding.c.severity != "critical").values(state="resolved"))
    return city


def units_of(store: Store, scan_id: str) -> list[Unit]:
    with store.read() as connection:
        return [from_json(body) for body in connection.execute(select(unit.c.body).where(unit.c.scan_id == scan_id)).scalars()]


def looked_at(store: Store, scan_id: str) -> set[tuple[str, int]]:
    units = units_of(store, scan_id)
    return {(item.address, item.port) for each in units if isinstance(each, LookUnit) for item in each.endpoints}


def swept(store: Store, scan_id: str) -> set[str]:
    return {network for each in units_of(store, scan_id) if isinstance(each, SweepUnit) for network in each.networks}


def ask(city: City, rescans: Rescans | None = None, **more: Any) -> list[str]:
    zones: dict[str, Zone] = {"dmz": zone(**more)}
    rescans = rescans or Rescans(RescanPolicy())
    with city.store.read() as connection:
        wanted = rescans.plan(connection, zones, at=city.now)
    with city.store.write() as connection:
        return rescans.ask(connection, wanted, at=city.now)


def end_scans(store: Store) -> None:
    with store.write() as connection:
        connection.execute(update(scan).values(state="finished"))


def asked_by(store: Store, scan_id: str) -> str:
    with store.read() as connection:
        return str(connection.execute(select(scan.c.asked_by).where(scan.c.id == scan_id)).scalar_one())


@pytest.mark.parametrize(
    ("severity", "hours"), [("critical", 12), ("high", 24), ("medium", 96), ("low", 168), ("info", 168), (None, 168)]
)
def test_the_worst_finding_sets_the_interval(severity: str | None, hours: int) -> None:
    assert RescanPolicy().interval(severity) == timedelta(hours=hours)
    assert {None, *map(str, Severity)} >= {severity}


def test_a_critical_host_is_due_after_twelve_hours_and_a_clean_one_after_a_week(city: City) -> None:
    city.later(hours=11, minutes=59)
    assert ask(city) == []
    city.later(minutes=1)
    (first,) = ask(city)
    assert looked_at(city.store, first) == {(CRITICAL, 22), (CRITICAL, 6379)}
    assert swept(city.store, first) == set()
    assert asked_by(city.store, first) == "rescan: 1 critical"
    end_scans(city.store)
    city.look(CRITICAL, password=False)
    with city.store.write() as connection:
        connection.execute(update(finding).where(finding.c.severity != "critical").values(state="resolved"))
    city.later(days=6, hours=11)
    (later,) = ask(city, Rescans(RescanPolicy()))
    assert looked_at(city.store, later) == {(CRITICAL, 22), (CRITICAL, 6379)}
    end_scans(city.store)
    city.later(hours=1)
    (week,) = ask(city, Rescans(RescanPolicy()))
    assert swept(city.store, week) == {f"{CLEAN}/32"}


def test_the_worst_and_the_oldest_come_first(city: City) -> None:
    city.later(days=8)
    with city.store.read() as connection:
        due = due_places(connection, "dmz", RescanPolicy(), city.now)
    assert [(item.place, item.worst, item.sweep) for item in due] == [(CRITICAL, "critical", True), (CLEAN, None, True)]


def test_a_domain_is_asked_again_like_a_host(city: City) -> None:
    city.ingest.take([city.seen("names", NO_ADDRESS, None, NamesFacts(dangling_cname=True), name="vilamar.example")])
    city.later(days=7)
    (scan_id,) = ask(city)
    looks = [each for each in units_of(city.store, scan_id) if isinstance(each, LookUnit)]
    assert [domain for each in looks for domain in each.domains] == ["vilamar.example"]
    assert asked_by(city.store, scan_id) == "rescan: 1 critical, 2 clean"


def test_nothing_is_asked_for_twice_while_a_rescan_is_open(city: City) -> None:
    city.later(days=1)
    rescans = Rescans(RescanPolicy())
    assert len(ask(city, rescans)) == 1
    assert ask(city, rescans) == []


def test_a_host_whose_look_left_nothing_waits_a_quarter_of_its_interval(city: City) -> None:
    city.later(hours=12)
    rescans = Rescans(RescanPolicy())
    assert len(ask(city, rescans)) == 1
    end_scans(city.store)
    city.later(hours=2, minutes=59)
    assert ask(city, rescans) == []
    city.later(minutes=1)
    assert len(ask(city, rescans)) == 1


def test_a_shut_window_waits(city: City) -> None:
    city.later(days=1)
    shut = [{"from": "22:00", "until": "23:00"}]
    assert ask(city, windows=shut) == []
    city.now = city.now.replace(hour=21, minute=30)  # 22:30 in Madrid
    assert len(ask(city, windows=shut)) == 1


def test_a_zone_is_swept_whole_after_ninety_days_and_never_first_by_itself(city: City) -> None:
    def age_of_whole_scan(days: int) -> list[str]:
        with city.store.write() as connection:
            connection.execute(scan.delete())
            start_scan(connection, zone(), None, asked_by="a person", at=city.now - timedelta(days=days))
            connection.execute(update(scan).values(state="finished"))
        return [asked_by(city.store, one) for one in ask(city)]

    assert ask(city) == []
    assert age_of_whole_scan(89) == []
    assert age_of_whole_scan(90) == ["rescan: whole zone"]


def test_the_leading_scheduler_asks_every_five_minutes(city: City) -> None:
    city.later(days=1)
    seconds = 0.0
    scheduler = Scheduler(
        city.store,
        lambda: {"dmz": zone()},
        clock=lambda: city.now,
        monotonic=lambda: seconds,
        lease_seconds=1e6,
        rescans=Rescans(RescanPolicy()),
    )
    assert len(scheduler.tick()) == 1
    end_scans(city.store)
    city.later(hours=6)
    seconds = 299.0
    assert scheduler.tick() == []
    seconds = 301.0
    assert len(scheduler.tick()) == 1


def test_the_stop_button_holds_rescans_back(city: City) -> None:
    city.later(days=1)
    with city.store.write() as connection:
        request_stop(connection, by="a test", reason="works", at=city.now)
    scheduler = Scheduler(city.store, lambda: {"dmz": zone()}, clock=lambda: city.now, rescans=Rescans(RescanPolicy()))
    assert scheduler.tick() == []


# --- testing a finding again --------------------------------------------------------------------------------------------


@pytest.fixture
def open_redis(city: City) -> str:
    with city.store.read() as connection:
        return str(connection.execute(select(finding.c.id).where(finding.c.rule == "DB-001")).scalar_one())


def again(city: City, *findings: str, at: datetime = START) -> Iterator[str]:
    with city.store.write() as connection:
        yield from look_again(connection, {"dmz": zone()}, findings, asked_by="a test", at=at).values()


def test_a_finding_is_tested_at_its_place_and_nowhere_else(city: City, open_redis: str) -> None:
    (scan_id,) = again(city, open_redis)
    assert looked_at(city.store, scan_id) == {(CRITICAL, 6379)}
    assert swept(city.store, scan_id) == set()


def test_a_finding_of_a_datagram_service_is_tested_over_udp(city: City, open_redis: str) -> None:
    with city.store.write() as connection:
        connection.execute(update(finding).where(finding.c.id == open_redis).values(port=161, transport="udp"))
    (scan_id,) = again(city, open_redis)
    (look,) = units_of(city.store, scan_id)
    assert isinstance(look, LookUnit)
    assert [(item.port, item.transport) for item in look.endpoints] == [(161, "udp")]


def test_a_finding_of_a_name_is_asked_of_the_name(city: City, open_redis: str) -> None:
    with city.store.write() as connection:
        connection.execute(update(finding).where(finding.c.id == open_redis).values(port=None, name="vilamar.example"))
    (scan_id,) = again(city, open_redis)
    (look,) = units_of(city.store, scan_id)
    assert isinstance(look, LookUnit)
    assert (look.domains, look.endpoints) == (("vilamar.example",), ())


def test_a_finding_of_a_whole_host_is_swept_for(city: City, open_redis: str) -> None:
    with city.store.write() as connection:
        connection.execute(update(finding).where(finding.c.id == open_redis).values(port=None))
    (scan_id,) = again(city, open_redis)
    assert swept(city.store, scan_id) == {f"{CRITICAL}/32"}


def test_what_cannot_be_tested_is_said(city: City, open_redis: str) -> None:
    with city.store.write() as connection, pytest.raises(TargetRefused, match="no longer in force"):
        look_again(connection, {}, [open_redis], asked_by="a test", at=START)
    with city.store.write() as connection, pytest.raises(TargetRefused, match="none of these findings"):
        look_again(connection, {"dmz": zone()}, ["no-such-finding"], asked_by="a test", at=START)
