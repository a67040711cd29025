"""The application served for a real browser, and the browser."""

import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, expect, sync_playwright

from tests.api.world import World
from tests.processes import free_port

CHROMIUM = "/usr/bin/chromium"
PATIENCE_MILLISECONDS = 120_000  # a bound for what hangs, not a measure: machines that run tests are slow
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]

# Every rule that axe has, with the one of WCAG 2.2 that it leaves out by default (2.5.8, the size of what is pressed).
RULES: Mapping[str, Any] = {"rules": {"target-size": {"enabled": True}}, "resultTypes": ["violations"]}


@contextmanager
def serving(world: World) -> Iterator[str]:
    """Serve the world's application on loopback; gives its base URL."""
    port = free_port()
    config = uvicorn.Config(world.app, host="127.0.0.1", port=port, log_level="warning", lifespan="off", server_header=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 120
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(300)


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        browser.on("context", lambda context: context.set_default_timeout(PATIENCE_MILLISECONDS))
        expect.set_options(timeout=PATIENCE_MILLISECONDS)
        try:
            yield browser
        finally:
            browser.close()


def sign_in(page: Page, base: str, world: World, role: str = "administrator", secret: str | None = None) -> None:
    page.goto(f"{base}/sign-in")
    page.fill("input[name=token]", secret or world.secrets[role])
    page.click("#with-token button.main")
    page.wait_for_url(re.compile(f"{re.escape(base)}/(departments/.*)?$"))


def violations(page: Page, options: Mapping[str, Any] = RULES, context: str | None = None) -> list[str]:
    """What axe finds wrong, of each rule the first three nodes; with ``context``, in that part of the page alone."""
    found = Axe().run(page, context=context, options=dict(options)).response["violations"]
    return [f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:200]}" for one in found for node in one["nodes"][:3]]


def pages_of(world: World) -> dict[str, str]:
    """Every page by name, with the address of one example; of a thing that the city has none of, none."""
    things = {
        "finding": world.finding_ids and f"/findings/{world.finding_ids[0]}",
        "finding_resolved": world.finding_ids and f"/findings/{world.finding_ids[-1]}",
        "finding_exploited": world.exploited_id and f"/findings/{world.exploited_id}",
        "asset": world.asset_ids and f"/assets/{world.asset_ids[1]}",
        "asset_never_judged": world.asset_ids and f"/assets/{world.asset_ids[-1]}",
        "ticket": world.ticket_ids and f"/tickets/{world.ticket_ids[0]}",
        "scan": world.scan_id and f"/scans/{world.scan_id}",
        "schedule_edit": world.schedule_id and f"/schedules/{world.schedule_id}/edit",
        "department": world.asset_ids and "/departments/citizens",
        "service": world.asset_ids and "/services/e_office",
        "overdue_one": world.asset_ids and "/overdue?department=citizens",
    }
    return {**_LISTS, **{name: str(path) for name, path in things.items() if path}}


_LISTS = {
    "city": "/",
    "findings": "/findings?state=open",
    "findings_none": "/findings?q=nothing-is-called-this",
    "findings_unread": "/findings?band=purple",
    "overdue": "/overdue",
    "overdue_soon": "/overdue?soon=true",
    "filters": "/filters",
    "assets": "/assets",
    "exceptions": "/exceptions",
    "exceptions_past": "/exceptions?show=past",
    "tickets": "/tickets",
    "tickets_closed": "/tickets?live=false",
    "scans": "/scans",
    "rules": "/rules",
    "rule": "/rules/TLS-002",
    "zones": "/zones",
    "zones_edit": "/zones/edit",
    "schedules": "/schedules",
    "schedule_new": "/schedules/new",
    "coverage": "/coverage",
    "tokens": "/tokens",
    "webhooks": "/webhooks",
    "accounts": "/accounts",
    "audit": "/audit",
    "health": "/health",
    "missing": "/nothing-here",
}


def choose_three(page: Page, base: str, act: str) -> None:
    """Tick three findings in the list and press one of the actions: opens the page that asks whether one is sure."""
    page.goto(f"{base}/findings?state=open")
    for box in page.locator("input[name=finding]").all()[:3]:
        box.check()
    with page.expect_navigation():
        page.click(f"button[value={act}]")


ASKED_FIRST = {"bulk_test": "test-again", "bulk_exceptions": "exceptions"}
"""Pages that a form opens, by name: the action that is chosen for three findings."""


@dataclass
class Witness:
    """What a browser's window does besides showing pages: dialogs, refusals by the content policy, errors, whom it asks."""

    dialogs: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, context: BrowserContext) -> "Witness":
        """Watches every page of the context from now on."""
        seen = cls()
        context.expose_function("talaiaRefused", seen.note_refused)
        tell = "(event) => talaiaRefused(event.violatedDirective + ' ' + event.blockedURI)"
        context.add_init_script(f"addEventListener('securitypolicyviolation', {tell})")
        context.on("request", lambda request: seen.asked.add(urlsplit(request.url).netloc or request.url[:60]))
        context.on("console", lambda message: seen.errors.append(message.text) if message.type == "error" else None)
        context.on("dialog", seen._dismiss)
        return seen

    def note_refused(self, what: str) -> None:
        self.refused.append(what)

    def _dismiss(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()
