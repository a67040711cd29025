"""What is known to be exploited is mailed at once, to those whose it is, once, and again only when it comes again."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from api.ticketing.ticketing import Priority
from api.ticketing.writing import DeskPolicy, draft_of
from collector import tables
from collector.digests import Recipient
from collector.events import Action
from collector.feeds.files import read_feeds
from collector.feeds.keeping import keep
from collector.feeds.weighing import weigh_findings
from collector.ingest import Ingest
from collector.mailer import MailServer, Security
from tests.api.digesting import BASE, DESK, WHOLE, Post, at, parts_of
from tests.api.world import World, make_world, open_tickets, rulebook, see_exploited, sqlite_url
from tests.collector.feeds import samples
from tests.collector.mail_server import mail_server
from tests.forking import Forks

MORNING = at("2026-11-23T09:30")


@pytest.fixture
def post(fresh: World) -> Post:
    post = Post(fresh.store, (WHOLE, DESK), MORNING)
    assert post.round() == 0
    return post


def _owned(post: Post, finding: str, department: str | None = "citizens") -> None:
    with post.store.write() as connection:
        of = tables.finding.c.id == finding
        connection.execute(update(tables.finding).where(of).values(department_id=department))


def _exploited(post: Post, number: int = 0, department: str = "citizens") -> str:
    """A finding of the department is known to be exploited from now on."""
    finding: str = post.findings(department)[number].id
    post.happen(finding, Action.FINDING_EXPLOITED, known_exploited=True)
    return finding


def _load(ingest: Ingest, post: Post, *places: Path) -> None:
    with post.store.write() as connection:
        for content in read_feeds(places):
            keep(connection, content, post.now, may_shrink=True)
    weigh_findings(post.store, ingest, rulebook().flawed)


def test_a_catalogue_that_comes_to_name_it_is_mailed_within_the_round(fresh: World, tmp_path: Path) -> None:
    """The real loader, the real rule and a real mail server: the CVE is listed after the finding was seen."""
    ingest = see_exploited(fresh)
    unlisted = tmp_path / "kev.json"
    unlisted.write_bytes(samples.kev({"CVE-2021-44228": "2021-12-10"}, "2026.11.22"))
    silent = tmp_path / "CVE-2014-0160.json"
    silent.write_bytes(samples.record("CVE-2014-0160", samples.points("none"), "2026-11-21T00:00:00Z"))
    with mail_server() as box:
        server = MailServer("127.0.0.1", box.port, Security.NONE)
        post = Post(fresh.store, (WHOLE, DESK), MORNING, send=server.send)
        _load(ingest, post, unlisted, silent)
        assert post.round() == 0
        relisted = tmp_path / "kev.json"
        relisted.write_bytes(samples.kev({"CVE-2014-0160": "2026-11-23", "CVE-2021-44228": "2021-12-10"}, "2026.11.23"))
        post.now += timedelta(hours=9)
        _load(ingest, post, relisted)
        assert post.round() == 1  # the finding is nobody's: the whole city's reader is told
        (message,) = box.taken
        assert (message["To"], message["Importance"]) == (WHOLE.address, "high")
        assert message["Subject"] == "Talaia: 1 finding is exploited · Vilamar City Council"
        for part in parts_of(message):
            assert re.findall(rf"{BASE}/findings/([0-9a-f-]+)", part) == [fresh.exploited_id]
            assert "CVE-2014-0160, row 5 of cisa:BOD2604:1.0.0" in part
        assert post.round(minutes=1) == post.round(minutes=30) == 0


def test_to_those_whose_it_is_in_their_language_and_it_is_in_the_next_digest_too(post: Post) -> None:
    finding = _exploited(post)
    assert post.round(minutes=1) == 2
    whole, desk = post.taken
    assert desk["Subject"] == "Talaia: 1 troballa s'explota · Gerència d'Atenció Ciutadana"
    assert (whole["Importance"], desk["Content-Language"]) == ("high", "ca")
    post.taken.clear()
    _exploited(post, department="innovation")
    assert post.round(minutes=20) == 1  # not the citizens' desk
    assert [message["To"] for message in post.taken] == [WHOLE.address]
    post.taken.clear()
    assert post.round(days=1) == 2
    assert all("Importance" not in message for message in post.taken)
    assert finding in parts_of(post.taken[1])[0]


@pytest.mark.parametrize("action", [Action.FINDING_OPENED, Action.FINDING_REOPENED, Action.FINDING_UNWAIVED])
def test_what_opens_exploited_is_told_and_what_opens_otherwise_waits(post: Post, action: Action) -> None:
    found = post.findings("citizens")
    post.happen(found[0].id, action)
    assert post.round(minutes=1) == 0
    post.happen(found[1].id, action, known_exploited=True)
    assert post.round(minutes=1) == 2
    for _ in range(3):
        assert post.round(minutes=16) == 0


@pytest.mark.parametrize("state", ["waived", "resolved"])
def test_what_no_longer_stands_open_is_not_told(post: Post, state: str) -> None:
    finding = _exploited(post)
    post.happen(finding, Action.FINDING_CHANGED, state=state)
    assert post.round(minutes=1) == 0


def test_what_comes_in_parts_is_told_in_one_mail_after_the_first(post: Post) -> None:
    _exploited(post)
    assert post.round(minutes=1) == 2
    post.taken.clear()
    for number in (1, 2):
        _exploited(post, number)
        assert post.round(minutes=1) == 0
    assert post.round(minutes=15) == 2
    assert post.taken[0]["Subject"].startswith("Talaia: 2 findings are exploited")


def test_many_are_counted_and_some_listed(post: Post) -> None:
    with post.store.write() as connection:
        connection.execute(update(tables.finding).values(known_exploited=True))
    post.add_findings("citizens", 40)
    assert post.round(minutes=1) == 2
    assert post.taken[1]["Subject"].startswith("Talaia: 40 troballes s'exploten")
    assert "i 20 més" in parts_of(post.taken[1])[0]


def test_who_does_not_want_it_reads_it_in_the_digest(fresh: World) -> None:
    post = Post(fresh.store, [replace(DESK, at_once=False)], MORNING)
    post.round()
    _exploited(post)
    assert post.round(minutes=1) == 0
    assert post.round(days=1) == 1
    assert "Importance" not in post.taken[0]


def test_the_first_look_of_a_city_is_no_reason_to_wait(fresh: World) -> None:
    post = Post(fresh.store, [Recipient("a@vilamar.example", None, "es")], MORNING)
    post.round()
    see_exploited(fresh)
    assert post.round(minutes=1) == 1  # before the first digest
    assert post.taken[0]["Subject"] == "Talaia: 1 hallazgo se explota · Ayuntamiento de Vilamar"
    assert post.round(days=1) == 1
    assert "cómo estamos" in post.taken[1]["Subject"]


def test_a_server_that_refuses_gets_it_later_and_once(fresh: World) -> None:
    with mail_server() as box:
        server = MailServer("127.0.0.1", box.port, Security.NONE)
        post = Post(fresh.store, [DESK], MORNING, send=server.send)
        post.round()
        _exploited(post)
        box.answers = ["451 try again", "554 not today"]
        assert post.round(minutes=1) == 0
        assert post.round(seconds=61) == 0
        assert "554" in post.ledger(DESK).last_error
        _exploited(post, 1)
        assert post.round(minutes=5) == 1
        assert box.taken[0]["Subject"].startswith("Talaia: 1 troballa")
        assert post.round(minutes=16) == 1  # what came meanwhile
        assert post.round(minutes=16) == 0
        assert post.ledger(DESK).last_error is None


def test_killed_between_sending_and_keeping_it_comes_twice_at_most(fresh: World, tmp_path: Path) -> None:
    with mail_server() as box, Forks("tests.api.killed_alarm") as forks:
        post = Post(fresh.store, [DESK], MORNING)
        post.round()
        _exploited(post)
        url = sqlite_url(tmp_path)
        for point in ("urgent-sent", "urgent-sent"):
            assert forks.wait(forks.begin(url, str(box.port), point)) == -9
        assert len(box.taken) == 2
        assert len({message["Message-ID"] for message in box.taken}) == 1
        for _ in range(3):
            assert forks.wait(forks.begin(url, str(box.port), "never")) == 0
        assert len(box.taken) == 2


def test_a_ticket_about_it_has_the_highest_priority(tmp_path: Path) -> None:
    made = make_world(sqlite_url(tmp_path))
    see_exploited(made)
    post = Post(made.store, (), MORNING)
    _owned(post, made.exploited_id)
    open_tickets(made)
    with made.store.read() as connection:
        finding = connection.execute(tables.finding.select().where(tables.finding.c.id == made.exploited_id)).one()
        ticket = connection.execute(tables.ticket.select().limit(1)).one()
    draft = draft_of(DeskPolicy(city="vila", base_url=BASE), rulebook(), ticket, [finding])
    assert draft.priority is Priority.CRITICAL
    assert draft.due == at("2022-05-07T00:00").date()
    made.store.close()
