"""Saved filters: one's own, shared with those who are meant, and never lost when they can no longer be asked."""

from typing import Any

import pytest
from sqlalchemy import delete, select, update
from starlette.testclient import TestClient

from collector import audit, filters, tables
from collector.filters import Audience, Wanted
from collector.grants import Person, Role
from collector.refusal import ActionRefused
from collector.store import Store
from tests.api.seed import NOW
from tests.api.world import World, csrf_in

OLD_TLS = {"state": ["open"], "rule": ["TLS-002"], "sort": "due"}


def _client(world: World, *departments: str, role: Role = Role.DEPARTMENT) -> TestClient:
    secret = world.confined(*departments, role=role) if departments else world.secrets[role.value]
    return TestClient(world.app, headers={"authorization": f"Bearer {secret}"})


def _save(client: TestClient, **more: Any) -> Any:
    return client.post("/api/v1/filters", json={"name": "Old TLS", "query": OLD_TLS, **more})


def _names(client: TestClient) -> list[str]:
    return [one["name"] for one in client.get("/api/v1/filters").json()["items"]]


def test_a_filter_is_saved_opened_changed_and_deleted(fresh: World) -> None:
    client = _client(fresh, "citizens", role=Role.VIEWER)
    made = _save(client)
    assert made.status_code == 201
    shown = made.json()
    assert (shown["query"], shown["audience"], shown["mine"], shown["valid"]) == (OLD_TLS, "me", True, True)
    assert client.get(f"/api/v1/filters/{shown['id']}").json() == shown
    changed = client.put(f"/api/v1/filters/{shown['id']}", json={"name": "New TLS", "query": {"state": ["resolved"]}}).json()
    assert (changed["name"], changed["query"], changed["id"]) == ("New TLS", {"state": ["resolved"]}, shown["id"])
    assert client.delete(f"/api/v1/filters/{shown['id']}").json()["name"] == "New TLS"
    assert client.get(f"/api/v1/filters/{shown['id']}").status_code == 404
    with fresh.store.read() as connection:
        noted = [(row.action, row.subject_id) for row in reversed(audit.latest(connection)) if row.outcome == "done"]
    assert noted == [(f"{what}_filter", shown["id"]) for what in ("create", "change", "delete")]


def test_what_was_changed_since_it_was_read_stays(fresh: World) -> None:
    client = _client(fresh, "citizens")
    made = _save(client)
    where, read = f"/api/v1/filters/{made.json()['id']}", {"if-match": made.headers["etag"]}
    assert client.get(where).headers["etag"].partition(".")[0] == made.headers["etag"].partition(".")[0]
    changed = client.put(where, json={"name": "New TLS", "query": OLD_TLS}, headers=read)
    assert changed.status_code == 200
    late = [client.put(where, json={"name": "Older", "query": {}}, headers=read), client.delete(where, headers=read)]
    assert [(answer.status_code, answer.json()["code"]) for answer in late] == [(412, "stale")] * 2
    assert client.get(where).json()["name"] == "New TLS"
    assert client.delete(where, headers={"if-match": changed.headers["etag"]}).status_code == 200


def test_ones_own_are_nobody_elses(fresh: World) -> None:
    one, other, administrator = _client(fresh, "citizens"), _client(fresh, "citizens"), _client(fresh, role=Role.ADMINISTRATOR)
    made = _save(one).json()["id"]
    for client in (other, administrator):
        assert _names(client) == []
        for answer in (client.get(f"/api/v1/filters/{made}"), client.delete(f"/api/v1/filters/{made}")):
            assert answer.status_code == 404
    assert _save(other).status_code == 201  # the same name, another person
    assert _save(one).json()["code"] == "name-taken"


def test_what_is_shared_reaches_those_who_are_meant_and_is_its_owners(fresh: World) -> None:
    analyst, citizens, innovation = _client(fresh, role=Role.ANALYST), _client(fresh, "citizens"), _client(fresh, "innovation")
    assert _save(analyst, name="the city's", audience="city").status_code == 201
    theirs = _save(citizens, name="the department's", audience="department", department="citizens").json()
    assert _names(citizens) == ["the department's", "the city's"]
    assert _names(innovation) == ["the city's"]
    assert _names(_client(fresh, "citizens", role=Role.AUDITOR)) == ["the city's", "the department's"]
    colleague = _client(fresh, "citizens")
    wanted = {"name": "mine now", "query": OLD_TLS}
    assert colleague.put(f"/api/v1/filters/{theirs['id']}", json=wanted).json()["code"] == "not-yours"
    assert colleague.delete(f"/api/v1/filters/{theirs['id']}").status_code == 403
    assert _client(fresh, role=Role.ADMINISTRATOR).delete(f"/api/v1/filters/{theirs['id']}").status_code == 200


@pytest.mark.parametrize(
    ("role", "departments", "share", "status"),
    [
        (Role.VIEWER, ("citizens",), {"audience": "department", "department": "citizens"}, 403),
        (Role.DEPARTMENT, ("citizens",), {"audience": "department", "department": "innovation"}, 403),
        (Role.DEPARTMENT, ("citizens",), {"audience": "department", "department": "none-such"}, 403),
        (Role.DEPARTMENT, ("citizens",), {"audience": "city"}, 403),
        (Role.AUDITOR, (), {"audience": "me"}, 403),
        (Role.ANALYST, (), {"audience": "department", "department": "none-such"}, 404),
        (Role.ANALYST, (), {"audience": "department"}, 422),
        (Role.ANALYST, (), {"audience": "me", "department": "citizens"}, 422),
        (Role.ANALYST, (), {"query": {"state": ["closed"]}}, 422),
        (Role.ANALYST, (), {"query": {"within": ["innovation"]}}, 422),
        (Role.ANALYST, (), {"name": " "}, 422),
        (Role.ANALYST, (), {"audience": "department", "department": "innovation"}, 201),
    ],
)
def test_nobody_shares_where_they_may_not(
    fresh: World, role: Role, departments: tuple[str, ...], share: dict[str, Any], status: int
) -> None:
    assert _save(_client(fresh, *departments, role=role), **share).status_code == status


def test_a_filter_that_can_no_longer_be_asked_says_so_and_is_kept(fresh: World) -> None:
    client = _client(fresh, role=Role.ANALYST)
    first = _save(client, name="an old one").json()["id"]
    second = _save(client, name="gone department", query={"department": "people"}).json()
    of = tables.saved_filter.c
    raw = {"state": ["closed"], "colour": "red"}
    with fresh.store.write() as connection:
        connection.execute(update(tables.saved_filter).where(of.id == first).values(query=raw))
        connection.execute(update(tables.saved_filter).where(of.id == second["id"]).values(query={"department": "dissolved"}))
    shown = {one["name"]: one for one in client.get("/api/v1/filters").json()["items"]}
    assert shown["an old one"]["query"] == raw
    assert (shown["an old one"]["valid"], shown["an old one"]["problem"]) == (False, "no longer understood: colour, state")
    assert shown["gone department"]["problem"] == "there is no department dissolved any more"
    browser = fresh.browser("analyst")
    page = browser.get("/filters").text
    assert page.count("cannot be asked any more") == 2
    assert "It is kept as it was saved" in page
    assert ">an old one<" not in browser.get("/findings").text
    mended = client.put(f"/api/v1/filters/{first}", json={"name": "an old one", "query": OLD_TLS}).json()
    assert mended["valid"]


def test_on_the_page_a_list_is_saved_opened_and_deleted(fresh: World) -> None:
    browser = fresh.browser("analyst")
    page = browser.get("/findings?state=open&band=critical&sort=due").text
    form = {"csrf": csrf_in(page), "name": "The worst & oldest", "audience": "department:citizens", "back": "/findings"}
    assert 'value="department:innovation"' in page
    assert 'value="city"' in page
    assert browser.post("/filters", data={**form, "query": "state=open&band=critical&sort=due"}).status_code == 200
    (shown,) = _client(fresh, "citizens").get("/api/v1/filters").json()["items"]
    assert shown["query"] == {"state": ["open"], "band": ["critical"], "sort": "due"}
    page = browser.get("/findings").text
    assert "The worst &amp; oldest" in page
    assert 'href="/findings?state=open&amp;band=critical&amp;sort=due"' in page
    assert browser.post("/filters", data={**form, "name": "", "query": "state=open"}).status_code == 409
    gone = browser.post(f"/filters/{shown['id']}/delete", data={"csrf": form["csrf"]})
    assert "None is saved" in gone.text


def test_a_viewer_of_a_department_shares_with_nobody(fresh: World) -> None:
    page = fresh.browser(secret=fresh.confined("citizens", role=Role.VIEWER)).get("/findings?state=open").text
    assert 'value="me"' in page
    assert 'value="city"' not in page
    assert 'value="department:' not in page


def test_names_are_ones_own_and_filters_are_bounded(store: Store) -> None:
    by = Person("account:one", "one")
    with store.write() as connection:
        for number in range(filters.MOST):
            filters.save(connection, Wanted(f"number {number}", Audience.ME, {}), by=by, at=NOW)
    with store.write() as connection, pytest.raises(ActionRefused) as refused:
        filters.save(connection, Wanted("one more", Audience.ME, {}), by=by, at=NOW)
    assert refused.value.code == "too-many-filters"
    with store.write() as connection:
        connection.execute(delete(tables.saved_filter).where(tables.saved_filter.c.name == "number 7"))
        (first, *_) = connection.scalars(select(tables.saved_filter.c.id).where(tables.saved_filter.c.name == "number 1"))
        with pytest.raises(ActionRefused, match="of that name"):
            filters.change(connection, first, Wanted("number 2", Audience.ME, {}), at=NOW)
        filters.change(connection, first, Wanted("number 1", Audience.CITY, {"state": ["open"]}), at=NOW)
        assert [row.name for row in filters.list_filters(connection, "account:two", frozenset())] == ["number 1"]
