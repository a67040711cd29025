"""Many rows at once: whatever they hold comes back as it was, on either store."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from collector import tables
from collector.bulk import Bulk
from collector.coverage_times import confirm
from collector.records import CoverageRecord, LookRecord
from collector.store import Store

AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
ODD = ["plain", "tab\tnew\nline\rback\\slash", "\\N", "\\.", "ünïcödé 漢字 '\"", "", "a\\tb"]
MANY = 60  # more than are written row by row


def look(number: int, detail: str) -> LookRecord:
    return LookRecord(
        asset_id=f"asset-{number:03d}",
        place="tcp/443",
        scanner="tls",
        vantage="internal",
        id=f"look-{number:03d}",
        zone="inside",
        observed_at=AT + timedelta(microseconds=number),
        address="192.0.2.1",
        outcome="observed",
        detail=detail,
        facts={"text": detail, "number": number, "list": [None, True, 0.5]},
        evidence=bytes(range(256)) if number % 2 else None,
        evidence_sha256=None,
    )


def covered(rule: str, scanner: str = "tls", result: str = "pass", asset: str = "a") -> CoverageRecord:
    conclusive = result if result in {"pass", "fail"} else None
    return CoverageRecord(
        asset_id=asset,
        place="tcp/443",
        vantage="internal",
        scanner=scanner,
        rule=rule,
        result=result,
        evaluated_at=AT,
        last_conclusive=conclusive,
        conclusive_at=AT if conclusive else None,
        observation_id="first",
        observed=msgspec.Raw(b'{"tls.versions":["a\\\\b","c\\td"]}'),
    )


def stored(store: Store, bulk: Bulk[CoverageRecord], asset: str = "a") -> dict[tuple[str, str], CoverageRecord]:
    with store.read() as connection:
        return {(row.scanner, row.rule): row for row in bulk.select(connection, "asset_id", [asset])}


def keys(rows: list[CoverageRecord]) -> list[tuple[str, ...]]:
    return [(row.asset_id, row.place, row.vantage, row.scanner, row.rule) for row in rows]


@pytest.mark.parametrize("count", [3, MANY])
def test_what_is_added_comes_back_as_it_was(store: Store, count: int) -> None:
    bulk = Bulk(tables.observation, LookRecord, store.dialect)
    given = [look(number, ODD[number % len(ODD)]) for number in range(count)]
    with store.write() as connection:
        bulk.add(connection, given)
    with store.read() as connection:
        found = bulk.select(connection, "asset_id", [row.asset_id for row in given])
    assert sorted(found, key=lambda row: row.id) == given


def test_what_was_there_against_expectation_is_replaced_and_the_transaction_goes_on(store: Store) -> None:
    bulk = Bulk(tables.observation, LookRecord, store.dialect)
    with store.write() as connection:
        bulk.add(connection, [look(number, "before") for number in range(MANY)])
    with store.write() as connection:
        bulk.add(connection, [look(number, "now") for number in range(5, MANY + 5)])
    with store.read() as connection:
        found = bulk.select(connection, "zone", ["inside"])
    assert sorted(row.detail for row in found) == ["before"] * 5 + ["now"] * MANY


def test_json_of_coverage_stays_the_text_it_was(store: Store) -> None:
    bulk = Bulk(tables.coverage, CoverageRecord, store.dialect)
    rows = [covered(f"TLS-{number:03d}") for number in range(MANY)]
    with store.write() as connection:
        bulk.add(connection, rows)
    assert sorted(stored(store, bulk).values(), key=lambda row: row.rule) == rows
    with store.read() as connection:
        assert connection.execute(tables.coverage.select()).first().observed == {"tls.versions": ["a\\b", "c\td"]}  # type: ignore[union-attr]


def test_a_look_that_confirms_all_of_its_rules_moves_their_times_only(store: Store) -> None:
    bulk = Bulk(tables.coverage, CoverageRecord, store.dialect)
    rows = [covered("TLS-001"), covered("TLS-002", result="fail"), covered("TLS-003", result="unknown")]
    others = [covered("TLS-001", scanner="starttls"), covered("TLS-001", asset="b")]
    with store.write() as connection:
        bulk.add(connection, [*rows, *others])
    later = AT + timedelta(days=1)
    for row in rows:
        row.evaluated_at, row.observation_id = later, "second"
        row.conclusive_at = later if row.last_conclusive else None
    with store.write() as connection:
        confirm(connection, bulk, rows, keys([*rows, *others]))
    found = stored(store, bulk)
    assert [found["tls", row.rule] for row in rows] == rows
    assert found["starttls", "TLS-001"] == others[0]
    assert stored(store, bulk, "b")["tls", "TLS-001"] == others[1]


def test_a_look_that_confirms_some_of_its_rules_leaves_the_others_alone(store: Store) -> None:
    bulk = Bulk(tables.coverage, CoverageRecord, store.dialect)
    rows = [covered("TLS-001"), covered("TLS-002"), covered("TLS-003")]
    with store.write() as connection:
        bulk.add(connection, rows)
    for row in rows[:2]:
        row.evaluated_at = row.conclusive_at = AT + timedelta(hours=1)
        row.observation_id = "second"
    rows[1].conclusive_at = AT  # an older look had its say later
    with store.write() as connection:
        confirm(connection, bulk, rows[:2], keys(rows))
    found = stored(store, bulk)
    assert [found["tls", row.rule] for row in rows] == rows
