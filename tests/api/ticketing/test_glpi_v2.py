"""What is the own of GLPI's high-level interface: tokens, conditions that are left out, answers that are not true."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from api.ticketing import glpi_v2 as connector
from api.ticketing.exchange import Exchange
from api.ticketing.ticketing import Changes, Fields, Priority, Status, find_or_create
from api.ticketing.trouble import TicketingError
from tests.api.ticketing.backends import glpi_v2
from tests.api.ticketing.backends.glpi_v2 import GlpiV2Desk
from tests.api.ticketing.doubles.glpi import ASSIGN
from tests.api.ticketing.doubles.glpi_v2 import CLIENT, USER
from tests.api.ticketing.doubles.server import Reply
from tests.api.ticketing.test_contract import draft


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[GlpiV2Desk]:
    with glpi_v2.start(tmp_path) as started:
        assert isinstance(started, GlpiV2Desk)
        yield started


def test_a_token_that_ended_is_asked_for_again_and_nothing_is_done_twice(desk: GlpiV2Desk) -> None:
    desk.ticketing.check()
    desk.double.tokens.clear()
    wanted = draft()
    made = desk.ticketing.create(wanted)
    desk.double.tokens.clear()
    desk.ticketing.comment(made, "Once")
    assert desk.count(wanted.external_id) == 1
    assert [remark.text for remark in desk.ticketing.read(made).remarks] == ["Once"]


def test_a_wrong_client_is_refused_and_no_secret_is_shown(desk: GlpiV2Desk) -> None:
    login = Exchange(desk.url, lambda: {}, system="GLPI")
    wrong = connector.Token(login, USER, lambda: "not-the-password", client=CLIENT, client_secret=lambda: "not-the-secret")
    there = connector.GlpiV2(Exchange(desk.url, wrong, system="GLPI"), wrong)
    with pytest.raises(TicketingError, match="invalid_client"):
        there.check()
    desk.double.replies = [Reply(400, {"you sent": "not-the-password and not-the-secret"})]
    with pytest.raises(TicketingError, match="you sent") as told:
        there.check()
    assert "not-the" not in str(told.value)


def test_a_comment_that_is_kept_and_answered_as_not_found_is_written_once(desk: GlpiV2Desk) -> None:
    made = desk.ticketing.create(draft())
    desk.double.lies = True
    desk.ticketing.comment(made, "Once")
    desk.ticketing.propose_resolution(made, "Seen closed")
    read = desk.ticketing.read(made)
    assert (read.status, [remark.text for remark in read.remarks]) == (Status.RESOLVED, ["Once", "Seen closed"])


def test_a_comment_on_what_is_gone_is_refused(desk: GlpiV2Desk) -> None:
    made = desk.ticketing.create(draft())
    del desk.double.tickets[int(made.id)]
    with pytest.raises(TicketingError) as told:
        desk.ticketing.comment(made, "text")
    assert told.value.found_nothing


def test_a_condition_that_is_left_out_finds_nobody_elses_ticket(desk: GlpiV2Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.ticketing.create(draft())
    page = desk.double._page
    monkeypatch.setattr(desk.double, "_page", lambda items, query: page(items, {**query, "filter": ""}))
    assert desk.ticketing.search("posture:vila:1") is None


def test_a_ticket_that_lost_its_external_id_is_told(desk: GlpiV2Desk) -> None:
    desk.double.keeps_external_ids = False
    with pytest.raises(TicketingError, match="every attempt would make one more"):
        desk.ticketing.create(draft())


def test_killed_between_the_ticket_and_its_group_it_gets_the_group_with_an_update(desk: GlpiV2Desk) -> None:
    wanted = draft()
    made = desk.ticketing.create(wanted)
    desk.double.rows = [row for row in desk.double.rows if row.kind != "Group_Ticket"]
    assert find_or_create(desk.another(), wanted) == made
    outcome = desk.ticketing.update(made, Changes(wanted=Fields(owner="Posture")))
    assert (outcome.written, desk.ticketing.read(made).owner) == ({"owner"}, "Posture")


def test_the_groups_of_people_stay(desk: GlpiV2Desk) -> None:
    made = desk.ticketing.create(draft())
    desk.double.add_row("Group_Ticket", int(made.id), groups_id=9, type=ASSIGN)
    desk.ticketing.update(made, Changes(wanted=Fields(owner="Network"), before=Fields(owner="Posture")))
    assert [row.fields["groups_id"] for row in desk.double.rows if row.kind == "Group_Ticket"] == [9, 6]


def test_a_change_that_the_profile_forbids_and_that_is_answered_as_made_is_refused(desk: GlpiV2Desk) -> None:
    made = desk.ticketing.create(draft(priority=Priority.MEDIUM))
    desk.double.may_set_priority = False
    change = Changes(wanted=Fields(priority=Priority.CRITICAL), before=Fields(priority=Priority.MEDIUM))
    with pytest.raises(TicketingError, match="did not make it"):
        desk.ticketing.update(made, change)
    desk.set_status(made.id, Status.CLOSED)
    desk.double.reopening_allowed = False
    with pytest.raises(TicketingError, match="left the ticket at '6'"):
        desk.ticketing.reopen(made, "It is still open")
    assert desk.ticketing.read(made).remarks == ()


@pytest.mark.parametrize("hours", [-26, 3])
def test_a_clock_that_is_off_hides_no_change(desk: GlpiV2Desk, hours: int) -> None:
    desk.double.skew = timedelta(hours=hours)
    made = [desk.ticketing.create(draft()) for _ in range(3)]
    first = desk.ticketing.read(made[0]).updated_at
    assert {remote.reference for remote in desk.ticketing.changed_since(first)} == set(made)
