"""No page is wider than the window: in three languages, on a wide screen, a small one, a tablet and a phone, with any names."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api.browser import ASKED_FIRST, choose_three, pages_of, serving, sign_in
from tests.api.full import OWN_PAGES, full_city, sign_in_as_person
from tests.api.world import World

WIDTHS = (1360, 1024, 768, 390)
LONG = "x" * 60 + "." + "W" * 150  # one word, as machines give names
WIDE = "[...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > innerWidth + 1).at(-1)"

BROKEN = """[...document.querySelectorAll("main span.mono")].filter((one) => one.innerText.length < 24
  && !/[, ]/.test(one.innerText) && one.getBoundingClientRect().height > 2 * parseFloat(getComputedStyle(one).fontSize))
  .map((one) => one.innerText)"""


def _too_wide(page: Page, name: str, widths: tuple[int, ...] = WIDTHS) -> list[str]:
    found = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"{name} at {width}: {page.evaluate(f'({WIDE})?.outerHTML.slice(0, 150)')}")
    return found


@pytest.mark.parametrize("language", ["ca", "es", "en"])
def test_no_page_is_wider_than_the_window(browser: Browser, city: World, language: str) -> None:
    """As an administrator, who has the most names at the side and the most buttons."""
    found: list[str] = []
    with serving(city) as base:
        context = browser.new_context(locale=language)
        page = context.new_page()
        page.goto(f"{base}/sign-in")
        found += _too_wide(page, "sign_in")
        sign_in_as_person(page, base)
        for name, path in {**pages_of(city), **OWN_PAGES}.items():
            page.goto(base + path)
            for details in page.locator("main details:not(.menu)").all():
                details.evaluate("one => one.open = true")
            found += _too_wide(page, name)
        for name, act in ASKED_FIRST.items():
            choose_three(page, base, act)
            found += _too_wide(page, name)
        context.close()
    assert not found, "\n".join(found)


def test_a_name_that_is_one_long_word_breaks(browser: Browser, tmp_path: Path) -> None:
    made = full_city(tmp_path, hostile=LONG)
    found: list[str] = []
    with serving(made) as base:
        context = browser.new_context(locale="ca")
        page = context.new_page()
        sign_in(page, base, made)
        for name, path in pages_of(made).items():
            page.goto(base + path)
            found += _too_wide(page, name)
        context.close()
    made.store.close()
    assert not found, "\n".join(found)


def test_ordinary_names_and_ids_of_rules_stay_whole(browser: Browser, city: World) -> None:
    """What breaks long words does not cut short ones: each id of a rule and each address stands on one line."""
    with serving(city) as base:
        context = browser.new_context(locale="ca")
        page = context.new_page()
        sign_in(page, base, city)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            for path in ("/findings", "/overdue", "/rules", "/assets", "/tickets", "/coverage"):
                page.goto(base + path)
                broken = page.evaluate(BROKEN)
                assert broken == [], (path, width)
                expect(page.locator("main .mono").first).to_be_attached()
        context.close()
