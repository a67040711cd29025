"""What the dashboard refuses a browser (reliability A6), and what hostile texts do to its pages: nothing (A7)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response
from sqlalchemy import insert, select, update

from api.guard import CONTENT_SECURITY_POLICY
from api.pages.rendering import environment
from collector import tables
from collector import ticket_work as work
from tests.api.browser import ASKED_FIRST, Witness, choose_three, pages_of, serving
from tests.api.full import OWN_PAGES, full_city, sign_in_as_person
from tests.api.hostile import IN_PART, STRUCTURAL, WRITTEN, Poison, columns_of_text, strings
from tests.api.seed import NOW
from tests.api.test_matrix import operations_of
from tests.api.world import World

BANNERS = 10_000
# What the document is made of, what in it is not text, and which marks can be read.
READ = """() => {
  const all = [...document.querySelectorAll("*")], whole = document.documentElement.outerHTML;
  const kinds = new Set(all.flatMap((one) => [one.localName, ...[...one.attributes].map((a) => one.localName + " " + a.name)]));
  const links = all.flatMap((one) => ["href", "src", "action", "formaction"].map((name) => one.getAttribute(name) || "/"));
  const hidden = /[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u200b-\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ufeff]/;
  return {
    kinds: [...kinds], marks: whole.match(/m\\d{5}q/g) || [], hidden: (whole.match(hidden) || [""])[0],
    links: links.filter((one) => !/^(https?:\\/\\/|[/?#])/.test(one) || one.startsWith("//")),
    scripts: all.filter((one) => one.localName === "script" && !one.getAttribute("src")?.startsWith("/static/")).length,
  };
}"""


# Written by others and on no page: kept for programs, exports, the log or the search.
NOT_SHOWN = {
    *("asset.names", "asset.risk_factors", "audit.detail", "coverage.expected", "coverage.observed", "finding.waiver"),
    *("finding.zone", "observation.detail", "observation.facts", "score_history.factors", "service.plan"),
    *("service.strategic_line", "ticket.subject", "vulnerability_feed.version", "webhook.created_by", "zone_change.text"),
}


@dataclass
class Seen:
    """What a walk through the pages found, in all of them together."""

    kinds: set[str] = field(default_factory=set)
    marks: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)

    def open(self, page: Page, address: str) -> None:
        answer = page.goto(address)
        assert answer
        assert answer.status < 500, address
        self.read(urlsplit(address).path, page)

    def read(self, name: str, page: Page) -> None:
        read = page.evaluate(READ)
        self.kinds |= set(read["kinds"])
        self.marks |= set(read["marks"])
        if read["links"] or read["scripts"] or read["hidden"]:
            self.wrong.append(f"{name}: {read['links']} {read['scripts']} {read['hidden']!r}")


@pytest.fixture(scope="module")
def base(city: World) -> Iterator[str]:
    with serving(city) as url:
        yield url


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(locale="en")
    yield opened
    opened.close()


def everything(world: World) -> dict[str, str]:
    return {**pages_of(world), **OWN_PAGES, "live": f"/scans/{world.scan_id}/live"}


def walk(page: Page, base: str, world: World) -> Seen:
    """Through every page, as the person who signed in."""
    seen = Seen()
    for path in everything(world).values():
        seen.open(page, base + path)
    for name, act in ASKED_FIRST.items():
        choose_three(page, base, act)
        seen.read(name, page)
    return seen


@pytest.fixture(scope="module")
def ordinary(browser: Browser, base: str, city: World) -> set[str]:
    """What the pages of an ordinary city are made of: elements, and the attributes of each."""
    context = browser.new_context(locale="en")
    page = context.new_page()
    sign_in_as_person(page, base)
    seen = walk(page, base, city)
    context.close()
    assert seen.wrong == []
    assert {"table", "a href", "button", "svg", "form action"} <= seen.kinds
    return seen.kinds


def test_every_page_is_walked_here(city: World) -> None:
    """A new page has to be named in ``pages_of``, else what is proved of every page would not be proved of it."""
    shown = [urlsplit(path).path for path in everything(city).values()]
    files = re.compile(r"\.(csv|txt|svg|ico)$|^/exports/")
    apart = {
        "/sign-in",
        "/sign-in/code",
        "/sign-in/oidc",
        "/sign-in/oidc/back",
        "/sign-in/oidc/leave",
        "/enter/{code}",
        "/welcome/{code}",
    }
    for one in operations_of(city.app):
        if one.method != "GET" or one.path.startswith("/api/") or files.search(one.path) or one.path in apart:
            continue
        pattern = re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(one.path)))
        assert any(pattern.fullmatch(path) for path in shown), one.path


def test_every_page_and_file_carries_the_headers_and_asks_nobody_else(context: BrowserContext, base: str, city: World) -> None:
    """Reliability A6: in Chromium, signed out and in, also errors, styles, scripts and fonts; only this server is asked."""
    seen, answers = Witness.of(context), list[Response]()

    def keep(answer: Response) -> None:
        answers.append(answer)

    context.on("response", keep)
    page = context.new_page()
    for path in ("/sign-in", "/welcome/none", "/enter/none", "/sign-in/code"):
        page.goto(base + path)
    sign_in_as_person(page, base)
    for path in everything(city).values():
        page.goto(base + path)
    for path in ("/scans/none", "/exports/none", "/findings?limit=x", "/api/v1/findings?limit=x", "/static/none"):
        page.goto(base + path)
    for answer in answers:
        headers = answer.headers
        assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY, answer.url
        assert headers["x-content-type-options"] == "nosniff", answer.url
        assert headers["x-frame-options"] == "DENY", answer.url
        assert headers["referrer-policy"] == "no-referrer", answer.url
        assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin", answer.url
        assert headers["permissions-policy"], answer.url
        assert ("no-store" in headers.get("cache-control", "")) == ("/static/" not in answer.url), answer.url
        assert "server" not in headers, answer.url
    assert {answer.status for answer in answers} >= {200, 303, 404, 422}
    assert {"font", "stylesheet", "script", "document"} <= {answer.request.resource_type for answer in answers}
    assert seen.asked == {urlsplit(base).netloc}
    assert seen.refused == []
    assert seen.dialogs == []


def test_the_policy_allows_no_script_style_or_evaluation_in_the_page(context: BrowserContext, base: str) -> None:
    """Reliability A6: not only is it said, the browser holds it; and what is refused would be seen by these tests."""
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    seen = Witness.of(context)
    page = context.new_page()
    page.goto(f"{base}/sign-in")
    page.evaluate(
        """() => { document.body.insertAdjacentHTML("beforeend", "<img src=x onerror=alert(1)><b style='color:red' id=b>x</b>");
        const one = document.createElement("script"); one.textContent = "alert(2)"; document.body.append(one);
        const other = document.createElement("script"); other.src = "//127.0.0.9:9/x"; document.body.append(other); }"""
    )
    page.evaluate("() => { setTimeout('window.evaluated = 1', 0) }")
    page.wait_for_timeout(300)
    assert page.evaluate("window.evaluated") is None
    wanted = {"script-src-attr inline", "script-src-elem inline", "style-src-attr inline", "script-src eval"}
    assert {*seen.refused} >= wanted, seen.refused
    assert any(one.startswith("script-src-elem http://127.0.0.9") for one in seen.refused), seen.refused
    assert seen.dialogs == []


def test_every_text_that_others_write_is_poisoned() -> None:
    """A new column of text has to be said to be ours or others'."""
    named = {(table, column) for table, columns in WRITTEN.items() for column in columns} | IN_PART
    left = {(table, column) for table, column in columns_of_text() - named if column not in STRUCTURAL}
    assert not left
    assert named <= columns_of_text()


def poisoned(world: World) -> Poison:
    """All that can be written by others is hostile, among it ten thousand banners in the findings."""
    poison = Poison(BANNERS * 3)
    poison.store(world.store)
    finding, scan = tables.finding.c, tables.scan.c
    each = -(-BANNERS // len(world.finding_ids))
    with world.store.write() as connection:
        for key in world.finding_ids:
            observed = {poison.text("banner"): poison.text("banner") for _ in range(each // 2 + 1)}
            connection.execute(update(tables.finding).where(finding.id == key).values(observed=observed))
        last = {"place": poison.text("finding.place", 300), "address": None, "port": None}
        connection.execute(update(tables.finding).where(finding.id == world.finding_ids[0]).values(**last))
        progress = connection.execute(select(scan.progress).where(scan.id == world.scan_id)).scalar_one()
        notes = {**progress, "notes": [poison.text("scan.progress") for _ in range(200)]}
        targets = [poison.text("scan.targets") for _ in range(20)]
        connection.execute(update(tables.scan).where(scan.id == world.scan_id).values(progress=notes, targets=targets))
        connection.execute(update(tables.saved_filter).values(query={"q": poison.text("saved_filter.query", 100)}))
        there = "https://127.0.0.9/" + poison.text("ticket.remote_url", 400)  # other schemes are no link
        connection.execute(update(tables.ticket).where(tables.ticket.c.id == world.ticket_ids[1]).values(remote_url=there))
        reason = {"by": poison.text("control.value"), "reason": poison.text("control.value")}
        connection.execute(insert(tables.control).values(key="stop", value=reason, at=NOW))
        for ticket in world.ticket_ids:
            for _ in range(100):
                work.keep_remark(connection, ticket, poison.text("remark", 200), poison.text("remark"), NOW)
    return poison


def test_hostile_texts_stay_texts_on_every_page(context: BrowserContext, tmp_path: Path, ordinary: set[str]) -> None:
    """Reliability A7 and H1: no dialog, no report of the content policy, no node or attribute that an ordinary city has not,
    nobody else asked, no hidden or control character; and each of the ten thousand banners was really shown."""
    made = full_city(tmp_path)
    seen = Witness.of(context)
    page = context.new_page()
    with serving(made) as url:
        sign_in_as_person(page, url)
        poison = poisoned(made)
        found = walk(page, url, made)
        for key in made.finding_ids:
            found.open(page, f"{url}/findings/{key}")
        for key in (*made.ticket_ids, *made.asset_ids[:5]):
            found.open(page, f"{url}/{'tickets' if key in made.ticket_ids else 'assets'}/{key}")
    made.store.close()
    assert found.wrong == []
    assert found.kinds - ordinary == set()
    assert (seen.dialogs, seen.refused) == ([], [])
    assert [
        one for one in seen.errors if not one.startswith("Failed to load resource: the server responded with a status of 4")
    ] == []
    assert seen.asked == {urlsplit(url).netloc}
    assert len(poison.given["banner"]) >= BANNERS
    assert poison.given["banner"] - found.marks == set()
    unseen = {where for where, marks in poison.given.items() if not marks & found.marks}
    assert unseen == NOT_SHOWN


def test_a_text_that_is_not_escaped_would_be_seen(context: BrowserContext, tmp_path: Path, ordinary: set[str]) -> None:
    """The proof of the proof: with the escaping of templates switched off, the same walk finds nodes, links and refusals."""
    made, templates = full_city(tmp_path), environment("en")
    seen, found, page = Witness.of(context), Seen(), context.new_page()
    with serving(made) as url:
        sign_in_as_person(page, url)
        with made.store.write() as connection:
            reason = "<img pwn src=x onerror=alert(1)><script>alert(1)</script>"
            connection.execute(update(tables.exception).values(reason=reason))
        try:
            templates.autoescape = False
            templates.cache.clear()  # type: ignore[union-attr]
            found.open(page, f"{url}/exceptions")
        finally:
            templates.autoescape = True
            templates.cache.clear()  # type: ignore[union-attr]
    made.store.close()
    assert "img pwn" in found.kinds - ordinary
    assert found.wrong
    assert seen.refused


def test_what_stands_in_the_address_stays_text(context: BrowserContext, base: str, city: World, ordinary: set[str]) -> None:
    """Reliability A7: what a link that somebody sends brings along, in every parameter and every place of a path."""
    names = (
        "q",
        "state",
        "band",
        "department",
        "service",
        "zone",
        "rule",
        "asset",
        "sort",
        "cursor",
        "limit",
        "show",
        "live",
        "back",
    )
    texts = strings(100_000, seed=11)
    seen, found = Witness.of(context), Seen()
    page = context.new_page()
    sign_in_as_person(page, base)
    for path in {urlsplit(one).path for one in everything(city).values()}:
        for chosen in (names, names[:1], names[3:6]):
            found.open(page, f"{base}{path}?{urlencode({name: next(texts)[:150] for name in chosen})}")
        inside = path.rpartition("/")[0] + "/" + urlencode({"": next(texts)[:150].replace("\x00", "")})[1:]
        found.open(page, base + inside)
    assert found.wrong == []
    assert found.kinds - ordinary == set()
    assert (seen.dialogs, seen.refused) == ([], [])
    assert seen.asked == {urlsplit(base).netloc}
    assert len(found.marks) > 100
