"""What the provider changes or ends shows here within a minute; silence is endured for a while and then refused."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.testclient import TestClient

from api.oidc import Oidc, Provider
from collector import accounts, tables
from collector.audit import latest
from collector.grants import Grant, Role
from tests.api.people.test_oidc import Liar, browser_of, come_back
from tests.api.world import World, make_world, sqlite_url

MINUTE = timedelta(minutes=1)


class Clock:
    """Real time, moved on."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Watched(Liar):
    """Its tokens are of the clock's time."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        super().__init__()

    def claims(self) -> dict[str, Any]:
        now = int(self.clock().timestamp())
        return {**super().claims(), "exp": now + 300, "iat": now, **self.lie}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def liar(clock: Clock) -> Iterator[Watched]:
    made = Watched(clock)
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def city(tmp_path: Path, liar: Watched, clock: Clock) -> Iterator[World]:
    world = make_world(sqlite_url(tmp_path), base_url="https://testserver", clock=clock)
    roles = {"risk": Grant(Role.ANALYST), "look": Grant(Role.VIEWER, "citizens")}
    provider = Provider(liar.issuer, "talaia", lambda: "secret", "groups", roles)
    world.app.state.oidc = Oidc(provider, clock, world.store)
    yield world
    world.store.close()


@pytest.fixture
def browser(city: World, liar: Watched) -> TestClient:
    made = browser_of(city)
    assert come_back(made, liar).status_code == 200
    return made


def questions(liar: Liar) -> list[str]:
    return [form["refresh_token"] for form in liar.posted if form["grant_type"] == "refresh_token"]


def test_the_provider_is_asked_once_a_minute_with_the_newest_token(browser: TestClient, liar: Watched, clock: Clock) -> None:
    for _ in range(4):
        assert browser.get("/findings").status_code == 200
    assert questions(liar) == []
    for _ in range(3):
        clock.ahead += MINUTE
        assert browser.get("/findings").status_code == 200
        assert browser.get("/findings").status_code == 200
    assert questions(liar) == ["refresh 1", "refresh 2", "refresh 3"]


def test_a_changed_role_counts_at_once_without_signing_in(city: World, browser: TestClient, liar: Watched, clock: Clock) -> None:
    liar.lie = {"groups": ["look"]}
    clock.ahead += MINUTE
    assert browser.get("/departments/citizens").status_code == 200
    assert browser.get("/departments/innovation").status_code == 404
    with city.store.read() as connection:
        account = accounts.account_of_subject(connection, liar.issuer, "1234")
        assert account
        assert account.grants == (Grant(Role.VIEWER, "citizens"),)
        denied, entry = latest(connection, 2)
        assert (denied.action, denied.outcome) == ("GET /departments/{key}", "denied")
    assert (entry.action, entry.actor, entry.subject_id) == ("grant_account", "identity provider", account.id)


def _stranger(claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "RS256", "kid": "one"}, claims, RSAKey.generate_key(2048, {"kid": "one"}))


@pytest.mark.parametrize(
    "how",
    [
        {"says": (400, b'{"error": "invalid_grant", "error_description": "User disabled"}')},
        {"lie": {"groups": []}},
        {"lie": {"sub": "somebody else"}},
        {"lie": {"aud": "another"}},
        {"forge": _stranger},
        {"forge": lambda _: None},
    ],
    ids=["disabled", "no role", "another person", "another audience", "not signed", "no token"],
)
def test_what_the_provider_no_longer_grants_ends(
    city: World, browser: TestClient, liar: Watched, clock: Clock, how: dict[str, Any]
) -> None:
    for name, value in how.items():
        setattr(liar, name, value)
    clock.ahead += MINUTE
    assert browser.get("/findings").headers["location"] == "/sign-in"
    for name in how:
        setattr(liar, name, {} if name == "lie" else None)
    assert browser.get("/findings").headers["location"] == "/sign-in"  # ended, not suspended
    with city.store.read() as connection:
        assert connection.execute(tables.provider_session.select()).all() == []
        assert latest(connection)[0].action == "signed_out_by_provider"


@pytest.mark.parametrize("says", [(503, b"{}"), (200, b"<html>"), (200, b"[1]"), (401, b'{"error": "invalid_client"}')])
def test_a_provider_that_is_down_is_endured_for_the_grace_and_no_longer(
    browser: TestClient, liar: Watched, clock: Clock, says: tuple[int, bytes]
) -> None:
    liar.says = says
    clock.ahead += MINUTE
    for _ in range(3):
        assert browser.get("/findings").status_code == 200
    assert len(questions(liar)) == 1  # it is not asked with each page
    clock.ahead += 3 * MINUTE
    assert browser.get("/findings").status_code == 200
    clock.ahead += MINUTE
    assert browser.get("/findings").headers["location"] == "/sign-in"
    liar.says = None
    assert browser.get("/findings").headers["location"] == "/sign-in"
    clock.ahead += MINUTE
    assert browser.get("/findings").status_code == 200  # it answers again, and says that all is well


def test_without_grace_silence_refuses_at_once(city: World, browser: TestClient, liar: Watched, clock: Clock) -> None:
    oidc = city.app.state.oidc
    oidc.provider = replace(oidc.provider, grace=timedelta(0))
    liar.says = (503, b"{}")
    clock.ahead += MINUTE
    assert browser.get("/findings").headers["location"] == "/sign-in"


def test_of_many_requests_at_once_one_asks_and_none_is_served_what_is_old(
    city: World, browser: TestClient, liar: Watched, clock: Clock
) -> None:
    liar.lie = {"groups": ["look"]}
    clock.ahead += MINUTE
    found: list[int] = []
    start = threading.Barrier(6)

    def ask() -> None:
        own = browser_of(city)
        own.cookies.update(browser.cookies)
        start.wait()
        found.append(own.get("/departments/innovation").status_code)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert found == [404] * 6
    assert questions(liar) == ["refresh 1"]


def test_the_refresh_token_is_sealed_and_without_one_nobody_comes_in(
    city: World, browser: TestClient, liar: Watched, clock: Clock
) -> None:
    with city.store.read() as connection:
        rows = connection.execute(tables.provider_session.select()).all()
        assert len(rows) == 1
        assert "refresh 1" not in str(rows)
    liar.forgetful = True
    assert come_back(browser_of(city), liar).status_code == 401
    clock.ahead += MINUTE
    assert browser.get("/findings").status_code == 200  # it gave none with this answer: the one of before is kept


def test_a_key_that_is_missing_or_a_provider_that_left_the_settings_lets_nobody_in(
    city: World, browser: TestClient, liar: Watched, clock: Clock
) -> None:
    parts = city.app.state.parts
    object.__setattr__(parts, "seal", None)
    assert come_back(browser_of(city), liar).status_code == 401
    clock.ahead += 6 * MINUTE
    assert browser.get("/findings").headers["location"] == "/sign-in"
    city.app.state.oidc = None
    assert browser.get("/findings").headers["location"] == "/sign-in"


def test_an_attempt_begun_in_one_process_is_finished_in_another(city: World, liar: Watched, clock: Clock) -> None:
    oidc = city.app.state.oidc
    browser = browser_of(city)
    begun = browser.get("/sign-in/oidc").headers["location"]
    liar.nonce = begun.partition("nonce=")[2].partition("&")[0]
    state = begun.partition("state=")[2].partition("&")[0]
    city.app.state.oidc = Oidc(oidc.provider, clock, city.store)  # another process has nothing but the store
    assert browser.get("/sign-in/oidc/back", params={"state": state, "code": "c"}).status_code == 200
