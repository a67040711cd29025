"""Nothing answers a stranger; tokens, sessions and forms do what they say and no more."""

import re
from datetime import timedelta

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import select
from starlette.testclient import TestClient

from api.app import create_app
from api.parts import AppParts, RateLimits
from collector import tables
from collector.grants import Role
from collector.tokens import (
    TokenError,
    create_token,
    find_token,
    issue_entry_code,
    list_tokens,
    redeem_entry_code,
    revoke_token,
)
from tests.api.seed import NOW
from tests.api.world import World

PUBLIC = {
    ("GET", "/api/v1/health"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("GET", "/sign-in/code"),
    ("POST", "/sign-in/code"),
    ("GET", "/enter/{code}"),
    ("GET", "/welcome/{code}"),
    ("GET", "/sign-in/oidc"),
    ("GET", "/sign-in/oidc/back"),
    ("GET", "/sign-in/oidc/leave"),
    ("POST", "/sign-in/oidc/logout"),
    ("POST", "/welcome/{code}"),
    ("POST", "/language"),
    ("POST", "/theme"),
    ("GET", "/favicon.ico"),
}


def _operations(world: World) -> set[tuple[str, str]]:
    """Every method and path the application answers, pages and programs alike."""
    found: set[tuple[str, str]] = set()

    def walk(routes: object, prefix: str = "") -> None:
        for route in routes:  # type: ignore[attr-defined]
            inner = getattr(route, "original_router", None)
            if isinstance(route, APIRoute):
                found.update((method, prefix + route.path) for method in route.methods or ())
            elif inner is not None:
                walk(inner.routes, prefix + getattr(getattr(route, "include_context", None), "prefix", ""))

    walk(world.app.routes)
    return found


def test_every_operation_refuses_a_stranger_unless_it_is_listed_as_public(world: World) -> None:
    stranger = TestClient(world.app, follow_redirects=False)
    operations = _operations(world)
    assert len(operations) > 50
    assert operations >= PUBLIC
    for method, path in operations - PUBLIC:
        answer = stranger.request(method, re.sub(r"\{[^}]+\}", "x", path))
        if path.startswith("/api/"):
            assert answer.status_code == 401, (method, path)
            assert answer.headers["www-authenticate"].startswith("Bearer")
        else:
            assert (answer.status_code, answer.headers.get("location")) == (303, "/sign-in"), (method, path)


def test_an_address_that_does_not_exist_tells_a_stranger_nothing(world: World) -> None:
    stranger = TestClient(world.app, follow_redirects=False)
    assert stranger.get("/api/v1/nothing").status_code == 401
    assert stranger.get("/api/v1/health/").status_code == 401
    assert stranger.get("/api/v1/openapi.json").status_code == 401
    assert stranger.get("/static/../parts.py").status_code in (303, 404)


def test_health_says_nothing_of_the_city(world: World) -> None:
    answer = TestClient(world.app).get("/api/v1/health")
    assert set(answer.json()) == {"status", "store", "version", "time"}


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("auditor", 403), ("analyst", 201), ("administrator", 201)])
def test_a_scan_needs_its_permission(fresh: World, role: str, status: int) -> None:
    client = TestClient(fresh.app, headers=fresh.bearer(role))
    answer = client.post("/api/v1/scans", json={"zone": "dmz"})
    assert answer.status_code == status
    assert len(fresh.actions.done) == (1 if status == 201 else 0)


def test_only_the_digest_of_a_secret_is_stored_and_it_can_be_revoked_and_expires(fresh: World) -> None:
    with fresh.store.write() as connection:
        token, secret = create_token(connection, "probe", Role.VIEWER, NOW, timedelta(days=1))
        assert secret.startswith("talaia_")
        assert len(secret) >= 7 + 43
        row = connection.execute(select(tables.token).where(tables.token.c.id == token.id)).one()
        assert secret not in str(row)
        assert find_token(connection, secret, NOW) == token
        assert find_token(connection, secret + "x", NOW) is None
        assert find_token(connection, secret, NOW + timedelta(days=1)) is None
        with pytest.raises(TokenError, match="already"):
            create_token(connection, "probe", Role.VIEWER, NOW, timedelta(days=1))
        assert revoke_token(connection, "probe", NOW)
        assert not revoke_token(connection, "probe", NOW)
        assert find_token(connection, secret, NOW) is None
        assert [one.name for one in list_tokens(connection) if one.revoked_at] == ["probe"]


def test_revoking_a_token_ends_its_sessions_at_once(fresh: World, person: TestClient) -> None:
    assert person.get("/findings").status_code == 200
    with fresh.store.write() as connection:
        revoke_token(connection, "test administrator", NOW)
    assert person.get("/findings").headers["location"] == "/sign-in"


def test_the_session_cookie_is_closed_and_ends_with_sign_out(fresh: World) -> None:
    client = TestClient(fresh.app, follow_redirects=False)
    answer = client.post("/sign-in", data={"token": fresh.secrets["viewer"]})
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    kept = dict(client.cookies)
    csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', client.get("/").text)
    assert csrf
    assert client.post("/sign-out", data={"csrf": csrf.group(1)}).status_code == 303
    again = TestClient(fresh.app, follow_redirects=False, cookies=kept)
    assert again.get("/").headers["location"] == "/sign-in"


def test_a_sign_in_link_works_once(fresh: World) -> None:
    with fresh.store.write() as connection:
        token = next(one for one in list_tokens(connection) if one.name == "test viewer")
        code = issue_entry_code(connection, token, NOW)
        stale = issue_entry_code(connection, token, NOW - timedelta(hours=2))
        assert redeem_entry_code(connection, stale, NOW) is None
    first, second = (TestClient(fresh.app, follow_redirects=False) for _ in range(2))
    assert first.get(f"/enter/{code}").headers["location"] == "/"
    assert first.get("/").status_code == 200
    assert second.get(f"/enter/{code}").status_code == 401
    assert second.get("/").status_code == 303


def test_a_session_is_no_token_for_the_api_and_a_token_is_no_session(fresh: World, person: TestClient) -> None:
    assert person.get("/api/v1/findings").status_code == 401
    program = TestClient(fresh.app, headers=fresh.bearer(), follow_redirects=False)
    assert program.get("/findings").status_code == 303


@pytest.mark.parametrize("path", ["/scans", "/stop", "/release", "/findings/test-again", "/scans/x/stop", "/sign-out"])
def test_a_form_without_the_mark_of_its_session_does_nothing(fresh: World, person: TestClient, path: str) -> None:
    for data in ({}, {"csrf": "0" * 32}, {"csrf": "é"}):
        assert person.post(path, data={**data, "zone": "dmz", "finding": fresh.finding_ids[0]}).status_code == 403
    assert fresh.actions.done == []


def test_forms_refuse_other_sites(fresh: World) -> None:
    client = TestClient(fresh.app, follow_redirects=False, headers={"sec-fetch-site": "cross-site"})
    assert client.post("/sign-in", data={"token": fresh.secrets["administrator"]}).status_code == 403
    assert client.post("/language", data={"language": "en"}).status_code == 403


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:x"]
)
def test_the_way_back_never_leads_to_another_site(world: World, back: str) -> None:
    client = TestClient(world.app, follow_redirects=False)
    assert client.post("/language", data={"language": "en", "back": back}).headers["location"] == "/"


def test_only_known_hosts_are_answered(world: World) -> None:
    client = TestClient(world.app)
    assert client.get("/api/v1/health", headers={"host": "evil.example"}).status_code == 421
    assert client.get("/api/v1/health", headers={"host": "localhost:8600"}).status_code == 200


def test_a_long_body_is_refused_announced_or_not(fresh: World) -> None:
    client = TestClient(fresh.app, headers=fresh.bearer())
    long = b'{"zone": "' + b"x" * 70_000 + b'"}'
    assert client.post("/api/v1/scans", content=long).status_code == 413
    assert (
        client.post("/api/v1/scans", content=(long[index : index + 999] for index in range(0, len(long), 999))).status_code == 413
    )
    assert client.post("/api/v1/scans", content=long, headers={"content-length": "-5"}).status_code in (400, 413)
    assert fresh.actions.done == []


def test_no_other_site_may_read_and_every_answer_is_armed(world: World, api: TestClient) -> None:
    for path in ("/api/v1/findings", "/sign-in", "/api/v1/nothing", "/static/css/type.css", "/api/v1/health"):
        answer = api.get(path, headers={"origin": "https://evil.example"})
        assert "access-control-allow-origin" not in answer.headers
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "no-referrer"
    preflight = api.options(
        "/api/v1/findings", headers={"origin": "https://evil.example", "access-control-request-method": "GET"}
    )
    assert "access-control-allow-origin" not in preflight.headers
    assert api.get("/api/v1/findings").headers["cache-control"] == "no-store"


def test_too_many_requests_are_told_to_wait(fresh: World) -> None:
    parts: AppParts = fresh.app.state.parts
    slow = create_app(
        AppParts(
            store=parts.store,
            rules=parts.rules,
            zones=parts.zones,
            actions=parts.actions,
            city_names=parts.city_names,
            allowed_hosts=("testserver",),
            clock=parts.clock,
            limits=RateLimits(per_token=5, per_address=50, refused_per_address=3),
        )
    )
    client = TestClient(slow, headers=fresh.bearer())
    assert [client.get("/api/v1/stop").status_code for _ in range(7)] == [200] * 5 + [429] * 2
    guesser = TestClient(slow, headers={"authorization": "Bearer talaia_guess"})
    assert [guesser.get("/api/v1/stop").status_code for _ in range(5)] == [401] * 3 + [429] * 2
    refused = guesser.post("/sign-in", data={"token": fresh.secrets["administrator"]})
    assert refused.status_code == 429
    assert "talaia_session" not in refused.cookies


def test_over_https_cookies_are_bound_to_the_host(fresh: World) -> None:
    parts: AppParts = fresh.app.state.parts
    secure = create_app(
        AppParts(
            store=parts.store,
            rules=parts.rules,
            zones=parts.zones,
            actions=parts.actions,
            city_names=parts.city_names,
            base_url="https://talaia.vilamar.example",
            clock=parts.clock,
        )
    )
    client = TestClient(secure, base_url="https://talaia.vilamar.example", follow_redirects=False)
    answer = client.post("/sign-in", data={"token": fresh.secrets["viewer"]})
    assert answer.headers["set-cookie"].startswith("__Host-")
    assert "Secure" in answer.headers["set-cookie"]
    assert "max-age" in answer.headers["strict-transport-security"]
