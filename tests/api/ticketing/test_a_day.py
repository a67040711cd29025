"""A day of the cyberdefence team in Chromium, on a real ``talaia serve``, a real Redis that is open, and Request Tracker.

Sign in, find the worst, read why, ask for an exception, approve it as another, open a ticket, resolve it in Request Tracker,
see it verified and closed.
"""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from api.ticketing.ticketing import Reference, Status
from talaia.demo.city import running_city
from talaia.demo.servers import CITY
from tests.api.browser import chromium
from tests.api.ticketing.backends.request_tracker import RequestTrackerDesk
from tests.api.ticketing.desk import Desk
from tests.processes import free_port, running, stop

REDIS, TELNET = "127.77.9.9", "127.77.2.20"
PASSWORD = "a sentence that nobody guesses"
ZONES = f"""
zones:
  - id: own
    networks: [{REDIS}, {TELNET}]
    authorised_by: the tests
    valid_from: 2026-01-01
    valid_until: 2099-12-31
    ports: '6379,2323'
    udp_ports: '161'
    packets_per_second: 20000
    vantage: internet
"""
SETTINGS = """
catalogue: null
listen: {{port: {port}}}
ticketing:
  language: en
  poll_seconds: 10
  to: {{system: request_tracker, url: "{url}", token_file: "{token}", queue: Posture}}
"""


def talaia(folder: Path, *words: str) -> str:
    argv = [sys.executable, "-m", "talaia", *words]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@dataclass
class Town:
    """Redis without a password, until :meth:`mend`; Telnet, which stays; the service; and who works there."""

    folder: Path
    url: str
    servers: ExitStack
    links: dict[str, str]

    def redis(self, *more: str) -> None:
        argv = [
            "/usr/bin/redis-server",
            "--bind",
            REDIS,
            "--protected-mode",
            "no",
            "--save",
            "",
            "--dir",
            str(self.folder),
            *more,
        ]
        self._redis = self.servers.enter_context(running(argv, listens=(REDIS, 6379)))

    def mend(self) -> None:
        stop(self._redis)
        self.redis("--requirepass", "it is asked for now")


@pytest.fixture
def town(tmp_path: Path, desks: Callable[[str], Desk]) -> Iterator[Town]:
    desk, port = desks("request_tracker"), free_port()
    (tmp_path / "zones.yaml").write_text(ZONES)
    (tmp_path / "talaia.yaml").write_text(SETTINGS.format(port=port, url=desk.url, token=desk.secret))
    with ExitStack() as servers:
        made = Town(tmp_path, f"http://127.0.0.1:{port}", servers, {})
        made.redis()
        servers.enter_context(running_city(datetime.now(UTC), [one for one in CITY if one.address == TELNET]))
        talaia(tmp_path, "scan")
        for name, role in (("laia", "analyst"), ("pol", "approver")):
            link = talaia(tmp_path, "account", "create", name, "--role", role, "--language", "en")
            made.links[name] = link.partition("/welcome/")[2]
        serve = [sys.executable, "-m", "talaia", "--config", str(tmp_path / "talaia.yaml"), "serve"]
        servers.enter_context(running(serve, listens=("127.0.0.1", port), log=tmp_path / "log"))
        yield made
    assert "Traceback" not in (tmp_path / "log").read_text()


def come_in(browser: Browser, town: Town, name: str) -> Page:
    """A person with a new account chooses a password, and signs in with it."""
    page = browser.new_context(locale="en", viewport={"width": 1360, "height": 900}).new_page()
    page.goto(f"{town.url}/welcome/{town.links[name]}")
    for field in page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    page.click("button.main")
    if page.locator("#person").count():
        page.fill("#person input[name=login]", name)
        page.fill("#person input[name=password]", PASSWORD)
        page.click("#person button.main")
    expect(page.locator("nav.rooms")).to_be_visible()
    return page


def until(page: Page, text: str, seconds: float = 400) -> None:
    """Load the page again until it says this."""
    deadline = time.monotonic() + seconds
    while text not in page.locator("main").inner_text():
        assert time.monotonic() < deadline, page.locator("main").inner_text()
        page.wait_for_timeout(500)
        page.reload()


def test_from_the_worst_finding_to_its_ticket_closed_by_proof(town: Town, desks: Callable[[str], Desk]) -> None:
    desk = desks("request_tracker")
    assert isinstance(desk, RequestTrackerDesk)
    with chromium() as browser:
        page = come_in(browser, town, "laia")
        page.click("nav.rooms >> text=Findings")
        page.locator("table.list tbody tr a").first.click()
        page.wait_for_url(re.compile("/findings/[0-9a-f-]{36}$"))
        worst = page.url
        expect(page.locator("main")).to_contain_text("DB-001")
        expect(page.locator("h3", has_text="Observed")).to_be_visible()
        expect(page.locator("pre.command").first).to_contain_text(REDIS)

        page.goto(f"{town.url}/findings?rule=NET-001")
        page.locator("table.list tbody tr a").first.click()
        page.wait_for_url(re.compile("/findings/[0-9a-f-]{36}$"))
        excepted = page.url
        page.click("details.asking summary")
        page.fill("details.asking [name=reason]", "The controller is replaced in spring")
        page.fill("details.asking [name=until]", str(datetime.now(UTC).date() + timedelta(days=30)))
        page.click("details.asking button")
        expect(page.locator("main")).to_contain_text("The controller is replaced in spring")
        assert page.get_by_role("button", name="Approve").count() == 0  # not by the person who asked

        other = come_in(browser, town, "pol")
        other.goto(f"{town.url}/exceptions")
        other.get_by_role("button", name="Approve").click()
        expect(other.locator("h2", has_text="In force")).to_be_visible()
        page.goto(excepted)
        expect(page.locator("main")).to_contain_text("Waived by an exception")

        page.goto(worst)
        page.click("text=Open a ticket")
        page.wait_for_url(re.compile("/tickets/[0-9a-f-]{36}$"))
        until(page, "being worked on")
        link = page.locator("main a[rel=noreferrer]").first
        number = str(link.get_attribute("href")).rpartition("=")[2]
        assert "DB-001" in desk.raw_text(number)

        town.mend()
        desk.comment(number, "It asks for a password now")
        desk.set_status(number, Status.RESOLVED)
        until(page, "a later look proved it fixed")
        until(page, "Verified: a new look proves it fixed.")
        expect(page.locator("main")).to_contain_text("It asks for a password now")
        page.goto(worst)
        expect(page.locator("main")).to_contain_text("resolved")
    there = desk.ticketing.read(Reference(id=number, url=""))
    assert there.status is Status.RESOLVED
    assert any("Verified: a new look proves it fixed." in remark.text for remark in there.remarks)
