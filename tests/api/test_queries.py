"""Counters, lists and exports agree (law 10), pages hold still while rows move: on SQLite and on PostgreSQL."""

import csv
import io
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from collector import tables, tally
from collector.queries import assets as asset_queries
from collector.queries import findings as queries
from collector.queries import risk as risk_queries
from collector.queries import scans as scan_queries
from collector.queries.findings import FindingFilter, FindingSort
from collector.queries.paging import BadCursor
from collector.score import group_contributions, group_risk
from tests.api.seed import NOW
from tests.api.world import World, make_world


@pytest.fixture
def city(store_url: str) -> Iterator[World]:
    made = make_world(store_url)
    yield made
    made.store.close()


def _all_pages(world: World, wanted: FindingFilter, sort: FindingSort, limit: int) -> list[Any]:
    rows: list[Any] = []
    cursor = None
    while True:
        with world.store.read() as connection:
            page = queries.list_findings(connection, wanted, sort, limit, cursor)
        rows += page.items
        cursor = page.next_cursor
        if cursor is None:
            return rows


def test_every_filter_lists_what_it_counts_and_pages_add_up(city: World) -> None:
    with city.store.write() as connection:
        some = tables.finding.c.id.in_(city.finding_ids[::5])
        connection.execute(update(tables.finding).where(some).values(state="resolved"))
        connection.execute(update(tables.tally).values(count=0))
        rows = list(connection.execute(tables.finding.select()))
        connection.execute(tables.tally.delete())
        counted = Counter((row.department_id or "", row.service_id or "", row.rule, row.state, row.band) for row in rows)
        for (department, service, rule, state, band), count in counted.items():
            connection.execute(
                tables.tally.insert().values(
                    department_id=department, service_id=service, rule=rule, state=state, band=band, count=count
                )
            )
    filters = [
        (FindingFilter(), lambda row: True),
        (FindingFilter(state=("open",)), lambda row: row.state == "open"),
        (FindingFilter(state=("resolved", "waived")), lambda row: row.state in ("resolved", "waived")),
        (FindingFilter(band=("critical", "high")), lambda row: row.band in ("critical", "high")),
        (FindingFilter(department="citizens"), lambda row: row.department_id == "citizens"),
        (FindingFilter(department="none"), lambda row: row.department_id is None),
        (FindingFilter(service="police", state=("open",)), lambda row: row.service_id == "police" and row.state == "open"),
        (FindingFilter(rule=("TLS-002",)), lambda row: row.rule == "TLS-002"),
        (FindingFilter(severity=("high",)), lambda row: row.severity == "high"),
        (FindingFilter(vantage="internet"), lambda row: row.vantage == "internet"),
        (FindingFilter(overdue=True, now=NOW), lambda row: row.state == "open" and row.due is not None and row.due < NOW),
        (FindingFilter(q="seu"), lambda row: "seu" in row.asset_name),
        (FindingFilter(q="tls-002"), lambda row: row.rule == "TLS-002"),
        (FindingFilter(q="192.0.2.2"), lambda row: "192.0.2.2" in row.address),
        (FindingFilter(q="100%_"), lambda row: False),
        (FindingFilter(address="192.0.2.3"), lambda row: row.address == "192.0.2.3"),
        (FindingFilter(zone="dmz"), lambda row: True),
    ]
    for wanted, meets in filters:
        expected = {row.id for row in rows if meets(row)}  # type: ignore[no-untyped-call]
        for sort in FindingSort:
            found = _all_pages(city, wanted, sort, 4)
            assert [row.id for row in found] == list(dict.fromkeys(row.id for row in found)), "a row came twice"
            assert {row.id for row in found} == expected, wanted
        with city.store.read() as connection:
            assert queries.count_findings(connection, wanted) == (len(expected), True), wanted
            assert {row.id for row in queries.each_finding(connection, wanted)} == expected


_CHOICES: dict[str, tuple[Any, ...]] = {
    "state": ((), ("open",), ("waived",), ("open", "resolved")),
    "severity": ((), (), ("high",), ("critical", "medium")),
    "band": ((), (), ("critical", "high"), ("low",)),
    "rule": ((), (), ("TLS-002",), ("TLS-002", "SSH-001")),
    "department": (None, None, "citizens", "innovation", "none", "nobodys"),
    "service": (None, None, "police", "none"),
    "zone": (None, None, "dmz", "elsewhere"),
    "vantage": (None, None, "internet", "internal"),
    "overdue": (False, False, True),
    "due_within_days": (None, None, 30),
    "q": (None, None, None, "seu", "192.0.2.", "tls-002"),
    "within": (None, frozenset({"citizens"}), frozenset({"citizens", "innovation"}), frozenset()),
}


def _meets(row: Any, wanted: FindingFilter) -> bool:
    """What a filter says, read off the row."""
    listed = all(
        not getattr(wanted, name) or getattr(row, name) in getattr(wanted, name) for name in ("state", "severity", "band", "rule")
    )
    for name, held in (
        ("department", row.department_id),
        ("service", row.service_id),
        ("zone", row.zone),
        ("vantage", row.vantage),
    ):
        asked = getattr(wanted, name)
        listed = listed and (not asked or held == (None if asked == "none" and name in ("department", "service") else asked))
    days = None if row.due is None else (row.due - NOW).total_seconds() / 86_400
    late = not wanted.overdue or (days is not None and days < 0)
    soon = not wanted.due_within_days or (days is not None and 0 <= days < wanted.due_within_days)
    dated = (late and soon) and (row.state == "open" or not (wanted.overdue or wanted.due_within_days))
    said = not wanted.q or row.rule == wanted.q.upper() or wanted.q in row.asset_name or wanted.q in (row.address or "")
    return listed and dated and said and (wanted.within is None or row.department_id in wanted.within)


@pytest.mark.parametrize("few", [500, 2])
def test_any_combination_of_filters_lists_and_counts_the_same(city: World, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever index answers: with searches that name few assets and many, and where counting is cut short."""
    monkeypatch.setattr("collector.queries.findings.FEW_ASSETS", few)
    monkeypatch.setattr("collector.queries.assets.FEW_ASSETS", few)
    dice = random.Random(few)
    with city.store.write() as connection:
        for state, some in (("resolved", city.finding_ids[::5]), ("waived", city.finding_ids[1::7])):
            connection.execute(update(tables.finding).where(tables.finding.c.id.in_(some)).values(state=state))
        connection.execute(
            update(tables.finding).where(tables.finding.c.id.in_(city.finding_ids[::3])).values(vantage="internal")
        )
        tally.rebuild(connection)
    with city.store.read() as connection:
        rows = list(connection.execute(tables.finding.select()))
        met = 0
        for _ in range(300):
            asked = dice.sample(sorted(_CHOICES), dice.randrange(1, 5))
            wanted = FindingFilter(now=NOW, **{name: dice.choice(_CHOICES[name]) for name in asked})
            expected = {row.id for row in rows if _meets(row, wanted)}
            met += bool(expected)
            assert {row.id for row in queries.each_finding(connection, wanted)} == expected, wanted
            assert queries.count_findings(connection, wanted) == (len(expected), True), wanted
            page = queries.list_findings(connection, wanted, dice.choice(list(FindingSort)), 3)
            assert (page.total, page.total_is_exact) == (len(expected), True), wanted
            with monkeypatch.context() as cut:
                for limit in ("_ROWS_COUNTED", "_ROWS_READ"):
                    cut.setattr(f"collector.queries.findings.{limit}", 4)
                count, exact = queries.count_findings(connection, wanted)
            assert count == len(expected) if exact else count <= len(expected), wanted
        assert met > 100


def test_the_states_always_add_up_to_the_total(city: World) -> None:
    with city.store.read() as connection:
        by_state = queries.counts_by(connection, "state", FindingFilter())
        assert sum(by_state.values()) == queries.count_findings(connection, FindingFilter())[0] == len(city.finding_ids)
        for column in ("band", "rule", "department_id", "service_id"):
            assert sum(queries.counts_by(connection, column, FindingFilter()).values()) == len(city.finding_ids)


def test_lists_are_in_the_order_they_promise(city: World) -> None:
    by_risk = [row.risk for row in _all_pages(city, FindingFilter(), FindingSort.RISK, 5)]
    assert by_risk == sorted(by_risk, reverse=True)
    due = [row.due for row in _all_pages(city, FindingFilter(), FindingSort.DUE, 5)]
    dated = [one for one in due if one is not None]
    assert due == sorted(dated) + [None] * (len(due) - len(dated))
    assert None in due


def test_rows_that_appear_or_vanish_move_no_other_row_off_a_page(city: World) -> None:
    with city.store.read() as connection:
        everything = [row.id for row in queries.each_finding(connection, FindingFilter())]
        first = queries.list_findings(connection, FindingFilter(), limit=10)
    with city.store.write() as connection:
        connection.execute(update(tables.finding).where(tables.finding.c.id == everything[3]).values(risk=0.5))
        connection.execute(tables.finding.delete().where(tables.finding.c.id == everything[9]))
    rest = []
    cursor = first.next_cursor
    while cursor:
        with city.store.read() as connection:
            page = queries.list_findings(connection, FindingFilter(), limit=10, cursor=cursor)
        rest += [row.id for row in page.items]
        cursor = page.next_cursor
    assert rest == [*everything[10:], everything[3]]


@pytest.mark.parametrize("cursor", ["x", "bm9wZQ", "WzEsMiwzXQ", "e30", "W1tbW1tb", "_" * 900])
def test_a_cursor_that_is_none_is_refused(world: World, cursor: str) -> None:
    with world.store.read() as connection, pytest.raises(BadCursor):
        queries.list_findings(connection, FindingFilter(), cursor=cursor)


def test_a_cursor_belongs_to_its_list(world: World) -> None:
    with world.store.read() as connection:
        page = queries.list_findings(connection, FindingFilter(), limit=3)
        with pytest.raises(BadCursor):
            queries.list_findings(connection, FindingFilter(state=("open",)), limit=3, cursor=page.next_cursor)
        with pytest.raises(BadCursor):
            asset_queries.list_assets(connection, asset_queries.AssetFilter(), limit=3, cursor=page.next_cursor)


def test_assets_and_verdicts_page_through_everything_once(city: World) -> None:
    for sort in asset_queries.AssetSort:
        seen: list[str] = []
        cursor = None
        while True:
            with city.store.read() as connection:
                page = asset_queries.list_assets(connection, asset_queries.AssetFilter(), sort, 5, cursor)
            seen += [row.id for row in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert sorted(seen) == sorted(city.asset_ids)
        assert page.total == len(seen)
    with city.store.read() as connection:
        whole = list(scan_queries.each_verdict(connection, scan_queries.VerdictFilter()))
        first = scan_queries.list_verdicts(connection, scan_queries.VerdictFilter(), 7)
        second = scan_queries.list_verdicts(connection, scan_queries.VerdictFilter(), 7, first.next_cursor)
        failed = list(scan_queries.each_verdict(connection, scan_queries.VerdictFilter(result="fail")))
    keys = [(row.asset_id, row.place, row.vantage, row.scanner, row.rule) for row in whole]
    assert keys == sorted(set(keys))
    assert [(row.asset_id, row.rule) for row in [*first.items, *second.items]] == [(row.asset_id, row.rule) for row in whole[:14]]
    assert len(failed) == len(city.finding_ids)
    assert all(row.finding_id for row in failed)


def test_what_helps_most_is_what_removing_and_recomputing_says(city: World) -> None:
    with city.store.read() as connection:
        gains = risk_queries.best_fixes(connection, "city")
        rows = list(connection.execute(tables.asset.select().where(tables.asset.c.risk.is_not(None))))
    risks = {row.id: row.risk for row in rows}
    whole = group_risk("city", max(risks.values()), sum((risk / 100) ** 2 for risk in risks.values()), 48)  # type: ignore[arg-type]
    assert len(gains) == 5
    assert gains[0].score_after + gains[0].gain == pytest.approx(whole)
    assert all(gain.gain >= 0 for gain in gains)
    assert gains[-1].score_after == pytest.approx(whole - sum(gain.gain for gain in gains))
    best = max(part for _, part in group_contributions("city", risks, 48))  # type: ignore[arg-type]
    assert gains[0].gain <= best + 1e-9


def test_the_export_is_the_list_and_no_spreadsheet_runs_it(tmp_path: Any) -> None:
    made = make_world(f"sqlite:///{tmp_path / 'x.db'}", hostile='=cmd|"/c calc"!A1\x1b[31m\u202e')
    client = TestClient(made.app, follow_redirects=False)
    client.post("/sign-in", data={"token": made.secrets["viewer"]})
    answer = client.get("/findings.csv?state=open&band=critical,high")
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    with made.store.read() as connection:
        wanted = FindingFilter(state=("open",), band=("critical", "high"))
        assert [line["id"] for line in lines] == [row.id for row in queries.each_finding(connection, wanted)]
    for line in lines:
        assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for cell in line.values())
        assert line["asset_name"].startswith("'=")
    assert not any(ord(character) < 32 and character not in "\r\n" for character in answer.text)
    assert "\u202e" not in answer.text
    assets = client.get("/assets.csv").text
    assert "'=cmd" in assets
    made.store.close()
