"""A person sets two-step sign-in up and uses it, in a real browser; axe reads every state, the content policy refuses nothing."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Page

from collector import accounts
from collector.grants import Grant, Role
from collector.passwords import Passwords
from tests.api.browser import chromium, serving, violations
from tests.api.people.test_accounts import PASSWORD, QUICK
from tests.api.world import World, make_world, sqlite_url


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = make_world(sqlite_url(tmp_path), clock=lambda: datetime.now(UTC))
    made.app.state.passwords = Passwords(QUICK)
    with made.store.write() as connection:
        account = accounts.create_account(connection, "marta", "Marta", datetime.now(UTC))
        accounts.set_grants(connection, account, [Grant(Role.ADMINISTRATOR)])
        accounts.set_password(connection, account, made.app.state.passwords.hashed(PASSWORD))
    yield made
    made.store.close()


@pytest.mark.parametrize("language", ["ca", "es", "en"])
def test_set_up_and_used(world: World, language: str) -> None:
    with serving(world) as base, chromium() as browser:
        scheme = "dark" if language == "es" else "light"
        context = browser.new_context(locale=language, color_scheme=scheme, viewport={"width": 390, "height": 844})
        page, refused = context.new_page(), []
        page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
        sign_in(page, base)
        page.wait_for_url(f"{base}/")
        page.goto(f"{base}/account/second-step")
        accessible(page)
        page.fill("input[name=password]", PASSWORD)
        page.click("main button.main")
        secret = page.locator("pre.command").inner_text().replace(" ", "")
        box = page.locator(".qr svg").bounding_box()
        assert box
        assert box["width"] == box["height"] >= 200
        accessible(page)
        page.fill("input[name=code]", pyotp.TOTP(secret).now())
        page.click("main button.main")
        codes = page.locator("pre.command").inner_text().split()
        assert len(codes) == 10
        accessible(page)
        for path in ("/account", "/account/second-step", "/accounts"):
            page.goto(base + path)
            accessible(page)
        context.clear_cookies()
        sign_in(page, base)
        page.wait_for_url(f"{base}/sign-in/code")
        accessible(page)
        page.fill("input[name=code]", "000000")
        page.click("main button.main")
        accessible(page)
        page.fill("input[name=code]", codes[0])
        page.click("main button.main")
        page.wait_for_url(f"{base}/")
        assert not [text for text in refused if re.search("Content Security Policy", text)]


def sign_in(page: Page, base: str) -> None:
    page.goto(f"{base}/sign-in")
    page.fill("input[name=login]", "marta")
    page.fill("input[name=password]", PASSWORD)
    page.click("#person button.main")


def accessible(page: Page) -> None:
    cut = page.evaluate(
        "[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth).map(e => e.outerHTML)"
    )
    assert not cut, page.url
    found = violations(page)
    assert not found, (page.url, found)
