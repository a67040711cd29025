"""One action on many findings: on what the caller saw and may act on, each with its answer and its line in the audit log."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from starlette.testclient import TestClient

from api.access import Caller
from api.rights import Permission
from api.v1.bulk import Chosen, chosen
from collector import audit, tables
from collector.grants import Grant, Role
from collector.tokens import create_token
from tests.api.seed import NOW
from tests.api.test_matrix import OTHER, OWN
from tests.api.world import World, csrf_in

AGAIN, ASK = "/api/v1/findings/bulk/test-again", "/api/v1/findings/bulk/exceptions"
WHY = {"reason": "the supplier replaces it in spring", "until": "2027-03-31T22:00:00Z"}


def _ids(world: World, department: str, state: str = "open") -> list[str]:
    of = tables.finding.c
    with world.store.read() as connection:
        return list(connection.scalars(select(of.id).where(of.department_id == department, of.state == state).order_by(of.id)))


def _confined(world: World, role: Role = Role.DEPARTMENT, permissions: list[str] | None = None) -> TestClient:
    with world.store.write() as connection:
        _, secret = create_token(
            connection, f"confined {role} {permissions}", role, NOW, timedelta(days=9), departments=[OWN], permissions=permissions
        )
    return TestClient(world.app, headers={"authorization": f"Bearer {secret}"})


def _noted(world: World) -> list[Any]:
    with world.store.read() as connection:
        return list(reversed(audit.latest(connection)))


def test_those_that_are_named_are_tested_again_and_each_is_noted(fresh: World) -> None:
    own, other = _ids(fresh, OWN)[:3], _ids(fresh, OTHER)[0]
    came = _confined(fresh).post(AGAIN, json={"ids": [*own, other, "no-such-finding", own[0]]}).json()
    assert (came["done"], came["refused"]) == (3, 2)
    assert [item["id"] for item in came["items"]] == [*own, other, "no-such-finding"]
    theirs, none = came["items"][3:]
    assert {**theirs, "id": ""} == {**none, "id": ""}  # nobody can tell the one from the other
    assert [action[:3] for action in fresh.actions.done] == [("start", "dmz", tuple(own))]
    noted = [(row.action, row.subject_id, row.department_id) for row in _noted(fresh)]
    assert noted == [("test_finding_again", one, OWN) for one in own]
    assert {item["made"] for item in came["items"][:3]} == {row.detail["scan"] for row in _noted(fresh)}


def test_a_list_is_acted_on_as_it_was_seen_or_not_at_all(fresh: World) -> None:
    client = _confined(fresh)
    seen = client.get("/api/v1/findings?state=open").json()["total"]
    of = {"filter": {"state": ["open"]}, "expected": seen}
    assert client.post(AGAIN, json={**of, "expected": seen - 1}).json()["code"] == "list-changed"
    assert client.post(AGAIN, json={**of, "expected": seen + 1}).status_code == 409
    assert fresh.actions.done == []
    assert _noted(fresh) == []
    came = client.post(AGAIN, json=of).json()
    assert came["done"] == seen
    assert {item["id"] for item in came["items"]} == set(_ids(fresh, OWN))


def test_exceptions_are_asked_for_each_and_one_refusal_takes_nothing_back(fresh: World) -> None:
    ids = _ids(fresh, OWN)[:3]
    with fresh.store.write() as connection:
        connection.execute(update(tables.finding).where(tables.finding.c.id == ids[1]).values(state="resolved"))
    came = _confined(fresh).post(ASK, json={"of": {"ids": ids}, "why": WHY}).json()
    assert [(item["result"], item["code"]) for item in came["items"]] == [
        ("done", None),
        ("refused", "nothing-covered"),
        ("done", None),
    ]
    made = TestClient(fresh.app, headers=fresh.bearer("approver")).get("/api/v1/exceptions").json()["items"]
    assert {(one["key"], one["id"]) for one in made} == {(item["id"], item["made"]) for item in came["items"] if item["made"]}
    assert [row.action for row in _noted(fresh)] == ["ask_exception", "ask_exception"]
    late = {**WHY, "until": "2020-01-01T00:00:00Z"}
    came = _confined(fresh, Role.ANALYST).post(ASK, json={"of": {"ids": ids[:1]}, "why": late}).json()
    assert [item["code"] for item in came["items"]] == ["end"]


def test_what_one_sees_but_may_not_act_on_is_said(fresh: World) -> None:
    """A viewer of the whole city who may act in one department."""
    grants = (Grant(Role.VIEWER), Grant(Role.DEPARTMENT, OWN))
    caller = Caller("account:x", "x", grants)
    caller = Caller("account:x", "x", grants, reach=caller.reach_for(Permission.FINDING_TEST))
    own, other = _ids(fresh, OWN)[0], _ids(fresh, OTHER)[0]
    with fresh.store.read() as connection:
        found = chosen(connection, fresh.app.state.parts, caller, Chosen(ids=[own, other, "none"], filter=None, expected=None))
    assert [row.id for row in found.rows] == [own]
    assert [(one.id, one.code) for one in found.refused] == [(other, "forbidden"), ("none", "not-found")]


def test_a_token_that_may_only_ask_is_not_shown_what_a_filter_holds(fresh: World) -> None:
    client = _confined(fresh, permissions=["exception.ask"])
    by_list = {"of": {"filter": {"state": ["open"]}, "expected": 3}, "why": WHY}
    assert client.post(ASK, json=by_list).status_code == 403
    assert client.post(ASK, json={"of": {"ids": _ids(fresh, OWN)[:1]}, "why": WHY}).json()["done"] == 1
    assert client.post(AGAIN, json={"ids": _ids(fresh, OWN)[:1]}).status_code == 403


def test_a_repeated_request_is_done_once(fresh: World) -> None:
    client, of = _confined(fresh), {"of": {"ids": _ids(fresh, OWN)[:2]}, "why": WHY}
    first, second = (client.post(ASK, json=of, headers={"idempotency-key": "a-bulk-request"}) for _ in range(2))
    assert first.json() == second.json()
    assert second.headers["idempotency-replayed"] == "true"
    with fresh.store.read() as connection:
        assert connection.execute(select(func.count()).select_from(tables.exception)).scalar_one() == 2


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"ids": []},
        {"ids": ["x"] * 501},
        {"ids": ["x"], "filter": {}, "expected": 1},
        {"ids": ["x"], "expected": 1},
        {"filter": {"state": ["open"]}},
        {"expected": 3},
        {"filter": {"state": ["closed"]}, "expected": 3},
        {"filter": {"limit": 3}, "expected": 3},
        {"filter": {}, "expected": 501},
    ],
)
def test_a_request_that_names_nothing_or_too_much_is_refused(world: World, body: dict[str, Any]) -> None:
    assert TestClient(world.app, headers=world.bearer()).post(AGAIN, json=body).status_code == 422


def test_on_the_page_one_chooses_confirms_the_number_and_it_is_done(fresh: World) -> None:
    browser = fresh.browser("analyst")
    page = browser.get("/findings?state=open&limit=3").text
    ids = _ids(fresh, OWN)[:2]
    form = {"csrf": csrf_in(page), "query": "state=open&limit=3", "which": "chosen", "action": "test-again", "finding": ids}
    sure = browser.post("/findings/chosen", data=form).text
    assert "Test 2 findings again?" in sure
    assert "Test all 2 again" in sure
    assert fresh.actions.done == []
    gone = browser.post("/findings/test-again", data={"csrf": csrf_in(sure), "findings": " ".join(ids)}, follow_redirects=False)
    assert gone.status_code == 303
    assert gone.headers["location"].startswith("/scans/")
    assert fresh.actions.done[0][2] == tuple(ids)


def test_on_the_page_all_of_the_list_is_asked_for_with_its_number(fresh: World) -> None:
    browser = fresh.browser("analyst")
    page = browser.get("/findings?state=open&limit=3").text
    total = len(TestClient(fresh.app, headers=fresh.bearer()).get("/api/v1/findings?state=open&limit=500").json()["items"])
    assert f"all {total} of the list" in page
    form = {"csrf": csrf_in(page), "query": "state=open&limit=3", "total": str(total), "which": "all", "action": "exceptions"}
    sure = browser.post("/findings/chosen", data=form).text
    assert f"Ask for an exception for {total} findings?" in sure
    more = {"which": "all", "reason": "the supplier replaces it", "until": "2026-12-31"}
    wanted = {"csrf": csrf_in(sure), "query": "state=open&limit=3", "total": str(total), **more}
    short = browser.post("/findings/exceptions", data={**wanted, "total": "2"})
    assert short.status_code == 409
    done = browser.post("/findings/exceptions", data=wanted, follow_redirects=False)
    assert done.headers["location"] == "/exceptions"
    with fresh.store.read() as connection:
        assert connection.execute(select(func.count()).select_from(tables.exception)).scalar_one() == total


def test_on_the_page_nothing_chosen_does_nothing_and_what_was_not_done_says_why(fresh: World) -> None:
    browser = fresh.browser("analyst")
    csrf = csrf_in(browser.get("/findings").text)
    none = browser.post("/findings/chosen", data={"csrf": csrf, "which": "chosen", "action": "test-again"})
    assert none.status_code == 422
    assert "Nothing was chosen, so nothing was done" in none.text
    assert browser.post("/findings/test-again", data={"csrf": csrf}).status_code == 409
    assert browser.post("/findings/chosen", data={"csrf": csrf, "action": "delete", "finding": "x"}).status_code == 409
    some = browser.post("/findings/test-again", data={"csrf": csrf, "finding": [_ids(fresh, OWN)[0], "none-such"]})
    assert some.status_code == 200
    assert "1 done, 1 not done." in some.text
    assert "it does not exist any more" in some.text


def test_who_may_do_nothing_is_offered_nothing(fresh: World) -> None:
    browser = fresh.browser("viewer")
    page = browser.get("/findings").text
    assert 'name="action"' not in page
    asked = {"csrf": csrf_in(page), "action": "test-again", "finding": _ids(fresh, OWN)[:1]}
    assert browser.post("/findings/chosen", data=asked).status_code == 409
    assert browser.post("/findings/test-again", data=asked).status_code == 403
