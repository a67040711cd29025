"""The application served for a real browser, and the browser."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from tests.api.world import World
from tests.processes import free_port

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]


@contextmanager
def serving(world: World) -> Iterator[str]:
    """Serve the world's application on loopback; gives its base URL."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(world.app, host="127.0.0.1", port=port, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def sign_in(page: Page, base: str, world: World, role: str = "administrator") -> None:
    page.goto(f"{base}/sign-in")
    page.fill("input[name=token]", world.secrets[role])
    page.click("#with-token button.main")
    page.wait_for_url(f"{base}/")


def pages_of(world: World) -> dict[str, str]:
    """Every page by name, with the address of one example."""
    return {
        "city": "/",
        "department": "/departments/citizens",
        "service": "/services/e_office",
        "findings": "/findings?state=open",
        "findings_none": "/findings?q=nothing-is-called-this",
        "finding": f"/findings/{world.finding_ids[0]}",
        "assets": "/assets",
        "asset": f"/assets/{world.asset_ids[1]}",
        "asset_never_judged": f"/assets/{world.asset_ids[-1]}",
        "exceptions": "/exceptions",
        "scans": "/scans",
        "scan": f"/scans/{world.scan_id}",
        "rules": "/rules",
        "rule": "/rules/TLS-002",
        "zones": "/zones",
        "zones_edit": "/zones/edit",
        "schedules": "/schedules",
        "coverage": "/coverage",
        "tokens": "/tokens",
        "accounts": "/accounts",
        "audit": "/audit",
        "missing": "/nothing-here",
    }
