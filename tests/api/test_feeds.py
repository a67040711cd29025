"""Vulnerability feeds by programs: a file is taken whole or not at all, by those who may, noted, and what stands is weighed."""

import gzip
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from collector import audit, tables
from tests.api.world import World, see_exploited
from tests.collector.feeds import samples


def post(world: World, content: bytes, role: str = "analyst", query: str = "", **headers: str) -> Any:
    client = TestClient(world.app, headers={**world.bearer(role), **headers})
    return client.post(f"/api/v1/feeds{query}", files={"file": ("feed", content)})


def loaded(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = TestClient(world.app, headers=world.bearer("analyst")).get("/api/v1/feeds").json()["items"]
    return found


@pytest.mark.parametrize("packed", [False, True])
def test_a_feed_is_taken_in_told_and_noted(fresh: World, packed: bool) -> None:
    assert loaded(fresh) == []
    content = samples.KEV.read_bytes()
    answer = post(fresh, gzip.compress(content) if packed else content)
    assert answer.status_code == 200, answer.text
    (told,) = answer.json()["items"]
    assert (told["feed"], told["outcome"]) == ("kev", "taken")
    assert told["entries"] == told["changed"] > 0
    (one,) = loaded(fresh)
    assert (one["name"], one["entries"]) == ("kev", told["entries"])
    with fresh.store.read() as connection:
        (row,) = audit.latest(connection, 1)
    assert (row.actor, row.action, row.detail["kev"]["entries"]) == ("test analyst", "load_feeds", told["entries"])


def test_the_same_again_changes_nothing_and_is_not_noted(fresh: World) -> None:
    content = samples.KEV.read_bytes()
    post(fresh, content)
    with fresh.store.read() as connection:
        before = audit.latest(connection, 1)[0].seq
    assert post(fresh, content).json()["items"][0]["outcome"] == "same"
    with fresh.store.read() as connection:
        assert audit.latest(connection, 1)[0].seq == before


def test_what_stands_is_weighed_by_it(fresh: World) -> None:
    see_exploited(fresh)
    with fresh.store.write() as connection:  # as before any feed was loaded
        for table in (tables.vulnerability_feed, tables.cve_kev, tables.cve_epss, tables.cve_ssvc):
            connection.execute(table.delete())
        connection.execute(tables.finding.update().values(known_exploited=False))
    assert post(fresh, samples.KEV.read_bytes()).json()["weighed"] > 0
    with fresh.store.read() as connection:
        exploited = connection.execute(select(tables.finding.c.id).where(tables.finding.c.known_exploited)).scalars().all()
    assert exploited == [fresh.exploited_id]


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"not a feed", gzip.compress(samples.KEV.read_bytes())[:200], samples.KEV.read_bytes()[:-20], b"\x1f\x8b"],
)
def test_a_broken_file_is_refused_and_nothing_changed(fresh: World, content: bytes) -> None:
    post(fresh, samples.KEV.read_bytes())
    before = loaded(fresh)
    answer = post(fresh, content)
    assert (answer.status_code, answer.json()["code"]) == (409, "bad-file"), answer.text
    assert answer.json()["errors"][0]["where"].startswith("file")
    assert loaded(fresh) == before


def test_one_that_loses_most_of_its_entries_is_taken_only_when_that_is_said(fresh: World) -> None:
    post(fresh, samples.KEV.read_bytes())
    small = samples.kev({"CVE-2014-0160": "2022-05-04"}, "2026.11.22")
    refused = post(fresh, small)
    assert (refused.status_code, refused.json()["code"]) == (409, "feed-shrinks")
    assert "nothing was changed" in refused.json()["detail"]
    assert post(fresh, small, query="?may_shrink=true").json()["items"][0]["entries"] == 1


@pytest.mark.parametrize("role", ["viewer", "department", "approver", "auditor"])
def test_who_may_not_import_loads_nothing(fresh: World, role: str) -> None:
    assert post(fresh, samples.KEV.read_bytes(), role=role).status_code == 403
    assert loaded(fresh) == []


def test_it_is_loaded_once_by_its_key(fresh: World) -> None:
    key = {"idempotency-key": "feeds-of-today"}
    first, again = (post(fresh, samples.KEV.read_bytes(), **key).json() for _ in range(2))
    assert first == again
    assert first["items"][0]["outcome"] == "taken"
