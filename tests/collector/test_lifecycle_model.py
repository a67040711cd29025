"""The life of findings against a small model of it, and the order of results against all other orders (M1, M3).

The model knows one host with three ports and two vantages. It remembers what each vantage last proved of each port and nothing
else; the collector, with its tables, has to agree after every step.
"""

import random
import tempfile
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from collector import tables
from collector.migrations import migrate
from collector.store import Store, open_store
from rules.verdict import Result
from scanners.observation import Observation, Outcome, Vantage
from scanners.protocols.redis import RedisFacts
from tests.collector.watching import Watch

PORTS = (6379, 6380, 6381)
VANTAGES = (Vantage.INTERNET, Vantage.INTERNAL)
FAILED_LOOKS = (Outcome.TIMEOUT, Outcome.FILTERED, Outcome.ERROR, Outcome.PROTOCOL_ERROR, Outcome.REFUSED_BY_SCOPE)
ADDRESS = "192.0.2.10"


@dataclass
class Place:
    """What one vantage knows of one port."""

    failing: bool = False
    opened: bool = False  # known as an open endpoint
    closed_looks: int = 0
    closed_in: str = ""


@dataclass
class Model:
    """The reference: a finding stands while some vantage last proved it failing."""

    places: dict[tuple[int, Vantage], Place] = field(default_factory=lambda: {(p, v): Place() for p in PORTS for v in VANTAGES})
    ever: set[int] = field(default_factory=set)
    reopened: dict[int, int] = field(default_factory=lambda: dict.fromkeys(PORTS, 0))

    def stands(self, port: int) -> bool:
        return any(self.places[port, vantage].failing for vantage in VANTAGES)

    def answered(self, port: int, vantage: Vantage) -> Place:
        place = self.places[port, vantage]
        place.opened, place.closed_looks, place.closed_in = True, 0, ""
        return place

    def judged(self, port: int, vantage: Vantage, result: Result) -> None:
        before = self.stands(port)
        place = self.answered(port, vantage)
        if result is Result.FAIL:
            place.failing = True
            if not before and port in self.ever:
                self.reopened[port] += 1
            self.ever.add(port)
        elif result in {Result.PASS, Result.NOT_APPLICABLE}:
            place.failing = False

    def closed(self, port: int, vantage: Vantage, scan: str) -> None:
        place = self.places[port, vantage]
        if not place.opened or place.closed_in == scan:
            return
        place.closed_looks += 1
        place.closed_in = scan
        if place.closed_looks == 2:
            place.opened = place.failing = False


class LifeCycle(RuleBasedStateMachine):
    """Steps of a watched city; ``url`` is set by the class that names the database."""

    store: Store

    @initialize()
    def begin(self) -> None:
        self.watch = Watch(self.store)
        with self.store.write() as connection:
            for table in (one for one in reversed(tables.metadata.sorted_tables) if one is not tables.audit):
                connection.execute(table.delete())
        self.model = Model()
        self.scan = 0
        self.sent: list[Observation] = []

    def send(self, *observations: Observation) -> None:
        self.sent += observations
        self.watch.take(*observations, scan=f"scan {self.scan}")
        self.watch.later(seconds=1)

    @rule(port=st.sampled_from(PORTS), vantage=st.sampled_from(VANTAGES), result=st.sampled_from(Result))
    def look(self, port: int, vantage: Vantage, result: Result) -> None:
        facts = {
            Result.PASS: RedisFacts(auth_required=True),
            Result.FAIL: RedisFacts(auth_required=False),
            Result.UNKNOWN: RedisFacts(),
            Result.NOT_APPLICABLE: RedisFacts(version="no rule"),
        }[result]
        self.send(self.watch.seen("redis", ADDRESS, port, facts, vantage=vantage))
        self.model.judged(port, vantage, result)

    @rule(port=st.sampled_from(PORTS), vantage=st.sampled_from(VANTAGES), outcome=st.sampled_from(FAILED_LOOKS))
    def failed_look(self, port: int, vantage: Vantage, outcome: Outcome) -> None:
        known = self.watch.rows(tables.asset)
        self.send(self.watch.failed(outcome, ADDRESS, port=port, vantage=vantage))
        if outcome is Outcome.PROTOCOL_ERROR and known:
            self.model.answered(port, vantage)

    @rule(port=st.sampled_from(PORTS), vantage=st.sampled_from(VANTAGES))
    def refused_look(self, port: int, vantage: Vantage) -> None:
        self.send(self.watch.failed(Outcome.CLOSED, ADDRESS, port=port, vantage=vantage))
        self.model.closed(port, vantage, f"scan {self.scan}")

    @rule(
        states=st.fixed_dictionaries({port: st.sampled_from(["open", "closed", "silent", "not asked"]) for port in PORTS}),
        vantage=st.sampled_from(VANTAGES),
    )
    def sweep(self, states: dict[int, str], vantage: Vantage) -> None:
        opened = tuple(port for port, state in states.items() if state == "open")
        closed = ",".join(str(port) for port, state in states.items() if state == "closed")
        self.send(self.watch.host(ADDRESS, open_=opened, closed=closed, vantage=vantage))
        for port, state in states.items():
            if state == "open":
                self.model.answered(port, vantage)
            elif state == "closed":
                self.model.closed(port, vantage, f"scan {self.scan}")

    @rule(port=st.sampled_from(PORTS), vantage=st.sampled_from(VANTAGES), name=st.sampled_from(["redis", "http", "unknown"]))
    def first_look(self, port: int, vantage: Vantage, name: str) -> None:
        before = [row for row in self.watch.rows(tables.endpoint) if (row.port, row.vantage) == (port, vantage.value)]
        self.send(self.watch.service(name, ADDRESS, port, vantage=vantage))
        place = self.model.answered(port, vantage)
        if name == "http" and not (before and before[0].service == "http"):
            place.failing = False

    @rule()
    def silence(self) -> None:
        self.send(self.watch.silence(ADDRESS))

    @rule()
    def next_scan(self) -> None:
        self.scan += 1

    @rule(days=st.integers(1, 40))
    def time_passes(self, days: int) -> None:
        self.watch.later(days=days)

    @rule()
    def daily_refresh(self) -> None:
        self.watch.ingest.refresh()

    @rule(data=st.data())
    def an_old_result_comes_again(self, data: st.DataObject) -> None:
        if self.sent:
            again = data.draw(st.lists(st.sampled_from(self.sent), min_size=1, max_size=4))
            changes = self.watch.take(*again, scan=f"scan {self.scan}")
            assert (changes.events, dict(changes.findings)) == ((), {})

    @rule(port=st.sampled_from(PORTS), vantage=st.sampled_from(VANTAGES))
    def the_clock_of_a_probe_is_years_ahead(self, port: int, vantage: Vantage) -> None:
        at = self.watch.now + timedelta(days=30_000)
        self.send(self.watch.seen("redis", ADDRESS, port, RedisFacts(auth_required=False), vantage=vantage, at=at))
        self.model.judged(port, vantage, Result.FAIL)

    @invariant()
    def agrees_with_the_model(self) -> None:
        found = {row.port: row for row in self.watch.rows(tables.finding, tables.finding.c.rule == "DB-901")}
        assert set(found) == self.model.ever
        for port, row in found.items():
            assert row.state == ("open" if self.model.stands(port) else "resolved"), port
            assert row.reopened == self.model.reopened[port]
            assert row.first_seen <= row.opened_at <= row.last_seen <= row.last_evaluated <= self.watch.now
            assert (row.resolved_at is None) == (row.state == "open")

    @invariant()
    def adds_up(self) -> None:
        self.watch.check()


def _run(store: Store, examples: int) -> None:
    class OnThisStore(LifeCycle):
        pass

    OnThisStore.store = store
    OnThisStore.TestCase.settings = settings(
        max_examples=examples, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
    )
    OnThisStore.TestCase("runTest").runTest()


def test_the_life_of_findings_is_that_of_the_model(store: Store) -> None:
    _run(store, 30 if store.dialect == "sqlite" else 8)


@pytest.mark.parametrize("seed", range(8))
def test_the_order_of_results_does_not_matter(seed: int) -> None:
    """The results of one scan of three hosts, each in its own call, in any order: the same findings, coverage, assets."""
    chance = random.Random(seed)
    wanted = None
    for _ in range(4):
        with tempfile.TemporaryDirectory() as folder:
            store = open_store(f"sqlite:///{Path(folder) / 'a.db'}")
            migrate(store)
            watch = Watch(store)
            looks = _one_scan(watch)
            if wanted is not None:
                sweeps, rest = looks[:6], looks[6:]  # a failed look at a place that nobody saw answer yet is of nothing
                chance.shuffle(sweeps)
                chance.shuffle(rest)
                looks = [*sweeps, *rest]
            watch.later(hours=1)
            for look in looks:
                watch.take(look, scan="one")
            watch.check()
            found = _state(watch)
            wanted = wanted or found
            assert found == wanted
            store.close()


def _one_scan(watch: Watch) -> list[Observation]:
    sweeps, looks = [], []
    for number, address in enumerate(("192.0.2.10", "192.0.2.11", "192.0.2.12")):
        for second, vantage in enumerate(VANTAGES):
            at = watch.now + timedelta(seconds=10 * second)
            more = {"vantage": vantage, "at": at}
            sweeps.append(watch.host(address, open_=(22, 6379), **more))
            looks += [
                watch.redis(fine=(number + second) % 2 == 0, address=address, **more),
                watch.redis(fine=None, address=address, name="cache.example", **more),
                watch.ssh(address, f"key-{number}", protocol="1.99", **more),
                watch.failed(Outcome.TIMEOUT, address, scanner="ftp", port=22, **more),
            ]
    return [*sweeps, *looks]


def _state(watch: Watch) -> dict[str, object]:
    """What is promised not to depend on the order; ids follow from the look that came first, so names stand for them."""
    names = {row.id: row.name for row in watch.rows(tables.asset)}
    return {
        "assets": sorted(
            (row.name, row.risk, row.expected, row.conclusive, row.open_findings) for row in watch.rows(tables.asset)
        ),
        "findings": sorted(
            (names[row.asset_id], row.rule, row.place, row.state, row.risk, row.vantage, row.last_seen)
            for row in watch.rows(tables.finding)
        ),
        "coverage": sorted(
            (names[row.asset_id], row.rule, row.place, row.vantage, row.scanner, row.result, row.evaluated_at)
            for row in watch.rows(tables.coverage)
        ),
        "endpoints": sorted(
            (names[row.asset_id], row.place, row.vantage, row.state, row.first_seen, row.last_seen)
            for row in watch.rows(tables.endpoint)
        ),
    }
