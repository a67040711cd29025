"""Schedules through the API and the dashboard: made, changed, paused, forgotten; those of the settings file stay the file's."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from collector import audit
from collector.schedules import Schedule, Scheduler, next_due, schedules
from scanners.zone import Window
from tests.api.seed import NOW
from tests.api.world import World, csrf_in, zone

WANTED = {"id": "weekdays", "zone": "dmz", "cron": "30 3 * * 1-5", "timezone": "Europe/Madrid"}
BODY = {name: value for name, value in WANTED.items() if name != "id"}
WHERE = "/api/v1/schedules/weekdays"


@pytest.fixture
def analyst(fresh: World) -> TestClient:
    return TestClient(fresh.app, headers=fresh.bearer("analyst"))


def _made(client: TestClient, **more: Any) -> Any:
    answer = client.post("/api/v1/schedules", json={**WANTED, **more})
    assert answer.status_code == 201, answer.text
    return answer


def _present(world: World) -> dict[str, Schedule]:
    with world.store.read() as connection:
        return {one.id: one for one in schedules(connection)}


def _actions(world: World) -> list[tuple[str, str, str]]:
    with world.store.read() as connection:
        assert audit.verify(connection).broken_at is None
        return [(row.actor, row.action, row.subject_id) for row in reversed(audit.latest(connection))]


def test_made_changed_paused_resumed_and_forgotten_each_noted(fresh: World, analyst: TestClient) -> None:
    made = _made(analyst)
    assert (made.json()["source"], made.json()["enabled"], len(made.json()["next_runs"])) == ("api", True, 3)
    assert made.json()["next_runs"][0] == "2026-11-24T02:30:00Z"
    etag = analyst.get(WHERE).headers["etag"]
    assert etag == made.headers["etag"]
    hourly = {"zone": "dmz", "interval_seconds": 3600, "timezone": "UTC"}
    changed = analyst.put(WHERE, json=hourly, headers={"if-match": etag})
    assert (changed.status_code, changed.json()["interval_seconds"], changed.json()["cron"]) == (200, 3600, None)
    paused = analyst.post(f"{WHERE}/pause")
    assert (paused.json()["enabled"], paused.json()["next_runs"]) == (False, [])
    assert analyst.post(f"{WHERE}/pause").json()["enabled"] is False
    assert analyst.post(f"{WHERE}/resume", headers={"if-match": paused.headers["etag"]}).json()["enabled"] is True
    gone = analyst.delete(WHERE, headers={"if-match": analyst.get(WHERE).headers["etag"]})
    assert (gone.status_code, gone.json()["id"]) == (200, "weekdays")
    assert analyst.get(WHERE).status_code == 404
    assert set(_present(fresh)) == {"nightly"}
    words = ("create_schedule", "change_schedule", "pause_schedule", "resume_schedule", "delete_schedule")
    assert _actions(fresh) == [("test analyst", word, "weekdays") for word in words]


def test_nothing_is_replaced_or_forgotten_unseen(fresh: World, analyst: TestClient) -> None:
    etag = _made(analyst).headers["etag"]
    for send in (lambda **more: analyst.put(WHERE, json=BODY, **more), lambda **more: analyst.delete(WHERE, **more)):
        missing = send()
        assert (missing.status_code, missing.json()["code"]) == (428, "etag-missing")
        stale = send(headers={"if-match": '"0123"'})
        assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    analyst.post(f"{WHERE}/pause")
    assert analyst.put(WHERE, json=BODY, headers={"if-match": etag}).status_code == 412
    assert analyst.post(f"{WHERE}/resume", headers={"if-match": etag}).status_code == 412
    assert not _present(fresh)["weekdays"].enabled


def test_a_clock_that_went_on_makes_nobodys_etag_stale(fresh: World) -> None:
    client = TestClient(fresh.app, headers=fresh.bearer("analyst"))
    _made(client)
    first = client.get(WHERE).headers["etag"]
    import dataclasses  # noqa: PLC0415

    later = dataclasses.replace(fresh.app.state.parts, clock=lambda: NOW + timedelta(days=3))
    client = TestClient(create_app(later), headers=fresh.bearer("analyst"))
    assert client.get(WHERE, headers={"if-none-match": first}).status_code == 200  # its next runs are others
    assert client.put(WHERE, json=BODY, headers={"if-match": first}).status_code == 200


def test_those_of_the_settings_file_stay_the_files(fresh: World, analyst: TestClient) -> None:
    shown = analyst.get("/api/v1/schedules/nightly")
    assert shown.json()["source"] == "settings"
    tag, where = {"if-match": shown.headers["etag"]}, "/api/v1/schedules/nightly"
    before = _present(fresh)
    answers = [
        analyst.put(where, json=BODY, headers=tag),
        analyst.delete(where, headers=tag),
        analyst.post(f"{where}/pause"),
        analyst.post(f"{where}/resume"),
        analyst.post("/api/v1/schedules", json={**WANTED, "id": "nightly"}),
    ]
    assert [answer.status_code for answer in answers] == [409] * 5
    assert [answer.json()["code"] for answer in answers] == ["from-settings"] * 4 + ["id-taken"]
    assert _present(fresh) == before
    assert _actions(fresh) == []


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"cron": "99 * * * *"}, 409, "bad-schedule"),
        ({"cron": "@reboot"}, 409, "bad-schedule"),
        ({"timezone": "Europe/Atlantis"}, 409, "bad-schedule"),
        ({"timezone": "../../etc/passwd"}, 422, "invalid"),
        ({"interval_seconds": 3600}, 409, "bad-schedule"),
        ({"cron": None}, 409, "bad-schedule"),
        ({"cron": None, "interval_seconds": 59}, 422, "invalid"),
        ({"id": "No Such"}, 422, "invalid"),
        ({"zone": "elsewhere"}, 409, "unknown-zone"),
        ({"cron": "0 0 30 2 *"}, 409, "bad-schedule"),
        ({"cron": "0 3 29 2 *"}, 409, "never-open"),  # the zone's authorisation ends before
    ],
)
def test_what_cannot_be_is_refused_with_a_code(
    fresh: World, analyst: TestClient, more: dict[str, Any], status: int, code: str
) -> None:
    answer = analyst.post("/api/v1/schedules", json={**WANTED, **more})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert set(_present(fresh)) == {"nightly"}


def test_what_is_no_schedule_is_told_whatever_was_read(fresh: World, analyst: TestClient) -> None:
    _made(analyst)
    wanted, where = {**BODY, "cron": "99 * * * *"}, f"/api/v1/schedules/{WANTED['id']}"
    for body, code in ((wanted, "bad-schedule"), (BODY, "stale")):
        assert analyst.put(where, json=body, headers={"if-match": '"old"'}).json()["code"] == code


def test_a_run_outside_the_windows_says_when_it_can_begin(fresh: World) -> None:
    import dataclasses  # noqa: PLC0415

    night = Window.model_validate({"days": ["sat", "sun"], "from": "22:00", "until": "06:00"})
    narrow = zone().model_copy(update={"windows": (night,)})
    parts = dataclasses.replace(fresh.app.state.parts, zones=lambda: {"dmz": narrow})
    made = _made(TestClient(create_app(parts), headers=fresh.bearer("analyst"))).json()
    due, begins = (datetime.fromisoformat(made["coming"][0][name]) for name in ("due", "begins"))
    assert narrow.closed_because(due)
    assert narrow.closed_because(begins) is None
    assert begins > due


def test_what_was_made_is_run_and_what_is_paused_is_not(fresh: World, analyst: TestClient) -> None:
    _made(analyst, timezone="UTC", cron="*/10 * * * *")
    now = [NOW]
    scheduler = Scheduler(fresh.store, lambda: {"dmz": zone()}, clock=lambda: now[0])
    scheduler.tick()
    due = next_due(_present(fresh)["weekdays"], NOW)
    assert due
    now[0] = due + timedelta(seconds=1)
    assert len(scheduler.tick()) == 1
    analyst.post(f"{WHERE}/pause")
    now[0] += timedelta(minutes=30)
    assert scheduler.tick() == []
    assert analyst.get(WHERE).json()["last_scan"]
    scheduler._engine.shutdown() if scheduler._engine.running else None


def test_the_page_makes_changes_and_forgets_one(fresh: World) -> None:
    browser = fresh.browser("analyst")
    form = browser.get("/schedules/new").text
    wrong = browser.post("/schedules", data={"csrf": csrf_in(form), "id": "x", "zone": "dmz", "kind": "cron", "cron": "no"})
    assert wrong.status_code == 422
    assert 'role="alert"' in wrong.text
    fields = {"csrf": csrf_in(form), "id": "weekly", "zone": "dmz", "kind": "every", "every": "7", "unit": "days", "enabled": "1"}
    assert "weekly" in browser.post("/schedules", data=fields).text
    assert _present(fresh)["weekly"].interval_seconds == 7 * 86_400
    edited = browser.get("/schedules/weekly/edit").text
    version = re.search(r'name="version" value="(\w+)"', edited)
    assert version
    fields = {**fields, "version": version[1], "kind": "cron", "cron": "0 4 * * 0"}
    assert browser.post("/schedules/weekly", data=fields).status_code == 200
    assert _present(fresh)["weekly"].cron == "0 4 * * 0"
    assert browser.post("/schedules/weekly", data=fields).status_code == 412  # another changed it meanwhile
    listed = browser.get("/schedules").text
    version = re.search(r'/schedules/weekly/delete"><input[^>]+><input type="hidden" name="version" value="(\w+)"', listed)
    assert version
    for what in ("pause", "resume", "delete"):
        version = re.search(r'/schedules/weekly/\w+"><input[^>]+><input type="hidden" name="version" value="(\w+)"', listed)
        assert version
        listed = browser.post(f"/schedules/weekly/{what}", data={"csrf": csrf_in(form), "version": version[1]}).text
    assert set(_present(fresh)) == {"nightly"}
    assert "/schedules/new" not in fresh.browser("viewer").get("/schedules").text
    assert fresh.browser("viewer").get("/schedules/new").status_code == 403


def test_the_zone_of_the_tests_ends_before_the_next_leap_day() -> None:
    assert zone().valid_until < date(2028, 2, 29)
    assert datetime(2026, 1, 1, tzinfo=UTC) < NOW
