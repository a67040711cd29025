"""The change feed through the API: in order, confined to what the caller may see, read on from a cursor."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from collector import tables
from collector.events import Action, tell
from collector.grants import Role
from collector.records import EventRecord
from collector.tokens import create_token
from tests.api.seed import NOW
from tests.api.world import World


def _client(world: World, *departments: str, role: Role = Role.DEPARTMENT) -> TestClient:
    with world.store.write() as connection:
        name = f"{role} of {' '.join(departments)}"
        _, secret = create_token(connection, name, role, NOW, timedelta(days=9), departments=list(departments))
    return TestClient(world.app, headers={"authorization": f"Bearer {secret}"})


def _all(client: TestClient, query: str = "", after: str = "") -> tuple[list[dict[str, Any]], str]:
    found: list[dict[str, Any]] = []
    while True:
        place = f"&after={after}" if after else ""
        answer = client.get(f"/api/v1/events?limit=3{place}{query}")
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        after = answer.json()["cursor"]
        if not answer.json()["more"]:
            return found, after


@pytest.fixture
def desk(fresh: World) -> TestClient:
    return TestClient(fresh.app, headers=fresh.bearer("viewer"))


def test_the_whole_feed_is_read_in_order_and_then_what_is_new(fresh: World, desk: TestClient) -> None:
    found, cursor = _all(desk)
    with fresh.store.read() as connection:
        assert [one["id"] for one in found] == list(connection.scalars(select(tables.event.c.id).order_by(tables.event.c.seq)))
    assert len(found) > 3
    assert _all(desk, after=cursor) == ([], cursor)
    latest = desk.get("/api/v1/events?after=latest").json()
    assert latest == {"items": [], "cursor": cursor, "more": False}
    record = EventRecord(id="2f1d1f6e-0000-4000-8000-000000000001", at=NOW, action="scan-finished", detail={"zone": "dmz"})
    with fresh.store.write() as connection:
        tell(connection, record)
    new, _ = _all(desk, after=cursor)
    assert [(one["id"], one["kind"], one["detail"], one["department_id"]) for one in new] == [
        (record.id, "scan-finished", {"zone": "dmz"}, None)
    ]


def test_who_is_confined_reads_what_is_its_own_alone(fresh: World, desk: TestClient) -> None:
    whole, _ = _all(desk)
    own, cursor = _all(_client(fresh, "citizens"))
    assert own == [one for one in whole if one["department_id"] == "citizens"]
    assert own
    assert len(own) < len(whole)
    several, _ = _all(_client(fresh, "citizens", "innovation"))
    assert several == [one for one in whole if one["department_id"] in ("citizens", "innovation")]
    with fresh.store.write() as connection:
        tell(connection, EventRecord(id="other", at=NOW, action="port-new", department_id="innovation"))
    assert _all(_client(fresh, "citizens", role=Role.VIEWER), after=cursor) == ([], cursor)


def test_ids_of_others_things_are_not_told(fresh: World, desk: TestClient) -> None:
    lost = EventRecord(
        id="lost",
        at=NOW,
        action=Action.ASSET_ADDRESS_LOST,
        department_id="citizens",
        detail={"address": "192.0.2.1", "to": "somebody-elses"},
    )
    with fresh.store.write() as connection:
        tell(connection, lost)
    assert _all(desk, "&kind=asset-address-lost")[0][0]["detail"] == {"address": "192.0.2.1", "to": "somebody-elses"}
    assert _all(_client(fresh, "citizens"), "&kind=asset-address-lost")[0][0]["detail"] == {"address": "192.0.2.1"}


def test_only_the_kinds_asked_for(fresh: World, desk: TestClient) -> None:
    whole, end = _all(desk)
    for kind in {one["kind"] for one in whole}:
        found, cursor = _all(desk, f"&kind={kind}")
        assert found == [one for one in whole if one["kind"] == kind]
        assert cursor == end  # what was passed over is not gone through again
    two, _ = _all(desk, "&kind=finding-opened&kind=finding-changed")
    assert {one["kind"] for one in two} == {"finding-opened", "finding-changed"}
    assert desk.get("/api/v1/events?kind=nothing").status_code == 422


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [("after=e99999999", 409, "cursor-ahead"), ("after=12", 422, "invalid"), ("limit=0", 422, "invalid")],
)
def test_a_cursor_of_another_feed_is_told(fresh: World, desk: TestClient, query: str, status: int, code: str) -> None:
    answer = desk.get(f"/api/v1/events?{query}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_every_step_of_an_exception_is_told(fresh: World, desk: TestClient) -> None:
    analyst, approver = (TestClient(fresh.app, headers=fresh.bearer(role)) for role in ("analyst", "approver"))
    _, cursor = _all(desk)
    finding = desk.get("/api/v1/findings?state=open&department=citizens").json()["items"][0]
    wanted = {
        "rule": finding["rule"],
        "covers": "finding",
        "key": finding["id"],
        "reason": "replaced",
        "until": "2027-01-01T00:00Z",
    }
    for steps in (["withdraw"], ["approve", "end"]):
        made = analyst.post("/api/v1/exceptions", json={**wanted, "until": "2027-01-01T00:00:00Z"}).json()
        for step in steps:
            who = analyst if step == "withdraw" else approver
            assert who.post(f"/api/v1/exceptions/{made['id']}/{step}").status_code == 200
    told, _ = _all(desk, after=cursor)
    assert [one["kind"] for one in told] == [
        "exception-requested",
        "exception-withdrawn",
        "exception-requested",
        "exception-approved",
        "finding-waived",
        "exception-ended",
        "finding-unwaived",
    ]
    assert {one["department_id"] for one in told} == {"citizens"}
    assert told[-1]["finding_id"] == finding["id"]
