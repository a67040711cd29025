"""Zones change by a proposal that another person approves; the file is never half written, never overwritten unseen."""

import dataclasses
import os
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from api.app import create_app
from collector import audit, tables
from collector.zone_changes import differences
from collector.zone_watch import ZoneWatch
from scanners.door import Door
from scanners.stop import Stop
from scanners.zone import load_zones, read_zones
from tests.api.seed import NOW
from tests.api.world import ZONES, World, csrf_in

LONGER = ZONES.replace("2027-12-31", "2028-12-31")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "zones.yaml"
    found.write_text(ZONES)
    found.chmod(0o640)
    return found


@pytest.fixture
def city(fresh: World, path: Path) -> World:
    """The city with a zone file of its own."""
    parts = dataclasses.replace(fresh.app.state.parts, zone_file=path)
    return dataclasses.replace(fresh, app=create_app(parts))


def client(city: World, role: str) -> TestClient:
    return TestClient(city.app, headers=city.bearer(role))


def proposed(city: World, text: str = LONGER, etag: str | None = None) -> Any:
    asking = client(city, "administrator")
    etag = etag or asking.get("/api/v1/zone-file").headers["etag"]
    return asking.post("/api/v1/zone-changes", json={"text": text, "reason": "renewed"}, headers={"if-match": etag})


def test_what_one_proposes_another_approves_and_then_it_is_in_force(city: World, path: Path) -> None:
    door = Door(load_zones(path), clock=lambda: NOW, stop=Stop(), own_addresses=())
    watch = ZoneWatch(path, door)
    made = proposed(city)
    assert made.status_code == 201
    assert made.json()["differences"] == [
        {"zone": "dmz", "what": "changed", "fields": [{"field": "valid_until", "before": "2027-12-31", "after": "2028-12-31"}]}
    ]
    assert path.read_text() == ZONES
    change = f"/api/v1/zone-changes/{made.json()['id']}"
    assert client(city, "administrator").post(f"{change}/approve").status_code == 403
    assert client(city, "analyst").post(f"{change}/approve").status_code == 403
    done = client(city, "approver").post(f"{change}/approve")
    assert (done.status_code, done.json()["state"], done.json()["decided_by"]) == (200, "approved", "test approver")
    assert path.read_text() == LONGER
    assert path.stat().st_mode & 0o777 == 0o640
    assert watch.look()
    assert str(door.zones[0].valid_until) == "2028-12-31"
    assert client(city, "approver").post(f"{change}/approve").json()["code"] == "decided"
    with city.store.read() as connection:
        rows = [(row.actor, row.action, row.outcome) for row in reversed(audit.latest(connection))]
    assert ("test administrator", "propose_zone_change", "done") in rows
    assert ("test administrator", "approve_zone_change", "denied") in rows
    assert rows[-1] == ("test approver", "approve_zone_change", "done")


def test_nobody_approves_their_own_even_with_both_roles(city: World, path: Path) -> None:
    made = proposed(city).json()["id"]
    with city.store.write() as connection:
        connection.execute(tables.token.update().where(tables.token.c.name == "test administrator").values(role="approver"))
    refused = client(city, "administrator").post(f"/api/v1/zone-changes/{made}/approve")
    assert (refused.status_code, refused.json()["code"]) == (409, "own-proposal")
    assert path.read_text() == ZONES


def test_a_file_that_was_changed_meanwhile_is_not_overwritten(city: World, path: Path) -> None:
    asking = client(city, "administrator")
    etag = asking.get("/api/v1/zone-file").headers["etag"]
    waiting = proposed(city).json()["id"]
    by_hand = ZONES.replace("dmz", "by-hand")
    path.write_text(by_hand)
    assert proposed(city, etag=etag).status_code == 412
    late = client(city, "approver").post(f"/api/v1/zone-changes/{waiting}/approve")
    assert (late.status_code, late.json()["code"]) == (412, "stale")
    assert path.read_text() == by_hand
    assert client(city, "approver").post(f"/api/v1/zone-changes/{waiting}/refuse").json()["state"] == "refused"


def test_without_the_etag_nothing_is_proposed(city: World) -> None:
    answer = client(city, "administrator").post("/api/v1/zone-changes", json={"text": LONGER, "reason": "renewed"})
    assert (answer.status_code, answer.json()["code"]) == (428, "etag-missing")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("zones:\n  - id: dmz\n    networks: [10.0.0.999]\n", "the proposal:3"),
        ("zones: {", "not valid YAML"),
        ("zones: &a [*a]\n", "the proposal:1"),
        (ZONES + ZONES.partition("\n")[2], "dmz"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_changes_nothing(city: World, path: Path, text: str, says: str) -> None:
    answer = proposed(city, text)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-zones")
    assert says in answer.json()["detail"]
    assert path.read_text() == ZONES
    assert proposed(city, ZONES).json()["code"] == "nothing-changes"


def test_a_proposal_is_withdrawn_by_its_own_and_forgets_its_text(city: World) -> None:
    made = proposed(city).json()["id"]
    assert client(city, "administrator").post(f"/api/v1/zone-changes/{made}/withdraw").json()["state"] == "withdrawn"
    with city.store.read() as connection:
        assert connection.scalars(select(tables.zone_change.c.text)).all() == [""]
    assert client(city, "viewer").get(f"/api/v1/zone-changes/{made}").json()["state"] == "withdrawn"
    assert client(city, "administrator").post("/api/v1/zone-changes/none/withdraw").status_code == 404


def test_a_community_is_named_by_its_place_which_the_approver_sees(city: World) -> None:
    """M8: the text of a proposal is kept until it is decided, so that no secret may stand in it."""
    refused = proposed(city, LONGER + "    snmp_communities: [s3cr3t-community]\n")
    assert (refused.status_code, refused.json()["code"]) == (422, "bad-zones")
    assert "s3cr3t-community" not in refused.text
    made = proposed(city, LONGER + "    snmp_communities: [public, 'env:CITY_COMMUNITY']\n")
    fields = {one["field"]: one["after"] for one in made.json()["differences"][0]["fields"]}
    assert fields["snmp_communities"] == ["public", "env:CITY_COMMUNITY"]
    assert client(city, "viewer").get("/api/v1/zone-file").status_code == 403


def test_one_that_was_cut_off_after_the_file_was_written_is_completed(city: World, path: Path) -> None:
    made = proposed(city).json()["id"]
    path.write_text(LONGER)  # the file was written, and the process ended before the row was
    assert client(city, "approver").post(f"/api/v1/zone-changes/{made}/approve").json()["state"] == "approved"
    assert path.read_text() == LONGER


def test_a_folder_that_cannot_be_written_leaves_file_and_proposal(
    city: World, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = proposed(city).json()["id"]

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    answer = client(city, "approver").post(f"/api/v1/zone-changes/{made}/approve")
    assert (answer.status_code, answer.json()["code"]) == (409, "not-written")
    assert "still waits" in answer.json()["detail"]
    assert path.read_text() == ZONES
    assert [one.name for one in path.parent.iterdir() if "zones" in one.name] == ["zones.yaml"]
    assert client(city, "viewer").get(f"/api/v1/zone-changes/{made}").json()["state"] == "proposed"


def test_differences_say_what_is_added_and_removed() -> None:
    before, after = read_zones(ZONES, "a"), read_zones(ZONES.replace("id: dmz", "id: other"), "b")
    assert [(one["zone"], one["what"]) for one in differences(before, after)] == [("dmz", "removed"), ("other", "added")]
    assert differences(before, before) == []


def test_on_the_page_it_is_proposed_read_and_approved(city: World, path: Path) -> None:
    first = city.browser("administrator")
    page = first.get("/zones/edit").text
    assert "valid_until: 2027-12-31" in page
    etag = re.search(r'name="base" value="([0-9a-f]{64})"', page)
    assert etag
    wrong = first.post("/zones/edit", data={"csrf": csrf_in(page), "base": etag[1], "text": "zones: {", "reason": "renewed"})
    assert wrong.status_code == 422
    assert "not valid YAML" in wrong.text
    first.post("/zones/edit", data={"csrf": csrf_in(page), "base": etag[1], "text": LONGER, "reason": "renewed"})
    assert "/approve" not in first.get("/zones").text
    second = city.browser("approver")
    page = second.get("/zones").text
    assert "renewed" in page
    assert "2028-12-31" in page
    where = re.search(r'action="(/zones/changes/[0-9a-f-]+/approve)"', page)
    assert where
    second.post(where[1], data={"csrf": csrf_in(page)})
    assert path.read_text() == LONGER
    assert "/approve" not in second.get("/zones").text
