"""The score in the store: assets with each change, groups from assets, history, coverage, and what it costs."""

import gc
import weakref
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

from collector import ingest, tables
from collector.catalogue import apply_catalogue, load_catalogue
from collector.intake import Intake
from collector.risk import group_score
from collector.score import Level, asset_risk, group_interval, group_risk
from collector.store import Store
from scanners.observation import Outcome, Vantage
from tests.collector.test_catalogue import CITY, written
from tests.collector.watching import START, Watch


@pytest.fixture
def watch(store: Store, tmp_path: Path) -> Watch:
    found = Watch(store)
    with store.write() as connection:
        apply_catalogue(connection, load_catalogue(written(tmp_path, CITY)), lambda: found.now)
    return found


def judged(watch: Watch) -> set[tuple[str, str]]:
    return {(one.asset.name, one.verdict.result.value) for changes in watch.delivered for one in changes.evaluations}


def score(watch: Watch, level: Level, key: str = "") -> object:
    with watch.store.read() as connection:
        return group_score(connection, level, key, watch.now)


def test_an_assets_risk_is_made_of_its_open_findings(watch: Watch) -> None:
    watch.take(watch.redis(False), watch.ssh("192.0.2.10", "key", protocol="1.5"))
    asset = watch.asset_at("192.0.2.10")
    risks = {row.id: row.risk for row in watch.rows(tables.finding)}
    assert asset.risk == pytest.approx(asset_risk(risks.values()))
    assert (asset.open_findings, asset.worst) == (2, max(risks, key=risks.__getitem__))
    assert [item["finding"] for item in asset.risk_factors["contributions"]] == sorted(risks, key=risks.__getitem__, reverse=True)
    watch.later(days=1)
    watch.take(watch.redis(True), watch.ssh("192.0.2.10", "key"))
    after = watch.asset_at("192.0.2.10")
    assert (after.risk, after.open_findings, after.worst) == (0, 0, None)


def test_an_asset_that_nobody_looked_at_has_no_risk_and_widens_the_interval(watch: Watch) -> None:
    assert watch.asset_at("192.0.2.20").risk is None
    nothing = score(watch, Level.CITY)
    assert (nothing.value, nothing.coverage) == (None, 0.0)
    watch.take(watch.redis(False))
    asset = watch.asset_at("192.0.2.10")
    city = score(watch, Level.CITY)
    squares = (asset.risk / 100) ** 2
    low, high = group_interval(Level.CITY, asset.risk, squares, 2, unscanned=1, scanned_p75=asset.risk)
    assert (city.value, city.low, city.high) == pytest.approx((low, low, high))
    assert city.low < city.high
    assert city.factors["unscanned"] == 1
    watch.take(watch.redis(True, "192.0.2.20"))
    whole = score(watch, Level.CITY)
    assert whole.low == whole.high == pytest.approx(low)


def test_groups_are_computed_from_their_own_assets(watch: Watch) -> None:
    watch.take(watch.redis(False), watch.redis(False, "192.0.2.20", vantage=Vantage.INTERNET))
    first, second = watch.asset_at("192.0.2.10").risk, watch.asset_at("192.0.2.20").risk
    both = (first / 100) ** 2 + (second / 100) ** 2
    assert score(watch, Level.CITY).value == pytest.approx(group_risk(Level.CITY, max(first, second), both, 2))
    assert score(watch, Level.DEPARTMENT, "safety").value == pytest.approx(
        group_risk(Level.DEPARTMENT, first, (first / 100) ** 2, 1)
    )
    assert score(watch, Level.SERVICE, "web").value == pytest.approx(group_risk(Level.SERVICE, max(first, second), both, 2))
    top = score(watch, Level.CITY).factors["top"]
    assert [item["risk"] for item in top] == sorted((first, second), reverse=True)


def test_coverage_falls_with_failed_looks_and_unscanned_assets(watch: Watch) -> None:
    watch.take(watch.redis(True))
    assert score(watch, Level.CITY).coverage == pytest.approx(0.5)  # the other declared asset was never looked at
    watch.take(watch.redis(True, "192.0.2.20"))
    assert score(watch, Level.CITY).coverage == 1.0
    watch.later(days=1)
    watch.take(watch.failed(Outcome.TIMEOUT))
    assert score(watch, Level.CITY).coverage == pytest.approx(3 / 4)
    assert watch.rows(tables.finding, tables.finding.c.state == "open") == []


def test_a_gone_asset_weighs_nothing(watch: Watch) -> None:
    watch.take(watch.redis(False, "198.51.100.9", vantage=Vantage.INTERNET))
    assert score(watch, Level.CITY).value > 0
    for scan, days in (("one", 31), ("two", 1)):
        watch.later(days=days)
        watch.take(watch.redis(True), watch.silence("198.51.100.9"), scan=scan)
    assert watch.asset_at("198.51.100.9").gone_since is not None
    assert score(watch, Level.CITY).value == 0


def test_history_has_one_row_an_hour_with_the_hours_last_value(watch: Watch) -> None:
    city = tables.score_history.c
    for minutes in (0, 10, 10, 50):
        watch.later(minutes=minutes)
        watch.take(watch.redis(minutes == 50), watch.redis(False, "192.0.2.20"))
        watch.ingest.end_of_scan("one")
    rows = watch.rows(tables.score_history, city.level == "city")
    assert [row.at for row in rows] == [START, START + timedelta(hours=1)]
    assert rows[0].value > rows[1].value > 0
    assert {row.level for row in watch.rows(tables.score_history)} == {"city", "department", "service", "asset"}
    assert {row.version for row in watch.rows(tables.score_history)} == {1}


def test_refresh_judges_what_no_look_touches(watch: Watch) -> None:
    watch.take(watch.redis(True, "198.51.100.7"))
    watch.later(days=90, microseconds=654_321)  # as clocks are: what it was judged by is named after the moment
    watch.delivered.clear()
    assert watch.ingest.refresh() == 3
    assert judged(watch) == {("records", "pass"), ("www", "pass"), ("198.51.100.7", "fail")}
    assert watch.asset_at("192.0.2.20").last_evaluated is None  # nobody looked: it still widens the interval
    watch.check()


def test_between_the_turns_of_a_refresh_others_write(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "ASSETS_AT_ONCE", 2)
    watch.take(*(watch.redis(True, f"198.51.100.{number}") for number in range(1, 8)))
    last = max(watch.rows(tables.asset), key=lambda row: row.id)

    def another_writes(_: float) -> None:
        with watch.store.write() as connection:
            connection.execute(update(tables.asset).where(tables.asset.c.id == last.id).values(gone_since=watch.now))

    monkeypatch.setattr(ingest.time, "sleep", another_writes)
    watch.delivered.clear()
    watch.ingest.refresh()
    turns = [changes for changes in watch.delivered if changes.evaluations]
    assert max(len({one.asset.id for one in changes.evaluations}) for changes in turns) == 2
    assert {name for name, _ in judged(watch)} == {row.name for row in watch.rows(tables.asset)} - {last.name}
    watch.check()


def test_a_refresh_that_was_killed_is_made_up_for_by_the_next(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "ASSETS_AT_ONCE", 1)
    watch.take(*(watch.redis(False, f"198.51.100.{number}") for number in range(1, 4)))
    before = {row.id: row.risk for row in watch.rows(tables.finding)}
    watch.later(days=40)
    turns = iter([0, 0])
    monkeypatch.setattr(ingest.time, "sleep", lambda _: next(turns))
    with pytest.raises(StopIteration):
        watch.ingest.refresh()
    watch.check()
    monkeypatch.setattr(ingest.time, "sleep", lambda _: None)
    watch.ingest.refresh()
    rows = [row for row in watch.rows(tables.finding) if row.id in before and row.rule == "DB-901"]
    assert all(row.risk > before[row.id] for row in rows)
    watch.check()


def test_each_turn_of_a_refresh_lets_go_of_what_it_read(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the transaction, and not when garbage is looked for: turns follow one another too fast for that to happen."""
    held: list[weakref.ref[Any]] = []

    def followed(*given: Any) -> Intake:
        made = Intake(*given)
        held.extend(weakref.ref(one) for one in (made, made.batch, made.life, made.threats))
        return made

    monkeypatch.setattr(ingest, "Intake", followed)
    monkeypatch.setattr(ingest, "ASSETS_AT_ONCE", 2)
    watch.take(*(watch.redis(True, f"198.51.100.{number}") for number in range(1, 8)))
    gc.disable()
    try:
        watch.ingest.refresh()
        assert len(held) > 4 * 4
        assert [one for one in held if one() is not None] == []
    finally:
        gc.enable()


def test_a_city_of_50_000_assets_is_scored_in_closed_form(store: Store) -> None:
    watch = Watch(store)
    rows = [
        {
            "id": f"{number:036d}",
            "name": "a",
            "risk": float(number % 90),
            "last_evaluated": START,
            "expected": 20,
            "conclusive": 15,
        }
        for number in range(50_000)
    ]
    with store.write() as connection:
        connection.execute(insert(tables.asset), rows)
    found = score(watch, Level.CITY)
    squares = sum((row["risk"] / 100) ** 2 for row in rows)
    assert found.value == pytest.approx(group_risk(Level.CITY, 89.0, squares, 50_000))
    assert found.coverage == pytest.approx(0.75)
    assert len(found.factors["top"]) == 5
