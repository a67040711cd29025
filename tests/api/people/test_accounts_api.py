"""Accounts by the API: the same as on the page, never more than the caller may do, links shown once, everything noted."""

from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from collector import accounts, audit, sessions
from collector.grants import Grant, Role
from collector.tokens import create_token
from tests.api.people.test_accounts import PASSWORD
from tests.api.seed import NOW
from tests.api.world import World


def program(world: World, role: str = "administrator") -> TestClient:
    return TestClient(world.app, headers=world.bearer(role))


def make(client: TestClient, name: str = "duty", **more: Any) -> Any:
    return client.post("/api/v1/accounts", json={"name": name, "display_name": "On duty", **more})


def test_a_person_is_made_lets_themselves_in_and_is_put_out(fresh: World) -> None:
    client = program(fresh)
    made = make(client, email="duty@vilamar.example", language="ca", grants=[{"role": "analyst"}])
    assert made.status_code == 201
    person = made.json()
    link = person.pop("link")
    assert (person["has_password"], person["grants"]) == (False, [{"role": "analyst", "department": None}])
    assert client.get(f"/api/v1/accounts/{person['id']}").json() == person
    assert link not in client.get("/api/v1/accounts").text
    browser = TestClient(fresh.app, follow_redirects=False)
    assert browser.post(link.removeprefix(fresh.app.state.parts.base_url), data={"new": PASSWORD}).status_code == 303
    assert browser.get("/findings").status_code == 200
    shown = client.put(
        f"/api/v1/accounts/{person['id']}/grants", json={"grants": [{"role": "department", "department": "citizens"}]}
    )
    assert shown.json()["grants"] == [{"role": "department", "department": "citizens"}]
    assert browser.get("/findings").status_code == 303  # what a person may do changed: they sign in again
    assert client.post(f"/api/v1/accounts/{person['id']}/disable").json()["disabled_at"]
    refused = browser.post("/sign-in", data={"login": "duty", "password": PASSWORD})
    assert refused.status_code == 401
    assert client.post(f"/api/v1/accounts/{person['id']}/enable").json()["disabled_at"] is None
    assert client.post(f"/api/v1/accounts/{person['id']}/reset").json()["link"] != link
    with fresh.store.read() as connection:
        told = [(row.actor, row.action, row.subject_id) for row in audit.latest(connection) if row.actor == "test administrator"]
    steps = ("create_account", "grant_account", "disable_account", "enable_account", "reset_account")
    assert told[::-1] == [("test administrator", action, person["id"]) for action in steps]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"name": "no name!"}, 409, "bad-account"),
        ({"name": "taken"}, 409, "bad-account"),
        ({"email": "nobody"}, 409, "bad-account"),
        ({"grants": [{"role": "viewer", "department": "none-such"}]}, 409, "bad-account"),
        ({"grants": [{"role": "approver"}]}, 403, "forbidden"),
        ({"grants": [{"role": "probe"}]}, 403, "forbidden"),
        ({"language": "fr"}, 422, "invalid"),
        ({"password": PASSWORD}, 422, "invalid"),
        ({"grants": [{"role": "king"}]}, 422, "invalid"),
    ],
)
def test_what_is_wrong_is_said_and_nobody_is_made(fresh: World, body: dict[str, Any], status: int, code: str) -> None:
    client = program(fresh)
    make(client, "taken")
    answer = make(client, **body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert [one["name"] for one in client.get("/api/v1/accounts").json()["items"]] == ["taken"]


def test_who_may_do_more_is_out_of_reach(fresh: World) -> None:
    with fresh.store.write() as connection:
        person = accounts.create_account(connection, "approver", "Who approves", NOW)
        accounts.set_grants(connection, person, [Grant(Role.APPROVER, "citizens")])
    client, path = program(fresh), f"/api/v1/accounts/{person.id}"
    for answer in (
        client.put(f"{path}/grants", json={"grants": []}),
        client.post(f"{path}/disable"),
        client.post(f"{path}/reset"),
        client.delete(f"{path}/second-step"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert client.post("/api/v1/accounts/none-such/reset").status_code == 404
    assert client.get(path).json()["grants"] == [{"role": "approver", "department": "citizens"}]


def test_a_token_that_may_little_gives_little(fresh: World) -> None:
    """The permissions that it was made without are not given by it to a person either."""
    with fresh.store.write() as connection:
        _, secret = create_token(
            connection, "accounts", Role.ADMINISTRATOR, NOW, timedelta(days=9), permissions=["account.manage", "self"]
        )
    client = TestClient(fresh.app, headers={"authorization": f"Bearer {secret}"})
    assert make(client, "one", grants=[{"role": "administrator"}]).status_code == 403
    assert make(client, "two", grants=[{"role": "viewer"}]).status_code == 403
    assert make(client, "three").status_code == 201


def test_who_approves_for_one_department_gives_it_for_no_other(fresh: World) -> None:
    with fresh.store.write() as connection:
        boss = accounts.create_account(connection, "boss", "Both", NOW)
        accounts.set_grants(connection, boss, [Grant(Role.ADMINISTRATOR), Grant(Role.APPROVER, "citizens")])
        secret = sessions.open_session(connection, boss, NOW, timedelta(hours=1))
    browser = TestClient(fresh.app, cookies={"talaia_session": secret}, follow_redirects=False)
    mark = browser.get("/accounts").text.split('name="csrf" value="')[1].split('"')[0]
    sent = {"csrf": mark, "name": "x", "display_name": "x", "role": "approver"}
    assert browser.post("/accounts", data={**sent, "department": ""}).status_code == 403
    assert browser.post("/accounts", data={**sent, "department": "innovation"}).status_code == 403
    with fresh.store.read() as connection:
        assert accounts.find_account(connection, "x") is None


def test_a_login_that_is_taken_is_said_on_the_page_itself(fresh: World, person: TestClient) -> None:
    make(program(fresh), "taken")
    mark = person.get("/accounts").text.split('name="csrf" value="')[1].split('"')[0]
    sent = {"csrf": mark, "name": "taken", "display_name": "x", "role": "viewer", "department": ""}
    answer = person.post("/accounts", data=sent)
    assert (answer.status_code, "nobody else has it" in answer.text, "Make an account" in answer.text) == (422, True, True)
    token = {"csrf": mark, "name": "test viewer", "role": "viewer", "days": "9"}
    answer = person.post("/tokens", data=token)
    assert (answer.status_code, "a token is named" in answer.text, "Make a token" in answer.text) == (409, True, True)


def test_a_link_is_shown_once_also_with_a_key(fresh: World) -> None:
    client = program(fresh)
    client.headers["idempotency-key"] = "one-person"
    assert make(client).status_code == 201
    again = make(client)
    assert (again.status_code, again.json()["code"]) == (409, "shown-once")


def test_the_chain_of_the_audit_log_is_verified_for_programs(fresh: World) -> None:
    auditor = program(fresh, "auditor")
    make(program(fresh))
    told = auditor.get("/api/v1/audit/verify").json()
    assert (told["rows"], told["broken_at"], told["head_found"]) == (1, None, None)
    assert auditor.get(f"/api/v1/audit/verify?head={told['head']}").json()["head_found"] is True
    assert auditor.get(f"/api/v1/audit/verify?head={'0' * 63}1").json()["head_found"] is False
    assert program(fresh, "analyst").get("/api/v1/audit/verify").status_code == 403
