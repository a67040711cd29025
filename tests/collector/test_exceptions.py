"""Exceptions: another person approves, the clock ends them, another observation voids them, and the states always add up."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from collector import exceptions, tables
from collector.exceptions import Covers, ExceptionRefused, Wanted
from collector.grants import Person
from collector.queries.exceptions import ExceptionFilter, list_exceptions
from collector.store import Store
from scanners.observation import Outcome, Vantage
from tests.collector.watching import Watch

ONE, OTHER = Person("token:one", "one"), Person("account:other", "other")


@pytest.fixture
def watch(store: Store) -> Watch:
    found = Watch(store)
    found.take(found.host(), found.redis(False))
    return found


def ask(watch: Watch, *, days: float = 30, strength: float = 0.5, until: datetime | None = None) -> str:
    finding = watch.finding()
    end = until or watch.now + timedelta(days=days)
    wanted = Wanted("DB-901", Covers.FINDING, finding.id, "replaced in spring", end, "firewall" if strength else "", strength)
    with watch.store.write() as connection:
        return exceptions.ask(connection, wanted, by=ONE, at=watch.now)


def approve(watch: Watch, key: str, by: Person = OTHER) -> None:
    watch.ingest.change(lambda batch, life: exceptions.approve(batch, life, key, by=by))


def state(watch: Watch, key: str) -> str:
    (row,) = watch.rows(tables.exception, tables.exception.c.id == key)
    return str(row.state)


def test_a_waived_finding_weighs_what_its_control_leaves_and_is_resolved_by_proof(watch: Watch) -> None:
    before, key = watch.finding(), ask(watch)
    approve(watch, key)
    waived = watch.finding()
    assert (waived.state, waived.exception_id, waived.due) == ("waived", key, before.due)
    assert waived.risk == pytest.approx(before.risk / 2)
    watch.later(days=1)
    watch.take(watch.redis(False), watch.failed(Outcome.TIMEOUT, vantage=Vantage.INTERNAL))
    assert (watch.finding().state, state(watch, key)) == ("waived", "approved")
    watch.take(watch.redis(True, at=watch.now + timedelta(seconds=1)))
    watch.later(days=1)
    watch.take(watch.redis(True))
    assert (watch.finding().state, watch.finding().exception_id, state(watch, key)) == ("resolved", None, "ended")
    watch.check()


def test_who_asks_does_not_approve_nor_refuse(watch: Watch) -> None:
    key = ask(watch)
    with pytest.raises(ExceptionRefused, match="another person"):
        approve(watch, key, by=ONE)
    with watch.store.write() as connection, pytest.raises(ExceptionRefused):
        exceptions.refuse(connection, key, by=ONE, at=watch.now)
    assert (watch.finding().state, state(watch, key)) == ("open", "requested")
    for who in ({"decided_by": "one", "decided_by_id": "token:other"}, {"decided_by": "other", "decided_by_id": "token:one"}):
        with pytest.raises(IntegrityError), watch.store.write() as connection:
            connection.execute(tables.exception.update().values(state="approved", **who))


def test_seen_from_the_internet_it_is_void(watch: Watch) -> None:
    key = ask(watch)
    approve(watch, key)
    watch.later(days=1)
    watch.take(watch.redis(False, vantage=Vantage.INTERNET))
    assert (watch.finding().state, state(watch, key)) == ("open", "void")
    assert watch.actions()[-2:] == ["finding-unwaived", "exception-void"]
    watch.check()


def test_it_expires_at_its_end_also_on_the_night_the_clocks_change(watch: Watch) -> None:
    end = datetime(2027, 3, 28, 3, 30, tzinfo=ZoneInfo("Europe/Madrid"))
    key = ask(watch, until=end)
    approve(watch, key)
    watch.now = datetime.fromisoformat("2027-03-28T01:29:59+00:00")
    watch.ingest.refresh()
    assert watch.finding().state == "waived"
    watch.later(seconds=1)
    watch.ingest.refresh()
    assert (watch.finding().state, state(watch, key)) == ("open", "expired")
    watch.check()


@pytest.mark.parametrize("days", [0, 366])
def test_an_end_lies_ahead_and_within_a_year(watch: Watch, days: int) -> None:
    with pytest.raises(ExceptionRefused, match="ends after"):
        ask(watch, days=days)


def test_people_withdraw_refuse_and_end(watch: Watch) -> None:
    first, second, third = ask(watch), ask(watch), ask(watch)
    with watch.store.write() as connection:
        exceptions.withdraw(connection, first, by=ONE, at=watch.now)
        exceptions.refuse(connection, second, by=OTHER, at=watch.now)
    approve(watch, third)
    with watch.store.read() as connection:
        soon = list_exceptions(connection, ExceptionFilter(ending_before=watch.now + timedelta(days=31)))
        assert [row.id for row in soon.items] == [third]
    watch.ingest.change(lambda batch, life: exceptions.end(batch, life, third, by=OTHER))
    assert [state(watch, key) for key in (first, second, third)] == ["withdrawn", "refused", "ended"]
    assert watch.finding().state == "open"
    watch.check()


def _moves(watch: Watch, there: str = "192.0.2.11") -> None:
    """The machine of 192.0.2.10 answers elsewhere by its host key; the two assets prove to be one."""
    watch.later(days=10)
    watch.take(watch.silence(), watch.host(there, open_=(22, 6379)), watch.redis(False, there), scan="moved")
    watch.later(minutes=1)
    watch.take(watch.ssh(there, "key-a"), scan="moved")
    assert "asset-merged" in watch.actions()


@pytest.mark.parametrize("covers", [Covers.FINDING, Covers.ASSET])
def test_two_assets_that_prove_to_be_one_keep_what_was_approved(store: Store, covers: Covers) -> None:
    watch = Watch(store)
    watch.take(watch.host(open_=(22, 6379)), watch.ssh("192.0.2.10", "key-a"), watch.redis(False))
    before = watch.finding()
    key = {Covers.FINDING: before.id, Covers.ASSET: before.asset_id}[covers]
    wanted = Wanted("DB-901", covers, key, "replaced in spring", watch.now + timedelta(days=60), "firewall", 0.5)
    with watch.store.write() as connection:
        made = exceptions.ask(connection, wanted, by=ONE, at=watch.now)
    approve(watch, made)
    _moves(watch)
    after = watch.finding()
    (kept,) = watch.rows(tables.exception)
    assert (after.state, after.exception_id, kept.state) == ("waived", made, "approved")
    assert kept.key == {Covers.FINDING: after.id, Covers.ASSET: after.asset_id}[covers]
    watch.later(days=51)
    watch.ingest.refresh()
    assert (watch.finding().state, state(watch, made)) == ("open", "expired")
    watch.check()


def test_two_assets_that_prove_to_be_one_void_what_was_approved_of_less(store: Store) -> None:
    """The other of the two is reached from the internet, which nobody approved."""
    watch = Watch(store)
    watch.take(watch.host(open_=(22, 6379)), watch.ssh("192.0.2.10", "key-a"), watch.redis(False))
    key = ask(watch, days=60)
    approve(watch, key)
    watch.later(days=9)
    watch.take(watch.redis(False, "192.0.2.11", vantage=Vantage.INTERNET), scan="seen from outside")
    _moves(watch)
    assert (watch.finding().state, watch.finding().exception_id, state(watch, key)) == ("open", None, "void")
    watch.check()


STEPS = st.lists(st.sampled_from(["fail", "pass", "unknown", "internet", "ask", "expire", "later"]), max_size=14)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_the_states_add_up_with_exceptions(store: Store, steps: list[str]) -> None:
    with store.write() as connection:
        for table in reversed(tables.metadata.sorted_tables):
            if table.name != "audit":  # the store refuses to
                connection.execute(table.delete())
    watch = Watch(store)
    watch.take(watch.host(), watch.redis(False))
    for step in steps:
        watch.later(hours=1)
        if step == "ask":
            if watch.finding().state != "resolved":
                approve(watch, ask(watch, days=2))
        elif step in {"later", "expire"}:
            watch.later(days=3 if step == "expire" else 1)
            watch.ingest.refresh()
        else:
            vantage = Vantage.INTERNET if step == "internet" else Vantage.INTERNAL
            watch.take(watch.redis({"pass": True, "unknown": None}.get(step, False), vantage=vantage))
        watch.check()
        approved = {row.id for row in watch.rows(tables.exception, tables.exception.c.state == "approved")}
        waived = {row.exception_id for row in watch.rows(tables.finding, tables.finding.c.state == "waived")}
        assert approved == waived
        assert not watch.rows(tables.finding, tables.finding.c.state != "waived", tables.finding.c.exception_id.is_not(None))
