"""What is ServiceNow's own: fields and conditions that are left out without a word, pages with holes, rules of its states."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from api.ticketing import servicenow as connector
from api.ticketing.exchange import Exchange, basic_login
from api.ticketing.ticketing import Changes, Fields, Priority, Status, find_or_create
from api.ticketing.trouble import TicketingError
from tests.api.ticketing.backends import servicenow
from tests.api.ticketing.backends.servicenow import ServiceNowDesk
from tests.api.ticketing.doubles.servicenow import PASSWORD, USER
from tests.api.ticketing.test_contract import draft


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[ServiceNowDesk]:
    with servicenow.start(tmp_path) as started:
        assert isinstance(started, ServiceNowDesk)
        yield started


def test_a_field_that_is_left_out_without_a_word_is_told(desk: ServiceNowDesk) -> None:
    made = desk.ticketing.create(draft())
    desk.double.forbidden = {"impact", "urgency"}
    change = Changes(wanted=Fields(priority=Priority.CRITICAL), before=Fields(priority=Priority.HIGH))
    with pytest.raises(TicketingError, match="priority and did not make it"):
        desk.ticketing.update(made, change)
    desk.double.forbidden = {"correlation_id"}
    with pytest.raises(TicketingError, match="one more ticket"):
        desk.ticketing.create(draft())


def test_a_condition_that_is_left_out_finds_nobody_elses_ticket(desk: ServiceNowDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.ticketing.create(draft())
    monkeypatch.setattr(desk.double, "_narrowed", lambda rows, condition: rows)
    assert desk.ticketing.search("posture:vila:1") is None
    made = find_or_create(desk.ticketing, draft())
    desk.double.incidents[made.id]["correlation_id"] = "of-another-system"
    start = desk.double.now() - timedelta(minutes=1)
    assert made.id not in {remote.reference.id for remote in desk.ticketing.changed_since(start)}


def test_a_page_with_holes_is_not_the_last(desk: ServiceNowDesk) -> None:
    start = desk.double.now() - timedelta(seconds=2)
    made = [desk.ticketing.create(draft()) for _ in range(5)]
    desk.double.hidden = {made[3].id, made[2].id}
    with desk.in_pages_of(2):
        seen = {remote.reference for remote in desk.ticketing.changed_since(start)}
    assert seen == {made[0], made[1], made[4]}


def test_an_older_instance_says_not_found_for_an_empty_list(desk: ServiceNowDesk) -> None:
    desk.double.old = True
    wanted = draft()
    assert desk.ticketing.search(wanted.external_id) is None
    assert list(desk.ticketing.changed_since(desk.double.now())) == []
    made = desk.ticketing.create(wanted)
    assert desk.ticketing.read(made).remarks == ()
    desk.delete(made.id)
    with pytest.raises(TicketingError) as told:
        desk.ticketing.read(made)
    assert told.value.found_nothing


def test_a_resolution_has_what_the_state_asks_for(desk: ServiceNowDesk) -> None:
    made = desk.ticketing.create(draft())
    desk.ticketing.propose_resolution(made, "Seen closed")
    kept = desk.double.incidents[made.id]
    assert (kept["state"], kept["close_code"], kept["close_notes"]) == ("6", "Solution provided", "Seen closed")


def test_a_word_that_the_instance_does_not_offer_is_refused_and_nothing_is_said(desk: ServiceNowDesk) -> None:
    made = desk.ticketing.create(draft())
    exchange = Exchange(desk.url, basic_login(USER, lambda: PASSWORD), system="ServiceNow")
    wrong = connector.ServiceNow(exchange, close_code="Solved (Permanently)")
    with pytest.raises(TicketingError, match="Data Policy"):
        wrong.propose_resolution(made, "Seen closed")
    assert desk.ticketing.read(made).remarks == ()


def test_what_is_closed_for_good_is_refused_and_nothing_is_said(desk: ServiceNowDesk) -> None:
    made = desk.ticketing.create(draft())
    desk.set_status(made.id, Status.CLOSED)
    desk.double.may_reopen = False
    with pytest.raises(TicketingError, match="403") as told:
        desk.ticketing.reopen(made, "It is still open")
    assert told.value.kind == "refused"
    assert desk.ticketing.read(made).remarks == ()


def test_a_group_that_is_not_there_is_no_change(desk: ServiceNowDesk) -> None:
    made = desk.ticketing.create(draft())
    with pytest.raises(TicketingError, match="no group 'Nowhere'"):
        desk.ticketing.update(made, Changes(wanted=Fields(owner="Nowhere"), before=Fields(owner="Posture")))


def test_a_long_subject_is_whole_in_no_column_but_the_id_is_in_the_text(desk: ServiceNowDesk) -> None:
    wanted = draft()
    long = type(wanted)(**{name: getattr(wanted, name) for name in wanted.__struct_fields__} | {"subject": "à" * 199})
    made = desk.ticketing.create(long)
    assert desk.ticketing.read(made).subject == "à" * 160
    assert wanted.external_id in desk.raw_text(made.id)


@pytest.mark.parametrize("due", [date(2027, 3, 28), date(2027, 7, 1), date(2027, 10, 31)])
def test_a_deadline_is_the_end_of_its_day_here(desk: ServiceNowDesk, due: date) -> None:
    made = desk.ticketing.create(draft(due=due))
    assert desk.double.incidents[made.id]["due_date"][11:] in ("21:59:00", "22:59:00")
    assert desk.ticketing.read(made).due == due


@pytest.mark.parametrize("hours", [-26, 3])
def test_a_clock_that_is_off_hides_no_change(desk: ServiceNowDesk, hours: int) -> None:
    desk.double.skew = timedelta(hours=hours)
    made = [desk.ticketing.create(draft()) for _ in range(3)]
    first = desk.ticketing.read(made[0]).updated_at
    assert {remote.reference for remote in desk.ticketing.changed_since(first)} == set(made)
