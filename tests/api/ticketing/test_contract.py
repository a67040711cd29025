"""What every ticket connector keeps, on every system in ``backends``."""

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from api.ticketing.ticketing import ENDED, Changes, Draft, Fields, Priority, Reference, Status, find_or_create
from api.ticketing.trouble import TicketingError
from tests.api.ticketing.backends import NAMES
from tests.api.ticketing.desk import Desk

BODY = 'Switch it off: à, ñ, <b>bold</b> & "quoted"\n\n* one\n* two #1 {{name}}'
LINK = "https://talaia.test.invalid/groups/1"


@pytest.fixture(params=NAMES)
def desk(request: pytest.FixtureRequest, desks: Callable[[str], Desk]) -> Desk:
    return desks(request.param)


def draft(*, priority: Priority = Priority.HIGH, due: date | None = date(2027, 12, 1), owner: str | None = None) -> Draft:
    return Draft(
        external_id=f"posture:vila:{uuid.uuid4()}",
        subject="TLS 1.0\nis accepted: à <b> & \"ñ\" 'l·l'",
        body=BODY,
        priority=priority,
        due=due,
        owner=owner,
        link=LINK,
    )


def kept_there(desk: Desk, due: date | None) -> date | None:
    return due if desk.deadlines else None


def fields_of(desk: Desk, *names: str) -> set[str]:
    return {name for name in names if desk.deadlines or name != "due"}


def test_it_says_what_answers(desk: Desk) -> None:
    assert desk.ticketing.check().startswith(desk.says)


@pytest.mark.parametrize("priority", Priority)
def test_what_is_made_is_read_back(desk: Desk, priority: Priority) -> None:
    wanted = draft(priority=priority)
    made = desk.ticketing.create(wanted)
    read = desk.ticketing.read(made)
    assert read.reference == made
    assert (read.external_id, read.priority, read.due) == (wanted.external_id, priority, kept_there(desk, wanted.due))
    assert (read.subject, read.owner, read.assignee) == (wanted.title(), desk.owners[0], None)
    assert read.status in (Status.NEW, Status.OPEN)
    assert made.url.startswith(desk.pages or desk.url)
    text = desk.raw_text(made.id)
    assert wanted.title() in text
    assert wanted.external_id in text
    assert LINK in text
    assert all(line in text for line in BODY.splitlines())


def test_a_ticket_may_have_no_deadline_and_another_owner(desk: Desk) -> None:
    read = desk.ticketing.read(desk.ticketing.create(draft(due=None, owner=desk.owners[1])))
    assert (read.due, read.owner) == (None, desk.owners[1])


def test_one_ticket_also_after_a_kill_between_its_creation_and_our_commit(desk: Desk) -> None:
    wanted = draft()
    assert desk.ticketing.search(wanted.external_id) is None
    desk.ticketing.create(wanted)  # killed here: nobody kept what it answered
    found = find_or_create(desk.another(), wanted)
    assert find_or_create(desk.ticketing, wanted) == found == desk.ticketing.search(wanted.external_id)
    assert desk.count(wanted.external_id) == 1


def test_each_status_that_a_person_sets_is_read_and_the_ticket_is_found(desk: Desk) -> None:
    for status in sorted(desk.statuses):
        wanted = draft()
        made = desk.ticketing.create(wanted)
        desk.set_status(made.id, status)
        read = desk.ticketing.read(made)
        assert read.status is status
        assert read.raw_status
        assert desk.ticketing.search(wanted.external_id) == made


def test_our_fields_are_written_while_nobody_else_wrote_them(desk: Desk) -> None:
    wanted = draft()
    made = desk.ticketing.create(wanted)
    before = Fields(priority=wanted.priority, due=wanted.due, owner=desk.owners[0])
    new = Fields(priority=Priority.CRITICAL, due=date(2027, 12, 24), owner=desk.owners[1])
    outcome = desk.ticketing.update(made, Changes(wanted=new, before=before))
    assert (outcome.written, outcome.kept) == (fields_of(desk, "priority", "due", "owner"), frozenset())
    read = desk.ticketing.read(made)
    assert (read.priority, read.due, read.owner) == (new.priority, kept_there(desk, new.due), new.owner)
    again = desk.ticketing.update(made, Changes(wanted=new, before=new))
    assert (again.written, again.kept) == (frozenset(), frozenset())


def test_people_keep_their_fields(desk: Desk) -> None:
    wanted = draft()
    made = desk.ticketing.create(wanted)
    desk.set_priority(made.id, Priority.LOW)
    desk.set_assignee(made.id)
    desk.set_due(made.id, date(2028, 2, 1))
    new = Fields(priority=Priority.CRITICAL, due=date(2027, 12, 24))
    outcome = desk.ticketing.update(made, Changes(wanted=new, before=Fields(priority=wanted.priority, due=wanted.due)))
    assert (outcome.written, outcome.kept) == (frozenset(), fields_of(desk, "priority", "due"))
    read = desk.ticketing.read(made)
    assert (read.priority, read.due, read.assignee) == (Priority.LOW, kept_there(desk, date(2028, 2, 1)), desk.person)


def test_resolved_there_is_read_and_reopened_with_the_reason(desk: Desk) -> None:
    made = desk.ticketing.create(draft())
    desk.set_assignee(made.id)
    desk.set_status(made.id, Status.RESOLVED)
    assert desk.ticketing.read(made).status is Status.RESOLVED
    desk.ticketing.reopen(made, "It is still accepted: ñ <b> & 1 < 2")
    read = desk.ticketing.read(made)
    assert read.status not in ENDED
    assert [(remark.author, remark.text) for remark in read.remarks] == [(desk.talaia, "It is still accepted: ñ <b> & 1 < 2")]
    assert (read.assignee, read.due) == (desk.person, kept_there(desk, date(2027, 12, 1)))
    desk.ticketing.propose_resolution(made, "Seen closed")
    read = desk.ticketing.read(made)
    assert read.status is Status.RESOLVED
    assert [remark.text for remark in read.remarks][-1] == "Seen closed"


def test_what_is_open_stays_open_and_what_is_ended_stays_as_people_ended_it(desk: Desk) -> None:
    made = desk.ticketing.create(draft())
    desk.set_status(made.id, Status.WAITING)
    desk.ticketing.reopen(made, "Looked again")
    assert desk.ticketing.read(made).status is Status.WAITING
    ended = Status.CLOSED if Status.CLOSED in desk.statuses else Status.REJECTED
    desk.set_status(made.id, ended)
    desk.ticketing.propose_resolution(made, "Seen closed")
    read = desk.ticketing.read(made)
    assert (read.status, len(read.remarks)) == (ended, 2)


def test_comments_come_in_their_order_with_their_authors(desk: Desk) -> None:
    made = desk.ticketing.create(draft())
    assert desk.ticketing.read(made).remarks == ()
    desk.ticketing.comment(made, "First: <b> à\n\n* of ours")
    desk.comment(made.id, "Second: l·l & <i>")
    desk.ticketing.comment(made, "Third")
    read = desk.ticketing.read(made)
    assert [(remark.author, remark.text.replace("\r\n", "\n")) for remark in read.remarks] == [
        (desk.talaia, "First: <b> à\n\n* of ours"),
        (desk.person, "Second: l·l & <i>"),
        (desk.talaia, "Third"),
    ]
    assert all(abs(remark.written_at - datetime.now(UTC)) < timedelta(hours=1) for remark in read.remarks)
    assert desk.ticketing.read(made, datetime.now(UTC) + timedelta(hours=1)).remarks == ()
    assert len(desk.ticketing.read(made, datetime.now(UTC) - timedelta(hours=1)).remarks) == 3
    assert (read.status in ENDED) is False


def test_what_changed_comes_in_pages_and_each_once(desk: Desk) -> None:
    start = datetime.now(UTC) - timedelta(seconds=2)
    made = [desk.ticketing.create(draft()) for _ in range(3)]
    desk.set_status(made[0].id, Status.RESOLVED)
    desk.comment(made[1].id, "Not before Monday")
    with desk.in_pages_of(2):
        found = list(desk.ticketing.changed_since(start))
    seen = {remote.reference.id: remote for remote in found}
    assert len(found) == len(seen)
    assert {one.id for one in made} <= set(seen)
    assert all(remote.external_id for remote in seen.values())
    assert seen[made[0].id].status is Status.RESOLVED
    assert [remark.text for remark in seen[made[1].id].remarks] == ["Not before Monday"]
    assert not list(desk.ticketing.changed_since(datetime.now(UTC) + timedelta(hours=1)))


def test_a_change_that_is_not_made_there_is_refused(desk: Desk) -> None:
    made = desk.ticketing.create(draft())
    with pytest.raises(TicketingError) as told:
        desk.ticketing.update(made, Changes(wanted=Fields(owner="Nowhere"), before=Fields(owner=desk.owners[0])))
    assert told.value.kind == "refused"
    assert desk.ticketing.read(made).owner == desk.owners[0]


def test_what_was_never_there_is_refused(desk: Desk) -> None:
    made = desk.ticketing.create(draft())
    missing = Reference(id=made.id[:-1] + "7654321" if made.id[-1].isdigit() else "nothing", url="")
    with pytest.raises(TicketingError) as told:
        desk.ticketing.read(missing)
    assert (told.value.kind, told.value.found_nothing) == ("refused", True)


def test_what_is_deleted_there_is_ended_and_makes_room_for_another(desk: Desk) -> None:
    wanted = draft()
    made = desk.ticketing.create(wanted)
    desk.delete(made.id)
    try:
        ended = desk.ticketing.read(made).status in ENDED
    except TicketingError as error:
        ended = error.found_nothing
    assert ended
    again = find_or_create(desk.ticketing, wanted)
    read = desk.ticketing.read(again)
    assert (read.external_id, read.status in ENDED) == (wanted.external_id, False)


def test_a_ticket_of_somebody_else_is_no_ticket_of_ours(desk: Desk) -> None:
    """An id that begins or continues another is another."""
    wanted = draft()
    desk.ticketing.create(wanted)
    assert desk.ticketing.search(wanted.external_id[:-1]) is None
    assert desk.ticketing.search(wanted.external_id + "0") is None
