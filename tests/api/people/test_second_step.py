"""Two-step sign-in through the pages: enrolled, asked for, throttled, recovered, taken away, required, and without its key."""

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from starlette.testclient import TestClient

from api.parts import LocalSignIn
from collector import accounts, attempts
from collector.audit import latest
from collector.grants import Grant, Role
from collector.passwords import Passwords
from collector.sealing import Seal
from collector.secret_files import read_secret
from tests.api.people.test_accounts import PASSWORD, QUICK, City, Clock, csrf
from tests.api.world import make_world, sqlite_url

HOME = "203.0.113.9"


def made_city(folder: Path, **more: Any) -> City:
    clock = Clock()
    world = make_world(sqlite_url(folder), base_url="https://testserver", clock=clock, **more)
    world.app.state.passwords = Passwords(QUICK)
    return City(world, clock)


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    made = made_city(tmp_path)
    yield made
    made.world.store.close()


def enrol(city: City, browser: TestClient) -> tuple[pyotp.TOTP, list[str]]:
    path = "/account/second-step"
    shown = browser.post(path, data={"csrf": csrf(browser, path), "password": PASSWORD})
    assert shown.status_code == 200
    secret = re.search(r'<pre class="command" tabindex="0">([A-Z2-7 ]+)</pre>', shown.text)
    assert secret
    assert "<svg" in shown.text
    totp = pyotp.TOTP(secret[1].replace(" ", ""))
    assert secret[1] not in browser.get(path).text  # once
    done = browser.post(f"{path}/confirm", data={"csrf": csrf(browser, path), "code": totp.at(city.clock())})
    codes = re.search(r'<pre class="command" tabindex="0">([a-z2-7\n-]+)</pre>', done.text)
    assert codes
    city.clock.at += timedelta(minutes=2)
    return totp, codes[1].split()


def person(city: City, name: str = "marta", *grants: Grant) -> TestClient:
    city.person(name, *(grants or (Grant(Role.VIEWER),)))
    browser = city.browser(HOME)
    assert city.sign_in(browser, name).status_code == 303
    return browser


def actions(city: City) -> list[tuple[str, str]]:
    with city.world.store.read() as connection:
        return [(row.action, row.outcome) for row in latest(connection)]


def test_a_code_is_asked_for_after_the_password_and_signs_in_once(city: City) -> None:
    totp, codes = enrol(city, person(city))
    assert len(codes) == 10
    browser = city.browser(HOME)
    answer = city.sign_in(browser, "marta")
    assert answer.headers["location"] == "/sign-in/code"
    assert "__Host-talaia_session" not in browser.cookies
    flags = answer.headers["set-cookie"].lower()
    assert all(flag in flags for flag in ("__host-talaia_step=", "httponly", "secure", "samesite=strict"))
    assert browser.get("/findings").headers["location"] == "/sign-in"
    code = totp.at(city.clock())
    assert browser.post("/sign-in/code", data={"code": code}).headers["location"] == "/"
    assert browser.get("/findings").status_code == 200
    other = city.browser(HOME)
    city.sign_in(other, "marta")
    assert other.post("/sign-in/code", data={"code": code}).status_code == 401  # somebody looked over the shoulder
    assert other.post("/sign-in/code", data={"code": codes[3]}).status_code == 303
    third = city.browser(HOME)
    city.sign_in(third, "marta")
    assert third.post("/sign-in/code", data={"code": codes[3]}).status_code == 401
    with city.world.store.read() as connection:
        rows = latest(connection)
        details = [row.detail for row in rows if row.action == "sign_in"]
    assert {"second_step": "code"} in details
    assert {"second_step": "recovery"} in details
    assert {"step": "second_step"} in details
    assert not any(one in str(rows) for one in (code, *codes, totp.secret))


def test_the_step_belongs_to_its_browser_and_ends(city: City) -> None:
    totp, _ = enrol(city, person(city))
    browser = city.browser(HOME)
    city.sign_in(browser, "marta")
    stranger = city.browser()
    assert stranger.post("/sign-in/code", data={"code": totp.at(city.clock())}).headers["location"] == "/sign-in"
    assert stranger.get("/sign-in/code").headers["location"] == "/sign-in"
    assert browser.get("/sign-in/code").status_code == 200
    city.clock.at += timedelta(minutes=6)
    assert browser.post("/sign-in/code", data={"code": totp.at(city.clock())}).headers["location"] == "/sign-in"


def test_guessing_codes_is_throttled_and_locks_no_owner_out(city: City) -> None:
    """Somebody has the password. They hear five answers a minute, of one sign-in, and twenty an hour; the owner gets in."""
    totp, _ = enrol(city, person(city))
    heard = 0
    for number in range(12):
        thief = city.browser(f"198.51.100.{number}")
        if city.sign_in(thief, "marta").status_code != 303:
            continue
        answers = [thief.post("/sign-in/code", data={"code": f"{guess:06}"}).status_code for guess in range(8)]
        heard += answers.count(401)
    assert 1 <= heard <= 10  # the loop may have crossed a minute
    owner = city.browser(HOME)
    assert city.sign_in(owner, "marta").status_code == 303
    assert owner.post("/sign-in/code", data={"code": totp.at(city.clock())}).status_code == 303


def test_one_sign_in_hears_five_codes(city: City) -> None:
    totp, _ = enrol(city, person(city))
    browser = city.browser(HOME)
    city.sign_in(browser, "marta")
    with city.world.store.write() as connection:
        for _ in range(5):
            attempts.count_try(connection, browser.cookies["__Host-talaia_step"])
    assert browser.post("/sign-in/code", data={"code": totp.at(city.clock())}).headers["location"] == "/sign-in"


def test_a_password_link_does_not_go_past_the_second_step(city: City) -> None:
    enrol(city, person(city))
    with city.world.store.write() as connection:
        account = accounts.find_account(connection, "marta")
        assert account
        link = accounts.issue_link(connection, account, city.clock())
    browser = city.browser()
    answer = browser.post(f"/welcome/{link}", data={"new": "tota una altra de llarga"})
    assert answer.headers["location"] == "/sign-in/code"
    assert browser.get("/findings").status_code == 303


def test_it_is_set_up_and_taken_away_by_who_knows_the_password_only(city: City) -> None:
    browser, path = person(city), "/account/second-step"
    assert browser.post(path, data={"csrf": csrf(browser, path), "password": "wrong password"}).status_code == 422
    totp, _ = enrol(city, browser)
    again = browser.post(path, data={"csrf": csrf(browser, path), "password": PASSWORD})
    assert again.status_code == 409  # an open browser does not get another device in
    remove = {"csrf": csrf(browser, path), "password": PASSWORD, "code": "000000"}
    assert browser.post(f"{path}/remove", data=remove).status_code == 422
    city.clock.at += timedelta(minutes=2)
    right = {**remove, "code": totp.at(city.clock())}
    assert browser.post(f"{path}/remove", data={**right, "password": "wrong password"}).status_code == 422
    assert browser.post(f"{path}/remove", data=right).status_code == 303
    assert browser.get("/findings").status_code == 200  # with a new session
    assert city.sign_in(city.browser(HOME), "marta").headers["location"] == "/"
    assert ("remove_second_step", "done") in actions(city)


def test_an_administrator_takes_it_away_and_it_is_written_down(city: City) -> None:
    browser = person(city)
    enrol(city, browser)
    admin = person(city, "cap", Grant(Role.ADMINISTRATOR))
    with city.world.store.read() as connection:
        marta, cap = (accounts.find_account(connection, name) for name in ("marta", "cap"))
    assert marta
    assert cap
    assert "two-step sign-in" in admin.get("/accounts").text
    mark = csrf(admin, "/accounts")
    assert admin.post(f"/accounts/{cap.id}/second-step", data={"csrf": mark}).status_code == 403
    assert admin.post(f"/accounts/{marta.id}/second-step", data={"csrf": mark}).status_code == 303
    assert browser.get("/findings").status_code == 303
    assert city.sign_in(city.browser(HOME), "marta").headers["location"] == "/"
    assert ("reset_second_step", "done") in actions(city)


def test_where_it_is_required_nothing_else_is_shown_before_it_is_set_up(tmp_path: Path) -> None:
    city = made_city(tmp_path, local=LocalSignIn(second_step_required=True))
    browser = person(city)
    for path in ("/findings", "/account", "/", "/findings.csv"):
        assert browser.get(path).headers["location"] == "/account/second-step", path
    assert browser.post("/scans", data={"csrf": "x"}).status_code == 303
    assert browser.post("/account/second-step/remove", data={}).headers["location"] == "/account/second-step"
    enrol(city, browser)
    assert browser.get("/findings").status_code == 200
    city.world.store.close()


def test_without_its_key_codes_are_refused_and_nothing_else_breaks(tmp_path: Path) -> None:
    key_file = tmp_path / "key"
    key_file.write_text("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n")
    city = made_city(tmp_path, seal=Seal(lambda: read_secret(key_file)))
    totp, _ = enrol(city, person(city))
    key_file.rename(tmp_path / "gone")
    browser = city.browser(HOME)
    city.sign_in(browser, "marta")
    answer = browser.post("/sign-in/code", data={"code": totp.at(city.clock())})
    assert answer.status_code == 503
    assert "sign_in.key_file" in html.unescape(answer.text)
    assert browser.get("/findings").status_code == 303
    other = person(city, "pere")
    path = "/account/second-step"
    assert other.post(path, data={"csrf": csrf(other, path), "password": PASSWORD}).status_code == 503
    (tmp_path / "gone").rename(key_file)
    assert browser.post("/sign-in/code", data={"code": totp.at(city.clock())}).status_code == 303
    city.world.store.close()


def test_accounts_of_our_own_can_be_switched_off(tmp_path: Path) -> None:
    city = made_city(tmp_path)
    browser = person(city)
    object.__setattr__(city.world.app.state.parts, "local", LocalSignIn(enabled=False))
    assert browser.get("/findings").headers["location"] == "/sign-in"
    page = city.browser().get("/sign-in").text
    assert 'name="login"' not in page
    assert 'name="token"' in page
    assert city.sign_in(city.browser(HOME), "marta").status_code == 403
    with city.world.store.write() as connection:
        account = accounts.find_account(connection, "marta")
        assert account
        link = accounts.issue_link(connection, account, city.clock())
    assert city.browser().post(f"/welcome/{link}", data={"new": PASSWORD}).status_code == 401
    city.world.store.close()


def test_the_picture_holds_no_style_that_the_content_policy_refuses(city: City) -> None:
    browser, path = person(city), "/account/second-step"
    shown = browser.post(path, data={"csrf": csrf(browser, path), "password": PASSWORD})
    drawn = re.search(r"<svg[^>]*class=\"segno\".*?</svg>", shown.text)
    assert drawn
    assert "style" not in drawn[0]
    assert "script" not in drawn[0]
    assert "unsafe" not in shown.headers["content-security-policy"]
