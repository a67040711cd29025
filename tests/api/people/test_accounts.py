"""Accounts, passwords and sessions (A4, A5): flags, fixation, ends, forged forms, and a throttle that locks no owner out."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select
from starlette.testclient import TestClient

from collector import accounts, sessions, tables
from collector.audit import latest
from collector.grants import Grant, Role
from collector.passwords import Busy, Passwords, weakness
from collector.store import Store
from collector.tokens import digest_of
from tests.api.seed import NOW
from tests.api.test_matrix import operations_of
from tests.api.world import World, make_world, sqlite_url

PASSWORD = "quatre gats al terrat"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@dataclass
class Clock:
    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at


@dataclass
class City:
    world: World
    clock: Clock
    made: list[TestClient] = field(default_factory=list)

    def browser(self, address: str = "198.51.100.7") -> TestClient:
        client = TestClient(
            self.world.app,
            base_url="https://testserver",
            follow_redirects=False,
            headers={"accept-language": "en"},
            client=(address, 5),
        )
        self.made.append(client)
        return client

    def sign_in(self, client: TestClient, name: str, password: str = PASSWORD) -> Any:
        return client.post("/sign-in", data={"login": name, "password": password})

    def person(self, name: str, *grants: Grant) -> accounts.Account:
        with self.world.store.write() as connection:
            account = accounts.create_account(connection, name, name.title(), self.clock())
            accounts.set_grants(connection, account, grants)
            accounts.set_password(connection, account, self.world.app.state.passwords.hashed(PASSWORD))
            found = accounts.find_account(connection, name)
        assert found
        return found


@pytest.fixture
def city(tmp_path: Path) -> Any:
    clock = Clock()
    world = make_world(sqlite_url(tmp_path), base_url="https://testserver", clock=clock)
    world.app.state.passwords = Passwords(QUICK)
    yield City(world, clock)
    world.store.close()


def csrf(client: TestClient, path: str = "/account") -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', client.get(path).text)
    assert found
    return found[1]


def test_a_person_signs_in_and_sees_what_was_granted(city: City) -> None:
    city.person("marta", Grant(Role.VIEWER, "citizens"))
    browser = city.browser()
    answer = city.sign_in(browser, "Marta ")
    assert answer.status_code == 303
    for flag in ("__Host-talaia_session=", "HttpOnly", "Secure", "SameSite=strict", "Path=/"):
        assert flag.lower() in answer.headers["set-cookie"].lower()
    assert browser.get("/departments/citizens").status_code == 200
    assert browser.get("/departments/innovation").status_code == 404
    assert browser.get("/tokens").status_code == 403
    assert "Marta" in browser.get("/account").text


def test_the_login_the_password_and_a_disabled_account_are_refused_alike_and_written_down(city: City) -> None:
    account = city.person("marta", Grant(Role.VIEWER))
    city.person("gone", Grant(Role.VIEWER))
    with city.world.store.write() as connection:
        gone = accounts.find_account(connection, "gone")
        assert gone
        accounts.set_disabled(connection, gone, NOW)
    answers = [
        city.sign_in(city.browser(), name, password)
        for name, password in (("marta", "wrong password"), ("nobody-at-all", PASSWORD), ("gone", PASSWORD), ("marta", ""))
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1
    with city.world.store.read() as connection:
        rows = [row for row in latest(connection) if row.action == "sign_in"]
    assert [row.outcome for row in rows] == ["denied"] * 4
    assert f"account:{account.id}" in {row.actor_id for row in rows}
    assert not any("nobody-at-all" in str(row) or "wrong password" in str(row) for row in rows)


def test_each_sign_in_has_a_new_secret_and_one_that_was_planted_is_worth_nothing(city: City) -> None:
    city.person("marta", Grant(Role.VIEWER))
    browser = city.browser()
    browser.cookies.set("__Host-talaia_session", "planted", domain="testserver", path="/")
    first = city.sign_in(browser, "marta").cookies["__Host-talaia_session"]
    second = city.sign_in(browser, "marta").cookies["__Host-talaia_session"]
    assert len({"planted", first, second}) == 3
    with city.world.store.read() as connection:
        kept = str(connection.execute(select(tables.web_session)).all())
    assert first not in kept
    assert second not in kept


@pytest.mark.parametrize("how", ["idle", "old", "disabled", "grants", "everywhere", "password", "listed"])
def test_a_session_ends(city: City, how: str) -> None:
    account = city.person("marta", Grant(Role.VIEWER))
    browser, other = city.browser(), city.browser("198.51.100.8")
    for one in (browser, other):
        city.sign_in(one, "marta")
        assert one.get("/findings").status_code == 200
    _end(city, how, account, other)
    assert browser.get("/findings").headers.get("location") == "/sign-in"


def _end(city: City, how: str, account: accounts.Account, other: TestClient) -> None:
    changes: dict[str, Callable[[Any], object]] = {
        "disabled": lambda connection: accounts.set_disabled(connection, account, NOW),
        "grants": lambda connection: accounts.set_grants(connection, account, [Grant(Role.AUDITOR)]),
    }
    if how == "idle":
        city.clock.at += timedelta(hours=1)
    elif how == "old":
        for _ in range(24):
            city.clock.at += timedelta(minutes=30)
            other.get("/findings")
    elif how in changes:
        with city.world.store.write() as connection:
            changes[how](connection)
    elif how == "everywhere":
        assert other.post("/account/sign-out-everywhere", data={"csrf": csrf(other)}).status_code == 303
    elif how == "password":
        data = {"csrf": csrf(other), "old": PASSWORD, "new": "una altra de molt llarga"}
        assert other.post("/account/password", data=data).status_code == 303
        assert other.get("/account").status_code == 200  # with a new secret
    else:
        found = re.search(r"/account/sessions/([0-9a-f]{64})/end", other.get("/account").text)
        assert found
        assert other.post(f"/account/sessions/{found[1]}/end", data={"csrf": csrf(other)}).status_code == 303
        assert other.get("/account").status_code == 200


def test_a_session_that_is_used_goes_on_until_its_end(city: City) -> None:
    city.person("marta", Grant(Role.VIEWER))
    browser = city.browser()
    city.sign_in(browser, "marta")
    for _ in range(20):
        city.clock.at += timedelta(minutes=35)
        assert browser.get("/findings").status_code == 200
    city.clock.at += timedelta(minutes=25)
    assert browser.get("/findings").status_code == 303


def test_nobody_ends_another_persons_session(city: City) -> None:
    city.person("marta", Grant(Role.VIEWER))
    city.person("pere", Grant(Role.VIEWER))
    one, other = city.browser(), city.browser()
    secret = city.sign_in(one, "marta").cookies["__Host-talaia_session"]
    city.sign_in(other, "pere")
    answer = other.post(f"/account/sessions/{digest_of(secret)}/end", data={"csrf": csrf(other)})
    assert answer.status_code == 404
    assert one.get("/findings").status_code == 200


def test_every_unsafe_page_refuses_a_form_without_the_mark_of_the_session(city: City) -> None:
    """A4, over every route the application has: a signed-in administrator's browser, three forged forms."""
    city.person("marta", Grant(Role.ADMINISTRATOR), Grant(Role.APPROVER))
    browser = city.browser()
    city.sign_in(browser, "marta")
    public = {"/sign-in", "/sign-in/code", "/language", "/theme", "/welcome/{code}", "/sign-in/oidc/logout"}
    unsafe = [
        one
        for one in operations_of(city.world.app)
        if one.method not in ("GET", "HEAD") and not one.path.startswith("/api/") and one.path not in public
    ]
    assert len(unsafe) >= 15
    for one in unsafe:
        path = re.sub(r"\{[^}]+\}", "x", one.path)
        for data in ({}, {"csrf": "0" * 32}, {"csrf": "é"}):
            assert browser.request(one.method, path, data=data).status_code == 403, one
        assert browser.request(one.method, path, headers={"sec-fetch-site": "cross-site"}).status_code == 403, one
    for path in public - {"/welcome/{code}"} | {"/welcome/x"}:
        assert browser.post(path, data={}, headers={"sec-fetch-site": "cross-site"}).status_code == 403


def test_a_login_nobody_has_is_throttled_and_costs_as_much(city: City) -> None:
    seen: list[str | None] = []
    keeper = city.world.app.state.passwords
    check = keeper._compare
    keeper._compare = lambda stored, password: seen.append(stored) or check(stored, password)
    statuses = [city.sign_in(city.browser(f"198.51.100.{n}"), "nobody", "x" * 12).status_code for n in range(1, 9)]
    assert statuses == [401] * 5 + [429] * 3
    assert seen == [None] * 5


def test_only_so_many_passwords_wait() -> None:
    keeper = Passwords(QUICK)
    held = [keeper._room.acquire(blocking=False) for _ in range(10)]
    assert all(held)
    with pytest.raises(Busy):
        keeper.check(None, "anything")


def test_a_hash_of_other_parameters_is_made_anew_at_the_next_sign_in(city: City) -> None:
    account = city.person("marta", Grant(Role.VIEWER))
    city.world.app.state.passwords = Passwords(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    assert city.sign_in(city.browser(), "marta").status_code == 303
    with city.world.store.read() as connection:
        assert "$m=16,t=2" in str(accounts.stored_password(connection, account))
    assert "$argon2id$" in Passwords().hashed("with the library's parameters")


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("elevenchars", "short"),
        ("x" * 1_001, "long"),
        ("marta.soler.1", "name"),
        ("MARTA.SOLER1234", "name"),
        ("tot en minúscules", None),
    ],
)
def test_a_password_is_long_and_not_the_login(password: str, why: str | None) -> None:
    assert weakness(password, "marta.soler") == why


def test_an_administrator_makes_an_account_and_the_person_sets_the_password_once(city: City) -> None:
    city.person("cap", Grant(Role.ADMINISTRATOR))
    admin = city.browser()
    city.sign_in(admin, "cap")
    data = {"csrf": csrf(admin, "/accounts"), "name": "pere", "display_name": "Pere", "role": "viewer", "department": "citizens"}
    link = re.search(r"https://testserver(/welcome/[A-Za-z0-9_-]+)", admin.post("/accounts", data=data).text)
    assert link
    person = city.browser("203.0.113.20")
    assert person.get(link[1]).status_code == 200
    assert person.post(link[1], data={"new": "short"}).status_code == 422
    assert person.post(link[1], data={"new": PASSWORD}).status_code == 303
    assert person.get("/departments/citizens").status_code == 200
    assert city.browser().post(link[1], data={"new": PASSWORD}).status_code == 401
    with city.world.store.read() as connection:
        pere = accounts.find_account(connection, "pere")
        actions = {row.action for row in latest(connection)}
    assert pere
    assert {"create_account", "set_password", "sign_in"} <= actions
    mark = csrf(admin, "/accounts")
    data = {"csrf": mark, "role": "analyst", "department": ""}
    assert admin.post(f"/accounts/{pere.id}/grants", data=data).status_code == 303
    assert person.get("/findings").status_code == 303
    assert admin.post(f"/accounts/{pere.id}/disable", data={"csrf": mark}).status_code == 303
    assert city.sign_in(person, "pere").status_code == 401


def test_an_administrator_gives_no_more_than_they_have_and_takes_no_approver_over(city: City) -> None:
    admin_account = city.person("cap", Grant(Role.ADMINISTRATOR))
    approver = city.person("seguretat", Grant(Role.APPROVER))
    admin = city.browser()
    city.sign_in(admin, "cap")
    mark = csrf(admin, "/accounts")
    given = {"csrf": mark, "name": "x", "display_name": "x", "role": "approver"}
    assert admin.post("/accounts", data=given).status_code == 403
    for account in (approver, admin_account):
        for path, more in (("reset", {}), ("disable", {}), ("grants", {"role": "viewer"})):
            assert admin.post(f"/accounts/{account.id}/{path}", data={"csrf": mark, **more}).status_code == 403
    with city.world.store.read() as connection:
        assert accounts.find_account(connection, "seguretat") == approver
        assert accounts.find_account(connection, "x") is None


def test_accounts_on_both_databases(store: Store) -> None:
    with store.write() as connection:
        account = accounts.create_account(connection, "marta", "Marta", NOW, email="marta@vilamar.example", language="ca")
        for name in ("marta", "MARTA", "", "a b", "-x"):
            with pytest.raises(accounts.AccountError):
                accounts.create_account(connection, name, "Marta", NOW)
        with pytest.raises(accounts.AccountError, match="no department"):
            accounts.set_grants(connection, account, [Grant(Role.VIEWER, "nowhere")])
        code = accounts.issue_link(connection, account, NOW)
        assert accounts.account_of_link(connection, code, NOW) == account
        assert accounts.account_of_link(connection, code, NOW + accounts.LINK_LIFETIME) is None
        accounts.set_password(connection, account, "hash")
        assert accounts.account_of_link(connection, code, NOW) is None
        places = [f"{number:064}" for number in range(30)]
        for number, place in enumerate(places):
            accounts.remember_places(connection, account, [place], NOW + timedelta(minutes=number))
        assert [accounts.knows_place(connection, account, place) for place in places] == [False] * 10 + [True] * 20
        secret = sessions.open_session(connection, account, NOW, timedelta(hours=12), "a browser")
        found = sessions.session_of(connection, secret, NOW, timedelta(hours=1))
        assert isinstance(found, sessions.Live)
        assert (found.account.name, found.by_provider) == ("marta", False)
