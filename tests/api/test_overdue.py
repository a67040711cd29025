"""What is late, by department: every counter, list and page says the same, and exceptions are counted apart."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from collector import tables, tally
from collector.queries.findings import FindingFilter, count_findings, lateness
from collector.store import Store
from tests.api.seed import NOW, Seed
from tests.api.world import World, ask_for_exceptions


def _api(world: World, secret: str | None = None) -> TestClient:
    return TestClient(world.app, headers={"authorization": f"Bearer {secret}"} if secret else world.bearer())


def _findings(client: TestClient, query: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get(f"/api/v1/findings?limit=500&{query}").json()["items"]
    return items


def _waive_one_that_is_late(world: World) -> str:
    client = _api(world)
    late = _findings(client, "overdue=true&department=citizens")[0]
    with world.store.write() as connection:
        connection.execute(update(tables.finding).where(tables.finding.c.id == late["id"]).values(state="waived"))
        tally.rebuild(connection)
    return str(late["id"])


def test_counts_add_up_to_the_lists_they_count(fresh: World) -> None:
    waived = _waive_one_that_is_late(fresh)
    client = _api(fresh)
    shown = client.get("/api/v1/overdue?limit=500").json()
    listed = _findings(client, "overdue=true&sort=due")
    assert [one["id"] for one in shown["items"]] == [one["id"] for one in listed]
    assert waived not in {one["id"] for one in shown["items"]}
    assert shown["total"] == shown["overdue"] == len(listed) == sum(one["overdue"] for one in shown["departments"])
    assert shown["waived"] == sum(one["waived"] for one in shown["departments"]) == 1
    soon = client.get("/api/v1/overdue?soon=true&limit=500").json()
    assert [one["id"] for one in soon["items"]] == [one["id"] for one in _findings(client, "due_within_days=7&sort=due")]
    assert soon["total"] == soon["due_soon"] == shown["due_soon"] == sum(one["due_soon"] for one in shown["departments"])
    for one in shown["departments"]:
        key = one["department_id"] or "none"
        assert one["overdue"] == len(_findings(client, f"overdue=true&department={key}"))
        assert client.get(f"/api/v1/overdue?department={key}").json()["overdue"] == one["overdue"]


def test_the_latest_comes_first_and_says_how_many_days(fresh: World) -> None:
    shown = _api(fresh).get("/api/v1/overdue?limit=500").json()
    days = [one["days_late"] for one in shown["items"]]
    assert days == sorted(days, reverse=True)
    assert min(days) > 0
    latest = [one["days_late"] for one in shown["departments"] if one["days_late"] is not None]
    assert latest == sorted(latest, reverse=True)
    assert latest[0] == days[0]
    soon = [one["days_late"] for one in _api(fresh).get("/api/v1/overdue?soon=true").json()["items"]]
    assert all(-7 <= one <= 0 for one in soon)


def test_who_is_confined_sees_their_own_alone(fresh: World) -> None:
    whole = _api(fresh).get("/api/v1/overdue").json()["departments"]
    own = _api(fresh, fresh.confined("citizens")).get("/api/v1/overdue").json()
    assert own["departments"] == [one for one in whole if one["department_id"] == "citizens"]
    assert {one["department_id"] for one in own["items"]} == {"citizens"}
    assert _api(fresh, fresh.confined("citizens")).get("/api/v1/overdue?department=innovation").json()["total"] == 0


def test_the_day_itself_is_the_border(store: Store) -> None:
    Seed().write(store)
    of = tables.finding.c
    with store.write() as connection:
        connection.execute(update(tables.finding).values(due=None))
        ids = list(
            connection.scalars(tables.finding.select().with_only_columns(of.id).where(of.department_id == "citizens").limit(4))
        )
        for key, due in zip(ids, (-1, 0, 7 * 86_400 - 1, 7 * 86_400), strict=True):
            connection.execute(update(tables.finding).where(of.id == key).values(state="open", due=NOW + timedelta(seconds=due)))
    with store.read() as connection:
        (late,) = lateness(connection, NOW, timedelta(days=7), ["citizens", "innovation", None])
        assert (late.department, late.overdue, late.soon, late.waived) == ("citizens", 1, 2, 0)
        assert late.oldest == NOW - timedelta(seconds=1)
        assert count_findings(connection, FindingFilter(overdue=True, now=NOW)) == (1, True)
        assert count_findings(connection, FindingFilter(due_within_days=7, now=NOW)) == (2, True)


def test_the_page_says_what_the_api_says(fresh: World) -> None:
    _waive_one_that_is_late(fresh)
    shown = _api(fresh).get("/api/v1/overdue?limit=500").json()
    page = fresh.browser("viewer").get("/overdue?limit=500").text
    assert f'Past their day <span class="num">{shown["overdue"]}</span>' in page
    assert "One more is past its day, but an exception covers it" in page
    assert all(one["id"] in page for one in shown["items"])
    assert "Nothing is past its day" not in page


@pytest.mark.parametrize("departments", [("citizens",), ("citizens", "innovation")])
def test_a_person_of_departments_lands_on_theirs(fresh: World, departments: tuple[str, ...]) -> None:
    ask_for_exceptions(fresh)
    browser = fresh.browser(secret=fresh.confined(*departments))
    landed = browser.get("/")
    if len(departments) == 1:
        assert str(landed.url).endswith("/departments/citizens")
        page = landed.text
    else:
        assert "Choose one to see what is to be done first" in landed.text
        assert 'href="/departments/human' not in landed.text
        assert landed.text.count('<td class="first"><a href="/departments/') == 2
        page = browser.get("/departments/citizens").text
    late = _api(fresh).get("/api/v1/overdue?department=citizens").json()
    for one in late["items"][:5]:
        assert one["id"] in page
    assert f'<p class="count">{late["overdue"]}</p>' in page
    assert "Exceptions that end soon" in page
    assert "of the checks reached a verdict" in page  # its coverage
    assert "The score over ninety days" in page


def test_whoever_sees_the_whole_city_lands_on_it(world: World) -> None:
    assert "Vilamar City Council</h1>" in world.browser("viewer").get("/").text
