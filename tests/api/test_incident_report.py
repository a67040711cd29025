"""A notification for the national CERT: pre-filled, in three languages, without evidence; the rest is left to a person."""

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from collector import tables
from tests.api.world import World


@pytest.mark.parametrize(("language", "word"), [("ca", "Notificació"), ("es", "Notificación"), ("en", "notification")])
def test_what_is_known_is_filled_in_and_the_rest_is_left_to_a_person(fresh: World, language: str, word: str) -> None:
    with fresh.store.write() as connection:
        observed = {"version": "the raw banner of the server"}
        connection.execute(tables.finding.update().values(observed=observed))
        row = connection.execute(select(tables.finding).where(tables.finding.c.department_id == "citizens")).first()
        assert row is not None
        connection.execute(tables.finding.update().where(tables.finding.c.id == row.id).values(state="open"))
    client = TestClient(fresh.app, headers=fresh.bearer("department"))
    made = client.get(f"/api/v1/findings/{row.id}/incident-report?language={language}").json()
    assert word in made["text"]
    assert made["fields"]["subject"].startswith(row.rule)
    assert row.id in made["fields"]["reference"] or "/findings/" in made["fields"]["reference"]
    assert {"happened_at", "impact", "origin"} <= set(made["to_complete"])
    assert row.address in made["fields"]["resources"]
    assert "raw banner" not in made["text"]
    page = fresh.browser("department").get(f"/findings/{row.id}/incident-report.txt")
    assert page.headers["content-type"].startswith("text/plain")
    assert row.rule in page.text


def test_a_resolved_finding_is_nothing_to_report(fresh: World) -> None:
    with fresh.store.write() as connection:
        connection.execute(tables.finding.update().values(state="resolved"))
    answer = TestClient(fresh.app, headers=fresh.bearer()).get(f"/api/v1/findings/{fresh.finding_ids[0]}/incident-report")
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing-open")
