"""The authorisation matrix, generated: every operation × role × own or other department, on the application itself.

What the frozen matrix says is what is answered; an operation without a row is refused; another department's things answer exactly
as things that do not exist; what was refused is in the audit log and changed nothing.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import func, select, update
from starlette.testclient import TestClient

from api.rights import CITY_WIDE, MATRIX, OPERATIONS, Permission
from collector import audit, tables
from collector.grants import Person, Role
from collector.tickets import group_of, open_ticket
from collector.tokens import create_token
from tests.api.seed import NOW
from tests.api.world import World, make_world, sqlite_url
from tests.collector.feeds import samples

OWN, OTHER = "citizens", "innovation"
PUBLIC = {
    "health",
    "GET /sign-in",
    "POST /sign-in",
    "GET /sign-in/code",
    "POST /sign-in/code",
    "GET /enter/{code}",
    "GET /welcome/{code}",
    "POST /welcome/{code}",
    "POST /language",
    "GET /sign-in/oidc",
    "GET /sign-in/oidc/back",
    "GET /sign-in/oidc/leave",
    "POST /sign-in/oidc/logout",
    "POST /theme",
    "GET /favicon.ico",
}
FILES = {"import_file": ("scan.xml", b"<nmaprun/>"), "load_feed": ("kev.json", samples.KEV.read_bytes())}
BODIES: dict[str, dict[str, Any]] = {
    "start_scan": {"zone": "dmz"},
    "press_stop": {"reason": "a test"},
    "test_findings_again": {"ids": ["no-such-thing"]},
    "open_tickets": {"ids": ["no-such-thing"]},
    "ask_exceptions": {"of": {"ids": ["no-such-thing"]}, "why": {"reason": "a test", "until": "2026-12-31T00:00:00Z"}},
    "create_webhook": {"url": "https://127.0.0.1/"},
    "replay_webhook": {"after": "latest"},
    "replay_dead_letters": {},
    "create_schedule": {"id": "matrix", "zone": "dmz", "cron": "0 3 * * *"},
    "change_schedule": {"zone": "dmz", "cron": "0 4 * * *"},
    "create_filter": {"name": "made by the matrix", "query": {"state": ["open"]}},
    "change_filter": {"name": "made by the matrix", "query": {"state": ["open"]}},
    "create_token": {"name": "made by the matrix", "role": "viewer", "departments": [OWN]},
    "create_account": {"name": "made", "display_name": "made by the matrix"},
    "set_account_grants": {"grants": []},
}
# How one department's things are named in the addresses: what an address does not name is the same for everybody.
NAMED = ("ticket_id", "finding_id", "asset_id", "department_id", "service_id", "key")


@dataclass(frozen=True)
class Operation:
    name: str
    method: str
    path: str

    @property
    def named(self) -> str | None:
        return next((name for name in NAMED if f"{{{name}}}" in self.path), None)


def routes_of(app: Any) -> Iterator[tuple[APIRoute, str]]:
    def walk(routes: Any, prefix: str) -> Iterator[tuple[APIRoute, str]]:
        for route in routes:
            inner = getattr(route, "original_router", None)
            if isinstance(route, APIRoute):
                yield route, prefix + route.path
            elif inner is not None:
                yield from walk(inner.routes, prefix + getattr(getattr(route, "include_context", None), "prefix", ""))

    return walk(app.routes, "")


def operations_of(app: Any) -> list[Operation]:
    return [
        Operation(route.operation_id or f"{method} {route.path}", method, path)
        for route, path in routes_of(app)
        for method in sorted(route.methods - {"HEAD"})
    ]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = make_world(sqlite_url(tmp_path_factory.mktemp("matrix")))
    yield made
    made.store.close()


@pytest.fixture(scope="module")
def things(city: World) -> dict[str, dict[str, str]]:
    return things_of(city)


def things_of(city: World) -> dict[str, dict[str, str]]:
    """One finding, asset, department and service of each of two departments, and one of each that does not exist."""
    found: dict[str, dict[str, str]] = {"none": dict.fromkeys((*NAMED, "service"), "no-such-thing")}
    with city.store.write() as connection:
        for department in (OWN, OTHER):
            finding = connection.execute(select(tables.finding).where(tables.finding.c.department_id == department)).first()
            service = connection.execute(select(tables.service).where(tables.service.c.department_id == department)).first()
            assert finding
            assert service
            group = group_of(finding)
            ticket, _ = open_ticket(connection, group, "vila", by=Person("token:1", "one"), at=NOW)
            found[department] = {
                "ticket_id": ticket,
                "finding_id": finding.id,
                "asset_id": finding.asset_id,
                "department_id": department,
                "service_id": service.id,
                "key": department,
                "service": service.id,
            }
    return found


@pytest.fixture(scope="module")
def secrets(city: World) -> dict[tuple[Role, str], str]:
    return secrets_of(city)


def secrets_of(city: World) -> dict[tuple[Role, str], str]:
    """A token for each role: for the whole city, and confined to one department."""
    made: dict[tuple[Role, str], str] = {}
    with city.store.write() as connection:
        for role in Role:
            for where, departments in (("city", None), (OWN, [OWN])):
                _, secret = create_token(
                    connection, f"matrix {role} {where}", role, NOW, timedelta(days=900), departments=departments
                )
                made[role, where] = secret
    return made


def address(operation: Operation, things: dict[str, str], city: World) -> str:
    values = {
        **things,
        "scan_id": city.scan_id,
        "rule_id": "TLS-002",
        "zone_id": "dmz",
        "token_id": "no-such-thing",
        "webhook_id": "no-such-thing",
        "change_id": "no-such-thing",
        "exception_id": "no-such-thing",
        "schedule_id": "matrix",
    }
    query = "?format=nmap&zone=dmz" if operation.name == "import_file" else ""
    if operation.path.startswith("/services/"):
        values["key"] = things["service"]
    return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], "no-such-thing"), operation.path) + query


def ask(city: World, secret: str, operation: Operation, path: str) -> Any:
    """One request, by a program or (for a page) by a browser that signed in with the same token."""
    if path.startswith("/api/"):
        client = TestClient(city.app, headers={"authorization": f"Bearer {secret}"}, follow_redirects=False)
        body = BODIES.get(operation.name)
        if operation.name == "create_token":
            body = {**BODIES["create_token"], "name": f"made {operation.name} {secret[-20:]} {path}"[:100]}
        sent = {"files": {"file": FILES[operation.name]}} if operation.name in FILES else {"json": body}
        return client.request(operation.method, path, **sent)
    client = TestClient(city.app, headers={"accept-language": "en"}, follow_redirects=False)
    client.post("/sign-in", data={"token": secret})
    if operation.method == "GET":
        return client.get(path)
    session = next(iter(client.cookies.values()))
    csrf = csrf_of(session)
    return client.post(path, data={"csrf": csrf, "zone": "dmz", "name": "", "reason": "a test"})


def csrf_of(session: str) -> str:
    import hashlib  # noqa: PLC0415

    return hashlib.sha256(f"csrf:{session}".encode()).hexdigest()[:32]


def test_every_operation_is_listed_and_nothing_that_is_gone(city: World) -> None:
    names = {one.name for one in operations_of(city.app)}
    assert names - PUBLIC == set(OPERATIONS), (names - PUBLIC) ^ set(OPERATIONS)


def test_every_permission_is_somebodys_and_every_role_is_described() -> None:
    assert set(MATRIX) == set(Role)
    assert set().union(*MATRIX.values()) == set(Permission)
    approving = {role for role, may in MATRIX.items() if Permission.EXCEPTION_APPROVE in may}
    asking = {role for role, may in MATRIX.items() if Permission.EXCEPTION_ASK in may}
    assert not approving & asking  # nobody approves what they asked for by one role alone
    assert not {one for one in MATRIX[Role.AUDITOR] if one.value.rpartition(".")[2] not in ("read", "self", "export")}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("where", ["city", OWN])
def test_the_matrix_is_what_is_answered(
    city: World, things: dict[str, dict[str, str]], secrets: dict[tuple[Role, str], str], role: Role, where: str
) -> None:
    cells = 0
    for operation in operations_of(city.app):
        if operation.name in PUBLIC or operation.name in ("POST /sign-out", "watch_scan"):
            continue
        permission = OPERATIONS[operation.name]
        allowed = permission in MATRIX[role] and (where == "city" or permission not in CITY_WIDE)
        for whose in (OWN, OTHER, "none"):
            if whose != OWN and operation.named is None:
                continue
            answer = ask(city, secrets[role, where], operation, address(operation, things[whose], city))
            cells += 1
            cell = (operation.name, role.value, where, whose, answer.status_code)
            if not allowed:
                assert answer.status_code == 403, cell
            elif whose == "none" or (whose == OTHER and where != "city"):
                assert answer.status_code == 404, cell
            elif where != "city" and operation.name in ("get_scan", "GET /scans/{scan_id}", "GET /scans/{scan_id}/live"):
                assert answer.status_code == 404, cell  # somebody else asked for that scan
            else:
                assert answer.status_code not in (401, 403, 500), cell
    assert cells > 60


def test_nobody_can_tell_another_departments_thing_from_one_that_does_not_exist(
    city: World, things: dict[str, dict[str, str]], secrets: dict[tuple[Role, str], str]
) -> None:
    for operation in operations_of(city.app):
        if operation.named is None or operation.name in PUBLIC:
            continue
        for role in (Role.DEPARTMENT, Role.ANALYST, Role.VIEWER):
            theirs, none = (
                ask(city, secrets[role, OWN], operation, address(operation, things[whose], city)) for whose in (OTHER, "none")
            )
            assert theirs.status_code == none.status_code
            for name, value in things[OTHER].items():
                assert value not in theirs.text.replace(address(operation, things[OTHER], city), ""), (operation.name, name)
            assert {key for key in theirs.headers if key != "content-length"} == {
                key for key in none.headers if key != "content-length"
            }


@pytest.mark.parametrize("state", ["open", "waived", "resolved"])
def test_lists_pages_counters_and_exports_hold_ones_own_alone_in_every_state(tmp_path: Path, state: str) -> None:
    made = make_world(sqlite_url(tmp_path))
    from collector import tally  # noqa: PLC0415

    with made.store.write() as connection:
        connection.execute(update(tables.finding).values(state=state))
        tally.rebuild(connection)
        _, secret = create_token(connection, "own", Role.DEPARTMENT, NOW, timedelta(days=9), departments=[OWN])
    client = TestClient(made.app, headers={"authorization": f"Bearer {secret}"})
    with made.store.read() as connection:
        of = tables.finding.c
        own = connection.execute(select(func.count()).where(of.department_id == OWN, of.state == state)).scalar_one()
        strange = set(connection.scalars(select(of.id).where((of.department_id != OWN) | of.department_id.is_(None))))
        places = set(
            connection.scalars(
                select(tables.asset.c.id).where((tables.asset.c.department_id != OWN) | tables.asset.c.department_id.is_(None))
            )
        )
    shown = client.get(f"/api/v1/findings?limit=500&state={state}").json()
    assert (shown["total"], len(shown["items"])) == (own, own)
    assert client.get(f"/api/v1/findings?state={state}&department={OTHER}").json()["total"] == 0
    assert client.get(f"/api/v1/findings?state={state}&department=none").json()["total"] == 0
    browser = TestClient(made.app, headers={"accept-language": "en"})
    browser.post("/sign-in", data={"token": secret})
    seen = [client.get(f"/api/v1/{path}").text for path in ("findings?limit=500", "assets?limit=500", "verdicts?limit=500")]
    seen += [client.get(f"/api/v1/{path}").text for path in ("departments", "services", "rules", "coverage", "scans")]
    seen += [
        browser.get(path).text for path in ("/", "/findings", "/findings.csv", "/assets", "/assets.csv", "/rules", "/coverage")
    ]
    for text in seen:
        assert not [one for one in strange | places if one in text]
    made.store.close()


def test_a_token_may_be_narrower_than_its_role(city: World) -> None:
    with city.store.write() as connection:
        _, secret = create_token(connection, "reads", Role.ANALYST, NOW, timedelta(days=9), permissions=["finding.read"])
    client = TestClient(city.app, headers={"authorization": f"Bearer {secret}"})
    assert client.get("/api/v1/findings").status_code == 200
    assert client.get("/api/v1/assets").status_code == 403
    assert client.post("/api/v1/scans", json={"zone": "dmz"}).status_code == 403


def test_nobody_gives_what_they_may_not_do_themselves(fresh: World) -> None:
    client = TestClient(fresh.app, headers=fresh.bearer("administrator"))
    assert client.post("/api/v1/tokens", json={"name": "a", "role": "approver"}).status_code == 403
    made = client.post("/api/v1/tokens", json={"name": "b", "role": "department", "departments": ["citizens"]})
    assert made.status_code == 201
    theirs = TestClient(fresh.app, headers={"authorization": f"Bearer {made.json()['secret']}"})
    assert theirs.get("/api/v1/findings").status_code == 200
    assert made.json()["secret"] not in client.get("/api/v1/tokens").text
    assert made.json()["secret"] not in client.get("/api/v1/audit").text
    assert client.post("/api/v1/tokens", json={"name": "c", "role": "viewer", "departments": ["none-such"]}).status_code == 409
    assert client.delete(f"/api/v1/tokens/{made.json()['id']}").json()["revoked_at"]
    assert theirs.get("/api/v1/findings").status_code == 401
    assert client.delete("/api/v1/tokens/none-such").status_code == 404


def test_changes_and_denials_are_written_down_and_reading_is_not(fresh: World) -> None:
    analyst, viewer = (TestClient(fresh.app, headers=fresh.bearer(role)) for role in ("analyst", "viewer"))
    viewer.get("/api/v1/findings")
    viewer.post("/api/v1/scans", json={"zone": "dmz"})
    scan = analyst.post("/api/v1/scans", json={"zone": "dmz"}).json()["id"]
    analyst.post(f"/api/v1/findings/{fresh.finding_ids[0]}/test-again")
    analyst.post("/api/v1/stop", json={"reason": "a test"})
    with fresh.store.read() as connection:
        rows = audit.latest(connection)
        assert audit.verify(connection).broken_at is None
    assert [(row.actor, row.action, row.outcome) for row in reversed(rows)] == [
        ("test viewer", "start_scan", "denied"),
        ("test analyst", "start_scan", "done"),
        ("test analyst", "test_finding_again", "done"),
        ("test analyst", "press_stop", "done"),
    ]
    assert rows[2].subject_id == scan
    assert json.loads(TestClient(fresh.app, headers=fresh.bearer("auditor")).get("/api/v1/audit?limit=1").text)["items"]
