"""Webhooks through the API and the dashboard: managed by few, secrets shown once, every change noted."""

import re
from ipaddress import ip_network
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from collector import audit, tables
from collector.events import tell
from collector.records import EventRecord
from collector.webhooks.target import Targets
from tests.api.seed import NOW
from tests.api.world import World, csrf_in, make_world, sqlite_url

URL = "https://192.0.2.80/talaia"


@pytest.fixture
def city(tmp_path: Path) -> World:
    return make_world(sqlite_url(tmp_path), targets=Targets(networks=(ip_network("192.0.2.80/32"),)))


@pytest.fixture
def client(city: World) -> TestClient:
    return TestClient(city.app, headers=city.bearer())


def test_made_once_shown_once_and_changed(city: World, client: TestClient) -> None:
    made = client.post("/api/v1/webhooks", json={"url": URL, "kinds": ["finding-opened"], "departments": ["citizens"]})
    assert made.status_code == 201, made.text
    secret, where = made.json()["secret"], f"/api/v1/webhooks/{made.json()['id']}"
    assert secret.startswith("whsec_")
    assert made.json()["cursor"] == client.get("/api/v1/events?after=latest").json()["cursor"]
    assert [client.post(f"{where}/{what}").json()["state"] for what in ("pause", "resume")] == ["paused", "active"]
    assert client.post(f"{where}/replay", json={"after": "e0"}).json()["cursor"] == "e0"
    assert client.post(f"{where}/replay", json={"after": "latest"}).json()["cursor"] == made.json()["cursor"]
    assert client.post(f"{where}/replay", json={"after": "e999999999"}).json()["code"] == "cursor-ahead"
    listed = client.get("/api/v1/webhooks")
    assert [one["id"] for one in listed.json()["items"]] == [made.json()["id"]]
    assert client.delete(where).status_code == 200
    assert client.get(where).status_code == 404
    with city.store.read() as connection:
        rows = audit.latest(connection)
    assert [row.action for row in reversed(rows)] == [
        "create_webhook",
        "pause_webhook",
        "resume_webhook",
        "replay_webhook",
        "replay_webhook",
        "delete_webhook",
    ]
    assert not [one for one in (listed.text, repr(rows)) if secret in one]


def test_a_repeated_request_makes_one_and_never_shows_the_secret_again(city: World, client: TestClient) -> None:
    first, second = (client.post("/api/v1/webhooks", json={"url": URL}, headers={"idempotency-key": "a"}) for _ in range(2))
    assert (first.status_code, second.json()["code"]) == (201, "shown-once")
    assert len(client.get("/api/v1/webhooks").json()["items"]) == 1


@pytest.mark.parametrize(
    ("wanted", "status", "code"),
    [
        ({"url": "https://127.0.0.1/"}, 409, "target-refused"),
        ({"url": "http://desk.vilamar.example/"}, 409, "target-refused"),
        ({"url": URL, "departments": ["nobody"]}, 409, "unknown-department"),
        ({"url": URL, "kinds": ["unheard-of"]}, 422, "invalid"),
        ({"url": URL, "kinds": []}, 422, "invalid"),
        ({"url": "desk"}, 422, "invalid"),
    ],
)
def test_what_may_not_be_told_is_refused(client: TestClient, wanted: dict[str, object], status: int, code: str) -> None:
    answer = client.post("/api/v1/webhooks", json=wanted)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert client.get("/api/v1/webhooks").json()["items"] == []


def test_without_a_key_nothing_is_kept(tmp_path: Path) -> None:
    made = make_world(sqlite_url(tmp_path), seal=None)
    client = TestClient(made.app, headers=made.bearer())
    answer = client.post("/api/v1/webhooks", json={"url": "https://desk.vilamar.example/"})
    assert (answer.status_code, answer.json()["code"]) == (409, "no-key")
    assert "sign_in.key_file" in made.browser().get("/webhooks").text


def test_dead_letters_are_listed_and_marked(city: World, client: TestClient) -> None:
    made = client.post("/api/v1/webhooks", json={"url": URL}).json()["id"]
    with city.store.write() as connection:
        tell(connection, EventRecord(id="poison", at=NOW, action="port-new"))
        seq = connection.scalar(select(tables.event.c.seq).where(tables.event.c.id == "poison"))
        letter = {"webhook_id": made, "seq": seq, "event_id": "poison", "at": NOW, "reason": "it answered 422", "again": False}
        connection.execute(tables.webhook_letter.insert().values(letter))
    where = f"/api/v1/webhooks/{made}/dead-letters"
    assert [(one["event_id"], one["again"]) for one in client.get(where).json()["items"]] == [("poison", False)]
    assert client.get(f"/api/v1/webhooks/{made}").json()["dead_letters"] == 1
    assert client.post(f"{where}/replay", json={"event_ids": ["another"]}).json()["items"][0]["again"] is False
    assert client.post(f"{where}/replay", json={}).json()["items"][0]["again"] is True
    assert "poison" in city.browser().get("/webhooks").text


def test_on_the_page(city: World) -> None:
    browser = city.browser()
    mark = csrf_in(browser.get("/webhooks").text)
    form = {"csrf": mark, "url": URL, "kind": ["finding-opened", "scan-failed"], "department": ["citizens"]}
    made = browser.post("/webhooks", data=form)
    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", made.text)
    assert (made.status_code, secret is not None) == (201, True)
    page = browser.get("/webhooks").text
    assert secret
    assert secret[0] not in page
    assert URL in page
    where = re.search(r'action="(/webhooks/[0-9a-f-]+)/pause"', page)
    assert where
    steps = {"pause": "/resume", "resume": "/pause", "replay": "/pause", "delete": "Nobody is told"}
    for what, then in steps.items():
        assert then in browser.post(f"{where[1]}/{what}", data={"csrf": mark}).text
    assert browser.post("/webhooks", data={"csrf": mark, "url": "https://10.0.0.1/"}).status_code == 409
    assert browser.post("/webhooks", data={"csrf": mark, "url": "nowhere"}).status_code == 422
    assert "/webhooks" not in city.browser("viewer").get("/").text
