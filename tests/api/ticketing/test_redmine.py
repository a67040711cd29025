"""Habits of Redmine alone, against the real server."""

from collections.abc import Callable, Mapping
from datetime import date

import pytest

from api.ticketing.exchange import Answer, Exchange, header_login
from api.ticketing.redmine import STATUSES, Redmine
from api.ticketing.ticketing import Changes, Fields, Priority, Status, StatusMap, secret_file
from api.ticketing.trouble import TicketingError
from tests.api.ticketing.backends.redmine import RedmineDesk
from tests.api.ticketing.desk import Desk
from tests.api.ticketing.test_contract import draft


@pytest.fixture
def desk(desks: Callable[[str], Desk]) -> RedmineDesk:
    found = desks("redmine")
    assert isinstance(found, RedmineDesk)
    return found


class Interrupted(Exchange):
    """Somebody else acts between our reading and our first change."""

    def __init__(self, desk: RedmineDesk, meanwhile: Callable[[], None]) -> None:
        super().__init__(desk.url, header_login("x-redmine-api-key", secret_file(desk.secret)), system="Redmine")
        self._meanwhile: Callable[[], None] | None = meanwhile

    def ask(self, method: str, path: str, **options: object) -> Answer:  # type: ignore[override]
        if method == "PUT" and self._meanwhile:
            meanwhile, self._meanwhile = self._meanwhile, None
            meanwhile()
        return super().ask(method, path, **options)  # type: ignore[arg-type]


def configured(desk: RedmineDesk, **settings: object) -> Redmine:
    exchange = Exchange(desk.url, header_login("x-redmine-api-key", secret_file(desk.secret)), system="Redmine")
    return Redmine(exchange, **{"project": "posture", "tracker": "Support", **settings})  # type: ignore[arg-type]


def test_what_a_person_sets_at_the_same_moment_is_put_back(desk: RedmineDesk) -> None:
    made = desk.ticketing.create(draft())
    hurried = Redmine(Interrupted(desk, lambda: desk.set_priority(made.id, Priority.LOW)), project="posture", tracker="Support")
    wanted, before = (
        Fields(priority=Priority.CRITICAL, due=date(2027, 12, 24)),
        Fields(priority=Priority.HIGH, due=date(2027, 12, 1)),
    )
    with pytest.raises(TicketingError) as told:
        hurried.update(made, Changes(wanted=wanted, before=before))
    assert told.value.kind == "conflict"
    outcome = hurried.update(made, Changes(wanted=wanted, before=before))
    read = hurried.read(made)
    assert (read.priority, read.due, outcome.kept) == (Priority.LOW, date(2027, 12, 24), {"priority"})


def test_a_status_that_the_workflow_does_not_allow_is_refused_without_a_word_written(desk: RedmineDesk) -> None:
    made = desk.ticketing.create(draft())
    desk.set_status(made.id, Status.CLOSED)
    outward: Mapping[Status, str] = {Status.OPEN: "Feedback", Status.RESOLVED: "Resolved"}  # Talaia's role may not set Feedback
    unable = configured(desk, statuses=StatusMap(inward=STATUSES.inward, outward=outward))
    with pytest.raises(TicketingError, match="workflow") as told:
        unable.reopen(made, "It is still there")
    read = desk.ticketing.read(made)
    assert (told.value.kind, read.status, read.remarks) == ("refused", Status.CLOSED, ())


def test_a_deadline_may_have_passed(desk: RedmineDesk) -> None:
    made = desk.ticketing.create(draft(due=date(2026, 1, 2)))
    assert desk.ticketing.read(made).due == date(2026, 1, 2)


def test_notes_are_private_and_shown_as_written(desk: RedmineDesk) -> None:
    made = desk.ticketing.create(draft())
    text = "!http://127.0.0.1/x.png! </pre> {{toc}} #1 " + "long " * 60
    desk.ticketing.comment(made, text)
    journal = desk.server.ask("GET", f"issues/{made.id}.json?include=journals")["issue"]["journals"][0]
    assert journal["private_notes"] is True
    assert journal["notes"].startswith("<pre>\n!http")
    assert journal["notes"].count("</pre>") == 1
    assert max(len(line) for line in journal["notes"].splitlines()) <= 101
    (remark,) = desk.ticketing.read(made).remarks
    assert remark.text.replace("\N{ZERO WIDTH SPACE}", "") == text.rstrip()
    page = desk.server.page(f"issues/{made.id}")
    assert "!http://127.0.0.1/x.png!" in page
    assert '127.0.0.1/x.png"' not in page


def test_a_status_that_is_in_no_map_closes_nothing_unless_redmine_says_that_it_closes(desk: RedmineDesk) -> None:
    bare = configured(desk, statuses=StatusMap(inward={}, outward=STATUSES.outward))
    made = desk.ticketing.create(draft())
    desk.set_status(made.id, Status.RESOLVED)
    assert bare.read(made).status is Status.OPEN
    desk.set_status(made.id, Status.REJECTED)
    assert bare.read(made).status is Status.CLOSED


@pytest.mark.parametrize(
    ("settings", "named"),
    [({"tracker": "Nothing"}, "trackers"), ({"priorities": {Priority.LOW: "Baixa"}}, "issue_priorities"),
     ({"statuses": StatusMap(inward={}, outward={Status.OPEN: "Oberta"})}, "issue_statuses"), ({"project": "nowhere"}, "404"),
     ({"field": "Nothing"}, "custom field"), ({"field": "9"}, "searched")],
)  # fmt: skip
def test_the_check_says_what_is_not_as_configured(desk: RedmineDesk, settings: dict[str, object], named: str) -> None:
    desk.ticketing.create(draft())
    with pytest.raises(TicketingError, match=named) as told:
        configured(desk, **settings).check()
    assert told.value.kind == "refused"


def test_a_filter_that_redmine_ignores_makes_no_second_ticket(desk: RedmineDesk) -> None:
    """Redmine leaves a filter out that it does not know, and everything is found."""
    desk.ticketing.create(draft())
    with pytest.raises(TicketingError, match="searched"):
        configured(desk, field="9").search("posture:vila:1")


def test_the_check_names_the_right_that_is_missing(desk: RedmineDesk) -> None:
    role = next(one["id"] for one in desk.server.ask("GET", "roles.json")["roles"] if one["name"] == "Talaia")
    permissions = desk.server.ask("GET", f"roles/{role}.json")["role"]["permissions"]
    desk.server.permit(role, [right for right in permissions if right != "set_notes_private"])
    try:
        with pytest.raises(TicketingError, match="lacks set_notes_private"):
            desk.ticketing.check()
        made = desk.ticketing.create(draft())
        with pytest.raises(TicketingError, match="shown it to everybody"):
            desk.ticketing.comment(made, "for us only")
    finally:
        desk.server.permit(role, permissions)
    desk.ticketing.check()
