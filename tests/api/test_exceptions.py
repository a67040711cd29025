"""Exceptions through the API: asked by one, decided by another, seen by those whose they are, and every number still adds up."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from collector import audit, tables
from collector.grants import Role
from collector.tokens import create_token
from tests.api.seed import NOW
from tests.api.world import World, csrf_in


def _finding(world: World, department: str = "citizens") -> Any:
    of = tables.finding.c
    with world.store.read() as connection:
        return connection.execute(select(tables.finding).where(of.department_id == department, of.state == "open")).first()


def _client(world: World, role: Role, department: str | None = None) -> TestClient:
    departments = None if department is None else [department]
    with world.store.write() as connection:
        _, secret = create_token(connection, f"{role} {department}", role, NOW, timedelta(days=9), departments=departments)
    return TestClient(world.app, headers={"authorization": f"Bearer {secret}"})


def _wanted(finding: Any, **more: Any) -> dict[str, Any]:
    until = (NOW + timedelta(days=60)).isoformat()
    plain = {"rule": finding.rule, "covers": "finding", "key": finding.id, "reason": "replaced in spring", "until": until}
    return {**plain, "control": "only the gateway reaches it", "strength": 0.5, **more}


@pytest.fixture
def desk(fresh: World) -> TestClient:
    return _client(fresh, Role.DEPARTMENT, "citizens")


@pytest.fixture
def approver(fresh: World) -> TestClient:
    return TestClient(fresh.app, headers=fresh.bearer("approver"))


def _counts(world: World) -> dict[str, int]:
    """Findings by state, from every place that counts them; they have to agree."""
    client = TestClient(world.app, headers=world.bearer("viewer"))
    of = tables.finding.c
    with world.store.read() as connection:
        rows = list(connection.scalars(select(of.state)))
    counted = {state: rows.count(state) for state in ("open", "waived", "resolved")}
    for state, count in counted.items():
        shown = client.get(f"/api/v1/findings?state={state}&limit=500").json()
        assert (shown["total"], len(shown["items"])) == (count, count)
    assert client.get("/api/v1/findings?limit=500").json()["total"] == len(rows)
    rules = client.get("/api/v1/rules").json()["items"]
    assert sum(one["open_findings"] for one in rules) == counted["open"]
    browser = TestClient(world.app, headers={"accept-language": "en"})
    browser.post("/sign-in", data={"token": world.secrets["viewer"]})
    lines = browser.get("/findings.csv?state=waived").text.strip().splitlines()
    assert len(lines) - 1 == counted["waived"]
    return counted


def test_one_asks_another_approves_and_the_finding_is_waived(fresh: World, desk: TestClient, approver: TestClient) -> None:
    finding, before = _finding(fresh), _counts(fresh)
    made = desk.post("/api/v1/exceptions", json=_wanted(finding))
    assert (made.status_code, made.json()["state"], made.json()["department_id"]) == (201, "requested", "citizens")
    where = f"/api/v1/exceptions/{made.json()['id']}"
    assert desk.post(f"{where}/approve").status_code == 403
    done = approver.post(f"{where}/approve")
    assert (done.status_code, done.json()["state"], done.json()["decided_by"]) == (200, "approved", "test approver")
    shown = desk.get(f"/api/v1/findings/{finding.id}").json()
    assert shown["state"] == "waived"
    assert shown["risk"] < finding.risk
    assert shown["history"][0]["action"] == "finding-waived"
    after = _counts(fresh)
    assert (after["open"], after["waived"]) == (before["open"] - 1, before["waived"] + 1)
    assert approver.post(f"{where}/approve").json()["code"] == "decided"
    soon = approver.get("/api/v1/exceptions?ending_within_days=61").json()["items"]
    assert [one["id"] for one in soon] == [made.json()["id"]]
    assert approver.get("/api/v1/exceptions?ending_within_days=59").json()["items"] == []
    assert approver.post(f"{where}/end").json()["state"] == "ended"
    assert desk.get(f"/api/v1/findings/{finding.id}").json()["state"] == "open"
    assert _counts(fresh) == before
    with fresh.store.read() as connection:
        rows = [(row.action, row.outcome) for row in reversed(audit.latest(connection)) if row.action != "sign_in"]
    assert rows == [
        ("ask_exception", "done"),
        ("approve_exception", "denied"),
        ("approve_exception", "done"),
        ("end_exception", "done"),
    ]


def test_nobody_decides_what_they_asked_for_even_with_both_roles(fresh: World) -> None:
    finding = _finding(fresh)
    asking = TestClient(fresh.app, headers=fresh.bearer("analyst"))
    made = asking.post("/api/v1/exceptions", json=_wanted(finding)).json()["id"]
    with fresh.store.write() as connection:
        connection.execute(tables.token.update().where(tables.token.c.name == "test analyst").values(role="approver"))
    for what in ("approve", "refuse"):
        refused = asking.post(f"/api/v1/exceptions/{made}/{what}")
        assert (refused.status_code, refused.json()["code"]) == (409, "own-request")
    assert _finding(fresh).state == "open"


@pytest.mark.parametrize("state", ["requested", "approved", "refused", "withdrawn", "ended"])
def test_another_departments_exception_does_not_exist_in_any_state(
    fresh: World, desk: TestClient, approver: TestClient, state: str
) -> None:
    made = desk.post("/api/v1/exceptions", json=_wanted(_finding(fresh))).json()["id"]
    steps = {"approved": ["approve"], "refused": ["refuse"], "ended": ["approve", "end"]}
    for what in steps.get(state, []):
        assert approver.post(f"/api/v1/exceptions/{made}/{what}").status_code == 200
    if state == "withdrawn":
        assert desk.post(f"/api/v1/exceptions/{made}/withdraw").status_code == 200
    assert desk.get(f"/api/v1/exceptions/{made}").json()["state"] == state
    stranger, judge = _client(fresh, Role.DEPARTMENT, "innovation"), _client(fresh, Role.APPROVER, "innovation")
    assert stranger.get("/api/v1/exceptions").json()["items"] == []
    for client, method, path in (
        (stranger, "GET", ""),
        (stranger, "POST", "/withdraw"),
        (judge, "POST", "/approve"),
        (judge, "POST", "/refuse"),
        (judge, "POST", "/end"),
    ):
        theirs, none = (client.request(method, f"/api/v1/exceptions/{key}{path}") for key in (made, "none"))
        assert (theirs.status_code, theirs.json()) == (none.status_code, none.json())
        assert theirs.status_code == 404


def test_what_belongs_to_another_department_cannot_be_covered(fresh: World, desk: TestClient) -> None:
    theirs = _finding(fresh, "innovation")
    for covers, key in (
        ("finding", theirs.id),
        ("asset", theirs.asset_id),
        ("department", "innovation"),
        ("service", theirs.service_id),
        ("service", _finding(fresh).service_id),  # others may have a part in it
    ):
        answer = desk.post("/api/v1/exceptions", json=_wanted(theirs, covers=covers, key=key))
        assert answer.status_code == 404, covers


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"strength": 0.9}, 422, "invalid"),
        ({"control": ""}, 409, "strength"),
        ({"until": "2026-11-23T09:00:00Z"}, 409, "end"),
        ({"until": "2028-01-01T00:00:00Z"}, 409, "end"),
        ({"until": "2027-01-01T00:00:00"}, 422, "invalid"),
        ({"reason": ""}, 422, "invalid"),
        ({"rule": "TLS-999"}, 409, "nothing-covered"),
        ({"covers": "planet"}, 422, "invalid"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    fresh: World, desk: TestClient, change: dict[str, Any], status: int, code: str
) -> None:
    answer = desk.post("/api/v1/exceptions", json=_wanted(_finding(fresh), **change))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert desk.get("/api/v1/exceptions").json()["items"] == []


def test_a_whole_department_is_covered_as_it_stands(fresh: World, desk: TestClient, approver: TestClient) -> None:
    of = tables.finding.c
    finding = _finding(fresh)
    with fresh.store.read() as connection:
        same = select(of.id).where(of.rule == finding.rule, of.department_id == "citizens", of.state == "open")
        standing = set(connection.scalars(same))
    made = desk.post("/api/v1/exceptions", json=_wanted(finding, covers="department", key="citizens")).json()["id"]
    assert approver.post(f"/api/v1/exceptions/{made}/approve").status_code == 200
    waived = approver.get("/api/v1/findings?state=waived&limit=500").json()["items"]
    assert {one["id"] for one in waived if one["rule"] == finding.rule and one["department_id"] == "citizens"} >= standing
    _counts(fresh)


def test_on_the_pages_it_is_asked_for_and_decided(fresh: World) -> None:
    finding, first, second = _finding(fresh), fresh.browser("analyst"), fresh.browser("approver")
    page = first.get(f"/findings/{finding.id}").text
    assert 'action="/exceptions"' in page
    assert 'action="/exceptions"' not in second.get(f"/findings/{finding.id}").text
    form = {"csrf": csrf_in(page), "rule": finding.rule, "covers": "finding", "key": finding.id, "reason": "replaced in spring"}
    assert first.post("/exceptions", data={**form, "until": "soon"}).status_code == 409
    assert first.post("/exceptions", data={**form, "until": "2027-02-01"}).status_code == 200
    shown = first.get("/exceptions").text
    assert "replaced in spring" in shown
    assert "/approve" not in shown
    where = re.search(r'action="(/exceptions/[0-9a-f-]+/approve)"', second.get("/exceptions").text)
    assert where
    second.post(where[1], data={"csrf": csrf_in(second.get("/exceptions").text)})
    assert first.get(f"/api/v1/findings/{finding.id}").status_code == 401  # a session is no token
    assert "waived" in first.get(f"/findings/{finding.id}").text
    with fresh.store.read() as connection:
        row = connection.execute(select(tables.exception)).one()
    assert row.until == datetime(2027, 2, 1, 22, 59, 59, tzinfo=UTC)  # the end of that day in Madrid
    assert "/end" in second.get("/exceptions").text


def _of_the_past(world: World, count: int) -> list[str]:
    """Exceptions that were refused over the years; their ids, the one that would have ended first first."""
    rows = [
        {
            **{"id": f"past-{number:04}", "state": "refused", "rule": "TLS-002", "kind": "department", "key": "citizens"},
            **{"reason": f"no reason {number}", "control": "", "strength": 0.0, "department_id": "citizens"},
            **{"requested_by": "one", "requested_by_id": "token:one", "requested_at": NOW - timedelta(days=900)},
            **{"decided_by": "other", "decided_by_id": "token:other", "decided_at": NOW - timedelta(days=899)},
            "until": NOW - timedelta(days=800) + timedelta(hours=number // 2),  # two and two end together
        }
        for number in range(count)
    ]
    with world.store.write() as connection:
        connection.execute(tables.exception.insert(), rows)
    return [row["id"] for row in rows]


def test_what_waits_is_shown_however_many_are_of_the_past(fresh: World, desk: TestClient) -> None:
    past = _of_the_past(fresh, 620)
    asked = desk.post("/api/v1/exceptions", json=_wanted(_finding(fresh))).json()["id"]
    browser = fresh.browser("approver")
    page = browser.get("/exceptions").text
    assert f'action="/exceptions/{asked}/approve"' in page
    assert page.count("no reason") == 50
    assert "no reason 619" in page  # of the past, the latest
    seen: list[str] = []
    following: str | None = "/exceptions?show=past"
    while following and len(seen) <= len(past):
        page = browser.get(following).text
        assert asked not in page
        seen += re.findall(r"no reason (\d+)", page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        following = found[1].replace("&amp;", "&") if found else None
    assert sorted(seen, key=int) == [str(number) for number in range(620)]


def test_the_list_has_pages_and_each_exception_is_on_one(fresh: World, desk: TestClient) -> None:
    past = _of_the_past(fresh, 130)
    asked = desk.post("/api/v1/exceptions", json=_wanted(_finding(fresh))).json()["id"]
    seen: list[str] = []
    cursor = ""
    while len(seen) <= len(past) + 1:
        answer = desk.get(f"/api/v1/exceptions?limit=40{cursor}").json()
        assert (answer["total"], answer["total_is_exact"]) == (131, True)
        seen += [one["id"] for one in answer["items"]]
        if answer["next_cursor"] is None:
            break
        cursor = f"&cursor={answer['next_cursor']}"
    assert seen == [*past, asked]
    narrowed = desk.get("/api/v1/exceptions?state=requested").json()
    assert ([one["id"] for one in narrowed["items"]], narrowed["total"]) == ([asked], 1)
    assert desk.get(f"/api/v1/exceptions?state=requested{cursor}").status_code == 400
