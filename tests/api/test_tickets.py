"""Tickets in the API and on the dashboard: opened once, confined to one's departments, noted, dropped and tried again."""

from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from collector import audit, tables
from collector import ticket_work as work
from tests.api.world import World, csrf_in


def client(world: World, role: str = "analyst") -> TestClient:
    return TestClient(world.app, headers=world.bearer(role))


def finding(world: World, **wanted: Any) -> Any:
    with world.store.read() as connection:
        query = select(tables.finding).where(
            tables.finding.c.state == "open", *(tables.finding.c[k] == v for k, v in wanted.items())
        )
        return connection.execute(query).first()


def test_a_ticket_is_opened_once_and_shows_all_it_is_about(fresh: World) -> None:
    api, row = client(fresh), finding(fresh, department_id="citizens")
    made = api.post("/api/v1/tickets", json={"finding": row.id})
    assert (made.status_code, made.json()["state"], made.json()["remote"]) == (201, "wanted", None)
    assert api.post("/api/v1/tickets", json={"finding": row.id}).json()["id"] == made.json()["id"]
    whole = api.get(f"/api/v1/tickets/{made.json()['id']}").json()
    assert row.id in [one["id"] for one in whole["about"]]
    assert (whole["open_findings"], whole["steps"][0]["kind"]) == (len(whole["about"]), "create")
    listed = api.get(f"/api/v1/tickets?finding={row.id}&live=true").json()
    assert ([one["id"] for one in listed["items"]], listed["total"]) == ([whole["id"]], 1)
    assert api.get("/api/v1/tickets?state=closed").json()["items"] == []
    with fresh.store.read() as connection:
        noted = [(one.action, one.subject_id, one.department_id) for one in audit.latest(connection)]
    assert noted == [("open_ticket", whole["id"], "citizens")]


def test_a_resolved_finding_gets_none_and_an_unknown_one_does_not_exist(fresh: World) -> None:
    with fresh.store.write() as connection:
        row = connection.execute(select(tables.finding).where(tables.finding.c.department_id == "citizens")).first()
        assert row is not None
        same = (tables.finding.c.rule == row.rule, tables.finding.c.service_id == row.service_id)
        connection.execute(tables.finding.update().where(*same).values(state="resolved"))
    answer = client(fresh).post("/api/v1/tickets", json={"finding": row.id})
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing-open")
    assert client(fresh).post("/api/v1/tickets", json={"finding": "none-such"}).status_code == 404


def test_dropped_and_tried_again(fresh: World) -> None:
    api, row = client(fresh), finding(fresh)
    key = api.post("/api/v1/tickets", json={"finding": row.id}).json()["id"]
    with fresh.store.write() as connection:
        (seq,) = connection.execute(select(tables.ticket_step.c.seq)).scalars()
        work.step_failed(connection, seq, "the queue is not there", None)
    drift = api.get("/api/v1/tickets/drift").json()["items"]
    assert [(one["ticket_id"], one["what"], one["here"]) for one in drift] == [(key, "unsent", "the queue is not there")]
    assert api.post(f"/api/v1/tickets/{key}/retry").status_code == 200
    assert api.get(f"/api/v1/tickets/{key}").json()["steps"][0]["next_at"] is not None
    dropped = api.post(f"/api/v1/tickets/{key}/drop").json()
    assert (dropped["state"], dropped["closed_because"]) == ("dropped", "dropped")
    assert api.post(f"/api/v1/tickets/{key}/drop").json()["code"] == "ended"
    assert api.post("/api/v1/tickets", json={"finding": row.id}).json()["id"] != key


def test_a_webhook_of_the_ticket_system_only_makes_talaia_read(fresh: World) -> None:
    assert client(fresh).post("/api/v1/tickets/read").status_code == 202
    with fresh.store.read() as connection:
        assert work.mark(connection, work.POKE) is not None
    assert client(fresh, "department").post("/api/v1/tickets/read").status_code in (202, 403)


def test_people_open_tickets_from_a_finding_and_from_the_list(fresh: World) -> None:
    page, row = fresh.browser("analyst"), finding(fresh, department_id="citizens")
    csrf = csrf_in(page.get(f"/findings/{row.id}").text)
    opened = page.post("/tickets", data={"csrf": csrf, "finding": row.id})
    assert "being made" in opened.text
    key = opened.url.path.rsplit("/", 1)[1]
    assert f"/tickets/{key}" in page.get(f"/findings/{row.id}").text
    assert f"/tickets/{key}" in page.get("/tickets").text
    others = [one for one in fresh.finding_ids if one != row.id][:3]
    shown = page.post("/findings/chosen", data={"csrf": csrf, "action": "tickets", "finding": others}).text
    assert "share one" in shown
    done = page.post("/findings/tickets", data={"csrf": csrf, "findings": " ".join(others)})
    assert done.status_code == 200
    page.post(f"/tickets/{key}/drop", data={"csrf": csrf})
    assert "a person ended it" in page.get(f"/tickets/{key}").text


@pytest.mark.parametrize("there", [{"status": "rejected", "raw_status": "<b>no</b>"}, {"status": "open", "raw_status": "open"}])
def test_what_the_ticket_system_says_is_shown_and_never_obeyed(fresh: World, there: dict[str, str]) -> None:
    api, row = client(fresh), finding(fresh)
    key = api.post("/api/v1/tickets", json={"finding": row.id}).json()["id"]
    with fresh.store.write() as connection:
        remote = {**there, "updated_at": "2026-11-23T10:00:00+00:00", "assignee": "<script>alert(1)</script>"}
        values = {
            "remote": remote,
            "remote_id": "7",
            "remote_url": "javascript:alert(1)",
            "state": "review",
            "review": "rejected",
        }
        work.set_ticket(connection, key, **values, kept=["priority"], wanted={"priority": "high"})
        work.keep_remark(connection, key, "operator1", "<img src=x onerror=alert(1)>", row.first_seen)
    text = fresh.browser("analyst").get(f"/tickets/{key}").text
    assert "<script>alert" not in text
    assert "<img" not in text
    assert 'href="javascript:' not in text
    assert {one["what"] for one in api.get("/api/v1/tickets/drift").json()["items"]} == {"status", "priority"}
