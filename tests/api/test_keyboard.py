"""Everything that can be pressed is reached with the Tab key, in view and with a visible mark; no page holds the keyboard."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api.browser import pages_of, serving, sign_in
from tests.api.world import World

# Numbers what can be pressed, and writes down what was focused and how it looked then. Radio buttons of one name are one stop
# of the Tab key, at the one that is chosen, else at the first (ARIA Authoring Practices, radio group); the arrow keys go on.
WATCH = """() => {
  const wanted = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
  const group = (one) => Array.from(document.getElementsByName(one.name)).filter((other) => other.form === one.form);
  const passed = (one) => one.type === "radio" && one !== (group(one).find((other) => other.checked) || group(one)[0]);
  const all = Array.from(document.querySelectorAll(wanted)).filter((one) => one.checkVisibility({visibilityProperty: true})
    && !one.disabled && !passed(one) && !(one.closest("details:not([open])") && !one.matches("summary")));
  all.forEach((one, index) => one.setAttribute("data-number", index));
  window.walked = [];
  document.addEventListener("focusin", (event) => {
    const one = event.target, style = getComputedStyle(one), box = one.getBoundingClientRect();
    window.walked.push([one.getAttribute("data-number"), style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0,
      box.bottom > 0 && box.top < innerHeight, one.outerHTML.slice(0, 120)]);
  });
  return all.length;
}"""


@pytest.fixture(scope="module")
def base(world: World) -> Iterator[str]:
    with serving(world) as url:
        yield url


def _walk(page: Page) -> tuple[int, list[list[object]]]:
    count = page.evaluate(WATCH)
    for _ in range(count + 2):
        page.keyboard.press("Tab")
    walked: list[list[object]] = page.evaluate("window.walked")
    return count, walked


def _arrows(page: Page) -> list[str]:
    """Radio buttons that the arrow keys do not choose, in view and marked, from the one of their group that Tab reaches."""
    missed = []
    stops = page.locator("input[type=radio][data-number]")
    for stop in stops.all():
        members = page.locator(f"input[type=radio][name='{stop.get_attribute('name')}']")
        stop.focus()
        chosen = set()
        for _ in range(members.count()):
            chosen.add(page.evaluate("document.activeElement.checked && document.activeElement.value"))
            page.keyboard.press("ArrowDown")
        marked = page.evaluate("window.walked.every((one) => one[1] && one[2])")
        values = [one.get_attribute("value") or "" for one in members.all()]
        missed += [value for value in values if value not in chosen or not marked]
    return missed


def test_every_page_is_walked_with_tab_alone(browser: Browser, base: str, world: World) -> None:
    context = browser.new_context(locale="en", viewport={"width": 1360, "height": 900})
    page = context.new_page()
    sign_in(page, base, world)
    short = {"findings": "/findings?limit=3", "assets": "/assets?limit=3"}  # the rows of a list are all alike
    for name, path in {**pages_of(world), **short}.items():
        page.goto(base + path)
        count, walked = _walk(page)
        reached = {one[0] for one in walked}
        missed = [
            page.locator(f"[data-number='{number}']").evaluate("one => one.outerHTML")
            for number in range(count)
            if str(number) not in reached
        ]
        assert not missed, (name, missed)
        assert not [one for one in walked if one[0] is not None and not (one[1] and one[2])], name
        assert not _arrows(page), name
    context.close()


@pytest.fixture
def narrow(browser: Browser, base: str, world: World) -> Iterator[Page]:
    """A window without room for the rail: the names of the pages are behind one button."""
    context = browser.new_context(locale="en", viewport={"width": 1024, "height": 700})
    page = context.new_page()
    sign_in(page, base, world)
    yield page
    context.close()


def test_the_names_of_the_pages_open_and_close_with_the_keyboard(narrow: Page, base: str) -> None:
    tokens, menu = narrow.locator("nav.rooms a", has_text="Tokens"), narrow.get_by_role("button", name="Menu")
    expect(tokens).to_be_hidden()
    menu.focus()
    narrow.keyboard.press("Enter")
    expect(tokens).to_be_visible()
    narrow.keyboard.press("Escape")
    expect(tokens).to_be_hidden()
    expect(menu).to_be_focused()
    narrow.keyboard.press("Space")
    narrow.keyboard.press("Tab")
    expect(narrow.get_by_role("button", name="Close")).to_be_focused()
    narrow.keyboard.press("Enter")
    expect(tokens).to_be_hidden()
    expect(menu).to_be_focused()
    narrow.keyboard.press("Enter")
    for _ in range(narrow.locator("nav.rooms a").count() + 1):
        narrow.keyboard.press("Tab")
        if tokens.evaluate("one => one === document.activeElement"):
            break
    narrow.keyboard.press("Enter")
    narrow.wait_for_url(f"{base}/tokens")
    expect(narrow.locator("nav.rooms [aria-current=page]")).to_have_text("Tokens")


def _said(page: Page, role: str, name: str) -> dict[str, Any]:
    """The properties that the browser gives to a screen reader."""
    nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    (one,) = [node for node in nodes if not node["ignored"] and (node["role"]["value"], node["name"]["value"]) == (role, name)]
    return {each["name"]: each["value"].get("value") for each in one["properties"]}


def test_a_screen_reader_hears_what_the_button_does(narrow: Page) -> None:
    """The browser itself says whether the list is open, and each list in it has its heading as its name."""
    menu, inside = narrow.get_by_role("button", name="Menu"), narrow.get_by_role("navigation", name="Pages")
    assert _said(narrow, "button", "Menu")["expanded"] is False
    menu.click()
    assert _said(narrow, "button", "Menu")["expanded"] is True
    watch = ["Scans", "Schedules", "Zones", "Coverage", "Rules", "Health"]
    expect(inside.get_by_role("list", name="The watch").get_by_role("link")).to_have_text(watch)
    narrow.mouse.click(900, 600)
    expect(inside).to_be_hidden()


@pytest.mark.parametrize(("width", "behind"), [(1360, False), (1024, True)])
def test_pages_are_reached_without_scripts(browser: Browser, base: str, world: World, width: int, behind: bool) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en", viewport={"width": width, "height": 900})
    page = context.new_page()
    sign_in(page, base, world)
    if behind:
        page.get_by_role("button", name="Menu").click()
    page.click("nav.rooms >> text=Schedules")
    page.wait_for_url(f"{base}/schedules")
    context.close()
