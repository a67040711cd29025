"""The life of a finding: law 4, named case by named case."""

import threading
from datetime import timedelta

import pytest

from collector import tables
from collector.deadlines import DeadlinePolicy
from collector.findings import finding_id
from collector.store import Store
from rules.verdict import Severity
from scanners.observation import Observation, Outcome, Vantage
from scanners.protocols.redis import RedisFacts
from tests.collector.watching import START, Watch


@pytest.fixture
def watch(store: Store) -> Watch:
    return Watch(store)


def test_opened_seen_again_resolved_reopened(watch: Watch) -> None:
    watch.take(watch.host(), watch.redis(False))
    opened = watch.finding()
    assert (opened.state, opened.first_seen, opened.reopened) == ("open", START, 0)
    assert opened.id == finding_id("DB-901", opened.asset_id, "tcp/6379")
    watch.later(days=1)
    watch.take(watch.redis(False))
    again = watch.finding()
    assert (again.first_seen, again.last_seen, again.due) == (START, watch.now, opened.due)
    watch.later(days=1)
    watch.take(watch.redis(True))
    closed = watch.finding()
    assert (closed.state, closed.resolved_at, closed.resolved_because) == ("resolved", watch.now, "passed")
    watch.later(days=1)
    watch.take(watch.redis(False))
    back = watch.finding()
    assert (back.id, back.state, back.reopened, back.resolved_at) == (opened.id, "open", 1, None)
    assert back.first_seen == START
    assert back.due == watch.now + timedelta(days=14)  # critical, one band slower inside
    story = [action for action in watch.actions() if action.startswith("finding")]
    assert story == ["finding-opened", "finding-opened", "finding-resolved", "finding-reopened"]  # INV-901 opened too
    watch.check()


@pytest.mark.parametrize(
    "outcome", [Outcome.TIMEOUT, Outcome.FILTERED, Outcome.ERROR, Outcome.REFUSED_BY_SCOPE, Outcome.PROTOCOL_ERROR]
)
def test_a_failed_look_closes_nothing_and_lowers_coverage(watch: Watch, outcome: Outcome) -> None:
    watch.take(watch.host(), watch.redis(False))
    before = watch.asset_at("192.0.2.10")
    for _ in range(4):
        watch.later(days=1)
        watch.take(watch.failed(outcome))
    finding, after = watch.finding(), watch.asset_at("192.0.2.10")
    assert (finding.state, finding.last_result, finding.last_seen) == ("open", "unknown", START)
    assert finding.last_evaluated == watch.now
    assert (after.expected, after.conclusive) == (before.expected, before.conclusive - 1)
    watch.check()


def test_an_unreachable_host_is_not_a_fixed_host(watch: Watch) -> None:
    watch.take(watch.host(), watch.redis(False))
    for scan in range(5):
        watch.later(days=1)
        watch.take(watch.silence(), scan=f"scan {scan}")
    assert watch.finding().state == "open"
    assert watch.asset_at("192.0.2.10").gone_since is None


def test_a_missing_fact_closes_nothing(watch: Watch) -> None:
    watch.take(watch.host(), watch.redis(False))
    watch.later(days=1)
    watch.take(watch.redis(None))
    assert watch.finding().state == "open"


def test_not_applicable_is_proof(watch: Watch) -> None:
    watch.take(watch.host(), watch.redis(False))
    watch.later(days=1)
    watch.take(watch.seen("redis", port=6379, facts=RedisFacts(version="no rule")))
    assert (watch.finding().state, watch.finding().resolved_because) == ("resolved", "not_applicable")
    watch.check()


def test_another_service_on_the_port_is_proof_but_an_unnamed_one_is_not(watch: Watch) -> None:
    watch.take(watch.host(), watch.redis(False))
    watch.later(days=1)
    watch.take(watch.service("unknown"))
    assert watch.finding().state == "open"
    watch.later(days=1)
    watch.take(watch.service("redis"))
    assert watch.finding().state == "open"
    watch.later(days=1)
    watch.take(watch.service("http"))
    assert (watch.finding().state, watch.finding().resolved_because) == ("resolved", "not_applicable")
    watch.check()


def test_a_closed_port_is_proof_after_two_scans(watch: Watch) -> None:
    watch.take(watch.host(), watch.redis(False), scan="one")
    watch.later(days=1)
    watch.take(watch.host(open_=(), closed="6379"), watch.failed(Outcome.CLOSED), scan="two")
    assert watch.finding().state == "open"
    watch.later(minutes=1)
    watch.take(watch.host(open_=(), closed="6379"), scan="two")  # the same scan again proves nothing more
    assert watch.finding().state == "open"
    watch.later(days=1)
    watch.take(watch.host(open_=(), closed="1-65535"), scan="three")
    assert (watch.finding().state, watch.finding().resolved_because) == ("resolved", "endpoint_gone")
    assert "port-closed" in watch.actions()
    watch.check()
    watch.later(days=1)
    watch.take(watch.host(), watch.redis(False), scan="four")
    assert (watch.finding().state, watch.finding().reopened) == ("open", 1)
    assert "port-reopened" in watch.actions()
    watch.check()


def test_an_open_look_between_two_closed_ones_starts_the_proof_again(watch: Watch) -> None:
    watch.take(watch.host(), watch.redis(False), scan="one")
    for scan in ("two", "four"):
        watch.later(days=1)
        watch.take(watch.host(open_=(), closed="6379"), scan=scan)
        watch.later(hours=1)
        watch.take(watch.host(), scan=f"{scan} and a half")
    assert watch.finding().state == "open"


def test_a_partial_scan_closes_only_what_it_covered(watch: Watch) -> None:
    watch.take(watch.host(open_=(21, 6379)), watch.redis(False), scan="one")
    for scan in ("two", "three", "four"):
        watch.later(days=1)
        watch.take(watch.host(open_=(21,), closed="1-1023"), scan=scan)  # 6379 was not asked
    assert watch.finding().state == "open"


def test_closed_to_the_internet_is_not_closed_inside(watch: Watch) -> None:
    outside, inside = Vantage.INTERNET, Vantage.INTERNAL
    watch.take(watch.redis(False, vantage=outside), watch.redis(False, vantage=inside), scan="one")
    assert (watch.finding().vantage, watch.finding().exposure) == ("internet", "internet")
    for scan in ("two", "three"):
        watch.later(days=1)
        watch.take(watch.failed(Outcome.CLOSED, vantage=outside), watch.redis(False, vantage=inside), scan=scan)
    left = watch.finding()
    assert (left.state, left.vantage, left.exposure) == ("open", "internal", "internal")
    watch.later(days=1)
    watch.take(watch.redis(True, vantage=inside), scan="four")
    assert watch.finding().state == "resolved"
    watch.check()


def test_passing_from_one_vantage_does_not_close_what_another_saw_fail(watch: Watch) -> None:
    watch.take(watch.redis(False, vantage=Vantage.INTERNET), watch.redis(True, vantage=Vantage.INTERNAL))
    assert watch.finding().state == "open"
    watch.later(days=1)
    watch.take(watch.redis(True, vantage=Vantage.INTERNET))
    assert watch.finding().state == "resolved"


def test_names_on_one_port_are_places_of_their_own(watch: Watch) -> None:
    watch.take(watch.redis(False, name="sede.example"), watch.redis(True, name="www.example"), watch.redis(True))
    assert (watch.finding().place, watch.finding().state) == ("tcp/6379/sede.example", "open")
    assert watch.asset_at("192.0.2.10").names == ["sede.example", "www.example"]


def test_two_addresses_of_one_machine_do_not_hide_each_other(watch: Watch) -> None:
    first, second = "192.0.2.10", "192.0.2.11"
    mac = "00-00-5E-00-53-01"
    watch.take(watch.host(first, mac=mac), watch.host(second, mac=mac))
    assert watch.asset_at(first).id == watch.asset_at(second).id
    watch.take(watch.redis(False, first), watch.redis(True, second))
    watch.later(hours=1)
    watch.take(watch.redis(True, second))
    assert watch.finding().state == "open"
    watch.later(hours=1)
    watch.take(watch.redis(True, first))
    assert watch.finding().state == "resolved"
    watch.check()


def test_the_same_observation_twice_counts_once(watch: Watch) -> None:
    looks = [watch.host(), watch.redis(False)]
    first = watch.take(*looks)
    second = watch.take(*looks, *looks)
    assert (first.ingested, first.skipped, second.ingested, second.skipped) == (2, 0, 0, 4)
    assert (second.events, second.findings) == ((), {})
    watch.later(days=1)
    watch.take(watch.redis(True))
    watch.take(*looks)
    assert watch.finding().state == "resolved"
    watch.check()


def test_an_older_look_that_comes_late_changes_nothing(watch: Watch) -> None:
    watch.later(days=1)
    late = watch.redis(False, at=START)
    watch.take(watch.redis(True))
    assert watch.take(late).skipped == 1
    assert watch.rows(tables.finding, tables.finding.c.rule == "DB-901") == []


def test_a_time_in_the_future_is_now(watch: Watch) -> None:
    watch.take(watch.redis(False, at=START + timedelta(days=40_000)))
    assert watch.finding().last_seen == START
    watch.later(hours=1)
    watch.take(watch.redis(True))
    assert watch.finding().state == "resolved"


def test_long_silence_that_others_break_proves_an_asset_gone(watch: Watch) -> None:
    watch.take(watch.host(), watch.redis(False))
    watch.later(days=31)
    watch.take(watch.silence(), scan="one")
    watch.later(days=1)
    watch.take(watch.silence(), scan="two")
    assert watch.finding().state == "open"  # the scanner may be blind: nobody answered it
    watch.later(days=1)
    watch.take(watch.host("192.0.2.77"), watch.silence(), scan="three")
    assert (watch.finding().state, watch.finding().resolved_because) == ("resolved", "asset_gone")
    watch.check()
    watch.later(days=1)
    watch.take(watch.host(), watch.redis(False), scan="four")
    assert (watch.finding().state, watch.asset_at("192.0.2.10").gone_since) == ("open", None)
    assert {"asset-gone", "asset-back"} <= set(watch.actions())
    watch.check()


def test_what_changed_is_delivered_in_the_transaction(watch: Watch) -> None:
    changes = watch.take(watch.host(), watch.redis(False))
    assert watch.delivered == [changes]
    assert {evaluation.verdict.rule for evaluation in changes.evaluations} == {"DB-901", "INV-901"}
    assert {row.rule: row.state for row in changes.findings.values()} == {"DB-901": "open", "INV-901": "open"}
    assert {score.level for score in changes.scores} == {"asset", "city"}


def test_a_failing_delivery_undoes_everything(store: Store) -> None:
    watch = Watch(store)

    def full(*_: object) -> None:
        raise OSError("no space left on device")

    watch.ingest._deliver = full
    with pytest.raises(OSError, match="no space"):
        watch.take(watch.host(), watch.redis(False))
    assert watch.rows(tables.finding) == watch.rows(tables.asset) == watch.rows(tables.ingested) == []


def test_due_by_severity_and_exposure(watch: Watch) -> None:
    watch.take(watch.redis(False, vantage=Vantage.INTERNET))
    assert watch.finding().due == START + timedelta(days=3)
    assert watch.finding().band == "critical"


def test_another_policy_holds_for_open_findings_from_the_next_turn_on(watch: Watch) -> None:
    watch.take(watch.redis(False, vantage=Vantage.INTERNET))
    before = watch.finding().risk
    stricter = DeadlinePolicy(days={Severity.CRITICAL: 1}, slower_for=frozenset())
    other = Watch(watch.store, deadlines=stricter)
    other.now = START + timedelta(days=2)
    other.ingest.refresh()
    assert other.finding().due == START + timedelta(days=1)
    assert other.finding().risk > before  # overdue by the new policy
    other.ingest = Watch(watch.store, clock=lambda: other.now, deadlines=DeadlinePolicy(days={})).ingest
    other.ingest.refresh()
    assert other.finding().due is None
    assert other.finding().risk == before
    watch.check()


def test_overdue_findings_weigh_more_each_day(watch: Watch) -> None:
    watch.take(watch.redis(False, vantage=Vantage.INTERNET))
    fresh = watch.finding().risk
    watch.later(days=4)
    watch.ingest.refresh()
    overdue = watch.finding()
    assert fresh < overdue.risk <= 100
    assert any(factor["name"] == "overdue" for factor in overdue.factors["factors"])
    watch.check()


def test_writers_at_once_find_each_machine_once(watch: Watch) -> None:
    hosts = [f"192.0.2.{number}" for number in range(10, 16)]
    batches = [[watch.host(address), watch.redis(False, address), watch.ssh(address, address)] for address in hosts * 4]
    errors: list[Exception] = []

    def take(mine: list[list[Observation]]) -> None:
        for batch in mine:
            try:
                watch.take(*batch)
            except Exception as error:  # noqa: BLE001 - whatever a thread meets is what the test tells
                errors.append(error)

    threads = [threading.Thread(target=take, args=(batches[start::4],)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert errors == []
    assert len(watch.rows(tables.asset)) == len(hosts)
    assert len(watch.rows(tables.finding, tables.finding.c.rule == "DB-901")) == len(hosts)
    watch.check()
