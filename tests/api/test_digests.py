"""Digests: quiet first, once a day, nothing when there is nothing, each department its own, nothing remote, nothing hostile."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from collector import tables
from collector.digests import LISTED, Recipient
from collector.events import Action
from collector.mailer import MailServer, Security
from collector.store import Store
from tests.api.digesting import BASE, DESK, WHOLE, Post, at, parts_of
from tests.api.world import World, make_world, sqlite_url
from tests.collector.mail_server import mail_server
from tests.forking import Forks

MORNING = at("2026-11-23T09:30")


@pytest.fixture
def post(fresh: World) -> Post:
    return Post(fresh.store, (WHOLE, DESK), MORNING)


def _started(post: Post) -> Post:
    """The first mails are out."""
    assert post.round() == 0  # its slot of today has passed before anybody was known
    post.round(days=1)
    post.taken.clear()
    return post


def test_the_first_says_how_things_stand_and_lists_nothing_as_news(post: Post) -> None:
    assert post.round() == 0
    post.add_findings("citizens", 60)
    assert post.round(hours=12) == 0
    assert post.round(hours=12) == 2
    whole, desk = post.taken
    assert (whole["To"], desk["To"]) == (WHOLE.address, DESK.address)
    assert whole["Subject"] == "Talaia: how things stand · Vilamar City Council"
    assert desk["Subject"] == "Talaia: com estem · Gerència d'Atenció Ciutadana"
    plain, html = parts_of(whole)
    assert "This is the first digest" in plain
    assert "new" not in plain.lower().replace("news", "")
    assert plain.count(f"{BASE}/findings/") == html.count(f"{BASE}/findings/") == LISTED
    assert post.round(days=1) == 0  # nothing changed


def test_then_what_is_new_fixed_and_late_of_ones_own(post: Post) -> None:
    _started(post)
    own, theirs = post.findings("citizens"), post.findings("innovation")
    post.happen(own[0].id, Action.FINDING_REOPENED)
    post.happen(own[1].id, Action.FINDING_RESOLVED, state="resolved")
    post.happen(theirs[0].id, Action.FINDING_OPENED)
    due = {"due": post.now + timedelta(hours=3)}
    with post.store.write() as connection:
        connection.execute(update(tables.finding).values(due=None))
        connection.execute(update(tables.finding).where(tables.finding.c.id == own[2].id).values(due))
    assert post.round(days=1) == 2
    whole, desk = post.taken
    assert whole["Subject"] == "Talaia: 2 new findings, 1 overdue finding, 1 fixed finding · Vilamar City Council"
    assert desk["Subject"] == "Talaia: 1 troballa nova, 1 de vençuda, 1 de corregida · Gerència d'Atenció Ciutadana"
    for part in parts_of(desk):
        told = re.findall(rf"{BASE}/findings/([0-9a-f-]+)", part)
        assert told == [own[0].id, own[2].id, own[1].id]
        assert theirs[0].id not in part
    assert post.round(minutes=1) == 0
    assert post.round(days=1) == 0


def test_what_came_and_went_between_two_digests_is_no_news(post: Post) -> None:
    _started(post)
    with post.store.write() as connection:
        connection.execute(update(tables.finding).values(due=None))
    finding = post.findings("citizens")[0].id
    post.happen(finding, Action.FINDING_REOPENED)
    post.happen(finding, Action.FINDING_WAIVED, state="waived")
    assert post.round(days=1) == 0


def test_nothing_to_say_is_nothing_sent_and_the_first_mail_waits_for_something(post: Post) -> None:
    with post.store.write() as connection:
        kept = post.findings("citizens")[0]
        connection.execute(delete(tables.finding))
    post.round()
    assert [post.round(days=1) for _ in range(3)] == [0, 0, 0]
    with post.store.write() as connection:
        connection.execute(tables.finding.insert().values(dict(kept._mapping)))
    assert post.round(days=1) == 2
    assert "com estem" in post.taken[1]["Subject"]


def test_many_are_counted_and_the_riskiest_listed(post: Post) -> None:
    _started(post)
    post.add_findings("citizens", 60)
    post.round(days=1)
    plain, _ = parts_of(post.taken[1])
    assert post.taken[1]["Subject"].startswith("Talaia: 60 troballes noves")
    assert "i 40 més" in plain


@pytest.mark.parametrize("language", ["ca", "es", "en"])
def test_in_each_language_both_forms_say_the_same_and_load_nothing(fresh: World, language: str) -> None:
    post = Post(fresh.store, [Recipient("a@vilamar.example", "citizens", language)], MORNING)
    post.round()
    post.round(days=1)
    (message,) = post.taken
    plain, html = parts_of(message)
    assert message["Content-Language"] == language
    assert message["Auto-Submitted"] == "auto-generated"
    assert f'lang="{language}"' in html
    assert not re.findall(r"<(?:img|script|link|iframe|object|form|style)|src=|url\(|@import", html)
    links = re.findall(r'href="([^"]+)"', html)
    assert links
    assert all(link.startswith(f"{BASE}/") for link in links)
    assert links == re.findall(r"https?://\S+", plain)
    texts = {"ca": "Tot això, a Talaia", "es": "Todo ello, en Talaia", "en": "All of it in Talaia"}
    assert [name for name, text in texts.items() if text in plain] == [language]


def test_what_the_network_sends_breaks_no_mail(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>\r\nBcc: x@other.example\r\n\x1b[31m\u202e"
    made = make_world(sqlite_url(tmp_path), hostile=hostile)
    post = Post(made.store, (WHOLE, DESK), MORNING)
    post.round()
    assert post.round(days=1) == 2
    for message in post.taken:
        plain, html = parts_of(message)
        assert "Bcc" not in message
        assert message["To"] in (WHOLE.address, DESK.address)
        assert "<script" not in html
        assert not re.findall(r"[\x00-\x08\x0b-\x1f\u202a-\u202e]", plain + html)
    made.store.close()


@pytest.mark.parametrize(("start", "days"), [("2026-10-20T00:00", 10), ("2026-03-25T00:00", 10)])
def test_once_a_day_on_the_nights_when_the_clock_changes_too(fresh: World, start: str, days: int) -> None:
    post = Post(fresh.store, [DESK], at(start), cron="30 2 * * *")
    post.round()
    finding = post.findings("citizens")[0].id
    sent = []
    for hour in range(days * 48):
        if hour % 7 == 0:
            post.happen(finding, Action.FINDING_REOPENED)
        if post.round(minutes=30):
            sent.append(post.ledger(DESK).slot)
    assert len(sent) == len(set(sent)) == days


def test_after_a_pause_one_speaks_for_all_and_a_clock_set_back_repeats_nothing(post: Post) -> None:
    _started(post)
    post.happen(post.findings("citizens")[0].id, Action.FINDING_REOPENED)
    assert post.round(days=9) == 2
    post.happen(post.findings("citizens")[0].id, Action.FINDING_CHANGED)
    assert post.round(days=-5) == 0
    assert post.round(days=5) == 0


def test_a_real_server_that_refuses_gets_it_later_and_once(fresh: World) -> None:
    with mail_server() as box:
        server = MailServer("127.0.0.1", box.port, Security.NONE)
        post = Post(fresh.store, [DESK], MORNING, send=server.send)
        post.round()
        box.answers = ["451 try again", "554 not today"]
        assert post.round(days=1) == 0
        assert "451" in post.ledger(DESK).last_error
        assert post.round(seconds=30) == 0  # not yet
        assert post.round(seconds=31) == 0
        assert "554" in post.ledger(DESK).last_error
        assert post.round(minutes=5) == 1
        assert post.round(hours=1) == 0
        assert box.recipients == [[DESK.address]]
        plain, html = parts_of(box.taken[0])
        assert "Gerència d'Atenció Ciutadana" in plain
        assert "<h2>" in html
        assert post.ledger(DESK).last_error is None


def test_killed_between_sending_and_keeping_it_comes_twice_at_most(fresh: World, tmp_path: Path) -> None:
    with mail_server() as box, Forks("tests.api.killed_digest") as forks:
        post = Post(fresh.store, [DESK], MORNING)
        post.round()
        url = sqlite_url(tmp_path)
        for point in ("sent", "sent"):
            assert forks.wait(forks.begin(url, str(box.port), point)) == -9
        assert len(box.taken) == 2
        assert len({message["Message-ID"] for message in box.taken}) == 1
        for _ in range(3):
            assert forks.wait(forks.begin(url, str(box.port), "never")) == 0
        assert len(box.taken) == 2
        assert post.ledger(DESK).slot == "2026-11-24T07:30"


def test_two_processes_send_one(fresh: World) -> None:
    first = Post(fresh.store, [DESK], MORNING)
    first.round()
    second = Post(Store(str(fresh.store.url)), [DESK], MORNING + timedelta(days=1))
    inside: list[int] = []
    first.point = lambda name: inside.append(second.round())
    first.__post_init__()
    assert first.round(days=1) == 1
    assert inside == [0, 0]
    assert second.round() == 0
    second.store.close()
