"""The desk: tickets follow findings and are closed by proof, opened again once, never over what people decided."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.ticketing.ticketing import ENDED, Priority, Status
from api.ticketing.trouble import TicketingError
from collector import exceptions, stopping, tables, tickets
from collector.audit import verify
from collector.exceptions import Covers, Wanted
from collector.grants import Person
from collector.store import Store
from collector.tickets import Group, TicketRefused
from tests.api.ticketing.pretend import Counter

OTHER = Person("account:other", "other")


@pytest.fixture
def counter(store: Store) -> Counter:
    """A ticket about one open finding is over there."""
    found = Counter(store)
    found.watch.take(found.watch.host(), found.watch.redis(False))
    found.open()
    found.turn()
    return found


def test_one_ticket_for_each_remedy_and_owner(counter: Counter) -> None:
    watch = counter.watch
    watch.take(watch.host("192.0.2.11"), watch.redis(False, "192.0.2.11"))
    assert counter.open() == counter.ticket().id
    counter.turn()
    row, held = counter.ticket(), counter.held
    assert (row.state, row.remote_id, row.remote_url) == ("open", held.reference.id, held.reference.url)
    assert held.draft.external_id == f"posture:vila:{row.id}"
    assert f"https://talaia.test.invalid/tickets/{row.id}" in held.draft.text()
    assert len(watch.rows(tables.ticket_finding)) == 2


def test_nothing_open_no_ticket(counter: Counter) -> None:
    with counter.store.write() as connection, pytest.raises(TicketRefused, match="nothing"):
        tickets.open_ticket(connection, Group("DB-902", None, None), "vila", by=OTHER, at=counter.watch.now)


def test_resolved_there_is_tested_and_closed_with_the_proof(counter: Counter) -> None:
    counter.over_there.person(counter.held, status=Status.RESOLVED, text="done")
    counter.turn()
    assert counter.ticket().state == "testing"
    assert [row.asked_by for row in counter.scans()] == ["Talaia"]
    counter.turn()
    assert (counter.ticket().state, len(counter.scans())) == ("testing", 1)
    counter.tested(True)
    counter.turn()
    row = counter.ticket()
    assert (row.state, row.closed_because, row.live_key) == ("closed", "proved", None)
    assert counter.held.status is Status.RESOLVED
    assert "Verified: a new look proves it fixed." in counter.held.remarks[-1].text
    assert "192.0.2.10 tcp/6379: fixed, looked at on 2026-11-23" in counter.held.remarks[-1].text
    assert [(one.author, one.text) for one in counter.watch.rows(tables.ticket_remark)] == [("laia", "done")]
    with counter.store.read() as connection:
        assert verify(connection).broken_at is None


def test_still_there_is_opened_again_once_and_then_a_person_decides(counter: Counter) -> None:
    for _ in range(3):
        counter.over_there.person(counter.held, status=Status.RESOLVED)
        counter.turn()
        counter.tested(False)
        for _ in range(5):
            counter.turn()
    row = counter.ticket()
    assert (row.state, row.review, row.reopened) == ("review", "still_there", 1)
    assert (counter.held.status, counter.held.reopened) == (Status.RESOLVED, 1)
    assert len(counter.scans()) == 2
    said = [remark.text for remark in counter.held.remarks]
    assert sum("opened again, this once" in text for text in said) == 1
    assert sum("does not open the ticket a second time" in text for text in said) == 1
    counter.watch.take(counter.watch.redis(True))  # and the proof closes it even so
    counter.turn()
    assert counter.ticket().state == "closed"


def test_a_host_that_does_not_answer_closes_nothing(counter: Counter) -> None:
    counter.over_there.person(counter.held, status=Status.CLOSED)
    for _ in range(2):
        counter.turn()
        counter.tested(None)
        counter.turn()
        assert counter.ticket().state == "testing"
        counter.turn(minutes=61)
    counter.tested(None)
    counter.turn()
    row = counter.ticket()
    assert (row.state, row.review, len(counter.scans())) == ("review", "not_proved", 3)
    assert counter.watch.finding().state == "open"
    assert "could not be shown to be fixed" in counter.held.remarks[-1].text
    counter.over_there.person(counter.held, status=Status.OPEN)
    counter.turn()
    assert (counter.ticket().state, counter.ticket().test_tries) == ("open", 0)


def test_the_stop_button_and_a_zone_that_is_gone_wait(counter: Counter) -> None:
    with counter.store.write() as connection:
        stopping.request_stop(connection, by="one", reason="maintenance", at=counter.watch.now)
    counter.over_there.person(counter.held, status=Status.RESOLVED)
    for _ in range(6):
        counter.turn(minutes=61)
    assert (counter.ticket().state, counter.ticket().test_tries, counter.scans()) == ("testing", 0, [])
    with counter.store.write() as connection:
        stopping.release_stop(connection)
    counter.zones.clear()
    for _ in range(6):
        counter.turn(minutes=61)
    assert (counter.ticket().state, counter.ticket().review) == ("review", "not_proved")


def test_fixed_before_anybody_there_resolved_it(counter: Counter) -> None:
    counter.watch.later(minutes=5)
    counter.watch.take(counter.watch.redis(True))
    counter.turn()
    assert (counter.held.status, counter.ticket().state, counter.ticket().closed_because) == (Status.RESOLVED, "closed", "proved")
    counter.watch.later(days=1)
    counter.watch.take(counter.watch.redis(False))  # it comes back: that is another ticket
    assert counter.open() not in (None, counter.held.draft.external_id.rsplit(":", 1)[1])
    counter.turn()
    assert len(counter.over_there.held) == 2


def test_rejected_there_is_for_people_to_settle(counter: Counter) -> None:
    counter.over_there.person(counter.held, status=Status.REJECTED, text="we will not")
    counter.turn()
    counter.turn()
    assert (counter.ticket().state, counter.ticket().review, counter.scans()) == ("review", "rejected", [])
    assert counter.held.remarks[-1].author == "laia"


def test_an_exception_ends_the_ticket(counter: Counter) -> None:
    watch, finding = counter.watch, counter.watch.finding()
    wanted = Wanted("DB-901", Covers.FINDING, finding.id, "in spring", watch.now + timedelta(days=30))
    with counter.store.write() as connection:
        key = exceptions.ask(connection, wanted, by=Person("token:1", "one"), at=watch.now)
    watch.ingest.change(lambda batch, life: exceptions.approve(batch, life, key, by=OTHER))
    counter.turn()
    assert (counter.ticket().closed_because, counter.held.status) == ("excepted", Status.RESOLVED)
    assert "approved exception" in counter.held.remarks[-1].text


def test_deleted_there_is_noticed_and_never_made_again(counter: Counter) -> None:
    counter.over_there.held.clear()
    counter.turn()
    assert counter.ticket().state == "open"
    counter.turn(minutes=25 * 60)
    assert (counter.ticket().state, counter.ticket().review) == ("review", "gone")
    counter.turn()
    assert not counter.over_there.held


def test_priority_and_deadline_go_out_and_what_people_set_stays(counter: Counter) -> None:
    held = counter.held
    assert (held.priority, held.due) == (Priority.MEDIUM, date(2026, 12, 7))
    counter.over_there.person(held, priority=Priority.LOW)
    counter.turn()
    counter.watch.later(days=30)
    counter.watch.ingest.refresh()
    before = counter.over_there.calls
    with counter.store.write() as connection:
        connection.execute(tables.finding.update().values(due=counter.watch.now + timedelta(days=9)))
    counter.turn(minutes=61)
    row = counter.ticket()
    assert (held.priority, held.due, row.kept) == (Priority.LOW, date(2027, 1, 1), ["priority"])
    assert counter.over_there.calls > before
    written = sum(step.kind == "update" for step in counter.steps())
    for _ in range(3):
        counter.turn(minutes=61)
    assert sum(step.kind == "update" for step in counter.steps()) == written


def test_places_found_later_are_told_together(counter: Counter) -> None:
    for last in (11, 12, 13):
        address = f"192.0.2.{last}"
        counter.watch.take(counter.watch.host(address), counter.watch.redis(False, address))
        counter.turn()
    assert not counter.held.remarks
    counter.turn(minutes=61)
    (told,) = [remark.text for remark in counter.held.remarks]
    assert all(f"192.0.2.{last}" in told for last in (11, 12, 13))
    counter.turn(minutes=61)
    assert len(counter.held.remarks) == 1


def test_tickets_open_by_themselves_and_not_again_what_a_person_dropped(store: Store) -> None:
    counter = Counter(store, open_for=frozenset({"critical"}), language="ca")
    counter.watch.take(counter.watch.host(), counter.watch.redis(False))
    counter.turn()
    assert (counter.ticket().opened_by, counter.ticket().state) == ("Talaia", "open")
    with store.write() as connection:
        tickets.drop(connection, counter.ticket().id, at=counter.watch.now)
    counter.turn(minutes=61)
    assert len(counter.watch.rows(tables.ticket)) == 1
    counter.open()
    counter.turn()
    assert len(counter.over_there.held) == 2


@pytest.mark.parametrize("kind", ["temporary", "refused", "conflict"])
def test_trouble_is_told_and_tried_again(store: Store, kind: Any) -> None:
    counter = Counter(store)
    counter.watch.take(counter.watch.host(), counter.watch.redis(False))
    counter.open()
    counter.over_there.trouble = TicketingError(kind, "it does not want to")
    counter.turn()
    (step,) = counter.steps()
    assert (step.trouble, step.done_at, counter.ticket().state) == ("it does not want to", None, "wanted")
    assert (step.next_at is None) == (kind == "refused")
    counter.over_there.trouble = None
    counter.turn()
    if kind == "refused":  # one more attempt might make one more ticket: a person says when
        assert not counter.over_there.held
        with store.write() as connection:
            tickets.retry(connection, counter.ticket().id, at=counter.watch.now)
        counter.turn()
    assert (counter.ticket().state, counter.steps()[0].trouble) == ("open", None)


def test_what_was_fixed_before_it_was_made_is_not_made(store: Store) -> None:
    counter = Counter(store)
    counter.watch.take(counter.watch.host(), counter.watch.redis(False))
    counter.open()
    counter.watch.later(minutes=1)
    counter.watch.take(counter.watch.redis(True))
    counter.turn()
    assert (counter.ticket().state, counter.over_there.held) == ("closed", {})


def test_two_desks_take_turns(counter: Counter) -> None:
    other = counter.new_desk()
    assert not other.turn()
    counter.desk.leave()
    assert other.turn()


HAPPENS = st.sampled_from(
    ["resolve", "reject", "reopen", "fix", "break", "tested", "silent", "restart", "trouble", "delete", "turn"]
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.lists(HAPPENS, max_size=25))
def test_whatever_happens_it_never_plays_ping_pong(data: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('desk') / 'talaia.db'}")
    tables.metadata.create_all(store.engine)
    counter = Counter(store)
    counter.watch.take(counter.watch.host(), counter.watch.redis(False))
    counter.open()
    for what in data:
        _happen(counter, what)
        counter.turn(minutes=5)
        _holds(counter)
    counter.over_there.trouble = None
    counter.turn(minutes=120)
    counter.turn(minutes=120)
    _holds(counter)
    store.close()


def _happen(counter: Counter, what: str) -> None:
    watch, held = counter.watch, next(iter(counter.over_there.held.values()), None)
    statuses = {"resolve": Status.RESOLVED, "reject": Status.REJECTED, "reopen": Status.OPEN}
    if what in statuses and held is not None:
        counter.over_there.person(held, status=statuses[what])
    elif what in ("fix", "break"):
        watch.take(watch.redis(what == "fix"))
    elif what in ("tested", "silent"):
        counter.tested(None if what == "silent" else watch.finding().state == "resolved")
    elif what == "restart":
        counter.desk.leave()
        counter.desk = counter.new_desk()
    elif what == "trouble":
        counter.over_there.trouble = None if counter.over_there.trouble else TicketingError("temporary", "down")
    elif what == "delete" and held is not None:
        del counter.over_there.held[held.reference.id]


def _holds(counter: Counter) -> None:
    """What must be true after every turn."""
    made = [held.draft.external_id for held in counter.over_there.held.values()]
    assert len(made) == len(set(made)) <= 1
    assert all(held.reopened <= 1 for held in counter.over_there.held.values())
    row = counter.ticket()
    assert row.reopened <= 1
    if row.state == "closed" and row.closed_because == "proved":
        resolved = [one for one in counter.watch.rows(tables.event) if one.action == "finding-resolved"]
        assert any(one.at <= row.closed_at for one in resolved)
    if row.state == "open" and row.remote and row.read_at and not row.gone:
        assert row.remote["status"] not in ENDED
