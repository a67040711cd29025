"""The dashboard in a real browser: it is used, with scripts and without."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import update

from collector import tables
from tests.api.browser import serving, sign_in
from tests.api.world import World


@pytest.fixture(scope="module")
def base(world: World) -> Iterator[str]:
    with serving(world) as url:
        yield url


@pytest.fixture
def page(browser: Browser, base: str, world: World) -> Iterator[Page]:
    context = browser.new_context(locale="en", viewport={"width": 1360, "height": 900})
    opened = context.new_page()
    sign_in(opened, base, world)
    yield opened
    context.close()


def test_a_day_of_work(page: Page, base: str, world: World) -> None:
    expect(page.locator("h1")).to_have_text("Vilamar City Council")
    expect(page.locator(".figure")).to_have_text(re.compile(r"^\d+\.\d$"))
    expect(page.locator(".fixes li")).to_have_count(5)
    page.click("nav.rooms >> text=Findings")
    page.fill("input[name=q]", "seu")
    page.select_option("select[name=state]", "open")
    page.click(".filters button")
    assert "q=seu" in page.url
    assert "state=open" in page.url
    rows = page.locator("table.list tbody tr")
    shown = rows.count()
    assert shown == int(page.locator(".head .count").inner_text())
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.locator("input[name=finding]:checked").count() == 1
    page.keyboard.press("o")
    page.wait_for_url(re.compile("/findings/[0-9a-f-]{36}$"))
    expect(page.locator("h3", has_text="Observed")).to_be_visible()
    expect(page.locator("pre.command").first).to_contain_text("192.0.2.")
    page.click(".facts-line >> text=seu")
    page.wait_for_url(re.compile("/assets/"))
    expect(page.locator("h2", has_text="How we know it is the same machine")).to_be_visible()


def test_a_finding_is_tested_again_and_a_scan_is_stopped(page: Page, base: str, world: World) -> None:
    before = len(world.actions.done)
    page.goto(f"{base}/findings/{world.finding_ids[0]}")
    page.click("text=Test again")
    page.wait_for_url(re.compile("/scans/"))
    page.click("text=Stop this scan")
    expect(page.locator(".live-head")).to_contain_text("stopped")
    assert [one[0] for one in world.actions.done[before:]] == ["start", "stop"]


def test_many_findings_are_chosen_with_the_keyboard_alone(page: Page, base: str, world: World) -> None:
    before = len(world.actions.done)
    page.goto(f"{base}/findings?state=open&limit=5")
    everything = page.locator("input[data-all]")
    everything.focus()
    page.keyboard.press("Space")
    assert page.locator("input[name=finding]:checked").count() == 5
    expect(page.locator("select[name=which] option").first).to_have_text("the chosen ones (5)")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("select[name=which] option").first).to_have_text("the chosen ones (4)")
    page.locator("button[value=test-again]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Test 4 findings again?")
    page.locator("button.main").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/scans/"))
    assert len(world.actions.done[before][2]) == 4


def test_a_running_scan_renews_itself(page: Page, base: str, world: World) -> None:
    page.goto(f"{base}/scans/{world.scan_id}")
    expect(page.locator(".live-head")).to_contain_text("looking at services")
    scan = tables.scan.c
    with world.store.write() as connection:
        kept = connection.execute(tables.scan.select().where(scan.id == world.scan_id)).one().progress
        connection.execute(update(tables.scan).where(scan.id == world.scan_id).values(progress={**kept, "hosts_alive": 4321}))
    expect(page.locator(".live")).to_contain_text("4,321", timeout=15_000)
    with world.store.write() as connection:
        connection.execute(update(tables.scan).where(scan.id == world.scan_id).values(progress=kept))


def test_without_scripts_everything_but_progress_works(browser: Browser, base: str, world: World) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en")
    page = context.new_page()
    sign_in(page, base, world)
    page.goto(f"{base}/findings")
    page.select_option("select[name=band]", "critical")
    page.click(".filters button")
    assert "band=critical" in page.url
    shown = page.locator("table.list tbody tr").count()
    page.select_option("select[name=which]", "shown")
    page.click("button[value=exceptions]")
    expect(page.locator("h1")).to_have_text(f"Ask for an exception for {shown} findings?")
    page.click("text=Back to the list")
    assert "band=critical" in page.url
    page.locator("table.list td.first a").first.click()
    page.wait_for_url(re.compile("/findings/"))
    context.close()


def test_language_and_theme_are_switched_and_stay(page: Page, base: str) -> None:
    page.click("button[value=ca]")
    expect(page.locator("nav.rooms")).to_contain_text("Troballes")
    page.click("button[value=dark]")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.goto(f"{base}/assets")
    expect(page.locator("h1")).to_have_text("Actius")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
    page.click("button[value=light]")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark


def test_bands_are_ordered_for_the_colour_blind_too(page: Page, base: str) -> None:
    """Luminance falls (light) or rises (dark) from minimal to critical, so that the order is seen without colour."""
    for theme, descending in (("light", True), ("dark", False)):
        page.click(f"button[value={theme}]")
        names = ("info", "low", "medium", "high", "critical")
        colours = [
            page.evaluate(f"getComputedStyle(document.documentElement).getPropertyValue('--{name}').trim()") for name in names
        ]
        for kind in _BLINDNESS:
            seen = [_luminance(_as_seen(colour, kind)) for colour in colours]
            assert seen == sorted(seen, reverse=descending), (theme, kind, seen)


# Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB.
_BLINDNESS: dict[str, list[list[float]]] = {
    "none": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def _as_seen(colour: str, kind: str) -> list[float]:
    linear = [_linear(int(colour[index : index + 2], 16) / 255) for index in (1, 3, 5)]
    return [sum(factor * one for factor, one in zip(row, linear, strict=True)) for row in _BLINDNESS[kind]]


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _luminance(linear: list[float]) -> float:
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
