"""What is Jira's own: transitions, a search that runs behind, documents and markup."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.ticketing import jira as connector
from api.ticketing.atlassian_document import from_document, to_document
from api.ticketing.exchange import Exchange, basic_login
from api.ticketing.ticketing import Changes, Fields, Status, find_or_create
from api.ticketing.trouble import TicketingError
from tests.api.ticketing.backends import jira
from tests.api.ticketing.backends.jira import JiraDesk
from tests.api.ticketing.doubles.jira import WORKFLOW
from tests.api.ticketing.test_contract import draft


@pytest.fixture(params=[True, False], ids=["cloud", "data center"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[JiraDesk]:
    with jira.start(tmp_path, cloud=request.param) as started:
        assert isinstance(started, JiraDesk)
        yield started


def test_a_workflow_that_offers_no_way_is_told_before_anything_is_said(desk: JiraDesk) -> None:
    made = desk.ticketing.create(draft())
    desk.double.workflow = dict.fromkeys(WORKFLOW, ("Won't Do",))
    with pytest.raises(TicketingError, match=r"no way to resolved \(only: Won't Do\)") as told:
        desk.ticketing.propose_resolution(made, "Seen closed")
    assert told.value.kind == "refused"
    assert desk.ticketing.read(made).remarks == ()


def test_of_two_ways_to_an_end_the_one_that_means_done_is_taken(desk: JiraDesk) -> None:
    made = desk.ticketing.create(draft())
    desk.ticketing.propose_resolution(made, "Seen closed")
    kept = desk.double.issues[int(made.id)]
    assert (kept["status"], kept["resolution"]) == ("Done", "Done")


def test_how_it_was_resolved_tells_a_rejection(desk: JiraDesk) -> None:
    made = desk.ticketing.create(draft())
    desk.double.set_status(int(made.id), "Done", "Duplicate")
    assert desk.ticketing.read(made).status is Status.REJECTED


def test_a_status_of_any_name_is_read_by_its_category(desk: JiraDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    made = desk.ticketing.create(draft())
    for category, status in (("new", Status.NEW), ("indeterminate", Status.OPEN), ("done", Status.RESOLVED), ("", Status.OPEN)):
        shown = {"name": "Un nom seu", "statusCategory": {"key": category}}
        monkeypatch.setattr(desk.double, "_status", lambda name, shown=shown: shown)
        assert desk.ticketing.read(made).status is status


def test_a_copy_that_a_person_makes_is_no_ticket_of_ours(desk: JiraDesk) -> None:
    wanted = draft()
    made = desk.ticketing.create(wanted)
    copied = desk.double.issues[int(made.id)] | {"id": "10999", "key": "VILA-999", "properties": {}}
    desk.double.issues[10999] = json.loads(json.dumps(copied))
    desk.double.change(10999)
    del desk.double.issues[int(made.id)]
    assert desk.ticketing.search(wanted.external_id) is None
    assert list(desk.ticketing.changed_since(datetime.now(UTC) - timedelta(minutes=1))) == []


def test_an_issue_without_its_property_is_told(desk: JiraDesk) -> None:
    desk.double.keeps_properties = False
    with pytest.raises(TicketingError, match="one more issue"):
        desk.ticketing.create(draft())


def test_the_components_of_people_stay(desk: JiraDesk) -> None:
    made = desk.ticketing.create(draft())
    desk.double.change(int(made.id), components=["Posture", "Of people"])
    desk.ticketing.update(made, Changes(wanted=Fields(owner="Network"), before=Fields(owner="Posture")))
    assert desk.double.issues[int(made.id)]["components"] == ["Of people", "Network"]


def test_a_comment_is_internal_in_a_service_desk(desk: JiraDesk) -> None:
    made = desk.ticketing.create(draft())
    desk.ticketing.comment(made, "For the desk only")
    (said,) = desk.double.issues[int(made.id)]["comments"]
    assert said["properties"] == [{"key": "sd.public.comment", "value": {"internal": True}}]


def test_text_of_others_becomes_no_macro_mention_or_picture(tmp_path: Path) -> None:
    with jira.start(tmp_path, cloud=False) as desk:
        assert isinstance(desk, JiraDesk)
        made = desk.ticketing.create(draft())
        desk.ticketing.comment(made, "!https://elsewhere.test/x.png! [~laia] {html}x{html}")
        (said,) = desk.double.issues[int(made.id)]["comments"]
        assert said["body"] == r"\!https://elsewhere.test/x.png\! \[~laia] \{html}x\{html}"
        assert desk.ticketing.read(made).remarks[0].text == "!https://elsewhere.test/x.png! [~laia] {html}x{html}"


def test_the_search_of_the_cloud_runs_behind_and_makes_no_second_ticket(tmp_path: Path) -> None:
    with jira.start(tmp_path) as desk:
        assert isinstance(desk, JiraDesk)
        wanted = draft()
        made = desk.ticketing.create(wanted)
        slept: list[float] = []
        exchange = desk.another()._exchange  # type: ignore[attr-defined]
        restarted = connector.Jira(exchange, connector.Cloud(), project="VILA", sleep=slept.append)
        assert find_or_create(restarted, wanted) == made
        assert slept == [5.0]
        assert desk.count(wanted.external_id) == 1


def test_an_index_that_still_knows_what_is_gone_stops_no_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with jira.start(tmp_path) as desk:
        assert isinstance(desk, JiraDesk)
        start = datetime.now(UTC) - timedelta(minutes=1)
        made = [desk.ticketing.create(draft()) for _ in range(3)]
        assert {one.reference for one in desk.ticketing.changed_since(start)} == set(made)
        monkeypatch.setattr(desk.double, "_catch_up", lambda reconciled: None)
        desk.delete(made[1].id)
        assert {one.reference for one in desk.ticketing.changed_since(start)} == {made[0], made[2]}


def test_the_search_that_was_removed_is_refused_and_a_wrong_token_too(tmp_path: Path) -> None:
    with jira.start(tmp_path) as desk:
        login = basic_login("talaia@test.invalid", lambda: "the-api-token-of-talaia")
        with pytest.raises(TicketingError, match="410") as told:
            Exchange(desk.url, login, system="Jira").ask("POST", "/rest/api/3/search", body={"jql": "labels = posture"})
        assert told.value.kind == "refused"
        wrong = Exchange(desk.url, basic_login("talaia@test.invalid", lambda: "another"), system="Jira")
        with pytest.raises(TicketingError, match="401"):
            connector.Jira(wrong, connector.Cloud(), project="VILA").check()


@pytest.mark.parametrize("hours", [-26, 3])
def test_a_clock_that_is_off_hides_no_change(desk: JiraDesk, hours: int) -> None:
    desk.double.skew = timedelta(hours=hours)
    made = [desk.ticketing.create(draft()) for _ in range(3)]
    first = desk.ticketing.read(made[0]).updated_at
    assert {remote.reference for remote in desk.ticketing.changed_since(first)} == set(made)


def test_documents() -> None:
    text = "One <b>\ntwo\n\nthree"
    assert from_document(to_document(text)) == text
    words = [{"type": "paragraph", "content": [{"type": "text", "text": word}]} for word in "ab"]
    listed = {"type": "bulletList", "content": [{"type": "listItem", "content": [word]} for word in words]}
    mention = {"type": "mention", "attrs": {"id": "5b10", "text": "@laia"}}
    card = {"type": "inlineCard", "attrs": {"url": "https://talaia.test/1"}}
    said = {"type": "paragraph", "content": [mention, {"type": "text", "text": " see "}, card]}
    assert from_document({"type": "doc", "version": 1, "content": [said, listed]}) == "@laia see https://talaia.test/1\n\na\n\nb"
    deep: object = {"type": "text", "text": "x"}
    for _ in range(500):
        deep = {"type": "blockquote", "content": [deep]}
    assert from_document({"content": [deep]}) == ""
    assert from_document("text") == from_document(None) == ""
