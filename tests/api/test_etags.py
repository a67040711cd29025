"""What was read has a name: not sent again unchanged, not changed unseen."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from collector import tables
from tests.api.seed import NOW
from tests.api.world import World, ask_for_exceptions, make_world, sqlite_url


def _paths(world: World) -> list[str]:
    finding, asset = world.finding_ids[0], world.asset_ids[1]
    one = [f"findings/{finding}", f"assets/{asset}", "departments/citizens", "services/e_office", "zones/dmz"]
    return [
        *one,
        f"scans/{world.scan_id}",
        "schedules/nightly",
        "stop",
        "risk",
        "risk/departments/citizens",
        f"risk/assets/{asset}",
    ]


def test_what_is_known_is_not_sent_again(world: World) -> None:
    client = TestClient(world.app, headers=world.bearer())
    for path in _paths(world):
        first = client.get(f"/api/v1/{path}")
        assert first.status_code == 200, path
        etag = first.headers["etag"]
        assert etag.startswith('"'), path
        for known in (etag, f'"x", {etag}', f"W/{etag}", "*"):
            again = client.get(f"/api/v1/{path}", headers={"if-none-match": known})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag), path
            assert "content-length" not in again.headers
        other = client.get(f"/api/v1/{path}", headers={"if-none-match": '"something-else"'})
        assert (other.status_code, other.content) == (200, first.content), path


def test_a_change_changes_the_name_and_a_language_has_its_own(fresh: World) -> None:
    client, finding = TestClient(fresh.app, headers=fresh.bearer()), fresh.finding_ids[0]
    where = f"/api/v1/findings/{finding}"
    first = client.get(where, headers={"accept-language": "en"}).headers["etag"]
    assert client.get(where, headers={"accept-language": "ca", "if-none-match": first}).status_code == 200
    with fresh.store.write() as connection:
        moved = {"due": NOW + timedelta(days=99)}
        connection.execute(update(tables.finding).where(tables.finding.c.id == finding).values(moved))
    again = client.get(where, headers={"accept-language": "en", "if-none-match": first})
    assert again.status_code == 200
    assert again.headers["etag"] != first


def test_problems_and_pages_have_none_and_a_304_tells_nobody_of_anothers(fresh: World) -> None:
    client = TestClient(fresh.app, headers=fresh.bearer())
    assert "etag" not in client.get("/api/v1/findings/none-such").headers
    assert client.get("/api/v1/findings/none-such", headers={"if-none-match": "*"}).status_code == 404
    assert TestClient(fresh.app).get("/api/v1/risk", headers={"if-none-match": "*"}).status_code == 401
    assert "etag" not in fresh.browser().get("/findings").headers


@pytest.fixture
def asked(fresh: World) -> tuple[World, dict[str, Any], str]:
    """One exception that waits for a decision, and its ETag."""
    ask_for_exceptions(fresh)
    client = TestClient(fresh.app, headers=fresh.bearer("approver"))
    one = client.get("/api/v1/exceptions?state=requested").json()["items"][0]
    return fresh, one, client.get(f"/api/v1/exceptions/{one['id']}").headers["etag"]


def test_who_decides_on_what_has_changed_since_is_told(asked: tuple[World, dict[str, Any], str]) -> None:
    world, one, etag = asked
    approver = TestClient(world.app, headers=world.bearer("approver"))
    where = f"/api/v1/exceptions/{one['id']}"
    refused = approver.post(f"{where}/approve", headers={"if-match": '"another"'})
    assert (refused.status_code, refused.json()["code"]) == (412, "stale")
    assert approver.get(where).json()["state"] == "requested"
    done = approver.post(f"{where}/approve", headers={"if-match": etag})
    assert (done.status_code, done.headers["etag"].partition(".")[0] != etag.partition(".")[0]) == (200, True)
    assert approver.post(f"{where}/end", headers={"if-match": etag}).status_code == 412
    assert approver.post(f"{where}/end", headers={"if-match": done.headers["etag"]}).status_code == 200


def test_the_etags_of_the_openapi_are_those_sent(tmp_path: Any) -> None:
    made = make_world(sqlite_url(tmp_path))
    document = made.app.openapi()
    named = [one for path in document["paths"].values() if (one := path.get("get")) and "headers" in one["responses"]["200"]]
    assert {"get_finding", "get_asset", "city_risk", "get_schedule", "list_findings"} <= {one["operationId"] for one in named}
    assert all(("304" in one["responses"]) is not one["operationId"].startswith("list_") for one in named)
    made.store.close()
