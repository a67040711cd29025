"""Each part of the watch is put out of order in turn, and is the one that is named."""

from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import insert, text, update

from collector import audit, health, tables
from collector.feeds.files import read_feeds
from collector.feeds.keeping import keep, pending, weighed
from collector.health import State, look, worst
from collector.leases import take_lease
from collector.migrations import migrate
from collector.outbox import Document, put
from collector.schedule_rows import put_schedule
from collector.schedules import LEASE
from collector.slots import Schedule
from collector.stopping import request_stop
from collector.store import Store, open_store
from tests.api.seed import NOW
from tests.collector.feeds import samples


@pytest.fixture
def awake(store: Store) -> Store:
    """A store in which everything is in order: one zone, looked at each night."""
    with store.write() as connection:
        take_lease(connection, LEASE, "a scheduler", at=NOW - timedelta(seconds=2))
        nightly = Schedule(id="nightly", zone="dmz", cron="30 2 * * *", interval_seconds=None, timezone="Europe/Madrid")
        put_schedule(connection, nightly, at=NOW - timedelta(days=90))
    _scan(store, NOW - timedelta(days=1, hours=6), heard=20)
    _scan(store, NOW - timedelta(hours=6), heard=21)
    return store


def _scan(store: Store, ended: datetime, *, heard: int = 0, state: str = "finished", targets: Any = None) -> None:
    plain = {"zone": "dmz", "targets": targets, "asked_by": "nightly", "state": state, "progress": {"hosts_alive": heard}}
    with store.write() as connection:
        times = {"created_at": ended, "started_at": ended, "ended_at": ended if state == "finished" else None}
        connection.execute(insert(tables.scan).values(id=f"scan {ended.isoformat()}", **plain, **times))


def _found(store: Store, now: datetime = NOW) -> dict[str, str]:
    """What is not in order; the clock of PostgreSQL's machine is not that of the tests, and says so."""
    wrong = {check.part: check.code for check in look(store, ["dmz"], now) if check.state is not State.OK}
    if store.dialect == "postgresql" and wrong.get("clock") == "clock-apart":
        del wrong["clock"]
    return wrong


def test_what_is_in_order_is_said_to_be(awake: Store) -> None:
    checks = look(awake, ["dmz"], NOW)
    assert _found(awake) == {}
    assert worst(checks) is (State.OK if awake.dialect == "sqlite" else State.WARNING)
    assert {check.part for check in checks} == {
        "store",
        "schema",
        "stop",
        "scheduler",
        "workers",
        "zone",
        "delivery",
        "feeds",
        "disk",
        "clock",
    }
    scheduler = next(check for check in checks if check.part == "scheduler")
    assert scheduler.facts["next"] > NOW
    assert scheduler.facts["ticked"] == NOW - timedelta(seconds=2)


def test_a_scheduler_that_does_not_tick_is_asleep(awake: Store) -> None:
    assert _found(awake, NOW + timedelta(minutes=2))["scheduler"] == "scheduler-asleep"
    with awake.write() as connection:
        connection.execute(tables.lease.delete())
    assert _found(awake)["scheduler"] == "scheduler-never"


def test_a_zone_is_silent_after_two_turns_without_a_completed_look(awake: Store) -> None:
    assert "zone" not in _found(awake, NOW + timedelta(hours=23))  # one turn may be late
    assert _found(awake, NOW + timedelta(days=2))["zone"] == "zone-silent"
    _scan(awake, NOW + timedelta(days=2), state="failed")
    assert _found(awake, NOW + timedelta(days=2))["zone"] == "zone-silent"


def test_a_look_that_hears_nobody_after_one_that_did_is_an_alarm(awake: Store) -> None:
    _scan(awake, NOW - timedelta(hours=1), heard=0, targets=["192.0.2.7"])
    assert "zone" not in _found(awake)  # one host that is gone is no deaf probe
    _scan(awake, NOW - timedelta(minutes=30), heard=0)
    (zone,) = [check for check in look(awake, ["dmz"], NOW) if check.part == "zone"]
    assert (zone.code, zone.state, zone.facts["heard"]) == ("zone-deaf", State.TROUBLE, 21)


def test_a_feed_that_nobody_fetches_grows_stale(awake: Store) -> None:
    def said(now: datetime) -> list[tuple[str, str, Any]]:
        checks = [check for check in look(awake, ["dmz"], now) if check.part == "feeds"]
        return [(check.code, check.state.value, check.facts.get("feed")) for check in checks]

    assert said(NOW) == [("feeds-none", "ok", None)]
    with awake.write() as connection:
        for content in read_feeds([samples.KEV, samples.EPSS]):
            keep(connection, content, NOW)
    assert said(NOW) == [("feeds-pending", "warning", "KEV"), ("feeds-pending", "warning", "EPSS")]
    with awake.write() as connection:
        weighed(connection, pending(connection))
    assert said(NOW) == [("feeds-ok", "ok", "KEV"), ("feeds-ok", "ok", "EPSS")]
    assert said(NOW + timedelta(days=6)) == [("feeds-ok", "ok", "KEV"), ("feeds-stale", "warning", "EPSS")]


def test_a_zone_that_nobody_ever_looked_at_is_named(awake: Store) -> None:
    checks = look(awake, ["dmz", "new"], NOW)
    assert [(check.facts["zone"], check.code) for check in checks if check.part == "zone"] == [
        ("dmz", "zone-ok"),
        ("new", "zone-never"),
    ]


def test_units_that_nobody_carries_on_are_trouble(awake: Store) -> None:
    with awake.write() as connection:
        connection.execute(insert(tables.scan).values(id="s", zone="dmz", asked_by="a", state="running", created_at=NOW))
        unit = {"id": "u", "scan_id": "s", "kind": "look", "body": {}, "state": "running"}
        connection.execute(insert(tables.unit).values(**unit, leased_until=NOW + timedelta(seconds=5)))
    assert "workers" not in _found(awake)
    assert _found(awake, NOW + timedelta(seconds=6))["workers"] == "workers-lost"


def test_scans_that_wait_while_nothing_runs_are_worth_a_word(awake: Store) -> None:
    _scan(awake, NOW - timedelta(minutes=20), state="waiting")
    assert _found(awake) == {"workers": "workers-waiting"}


def test_what_waits_to_leave_is_slow_then_stuck_and_what_was_refused_is_said(awake: Store) -> None:
    with awake.write() as connection:
        put(connection, [Document(stream="s", id=str(number), body={}) for number in range(3)], at=NOW)
    assert "delivery" not in _found(awake)
    later = NOW + timedelta(minutes=20)
    assert _found(awake, later)["delivery"] == "delivery-slow"
    assert _found(awake, NOW + timedelta(hours=5))["delivery"] == "delivery-stuck"
    with awake.write() as connection:
        connection.execute(update(tables.outbox).where(tables.outbox.c.id == "1").values(last_error="mapping"))
    (check,) = [check for check in look(awake, ["dmz"], later) if check.part == "delivery"]
    assert (check.code, check.facts["waiting"], check.facts["refused"]) == ("delivery-refused", 3, 1)


def test_the_stop_button_and_a_clock_set_back_are_said(awake: Store) -> None:
    with awake.write() as connection:
        request_stop(connection, by="marta", reason="too slow", at=NOW)
        audit.note(connection, audit.Entry(at=NOW + timedelta(hours=1), actor="marta", action="press_stop"))
    assert _found(awake) == {"stop": "stop-pressed", "clock": "clock-back"}


def test_tables_of_another_version_are_trouble(awake: Store) -> None:
    with awake.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'other'"))
    assert _found(awake) == {"schema": "schema-other"}


@pytest.mark.parametrize(("free", "code"), [(50 << 30, "disk-ok"), (1 << 30, "disk-low"), (100 << 20, "disk-full")])
def test_a_disk_is_low_before_it_is_full(tmp_path: Path, free: int, code: str) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'talaia.db'}")
    migrate(store)
    with store.read() as connection:
        check = health._disk(store, connection, lambda place: SimpleNamespace(free=free, total=100 << 30))
    assert check.code == code
    store.close()


def test_a_store_that_cannot_be_read_is_all_that_is_said(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'empty.db'}")
    assert [(check.part, check.state) for check in look(store, ["dmz"], NOW)] == [("store", State.TROUBLE)]
    store.close()
