"""The rows that one ingest works on: read once, changed in memory, written once at the end."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection

from collector import tables, tally
from collector.bulk import Bulk
from collector.coverage_times import confirm
from collector.events import Action, hold_place, new_event
from collector.records import (
    Again,
    AssetRecord,
    CoverageRecord,
    EndpointRecord,
    Evaluation,
    EventRecord,
    FindingRecord,
    IdentifierRecord,
    IngestedRecord,
    LookMark,
    LookRecord,
    MembershipRecord,
    WordsRecord,
)

IdentifierKey = tuple[str, str, str]  # namespace, kind, value
EndpointKey = tuple[str, str]  # place, vantage
CoverageKey = tuple[str, str, str, str]  # place, vantage, scanner, rule
FindingKey = tuple[str, str]  # rule, place
LookKey = tuple[str, str, str]  # place, scanner, vantage

_TURN = 7_231_944_052  # an advisory lock's number: any, as long as it is always the same
_SEEN_AGAIN = ("last_seen", "last_evaluated", "last_result", "observation_id", "address", "vantage", "zone")


class Tables:
    """The bulk writers of one dialect."""

    def __init__(self, dialect: str) -> None:
        self.asset = Bulk(tables.asset, AssetRecord, dialect)
        self.words = Bulk(tables.asset_words, WordsRecord, dialect)
        self.membership = Bulk(tables.asset_service, MembershipRecord, dialect)
        self.identifier = Bulk(tables.identifier, IdentifierRecord, dialect)
        self.endpoint = Bulk(tables.endpoint, EndpointRecord, dialect)
        self.coverage = Bulk(tables.coverage, CoverageRecord, dialect)
        self.finding = Bulk(tables.finding, FindingRecord, dialect)
        self.event = Bulk(tables.event, EventRecord, dialect)
        self.look = Bulk(tables.observation, LookRecord, dialect)
        self.mark = Bulk(tables.observation, LookMark, dialect)
        self.ingested = Bulk(tables.ingested, IngestedRecord, dialect)


class Batch:
    """Every row of each loaded asset, by asset id and key; what is marked changed is written by :meth:`write`."""

    def __init__(self, connection: Connection, bulk: Tables) -> None:
        self.connection = connection
        self.bulk = bulk
        if (
            connection.dialect.name == "postgresql"
        ):  # as on SQLite, writers of the inventory take turns: no machine is found twice
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_TURN})")
        self.assets: dict[str, AssetRecord] = {}
        self.memberships: dict[str, set[str]] = defaultdict(set)
        self.identifiers: dict[IdentifierKey, IdentifierRecord] = {}
        self.identifiers_of: dict[str, set[IdentifierKey]] = defaultdict(set)
        self.endpoints: dict[str, dict[EndpointKey, EndpointRecord]] = defaultdict(dict)
        self.coverage: dict[str, dict[CoverageKey, CoverageRecord]] = defaultdict(dict)
        self.failing: dict[str, dict[FindingKey, dict[CoverageKey, CoverageRecord]]] = defaultdict(dict)
        self.findings: dict[str, dict[FindingKey, FindingRecord]] = defaultdict(dict)
        self.looks: dict[str, dict[LookKey, LookMark]] = defaultdict(dict)
        self.events: list[EventRecord] = []
        self.evaluations: list[Evaluation] = []
        self.counts: Counter[tally.Key] = Counter()
        self.coverage_counts: Counter[tally.Key] = Counter()
        self.touched: set[str] = set()  # assets whose row changed
        self.rescore: set[str] = set()  # assets whose findings changed
        self.moved: set[str] = set()  # assets that took another in, or have another department, service or exposure
        self._aged: set[str] = set()  # findings that only weigh more, because they are late
        self._tallied: dict[str, tally.Key] = {}
        self._tallied_coverage: dict[tuple[str, ...], tally.Key] = {}  # by primary key: what is counted of each row
        self._stored_findings: set[str] = set()
        self._changed: dict[str, dict[Any, Any]] = defaultdict(dict)
        self._seen_again: dict[str, FindingRecord] = {}
        self._coverage_again: dict[tuple[str, ...], CoverageRecord] = {}
        self._deleted: dict[str, set[tuple[Any, ...]]] = defaultdict(set)
        self._new_looks: dict[tuple[str, LookKey], LookRecord] = {}
        self._first_looks: set[tuple[str, LookKey]] = set()
        self._moved_looks: list[tuple[str, str, str, str, str, str]] = []

    # --- reading ---------------------------------------------------------------------------------------------------

    def load_by_identifiers(self, namespace_values: Iterable[IdentifierKey]) -> None:
        """Load every asset that owns one of these identifiers, whole."""
        wanted = set(namespace_values)
        found = self.bulk.identifier.select(self.connection, "value", {value for _, _, value in wanted})
        self.load({row.asset_id for row in found if (row.namespace, row.kind, row.value) in wanted})

    def load(self, asset_ids: Iterable[str]) -> None:
        """Load assets with all their rows; those that are loaded already are left as they are."""
        wanted = sorted(set(asset_ids) - self.assets.keys())
        if not wanted:
            return
        read, connection = self.bulk, self.connection
        for asset in read.asset.select(connection, "id", wanted):
            self.assets[asset.id] = asset
        for membership in read.membership.select(connection, "asset_id", wanted):
            self.memberships[membership.asset_id].add(membership.service_id)
        for row in read.identifier.select(connection, "asset_id", wanted):
            key = (row.namespace, row.kind, row.value)
            self.identifiers[key] = row
            self.identifiers_of[row.asset_id].add(key)
        for place in read.endpoint.select(connection, "asset_id", wanted):
            self.endpoints[place.asset_id][place.place, place.vantage] = place
        for pair in read.coverage.select(connection, "asset_id", wanted):
            key4 = (pair.place, pair.vantage, pair.scanner, pair.rule)
            self.coverage[pair.asset_id][key4] = pair
            self._tallied_coverage[pair.asset_id, *key4] = tally.coverage_key_of(pair)
            if pair.last_conclusive == "fail":
                self.failing[pair.asset_id].setdefault((pair.rule, pair.place), {})[key4] = pair
        for mark in read.mark.select(connection, "asset_id", wanted):
            self.looks[mark.asset_id][mark.place, mark.scanner, mark.vantage] = mark
        for finding in read.finding.select(connection, "asset_id", wanted):
            self.findings[finding.asset_id][finding.rule, finding.place] = finding
            self._tallied[finding.id] = tally.key_of(finding)
            self._stored_findings.add(finding.id)

    # --- changing --------------------------------------------------------------------------------------------------

    def happened(self, action: Action, at: datetime, cause: str, asset: AssetRecord, **more: Any) -> None:
        """Note an event about ``asset``; ``more`` are ``finding_id`` and ``detail``."""
        self.events.append(new_event(action, at, cause, asset_id=asset.id, department_id=asset.department_id, **more))

    def change_asset(self, asset: AssetRecord) -> None:
        self.assets[asset.id] = asset
        self.touched.add(asset.id)

    def change_identifier(self, row: IdentifierRecord) -> None:
        key = (row.namespace, row.kind, row.value)
        before = self.identifiers.get(key)
        if before is not None and before.asset_id != row.asset_id:
            self.identifiers_of[before.asset_id].discard(key)
        self.identifiers[key] = row
        self.identifiers_of[row.asset_id].add(key)
        self._deleted["identifier"].discard(key)
        self._changed["identifier"][key] = row

    def drop_identifier(self, key: IdentifierKey) -> None:
        row = self.identifiers.pop(key, None)
        if row is not None:
            self.identifiers_of[row.asset_id].discard(key)
        self._changed["identifier"].pop(key, None)
        self._deleted["identifier"].add(key)

    def change_endpoint(self, row: EndpointRecord) -> None:
        self.endpoints[row.asset_id][row.place, row.vantage] = row
        self._note("endpoint", (row.asset_id, row.place, row.vantage), row)

    def drop_endpoint(self, row: EndpointRecord) -> None:
        self.endpoints[row.asset_id].pop((row.place, row.vantage), None)
        self._forget("endpoint", (row.asset_id, row.place, row.vantage))

    def change_coverage(self, row: CoverageRecord) -> None:
        key = (row.place, row.vantage, row.scanner, row.rule)
        self.coverage[row.asset_id][key] = row
        failing = self.failing[row.asset_id]
        if row.last_conclusive == "fail":
            failing.setdefault((row.rule, row.place), {})[key] = row
        elif failing:
            failing.get((row.rule, row.place), {}).pop(key, None)
        whole = (row.asset_id, *key)
        self._coverage_again.pop(whole, None)
        self._note("coverage", whole, row)

    def see_coverage_again(self, row: CoverageRecord) -> None:
        """Only its times and the look that says so changed."""
        key = (row.asset_id, row.place, row.vantage, row.scanner, row.rule)
        if key not in self._changed["coverage"]:
            self._coverage_again[key] = row

    def drop_coverage(self, row: CoverageRecord) -> None:
        """The pair is no longer expected: it leaves the coverage and what it said no longer holds a finding open."""
        key = (row.place, row.vantage, row.scanner, row.rule)
        self.coverage[row.asset_id].pop(key, None)
        self.failing[row.asset_id].get((row.rule, row.place), {}).pop(key, None)
        self._coverage_again.pop((row.asset_id, *key), None)
        self._forget("coverage", (row.asset_id, *key))
        asset = self.assets[row.asset_id]
        asset.expected -= is_expected(row.result)
        asset.conclusive -= is_conclusive(row.result)
        self.touched.add(asset.id)

    def change_finding(self, row: FindingRecord) -> None:
        """The finding is another now: write all of it, count it anew, score its asset again."""
        self.findings[row.asset_id][row.rule, row.place] = row
        self._seen_again.pop(row.id, None)
        self._aged.discard(row.id)
        self._note("finding", (row.id,), row)
        self.rescore.add(row.asset_id)

    def age_finding(self, row: FindingRecord) -> None:
        """It weighs more because it is late, and is what it was otherwise."""
        otherwise = (row.id,) in self._changed["finding"]
        self.change_finding(row)
        if not otherwise:
            self._aged.add(row.id)

    def see_finding_again(self, row: FindingRecord) -> None:
        """Only its times changed: nothing that is counted or scored."""
        if (row.id,) not in self._changed["finding"]:
            self._seen_again[row.id] = row

    def drop_finding(self, row: FindingRecord) -> None:
        self.findings[row.asset_id].pop((row.rule, row.place), None)
        self._seen_again.pop(row.id, None)
        self._forget("finding", (row.id,))
        before = self._tallied.pop(row.id, None)
        if before is not None:
            self.counts[before] -= 1
        self.rescore.add(row.asset_id)

    def keep_look(self, row: LookRecord) -> None:
        key = (row.place, row.scanner, row.vantage)
        self._new_looks[row.asset_id, key] = row
        if key not in self.looks[row.asset_id]:
            self._first_looks.add((row.asset_id, key))
        self.looks[row.asset_id][key] = LookMark(
            **{name: getattr(row, name) for name in LookMark.__struct_fields__},
        )

    def move_looks(self, source: str, target: str) -> None:
        """Give the looks of one asset to another; where both have one, the newer stays."""
        for key, mark in list(self.looks.pop(source, {}).items()):
            mine = self.looks[target].get(key)
            fresh = self._new_looks.pop((source, key), None)
            if mine is None or (mine.observed_at, mine.id) < (mark.observed_at, mark.id):
                mark.asset_id = target
                self.looks[target][key] = mark
                if fresh is not None:
                    fresh.asset_id = target
                    self._new_looks[target, key] = fresh
            self._moved_looks.append((source, target, *key, mark.id))

    def drop_asset(self, asset: AssetRecord) -> None:
        self.assets.pop(asset.id, None)
        self.touched.discard(asset.id)
        self.rescore.discard(asset.id)
        self.moved.discard(asset.id)
        self._forget("asset", (asset.id,))

    def changed_findings(self) -> dict[str, FindingRecord]:
        """The findings whose row will be written, by id."""
        return {row.id: row for row in self._changed["finding"].values()} | self._seen_again

    def again(self) -> Again:
        """What the newest states have to say again. Ask before :meth:`write`, which counts what is stored anew."""
        changed = frozenset(row.id for row in self._changed["finding"].values()) - self._aged
        return Again(findings=changed, assets=frozenset(self.moved), left=self._left())

    def _left(self) -> frozenset[tuple[str, str, str]]:
        """Places where a rule said something before this batch, or in it, and says nothing any more."""
        said = {(item.verdict.rule, item.asset.id, item.place) for item in self.evaluations if is_expected(item.verdict.result)}
        silent = [key for key, row in self._changed["coverage"].items() if not is_expected(row.result)]
        left = set()
        for key in (*self._deleted["coverage"], *silent):
            asset, place, _, _, rule = key
            before = self._tallied_coverage.get(key)
            if (rule, asset, place) in said or (before is not None and is_expected(before[3])):
                left.add((rule, asset, place))
        for asset in {asset for _, asset, _ in left}:
            left -= {(row.rule, asset, row.place) for row in self.coverage[asset].values() if is_expected(row.result)}
        return frozenset(left)

    def _note(self, table: str, key: tuple[Any, ...], row: Any) -> None:
        if self._deleted[table]:
            self._deleted[table].discard(key)
        self._changed[table][key] = row

    def _forget(self, table: str, key: tuple[Any, ...]) -> None:
        self._changed[table].pop(key, None)
        self._deleted[table].add(key)

    # --- writing ---------------------------------------------------------------------------------------------------

    def write(self) -> None:
        """Write everything that changed, in an order that satisfies foreign keys and in one order of keys."""
        connection, bulk, changed = self.connection, self.bulk, self._changed
        assets = [self.assets[key] for key in sorted(self.touched)]
        bulk.asset.upsert(connection, assets)
        bulk.words.upsert(connection, [WordsRecord.of(asset) for asset in assets])
        members = [
            MembershipRecord(asset_id=asset, service_id=service)
            for asset in sorted(self.touched)
            for service in sorted(self.memberships.get(asset, ()))
        ]
        bulk.membership.upsert(connection, members)
        bulk.identifier.upsert(connection, _in_order(changed["identifier"]))
        bulk.identifier.delete(connection, sorted(self._deleted["identifier"]))
        bulk.endpoint.upsert(connection, _in_order(changed["endpoint"]))
        bulk.endpoint.delete(connection, sorted(self._deleted["endpoint"]))
        self._write_coverage()
        self._write_looks()
        self._write_findings()
        if self.events:
            hold_place(connection)
            bulk.event.insert(connection, self.events)
        bulk.asset.delete(connection, sorted(self._deleted["asset"]))

    def _write_coverage(self) -> None:
        bulk, connection, counts, counted = self.bulk.coverage, self.connection, self.coverage_counts, self._tallied_coverage
        changed = sorted(self._changed["coverage"].items(), key=itemgetter(0))
        confirm(connection, bulk, self._coverage_again.values(), counted)
        bulk.upsert(connection, [row for key, row in changed if key in counted])
        bulk.add(connection, [row for key, row in changed if key not in counted])
        bulk.delete(connection, sorted(self._deleted["coverage"]))
        for key, row in changed:
            now, before = tally.coverage_key_of(row), counted.get(key)
            if before == now:
                continue
            counts[now] += 1
            if before is not None:
                counts[before] -= 1
            counted[key] = now
        for key in self._deleted["coverage"]:
            before = counted.pop(key, None)
            if before is not None:
                counts[before] -= 1
        tally.write_differences(connection, tables.coverage_tally, counts)

    def _write_looks(self) -> None:
        for source, target, place, scanner, vantage, _ in self._moved_looks:
            kept = self.looks[target].get((place, scanner, vantage))
            table = tables.observation
            here = (table.c.place == place) & (table.c.scanner == scanner) & (table.c.vantage == vantage)
            if kept is not None:
                self.connection.execute(table.delete().where(here, table.c.asset_id == target, table.c.id != kept.id))
                self.connection.execute(
                    table.update().where(here, table.c.asset_id == source, table.c.id == kept.id).values(asset_id=target)
                )
            self.connection.execute(table.delete().where(here, table.c.asset_id == source))
        rows = sorted(self._new_looks.items(), key=itemgetter(0))
        first = self._first_looks if not self._moved_looks else set()
        self.bulk.look.upsert(self.connection, [row for key, row in rows if key not in first])
        self.bulk.look.add(self.connection, [row for key, row in rows if key in first])

    def _write_findings(self) -> None:
        bulk, connection = self.bulk.finding, self.connection
        bulk.delete(connection, sorted(self._deleted["finding"]))
        rows = _in_order(self._changed["finding"])
        for row in rows:
            now, before = tally.key_of(row), self._tallied.get(row.id)
            if before == now:
                continue
            self.counts[now] += 1
            if before is not None:
                self.counts[before] -= 1
            self._tallied[row.id] = now
        bulk.upsert(connection, [row for row in rows if row.id in self._stored_findings])
        bulk.add(connection, [row for row in rows if row.id not in self._stored_findings])
        bulk.update(connection, [self._seen_again[key] for key in sorted(self._seen_again)], _SEEN_AGAIN)
        tally.write_differences(connection, tables.tally, self.counts)


def is_expected(result: str) -> int:
    """1 when the pair of asset and rule counts as one that should be evaluated."""
    return int(result != "not_applicable")


def is_conclusive(result: str) -> int:
    """1 when the pair was really evaluated."""
    return int(result in {"pass", "fail"})


def _in_order(rows: dict[Any, Any]) -> list[Any]:
    return [rows[key] for key in sorted(rows)]
