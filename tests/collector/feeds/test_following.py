"""Findings that show CVEs follow the feeds: score, deadline and events, in the transactions that change them."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, update

from collector import tables
from collector.feeds import weighing
from collector.feeds.files import read_feeds
from collector.feeds.keeping import keep, pending
from collector.feeds.weighing import weigh_findings
from collector.ingest import Ingest, IngestSettings
from collector.records import Changes
from collector.store import Store
from scanners.observation import Observation, Vantage
from scanners.protocols.http.facts import HttpFacts, LibraryFacts
from scanners.protocols.tls.facts import TlsFacts
from scanners.reported import ReportedFacts, ReportedResult
from tests.api.world import rulebook
from tests.collector.feeds import samples
from tests.collector.watching import START, Watch

ROOT = Path(__file__).parents[3]


class Feeding(Watch):
    """A watch whose judge is the real rulebook."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        settings = IngestSettings(clock=lambda: self.now, applies=lambda scanner, service: True)
        self.ingest = Ingest(store, rulebook(), settings, lambda _, changes: self.delivered.append(changes))

    def tls(self, address: str = "192.0.2.10", *, vantage: Vantage = Vantage.INTERNET, **wrong: Any) -> Observation:
        plain = {"secure_renegotiation": True, "compression": False, "heartbleed": False, "robot": False, "ccs_injection": False}
        facts = TlsFacts(versions=("TLSv1.2",), **{**plain, **wrong})
        return self.seen("tls", address, 443, facts, vantage=vantage)

    def web(self, *libraries: str, address: str = "192.0.2.10") -> Observation:
        named = tuple(LibraryFacts(name=one.split()[0], version=one.split()[1]) for one in libraries)
        return self.seen("http", address, 443, HttpFacts(libraries=named), vantage=Vantage.INTERNET)

    def load(self, *places: Path) -> int | None:
        with self.store.write() as connection:
            for content in read_feeds(places):
                keep(connection, content, self.now, may_shrink=True)
        return weigh_findings(self.store, self.ingest, rulebook().flawed)

    def feed(self, folder: Path, content: bytes) -> int | None:
        path = folder / "feed"
        path.write_bytes(content)
        return self.load(path)

    def told(self, *actions: str) -> list[Any]:
        return [row for row in self.rows(tables.event) if row.action in actions]


@pytest.fixture
def watch(store: Store) -> Feeding:
    return Feeding(store)


def test_what_is_known_to_be_exploited_weighs_by_the_floor_and_is_due_by_the_directive(watch: Feeding) -> None:
    watch.load(samples.FOLDER)
    watch.take(watch.tls(heartbleed=True))
    found = watch.finding("TLS-009")
    assert found.known_exploited
    assert found.risk >= 90
    assert {factor["name"] for factor in found.factors["factors"]} >= {"floor", "threat"}
    assert found.factors["feeds"] == {
        "kev": "2026.11.20 2026-11-20",
        "epss": "v2025.03.14 2026-11-22",
        "ssvc": "2.0.3 2025-11-04",
    }
    assert found.due == datetime(2022, 5, 7, tzinfo=UTC)
    assert [found.deadline[name] for name in ("policy", "row", "cve", "days")] == ["cisa:BOD2604:1.0.0", 11, "CVE-2014-0160", 3]
    assert len(watch.told("finding-exploited")) == 1
    watch.check()


def test_without_a_feed_nothing_is_otherwise_than_before(watch: Feeding) -> None:
    watch.take(watch.tls(heartbleed=True))
    found = watch.finding("TLS-009")
    assert (found.known_exploited, found.deadline, found.due) == (False, None, START + timedelta(days=3))
    assert "feeds" not in found.factors
    assert weigh_findings(watch.store, watch.ingest, rulebook().flawed) is None


def test_a_feed_that_changes_weighs_what_stands_and_tells(watch: Feeding, tmp_path: Path) -> None:
    watch.take(watch.tls(heartbleed=True), watch.tls("192.0.2.11", robot=True))
    before = {row.id: row for row in watch.rows(tables.finding)}
    watch.later(days=1)
    assert watch.load(samples.KEV) == 1
    (found,) = [row for row in watch.rows(tables.finding) if row.known_exploited]
    assert (found.risk > before[found.id].risk, found.due) == (True, datetime(2022, 5, 7, tzinfo=UTC))
    assert [row.finding_id for row in watch.told("finding-exploited", "finding-weighed")] == [found.id, found.id]
    changed = watch.delivered[-2]
    assert {key: row.due for key, row in changed.findings.items()} == {found.id: found.due}
    assert watch.asset_at("192.0.2.10").risk == pytest.approx(found.risk, abs=10)
    others = [row for row in watch.rows(tables.finding) if row.id != found.id]
    assert all(row == before[row.id] for row in others)
    assert watch.load(samples.KEV) is None
    unlisted = samples.kev({"CVE-2021-44228": "2021-12-10"}, "2026.11.23")
    assert watch.feed(tmp_path, unlisted) == 1
    (again,) = [row for row in watch.rows(tables.finding) if row.id == found.id]
    assert not again.known_exploited
    assert again.risk == pytest.approx(before[found.id].risk)
    assert again.deadline["row"] == 9  # public, and nobody said more of it
    watch.check()


def test_how_likely_it_is_weighs_what_is_only_a_cve(watch: Feeding, tmp_path: Path) -> None:
    watch.take(watch.web("jquery 3.4.1"), watch.web("jquery 3.4.1", "angularjs 1.8.0", address="192.0.2.11"))
    risks = lambda: {row.asset_name: row.risk for row in watch.rows(tables.finding, tables.finding.c.rule == "WEB-016")}  # noqa: E731
    before = risks()
    assert watch.feed(tmp_path, samples.epss({"CVE-2020-11022": 0.02})) == 1
    low = risks()
    assert low["192.0.2.10"] == pytest.approx(before["192.0.2.10"] * (0.4 + 0.6 * 0.3))
    assert low["192.0.2.11"] == before["192.0.2.11"]  # an end of support is no CVE, and as easy as before
    assert watch.feed(tmp_path, samples.epss({"CVE-2020-11022": 0.02001}, "2026-11-23")) == 0
    assert watch.feed(tmp_path, samples.epss({"CVE-2020-11022": 0.5}, "2026-11-24")) == 1
    assert low["192.0.2.10"] < risks()["192.0.2.10"] < before["192.0.2.10"]
    watch.feed(tmp_path, samples.record("CVE-2020-11022", samples.points("active")))
    assert risks()["192.0.2.10"] >= 90
    assert not pending_of(watch)


def pending_of(watch: Feeding) -> dict[str, Any]:
    with watch.store.read() as connection:
        return pending(connection)


def test_a_finding_that_comes_to_show_a_cve_is_told_once(watch: Feeding) -> None:
    watch.load(samples.FOLDER)
    watch.take(watch.tls(robot=True))
    assert not watch.finding("TLS-009").known_exploited
    for _ in range(2):
        watch.later(hours=1)
        watch.take(watch.tls(robot=True, heartbleed=True))
    found = watch.finding("TLS-009")
    assert found.known_exploited
    assert len(watch.told("finding-exploited")) == 1
    watch.later(hours=1)
    watch.take(watch.tls())
    watch.later(hours=1)
    watch.take(watch.tls(heartbleed=True))
    assert watch.finding("TLS-009").opened_at == watch.now
    watch.check()


def test_a_batch_asks_the_feeds_once_however_many_findings_it_has(watch: Feeding) -> None:
    watch.load(samples.FOLDER)
    asked: list[str] = []

    @event.listens_for(watch.store.engine, "before_cursor_execute")
    def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if "cve_" in statement or "vulnerability_feed" in statement:
            asked.append(statement)

    watch.take(*(watch.tls(f"192.0.2.{number}", heartbleed=True) for number in range(10, 60)))
    assert len(asked) == 4  # what is loaded, and each of the three
    asked.clear()
    watch.take(watch.seen("tls", "192.0.2.99", 443, TlsFacts(versions=("TLSv1.3",))))
    assert asked == []
    event.remove(watch.store.engine, "before_cursor_execute", note)


def reported(watch: Feeding, address: str, *results: ReportedResult) -> Observation:
    return watch.seen("nessus", address, 443, ReportedFacts(results=results), vantage=Vantage.INTERNET)


def test_what_another_scanner_reports_follows_the_feeds_too(watch: Feeding, tmp_path: Path) -> None:
    plain = {"severity": "medium", "scope": ""}
    known = ReportedResult(id="1", told="1 A known flaw", cves="CVE-2024-6387 CVE-2021-44228", **plain)
    other = ReportedResult(id="2", told="2 Something else", **plain)
    watch.take(watch.host("192.0.2.10"), watch.host("192.0.2.11"))
    watch.take(reported(watch, "192.0.2.10", known), reported(watch, "192.0.2.11", other))
    assert watch.load(samples.FOLDER) == 1
    found = {row.place + row.asset_name: row for row in watch.rows(tables.finding, tables.finding.c.rule == "EXT-003")}
    first, second = (next(row for row in found.values() if row.asset_name == name) for name in ("192.0.2.10", "192.0.2.11"))
    assert (first.known_exploited, first.deadline["cve"], first.deadline["row"]) == (True, "CVE-2021-44228", 12)
    assert first.deadline["assumed"] == ["automatable", "total_impact"]
    assert first.deadline["forensic"] is True
    assert first.risk >= 90
    assert (second.known_exploited, second.deadline) == (False, None)
    watch.check()


def test_many_cves_of_a_report_are_asked_for_at_once(watch: Feeding) -> None:
    watch.load(samples.FOLDER)
    watch.take(*(watch.host(f"192.0.2.{number}") for number in range(10, 40)))
    asked: list[str] = []

    @event.listens_for(watch.store.engine, "before_cursor_execute")
    def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if "cve_" in statement or "vulnerability_feed" in statement:
            asked.append(statement)

    def told(number: int) -> ReportedResult:
        return ReportedResult(id="1", told="1 A flaw", severity="high", cves=f"CVE-2024-{1000 + number}")

    watch.take(*(reported(watch, f"192.0.2.{number}", told(number)) for number in range(10, 40)))
    assert len(asked) == 4
    asked.clear()
    watch.ingest.refresh()
    assert len([statement for statement in asked if "cve_" in statement]) == 3
    event.remove(watch.store.engine, "before_cursor_execute", note)


def test_the_refresh_does_what_a_killed_load_left(watch: Feeding) -> None:
    watch.take(watch.tls(heartbleed=True))
    with watch.store.write() as connection:
        for content in read_feeds([samples.KEV]):
            keep(connection, content, watch.now)
    assert pending_of(watch)
    assert not watch.finding("TLS-009").known_exploited
    watch.ingest.refresh()
    assert watch.finding("TLS-009").known_exploited
    assert not pending_of(watch)
    assert len(watch.told("finding-exploited")) == 1
    watch.check()


_WEIGHS = """
import sys
from collector.feeds import weighing
from collector.ingest import Ingest, IngestSettings
from collector.store import open_store
from datetime import datetime, timezone
from rules.rulebook import load_rules, our_rules
weighing.ASSETS_AT_ONCE = 2
store = open_store(sys.argv[1])
rules = load_rules([our_rules()])
ingest = Ingest(store, rules, IngestSettings(clock=lambda: datetime(2026, 11, 24, tzinfo=timezone.utc)))
change, done = ingest.change, []
def counted(work, **more):
    if len(done) == 3:
        print("half", flush=True)
        sys.stdin.read()
    done.append(work)
    return change(work, **more)
ingest.change = counted
weighing.weigh_findings(store, ingest, rules.flawed)
"""


def test_killed_halfway_the_rest_is_weighed_by_the_next_load_and_each_is_told_once(
    watch: Feeding, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch.take(*(watch.tls(f"192.0.2.{number}", heartbleed=True) for number in range(10, 20)))
    with watch.store.write() as connection:
        for content in read_feeds([samples.KEV]):
            keep(connection, content, watch.now)
    url = watch.store.url.render_as_string(hide_password=False)
    process = subprocess.Popen([sys.executable, "-c", _WEIGHS, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == b"half\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait(300)
    process.stdout.close()
    process.stdin.close()
    exploited = tables.finding.c.known_exploited
    assert len(watch.rows(tables.finding, exploited)) == 4
    watch.check()
    watch.later(days=1)
    monkeypatch.setattr(weighing, "ASSETS_AT_ONCE", 3)
    assert watch.load(samples.KEV) == 6
    assert len(watch.rows(tables.finding, exploited)) == len(watch.told("finding-exploited")) == 10
    assert not pending_of(watch)
    watch.check()


def test_what_was_loaded_meanwhile_stays_pending(watch: Feeding) -> None:
    watch.take(watch.tls(heartbleed=True))
    change, again = watch.ingest.change, watch.now + timedelta(hours=1)

    def and_load(*given: Any, **more: Any) -> Changes:
        with watch.store.write() as connection:
            connection.execute(update(tables.vulnerability_feed).values(loaded_at=again, pending=True))
        return change(*given, **more)

    watch.ingest.change = and_load  # type: ignore[method-assign]
    watch.load(samples.KEV)
    assert pending_of(watch) == {"kev": again}


def test_what_is_resolved_is_left_as_it_was(watch: Feeding) -> None:
    watch.take(watch.tls(heartbleed=True))
    watch.later(hours=1)
    watch.take(watch.tls())
    before = watch.rows(tables.finding)
    assert watch.load(samples.KEV) == 0
    assert watch.rows(tables.finding) == before
