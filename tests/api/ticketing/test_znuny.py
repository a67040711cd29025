"""What is Znuny's and OTOBO's own: errors with 200, conditions that are left out, sessions, moments without a zone."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from api.ticketing import znuny as connector
from api.ticketing.exchange import Exchange
from api.ticketing.ticketing import Changes, Fields, Priority, Status, secret_file
from api.ticketing.trouble import TicketingError
from tests.api.ticketing.backends import znuny
from tests.api.ticketing.backends.znuny import ZnunyDesk
from tests.api.ticketing.doubles.server import Reply
from tests.api.ticketing.doubles.znuny import USER
from tests.api.ticketing.test_contract import draft


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[ZnunyDesk]:
    with znuny.start(tmp_path) as started:
        assert isinstance(started, ZnunyDesk)
        yield started


def test_an_error_that_comes_with_200_is_a_refusal(desk: ZnunyDesk) -> None:
    made = desk.ticketing.create(draft())
    with pytest.raises(TicketingError, match=r"TicketUpdate\.InvalidParameter") as told:
        desk.ticketing.update(made, Changes(wanted=Fields(owner="Nowhere"), before=Fields(owner="Posture")))
    assert (told.value.kind, told.value.found_nothing) == ("refused", False)


def test_a_session_that_ended_is_opened_again_and_nothing_is_done_twice(desk: ZnunyDesk) -> None:
    desk.ticketing.check()
    desk.double.sessions.clear()
    wanted = draft()
    made = desk.ticketing.create(wanted)
    desk.double.sessions.clear()
    desk.ticketing.comment(made, "Once")
    assert desk.count(wanted.external_id) == 1
    assert [remark.text for remark in desk.ticketing.read(made).remarks] == ["Once"]


def test_a_wrong_password_is_refused_and_shown_nowhere(desk: ZnunyDesk, tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text("not-the-password\n")
    with pytest.raises(TicketingError, match=r"SessionCreate\.AuthFail"):
        znuny.connect(desk.url, tmp_path / "wrong").check()
    echoed = Reply(403, {"you sent": {"UserLogin": "talaia", "Password": "not-the-password"}})
    desk.double.replies = [echoed]
    with pytest.raises(TicketingError, match="403") as told:
        znuny.connect(desk.url, tmp_path / "wrong").check()
    assert "not-the-password" not in str(told.value)


def test_no_secret_and_no_session_is_in_an_address(desk: ZnunyDesk) -> None:
    made = desk.ticketing.create(draft())
    desk.ticketing.comment(made, "text")
    assert list(desk.ticketing.changed_since(desk.double.now() - timedelta(minutes=1)))
    assert {asked.method for asked in desk.double.asked} == {"POST", "PATCH"}
    assert not any(asked.query for asked in desk.double.asked)


def test_a_search_that_leaves_the_field_out_is_told_and_makes_no_ticket(desk: ZnunyDesk) -> None:
    desk.ticketing.create(draft())
    desk.double.tickets[1]["fields"].clear()
    desk.double.fields.remove("PostureId")
    for question in (desk.ticketing.check, lambda: desk.ticketing.search("posture:vila:1")):
        with pytest.raises(TicketingError, match="no dynamic field PostureId"):
            question()
    with pytest.raises(TicketingError, match="DynamicField->Name parameter is invalid"):
        desk.ticketing.create(draft())
    assert len(desk.double.tickets) == 1


def test_articles_of_ours_are_not_shown_to_the_customer(desk: ZnunyDesk) -> None:
    made = desk.ticketing.create(draft())
    desk.ticketing.comment(made, "text")
    desk.ticketing.propose_resolution(made, "Seen closed")
    assert {article["IsVisibleForCustomer"] for article in desk.double.articles[int(made.id)]} == {0}


def test_a_state_that_may_not_be_left_is_refused_and_nothing_is_said(desk: ZnunyDesk) -> None:
    made = desk.ticketing.create(draft())
    desk.set_status(made.id, Status.RESOLVED)
    desk.double.frozen = {"closed successful"}
    with pytest.raises(TicketingError, match=r"State parameter is invalid"):
        desk.ticketing.reopen(made, "It is still open")
    assert desk.ticketing.read(made).remarks == ()


def test_another_time_zone_than_the_configured_one_is_told(desk: ZnunyDesk) -> None:
    desk.double.zone = ZoneInfo("America/New_York")
    with pytest.raises(TicketingError, match="another time zone"):
        desk.ticketing.read(desk.ticketing.create(draft()))
    exchange = Exchange(desk.url, lambda: {}, system="Znuny")
    password = secret_file(desk.secret)
    there = connector.Znuny(exchange, USER, password, queue="Posture", customer="talaia", zone=desk.double.zone)
    made = there.create(draft())
    assert abs(there.read(made).updated_at - desk.double.now()) < timedelta(minutes=1)


def test_without_a_field_for_them_deadlines_stay_here(desk: ZnunyDesk) -> None:
    desk.double.fields.remove("PostureDue")
    exchange = Exchange(desk.url, lambda: {}, system="Znuny")
    there = connector.Znuny(exchange, USER, secret_file(desk.secret), queue="Posture", customer="talaia", due_field=None)
    wanted = draft()
    made = there.create(wanted)
    before = Fields(priority=wanted.priority, due=wanted.due)
    outcome = there.update(made, Changes(wanted=Fields(priority=Priority.LOW, due=wanted.due), before=before))
    assert (outcome.written, there.read(made).due) == ({"priority"}, None)


@pytest.mark.parametrize("hours", [-26, 3])
def test_a_clock_that_is_off_hides_no_change(desk: ZnunyDesk, hours: int) -> None:
    desk.double.skew = timedelta(hours=hours)
    made = [desk.ticketing.create(draft()) for _ in range(3)]
    first = desk.ticketing.read(made[0]).updated_at
    assert {remote.reference for remote in desk.ticketing.changed_since(first)} == set(made)


def test_of_very_many_remarks_the_last_hundred_are_read(desk: ZnunyDesk) -> None:
    made = desk.ticketing.create(draft())
    for number in range(105):
        desk.comment(made.id, f"remark {number}")
    remarks = desk.ticketing.read(made).remarks
    assert [remark.text for remark in remarks] == [f"remark {number}" for number in range(5, 105)]
