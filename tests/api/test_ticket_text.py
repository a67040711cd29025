"""The text of a ticket: one remedy, one owner; bounded, without evidence."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row, select

from api.ticket_text import PLACES_SHOWN, same_ticket, ticket_text
from collector.migrations import migrate
from collector.store import open_store
from collector.tables import finding
from tests.api.seed import Seed
from tests.api.world import World, sqlite_url


def open_findings(world: World) -> list[Row[Any]]:
    with world.store.read() as connection:
        return list(connection.execute(select(finding).where(finding.c.state == "open")))


def test_every_open_finding_is_in_exactly_one_ticket(world: World) -> None:
    rows = open_findings(world)
    tickets = set()
    with world.store.read() as connection:
        for row in rows:
            ids = frozenset(one.id for one in same_ticket(connection, row))
            assert row.id in ids
            tickets.add(ids)
    assert sum(len(ids) for ids in tickets) == len(rows)
    assert any(len(ids) > 1 for ids in tickets)


@pytest.mark.parametrize("language", ["ca", "es", "en"])
def test_it_says_what_where_and_until_when(world: World, language: str) -> None:
    rules = world.app.state.parts.rules
    with world.store.read() as connection:
        for row in open_findings(world):
            group = same_ticket(connection, row)
            text = ticket_text(group, rules, language, "https://talaia.example")
            assert row.rule in text.subject
            assert rules.rules[row.rule].remediation[language].strip() in text.body
            assert f"https://talaia.example/findings/{group[0].id}" in text.body
            assert all(one.asset_name in text.body for one in group[:PLACES_SHOWN])
            assert text.due == min((one.due for one in group if one.due), default=None)


def test_the_list_of_places_is_bounded(world: World) -> None:
    row = open_findings(world)[0]
    text = ticket_text([row] * 40, world.app.state.parts.rules, "en", "https://talaia.example")
    assert text.body.count(f"- {row.asset_name}") == PLACES_SHOWN
    assert "- and 15 more" in text.body
    assert "Where (40)" in text.body


def test_a_ticket_about_nothing_is_refused(world: World) -> None:
    with pytest.raises(ValueError, match="at least one"):
        ticket_text([], world.app.state.parts.rules, "en", "https://talaia.example")


def test_no_evidence_leaves_in_a_ticket(fresh: World) -> None:
    with fresh.store.write() as connection:
        connection.execute(finding.update().values(observed={"banner": "hunter2-banner"}, expected={"banner": "hunter2-wanted"}))
    for row in open_findings(fresh):
        text = ticket_text([row], fresh.app.state.parts.rules, "es", "https://talaia.example")
        assert "hunter2" not in text.subject + text.body


def test_the_command_prints_it(tmp_path: Path) -> None:
    store = open_store(sqlite_url(tmp_path))
    migrate(store)
    Seed().write(store)

    def talaia(*words: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "TALAIA_DATABASE": str(store.url)}
        argv = [sys.executable, "-m", "talaia", *words]
        return subprocess.run(argv, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False)

    assert talaia("init").returncode == 0
    with store.read() as connection:
        row = connection.execute(select(finding).where(finding.c.state == "open").limit(1)).one()
    done = talaia("ticket-text", row.id, "--language", "ca")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{row.rule}: ")
    assert "Com s'arregla" in done.stdout
    with store.write() as connection:
        connection.execute(finding.update().values(state="resolved").where(finding.c.id == row.id))
        connection.execute(finding.update().values(state="resolved").where(finding.c.rule == row.rule))
    assert talaia("ticket-text", row.id).returncode == 7
    store.close()
