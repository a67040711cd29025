"""The menu of exports on the page of findings: by keyboard alone, and it exports what is shown."""

import json

from playwright.sync_api import Browser, expect

from tests.api.browser import serving, sign_in
from tests.api.world import World


def test_a_keyboard_opens_downloads_and_closes(world: World, browser: Browser) -> None:
    with serving(world) as base:
        context = browser.new_context(locale="en", accept_downloads=True)
        page = context.new_page()
        sign_in(page, base, world, "viewer")
        page.goto(f"{base}/findings?state=open&rule=TLS-002")
        summary = page.locator("details.menu summary")
        link = page.locator("details.menu a", has_text="SARIF")
        summary.focus()
        page.keyboard.press("Enter")
        expect(link).to_be_visible()
        page.keyboard.press("Escape")
        expect(link).not_to_be_visible()
        expect(summary).to_be_focused()
        page.keyboard.press("Enter")
        link.focus()
        with page.expect_download() as waiting:
            page.keyboard.press("Enter")
        assert waiting.value.suggested_filename == "findings.sarif"
        (run,) = json.loads(waiting.value.path().read_text())["runs"]
        shown = page.locator("td.first").count()
        assert shown == len(run["results"]) > 0
        assert {result["ruleId"] for result in run["results"]} == {"TLS-002"}
        page.locator("h1").click()
        expect(link).not_to_be_visible()
        context.close()
