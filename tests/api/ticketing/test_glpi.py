"""What is GLPI's own: sessions, rights that say nothing, two generations, moments without a zone."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from api.ticketing import glpi as connector
from api.ticketing.exchange import Exchange, header_login
from api.ticketing.ticketing import Changes, Fields, Priority, Status, find_or_create, secret_file
from api.ticketing.trouble import TicketingError
from tests.api.ticketing.backends import glpi
from tests.api.ticketing.backends.glpi import GlpiDesk
from tests.api.ticketing.doubles.glpi import ASSIGN
from tests.api.ticketing.doubles.server import Reply
from tests.api.ticketing.test_contract import draft


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[GlpiDesk]:
    with glpi.start(tmp_path) as started:
        assert isinstance(started, GlpiDesk)
        yield started


def test_a_session_that_ended_is_opened_again_and_nothing_is_done_twice(desk: GlpiDesk) -> None:
    desk.ticketing.check()
    desk.double.sessions.clear()
    wanted = draft()
    made = desk.ticketing.create(wanted)
    desk.double.sessions.clear()
    desk.ticketing.comment(made, "Once")
    assert desk.count(wanted.external_id) == 1
    assert [remark.text for remark in desk.ticketing.read(made).remarks] == ["Once"]


def test_a_session_that_is_never_good_ends_in_a_refusal(desk: GlpiDesk) -> None:
    refusal = Reply(401, ["ERROR_SESSION_TOKEN_INVALID", "session_token seems incorrect"])
    opened = Reply(200, {"session_token": "of-another-server"})
    desk.double.replies = [opened, refusal, opened, refusal, opened]
    with pytest.raises(TicketingError, match="ERROR_SESSION_TOKEN_INVALID") as told:
        desk.ticketing.search("posture:vila:1")
    assert told.value.kind == "refused"
    assert len(desk.double.replies) == 1


def test_without_the_applications_token_it_is_refused(desk: GlpiDesk) -> None:
    login = header_login("authorization", secret_file(desk.secret), "user_token")
    session = connector.Session(Exchange(desk.url, login, system="GLPI"))
    with pytest.raises(TicketingError, match="ERROR_APP_TOKEN_PARAMETERS_MISSING"):
        connector.Glpi(Exchange(desk.url, session, system="GLPI"), session).check()


def test_a_change_that_the_profile_forbids_and_that_is_answered_as_made_is_refused(desk: GlpiDesk) -> None:
    made = desk.ticketing.create(draft(priority=Priority.MEDIUM))
    desk.double.may_set_priority = False
    before = Fields(priority=Priority.MEDIUM)
    with pytest.raises(TicketingError, match="did not make it") as told:
        desk.ticketing.update(made, Changes(wanted=Fields(priority=Priority.CRITICAL), before=before))
    assert told.value.kind == "refused"


def test_a_ticket_that_may_not_be_opened_again_is_told_before_anything_is_said(desk: GlpiDesk) -> None:
    made = desk.ticketing.create(draft())
    desk.set_status(made.id, Status.CLOSED)
    desk.double.reopening_allowed = False
    with pytest.raises(TicketingError, match="left the ticket at '6'"):
        desk.ticketing.reopen(made, "It is still open")
    assert desk.ticketing.read(made).remarks == ()


def test_a_group_that_is_not_there_is_no_change(desk: GlpiDesk) -> None:
    made = desk.ticketing.create(draft())
    with pytest.raises(TicketingError, match="no group 'Nowhere'"):
        desk.ticketing.update(made, Changes(wanted=Fields(owner="Nowhere"), before=Fields(owner="Posture")))
    assert desk.ticketing.read(made).owner == "Posture"


def test_the_groups_of_people_stay(desk: GlpiDesk) -> None:
    made = desk.ticketing.create(draft())
    desk.double.add_row("Group_Ticket", int(made.id), groups_id=9, type=ASSIGN)
    desk.ticketing.update(made, Changes(wanted=Fields(owner="Network"), before=Fields(owner="Posture")))
    assert [row.fields["groups_id"] for row in desk.double.rows if row.kind == "Group_Ticket"] == [9, 6]


def test_a_ticket_of_generation_10_is_found_after_the_upgrade(tmp_path: Path) -> None:
    with glpi.start(tmp_path, generation=10) as desk:
        assert isinstance(desk, GlpiDesk)
        wanted = draft()
        made = desk.ticketing.create(wanted)
        assert desk.double.tickets[int(made.id)]["externalid"] is None
        desk.double.generation = 11
        assert find_or_create(desk.another(), wanted) == made


def test_the_reason_that_a_person_gives_with_a_solution_is_a_remark(desk: GlpiDesk) -> None:
    made = desk.ticketing.create(draft())
    desk.double.write("ITILSolution", int(made.id), 8, "Replaced <by> a newer one")
    read = desk.ticketing.read(made)
    assert (read.status, [(remark.author, remark.text) for remark in read.remarks]) == (
        Status.RESOLVED,
        [("laia", "Replaced <by> a newer one")],
    )


@pytest.mark.parametrize("hours", [-26, 0, 3])
def test_a_clock_that_is_off_hides_no_change(desk: GlpiDesk, hours: int) -> None:
    desk.double.skew = timedelta(hours=hours)
    made = [desk.ticketing.create(draft()) for _ in range(3)]
    first = desk.ticketing.read(made[0]).updated_at
    assert {remote.reference for remote in desk.ticketing.changed_since(first)} == set(made)


def test_tickets_that_go_while_we_page_end_the_list(desk: GlpiDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connector, "PAGE", 1)
    start = desk.double.now() - timedelta(seconds=2)
    for _ in range(3):
        desk.ticketing.create(draft())
    changed = desk.ticketing.changed_since(start)
    next(changed)
    for number in desk.double.tickets:
        desk.delete(str(number))
    assert list(changed) == []


def test_somebody_elses_external_id_and_a_mention_of_ours_make_no_ticket_of_ours(desk: GlpiDesk) -> None:
    start = desk.double.now() - timedelta(seconds=2)
    made = desk.ticketing.create(draft())
    desk.double.change(int(made.id), externalid="ERP-17", content="<p>The ticket posture:vila:1 says so</p>")
    assert desk.ticketing.read(made).external_id is None
    assert list(desk.ticketing.changed_since(start)) == []
    assert desk.ticketing.search("posture:vila:1") is None


def test_a_description_that_a_rule_rewrites_is_told(desk: GlpiDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.double.generation = 10
    add = desk.double._add_ticket
    monkeypatch.setattr(desk.double, "_add_ticket", lambda given: add({**given, "content": "<p>See the form</p>"}))
    with pytest.raises(TicketingError, match="changed its description"):
        desk.ticketing.create(draft())
