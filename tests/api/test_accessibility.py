"""Reliability A8: axe finds nothing on any page in any state, with the rules of WCAG 2.2 AA and its best practices."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import insert

from collector import accounts, tables
from collector.grants import Grant, Role
from tests.api.browser import ASKED_FIRST, RULES, choose_three, pages_of, serving, sign_in, violations
from tests.api.full import OWN_PAGES, empty_city, full_city, sign_in_as_person
from tests.api.seed import NOW
from tests.api.world import World

COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"], "resultTypes": ["violations"]}
# The kinds of elements a page has, each with what it stands in, its attributes, what it says to a screen reader and whether it
# has a text: two pages of the same kinds differ in words alone.
KINDS = """() => { const said = (a) => /^(role|aria-(?!label)|tabindex)/.test(a.name) ? a.name + a.value : a.name;
  const kind = (one) => [one.parentElement.localName, one.parentElement.className, one.localName, one.className, one.open,
    one.type, one.textContent.trim() !== "", ...[...one.attributes].map(said).sort()].join(" ");
  const parts = [...document.querySelectorAll("h1, h2, h3, h4, nav, main, header, footer")];
  const outline = parts.map((one) => one.localName).join(" ");
  return [...new Set([...document.querySelectorAll("body *")].map(kind)), outline, document.documentElement.lang].sort() }"""
OPEN = "(which) => document.querySelectorAll(which).forEach((one) => { one.open = true })"


@dataclass
class Reader:
    """Reads pages with axe: each set of kinds once; or, when ``fresh``, a page only for a kind or an outline that none had."""

    options: Mapping[str, Any] = field(default_factory=lambda: RULES)
    known: set[str] = field(default_factory=set)
    fresh: bool = False
    read_pages: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)

    def read(self, name: str, page: Page) -> None:
        """The page as it is, then with all that can be opened open; a menu that floats over the page alone."""
        self.now(name, page)
        for which, alone in (("main details:not(.menu)", None), ("details.menu", "details.menu")):
            if page.locator(which).count():
                page.evaluate(OPEN, which)
                self.now(f"{name}, {which} opened", page, alone)

    def now(self, name: str, page: Page, context: str | None = None) -> None:
        kinds = page.evaluate(KINDS)
        whole = "\n".join(kinds)
        if self.known.issuperset(kinds if self.fresh else [whole]):
            return
        self.known.update(kinds, [whole])
        self.read_pages.append(name)
        self.found += [f"{name}: {one}" for one in violations(page, self.options, context)]

    def all(self, page: Page, base: str, paths: Mapping[str, str]) -> None:
        for name, path in paths.items():
            page.goto(base + path)
            self.read(name, page)


@pytest.fixture(scope="module")
def base(city: World) -> Iterator[str]:
    with serving(city) as url:
        yield url


@pytest.fixture
def wide(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(locale="en", viewport={"width": 1360, "height": 900})
    yield context
    context.close()


@pytest.fixture(scope="module")
def known() -> set[str]:
    """What was read in a wide window, in English, by any test."""
    return set()


def _everything(reader: Reader, page: Page, base: str, city: World) -> None:
    reader.all(page, base, {**pages_of(city), **OWN_PAGES})
    for name, act in ASKED_FIRST.items():
        choose_three(page, base, act)
        reader.read(name, page)


def test_every_page(wide: BrowserContext, base: str, city: World, known: set[str]) -> None:
    """With lines in every list, and each part that can be opened open and closed."""
    reader, page = Reader(known=known), wide.new_page()
    page.goto(f"{base}/sign-in")
    reader.read("sign_in", page)
    sign_in_as_person(page, base)
    _everything(reader, page, base, city)
    assert len(reader.read_pages) > len(pages_of(city))
    assert not reader.found, "\n".join(reader.found)


def test_the_colours_of_every_page_in_the_dark(browser: Browser, base: str, city: World) -> None:
    """The same markup in other colours: the rules on colours alone."""
    context = browser.new_context(color_scheme="dark", locale="ca", viewport={"width": 1360, "height": 900})
    reader, page = Reader(COLOURS, fresh=True), context.new_page()
    page.goto(f"{base}/sign-in")
    reader.read("sign_in", page)
    sign_in_as_person(page, base)
    _everything(reader, page, base, city)
    context.close()
    assert not reader.found, "\n".join(reader.found)


def test_every_page_on_a_phone(browser: Browser, base: str, city: World) -> None:
    context = browser.new_context(locale="es", viewport={"width": 390, "height": 844}, has_touch=True)
    reader, page = Reader(), context.new_page()
    page.goto(f"{base}/sign-in")
    reader.read("sign_in", page)
    sign_in_as_person(page, base)
    page.click(".menu-button")
    expect(page.locator("nav.rooms")).to_be_visible()
    reader.now("menu", page)
    _everything(reader, page, base, city)
    context.close()
    assert not reader.found, "\n".join(reader.found)


def test_a_city_on_its_first_day(wide: BrowserContext, tmp_path: Path) -> None:
    """Every list without a line in it."""
    made, reader, page = empty_city(tmp_path), Reader(), wide.new_page()
    with serving(made) as url:
        sign_in(page, url, made)
        assert page.locator(".empty").count() + page.locator(".sure").count() > 0
        reader.all(page, url, pages_of(made))
    made.store.close()
    assert not reader.found, "\n".join(reader.found)


def test_what_each_role_sees(wide: BrowserContext, base: str, city: World, known: set[str]) -> None:
    """Every role, and a department and a person of two on theirs; a page that is not allowed says so."""
    reader, page = Reader(known=known, fresh=True), wide.new_page()
    secrets = {role.value: city.secrets[role.value] for role in Role if role not in (Role.PROBE, Role.ADMINISTRATOR)}
    secrets |= {"own": city.confined("citizens"), "two": city.confined("citizens", "innovation")}
    refused = 0
    for role, secret in secrets.items():
        wide.clear_cookies()
        sign_in(page, base, city, secret=secret)
        reader.read(f"{role}: first", page)
        for name, path in pages_of(city).items():
            if "?" in path:  # the same page with other lines
                continue
            answer = page.goto(base + path)
            assert answer
            refused += answer.status == 403
            reader.read(f"{role}: {name}", page)
    assert refused > 10
    assert not reader.found, "\n".join(reader.found)


def test_looking_is_stopped_and_nothing_runs(wide: BrowserContext, tmp_path: Path) -> None:
    made, reader, page = full_city(tmp_path), Reader(), wide.new_page()
    with made.store.write() as connection:
        connection.execute(insert(tables.control).values(key="stop", value={"by": "Marta", "reason": "a fault"}, at=NOW))
        connection.execute(tables.scan.update().values(state="stopped", ended_at=NOW))
    with serving(made) as url:
        sign_in_as_person(page, url)
        reader.all(page, url, {name: pages_of(made)[name] for name in ("city", "scans", "scan", "zones", "health")})
    made.store.close()
    assert not reader.found, "\n".join(reader.found)


# A form that is sent wrong, or that is answered with something to keep: page, its action, what is filled in, what shows it.
SENT = {
    "token_wrong": ("/tokens", "/tokens", {"name": "", "days": "0"}, ".problem"),
    "token_made": ("/tokens", "/tokens", {"name": "reader", "days": "30"}, ".banner pre"),
    "webhook_wrong": ("/webhooks", "/webhooks", {"url": "http://x"}, ".problem"),
    "webhook_made": ("/webhooks", "/webhooks", {"url": "https://new.vilamar.example/x"}, ".banner pre"),
    "account_wrong": ("/accounts", "/accounts", {"name": "no name!", "display_name": "x"}, ".problem"),
    "account_made": ("/accounts", "/accounts", {"name": "nuria", "display_name": "Núria"}, ".banner"),
    "schedule_wrong": ("/schedules/new", "/schedules", {"id": "x", "cron": "99 * * * *"}, ".problem"),
    "schedule_changed_wrong": ("/schedules/weekly/edit", "/schedules/weekly", {"cron": "never"}, ".problem"),
    "zones_wrong": ("/zones/edit", "/zones/edit", {"text": "zones: [", "reason": "a test"}, ".problem"),
    "zones_no_reason": ("/zones/edit", "/zones/edit", {"reason": ""}, ".problem"),
    "password_wrong": ("/account", "/account/password", {"old": "x", "new": "short"}, ".problem"),
    "second_step_wrong": ("/account/second-step", "/account/second-step", {"password": "x"}, ".problem"),
    "scan_wrong": ("/scans", "/scans", {"targets": "not an address!"}, "h1"),
    "exception_wrong": ("/findings/{finding}", "/exceptions", {"reason": "x", "until": "2020-01-01"}, "h1"),
    "filter_wrong": ("/findings?state=open", "/filters", {"name": ""}, "h1"),
    "form_of_another_session": ("/tokens", "/tokens", {"csrf": "0" * 32, "name": "x"}, "h1"),
}
SEND = """([action, fields]) => { const form = document.querySelector(`form[action="${action}"]`); form.noValidate = true;
  for (const [name, value] of Object.entries(fields)) form.elements[name].value = value; form.requestSubmit(); }"""


def test_forms_that_are_refused_and_what_is_shown_once(wide: BrowserContext, base: str, city: World) -> None:
    reader, page = Reader(), wide.new_page()
    sign_in_as_person(page, base)
    for name, (path, action, fields, shown) in SENT.items():
        page.goto(base + path.replace("{finding}", city.finding_ids[0]))
        with page.expect_navigation():
            page.evaluate(SEND, [action, fields])
        expect(page.locator(shown).first).to_be_visible()
        reader.read(name, page)
    choose_three(page, base, "exceptions")
    with page.expect_navigation():
        page.evaluate(SEND, ["/findings/exceptions", {"reason": "x", "until": "2020-01-01"}])
    reader.read("bulk_done", page)
    assert len(reader.read_pages) > len(SENT) / 2
    assert not reader.found, "\n".join(reader.found)


def test_coming_in(wide: BrowserContext, base: str, city: World) -> None:
    """Signed out: what is wrong, used up or asked for first; the second step's own pages are in ``test_second_step_browser``."""
    with city.store.write() as connection:
        account = accounts.create_account(connection, "new", "Nou", NOW)
        accounts.set_grants(connection, account, [Grant(Role.VIEWER)])
        link = accounts.issue_link(connection, account, NOW)
    reader, page = Reader(), wide.new_page()
    reader.all(page, base, {"used_link": "/welcome/none", "entry": "/enter/none", "set_password": f"/welcome/{link}"})
    expect(page.locator("input[name=new]")).to_be_visible()
    page.evaluate(SEND, [f"/welcome/{link}", {"new": "short"}])
    expect(page.locator(".problem")).to_be_visible()
    reader.read("set_password_wrong", page)
    page.goto(f"{base}/sign-in")
    page.fill("#with-token input", "none")
    page.click("#with-token button")
    expect(page.locator(".problem")).to_be_visible()
    reader.read("sign_in_wrong", page)
    assert not reader.found, "\n".join(reader.found)


def test_a_page_that_is_wrong_would_be_seen(wide: BrowserContext, base: str) -> None:
    """The proof of the proof: what is wrong in content, colour and size is found, on a page that was read before too."""
    reader, page = Reader(), wide.new_page()
    page.goto(f"{base}/sign-in")
    reader.read("sign_in", page)
    assert reader.found == []
    page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<button></button><i><button>wrong</button></i>')"
    )
    faint = "const sheet = new CSSStyleSheet(); sheet.replaceSync('i button{all:unset;font-size:8px;color:#bbb}');"
    page.evaluate(f"{faint} document.adoptedStyleSheets = [sheet]")
    reader.read("sign_in", page)
    assert {one.split(": ")[1] for one in reader.found} >= {"button-name", "color-contrast"}
