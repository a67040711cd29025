"""The audit log holds every denied attempt, generated over every operation, every sign-in in each of its ways, and every change:
``audit_watch`` holds each transaction of each request in these tests to that."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from api.parts import RateLimits
from collector import audit, tables
from collector.grants import Role
from collector.tokens import create_token, issue_entry_code, list_tokens, revoke_token
from tests.api.audit_watch import Unaudited
from tests.api.seed import NOW
from tests.api.test_matrix import PUBLIC, Operation, address, ask, operations_of, secrets_of, things_of
from tests.api.world import World, csrf_in, make_world, sqlite_url

MANY = RateLimits(per_token=10**6, per_address=10**6, refused_per_address=10**6, denials_noted=10**6)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("audited")
    made = make_world(sqlite_url(folder), limits=MANY, zone_file=folder / "zones.yaml")
    yield made
    made.store.close()


@pytest.fixture(scope="module")
def things(city: World) -> dict[str, dict[str, str]]:
    return things_of(city)


@pytest.fixture(scope="module")
def secrets(city: World) -> dict[tuple[Role, str], str]:
    return secrets_of(city)


def rows_since(world: World, seq: int) -> list[Any]:
    with world.store.read() as connection:
        return [row for row in reversed(audit.latest(connection, 1_000)) if row.seq > seq]


def head(world: World) -> int:
    with world.store.read() as connection:
        found = audit.latest(connection, 1)
    return found[0].seq if found else 0


def asked_of_all(world: World) -> list[Operation]:
    passed = PUBLIC | {"POST /sign-out", "watch_scan"}
    return [one for one in operations_of(world.app) if one.name not in passed]


@pytest.mark.parametrize(("role", "where"), [(Role.VIEWER, "city"), (Role.VIEWER, "citizens"), (Role.PROBE, "city")])
def test_every_refusal_of_rights_is_written_down(
    city: World, things: dict[str, dict[str, str]], secrets: dict[tuple[Role, str], str], role: Role, where: str
) -> None:
    """Refused for its role, or for what is another department's (or nowhere): one row, with author and operation."""
    refused = 0
    for operation in asked_of_all(city):
        before = head(city)
        answer = ask(city, secrets[role, where], operation, address(operation, things["innovation"], city))
        denied = [row for row in rows_since(city, before) if row.outcome == "denied"]
        strange = answer.status_code == 404 and where != "city" and "{" in operation.path
        if answer.status_code == 403 or strange:
            assert [row.action for row in denied] == [operation.name], operation
            assert denied[0].actor == f"matrix {role} {where}"
            refused += 1
        else:
            assert denied == [], operation
    assert refused > 40


def test_what_is_changed_without_being_written_down_is_found(fresh: World, person: TestClient) -> None:
    """The watch over every transaction of every request in these tests (``audit_watch``), tried on a fault of our own."""
    plain = audit.note
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audit, "note", lambda connection, entry: None)
        with pytest.raises(Unaudited, match="POST /scans: scan"):
            person.post("/scans", data={"csrf": csrf_in(person.get("/scans").text), "zone": "dmz"})
    assert audit.note is plain
    assert rows_since(fresh, 0)[-1].action == "sign_in"


def signed(world: World, **fields: str) -> Any:
    return TestClient(world.app, follow_redirects=False).post("/sign-in", data=fields)


def test_signing_in_with_a_token_or_a_link_and_out_again_is_written_down(fresh: World) -> None:
    with fresh.store.write() as connection:
        token = next(one for one in list_tokens(connection) if one.name == "test viewer")
        code = issue_entry_code(connection, token, NOW)
    browser = fresh.browser("viewer")
    assert browser.get(f"/enter/{code}", follow_redirects=False).status_code == 303
    csrf = browser.get("/findings").text.partition('name="csrf" value="')[2].partition('"')[0]
    browser.post("/sign-out", data={"csrf": csrf})
    rows = rows_since(fresh, 0)
    assert [(row.actor, row.actor_id, row.action, row.outcome) for row in rows] == [
        ("test viewer", f"token:{token.id}", action, "done") for action in ("sign_in", "sign_in", "sign_out")
    ]
    assert [row.detail for row in rows] == [{"by": "token"}, {"by": "link"}, {}]
    assert code not in str(rows)


@pytest.mark.parametrize("shown", ["unknown", "revoked", "expired"])
def test_a_token_that_is_refused_is_written_down_by_its_name_if_it_had_one(fresh: World, shown: str) -> None:
    secret = "talaia_" + "x" * 43
    with fresh.store.write() as connection:
        if shown == "revoked":
            secret = fresh.secrets["viewer"]
            revoke_token(connection, "test viewer", NOW)
        elif shown == "expired":
            _, secret = create_token(connection, "old desk", Role.VIEWER, NOW - timedelta(days=9), timedelta(days=1))
    assert TestClient(fresh.app, headers={"authorization": f"Bearer {secret}"}).get("/api/v1/findings").status_code == 401
    assert signed(fresh, token=secret).status_code == 401
    rows = rows_since(fresh, 0)
    who = {"unknown": "a token that nobody has", "revoked": "test viewer", "expired": "old desk"}[shown]
    assert [(row.actor, row.action, row.outcome) for row in rows] == [(who, "authenticate", "denied"), (who, "sign_in", "denied")]
    assert secret not in str(rows)


def test_links_that_nobody_has_are_written_down_without_them(fresh: World) -> None:
    stranger = TestClient(fresh.app, follow_redirects=False)
    assert stranger.get("/enter/aaaabbbbcccc").status_code == 401
    assert stranger.post("/welcome/aaaabbbbcccc", data={"new": "x" * 20}).status_code == 401
    rows = rows_since(fresh, 0)
    assert [(row.actor, row.action) for row in rows] == [
        ("a link that nobody has", "sign_in"),
        ("a link that nobody has", "set_password"),
    ]
    assert "aaaabbbbcccc" not in str(rows)


def test_tries_that_are_not_heard_any_more_are_written_down_once(fresh: World) -> None:
    for number in range(20):
        client = TestClient(fresh.app, client=(f"198.51.100.{number + 1}", 5))
        client.post("/sign-in", data={"login": "nobody", "password": "x" * 12})
    assert [row.detail["step"] for row in rows_since(fresh, 0)] == ["password"] * 5 + ["too many tries"]


def test_a_forged_form_is_written_down(fresh: World, person: TestClient) -> None:
    assert person.post("/stop", data={"csrf": "0" * 32}).status_code == 403
    denied = rows_since(fresh, 0)[-1]
    assert (denied.actor, denied.action, denied.outcome) == ("test administrator", "POST /stop", "denied")
    assert denied.detail == {"why": "csrf", "path": "/stop"}


def test_an_id_that_is_tried_again_and_again_is_written_down_once_an_hour(fresh: World) -> None:
    program = TestClient(fresh.app, headers={"authorization": f"Bearer {fresh.confined('citizens')}"})
    for path in ("findings/one", "findings/one", "findings/other", "findings/one"):
        assert program.get(f"/api/v1/{path}").status_code == 404
    assert [row.detail["path"] for row in rows_since(fresh, 0)] == ["/api/v1/findings/one", "/api/v1/findings/other"]


def test_who_is_refused_again_and_again_does_not_fill_the_log(tmp_path: Path) -> None:
    made = make_world(sqlite_url(tmp_path), limits=RateLimits(per_token=10**6, per_address=10**6, denials_noted=3))
    viewer = TestClient(made.app, headers=made.bearer("viewer"))
    assert {viewer.post("/api/v1/scans", json={"zone": "dmz"}).status_code for _ in range(20)} == {403}
    assert len(rows_since(made, 0)) == 3
    made.store.close()


def test_a_scan_is_not_asked_for_when_it_cannot_be_written_down(fresh: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One transaction: what is set in motion and the row that tells of it."""

    def broken(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(audit, "note", broken)
    client = TestClient(fresh.app, headers=fresh.bearer("analyst"), raise_server_exceptions=False)
    with fresh.store.read() as connection:
        before = len(connection.execute(select(tables.scan)).all())
    assert client.post("/api/v1/scans", json={"zone": "dmz"}).status_code == 500
    with fresh.store.read() as connection:
        assert len(connection.execute(select(tables.scan)).all()) == before
