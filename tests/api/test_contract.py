"""The OpenAPI document is true: every example fits, every answer is as described, nothing that is sent makes it fail."""

import json
import re
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema import Draft202012Validator
from schemathesis.checks import CHECKS
from starlette.testclient import TestClient

from api.openapi import examples
from collector.grants import Role
from tests.api.test_stateful import SLOW_MACHINES
from tests.api.world import World, make_world


@pytest.fixture(scope="module")
def document(world: World) -> dict[str, Any]:
    found: dict[str, Any] = TestClient(world.app, headers=world.bearer()).get("/api/v1/openapi.json").json()
    return found


def _operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, one) for path, methods in document["paths"].items() for method, one in methods.items()]


def test_it_is_openapi_3_1_with_a_token_everywhere_but_on_health(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    operations = _operations(document)
    assert len(operations) > 25
    assert [one["operationId"] for _, _, one in operations if not one["security"]] == ["health"]
    assert all(one.get("summary") for _, _, one in operations)


def test_every_operation_has_an_example_that_is_as_described(document: dict[str, Any]) -> None:
    for path, method, one in _operations(document):
        answer = next(one["responses"][code] for code in ("200", "201", "202") if code in one["responses"])
        for media_type, media in answer["content"].items():
            if media_type != "application/json":
                continue
            assert "example" in media, (method, path)
            schema = {**media["schema"], "components": document["components"]}
            Draft202012Validator(schema).validate(media["example"])
        if "application/json" in one.get("requestBody", {}).get("content", {}):
            name = one["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
            body = document["components"]["schemas"][name]
            for example in body["examples"]:
                Draft202012Validator({**body, "components": document["components"]}).validate(example)


def test_every_link_leads_from_what_its_example_shows_to_an_operation_that_takes_it(document: dict[str, Any]) -> None:
    by_name = {one["operationId"]: one for _, _, one in _operations(document)}
    followed = 0
    for name, operation in by_name.items():
        for answer in operation["responses"].values():
            for link in answer.get("links", {}).values():
                takes = {f"{one['in']}.{one['name']}" for one in by_name[link["operationId"]]["parameters"]}
                assert set(link.get("parameters", {})) <= takes, (name, link)
                for pointer in re.findall(r"\$response\.body#/([^\"]+)", json.dumps(link)):
                    shown = answer["content"]["application/json"]["example"]
                    for step in pointer.split("/"):
                        shown = shown[int(step) if step.isdigit() else step]
                    followed += 1
    assert followed > 150


def test_no_example_is_left_of_an_operation_that_is_gone(document: dict[str, Any]) -> None:
    assert set(examples()) <= {one["operationId"] for _, _, one in _operations(document)}


@pytest.mark.parametrize("role", list(Role))
def test_answers_are_those_described_and_nothing_sent_makes_a_5xx(tmp_path: Any, role: Role) -> None:
    made = make_world(f"sqlite:///{tmp_path / 'x.db'}")
    config = schemathesis.Config.from_dict(SLOW_MACHINES)
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", made.app, config=config, headers=made.bearer())
    tries = 15 if role is Role.ADMINISTRATOR else 4
    checks = tuple(CHECKS.get_all())
    sent = 0

    @schema.auth()
    class _Bearer:
        def get(self, case: Any, context: Any) -> str:
            return made.bearer(role)["authorization"]

        def set(self, case: Any, data: str, context: Any) -> None:
            case.headers["authorization"] = data

    @schema.hook
    def map_query(context: Any, query: Any) -> Any:
        """A made-up cursor is refused, whatever it looks like: `test_queries` sees to those."""
        return {name: value for name, value in query.items() if name != "cursor"} if query else query

    @schema.hook
    def map_headers(context: Any, headers: Any) -> Any:
        """One key stands for one request: `test_repeats` sees to that."""
        return {name: value for name, value in headers.items() if name.lower() != "idempotency-key"} if headers else headers

    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.path.endswith("}/events"):
            continue  # a stream: the test of scans reads it

        @settings(
            max_examples=tries,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def try_case(case: Any) -> None:
            nonlocal sent
            sent += 1
            case.call_and_validate(checks=checks)

        try_case()
    assert sent > 20 * tries
    made.store.close()


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("findings?limit=0", 422),
        ("findings?limit=x", 422),
        ("findings?nothing=1", 422),
        ("findings?state=closed", 422),
        ("findings?q=%00", 422),
        ("findings?q=%ff", 200),
        ("findings?cursor=AAAA", 400),
        ("findings?department=%27%20or%201=1", 422),
        ("findings/none-such", 404),
        ("findings/%00", 422),
        ("assets/none-such", 404),
        ("scans/none-such", 404),
        ("rules/NONE-001", 404),
        ("zones/none", 404),
        ("risk/departments/none", 404),
        ("risk/services/none", 404),
        ("risk/assets/none", 404),
        ("risk?days=100000", 422),
        ("nothing", 404),
    ],
)
def test_bad_requests_are_problems_with_stable_codes(world: World, path: str, code: int) -> None:
    answer = TestClient(world.app, headers=world.bearer()).get(f"/api/v1/{path}")
    assert answer.status_code == code
    if code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem["status"] == code
        assert problem["type"] == f"urn:talaia:problem:{problem['code']}"
        assert problem["code"] == {400: "bad-cursor", 404: "not-found", 422: "invalid"}[code]


def test_unknown_fields_and_malformed_bodies_are_refused(fresh: World) -> None:
    client = TestClient(fresh.app, headers=fresh.bearer())
    assert client.post("/api/v1/scans", json={"zone": "dmz", "force": True}).status_code == 422
    assert client.post("/api/v1/scans", json={}).status_code == 422
    assert client.post("/api/v1/scans", content=b"{", headers={"content-type": "application/json"}).status_code == 422
    assert (
        client.post("/api/v1/scans", content=b'{"zone":"\\ud800"}', headers={"content-type": "application/json"}).status_code
        == 422
    )
    assert client.post("/api/v1/scans", content=b"[" * 60_000, headers={"content-type": "application/json"}).status_code in (
        400,
        422,
    )
    assert client.post("/api/v1/scans", json={"zone": "other"}).json()["code"] == "unknown-zone"
    assert fresh.actions.done == []


def test_scans_start_stop_and_are_watched_to_their_end(fresh: World) -> None:
    client = TestClient(fresh.app, headers=fresh.bearer("analyst"))
    started = client.post("/api/v1/scans", json={"targets": ["192.0.2.7:443"]})
    assert started.status_code == 201
    scan_id = started.json()["id"]
    assert client.post(f"/api/v1/scans/{scan_id}/stop").json()["state"] == "stopped"
    assert client.post(f"/api/v1/scans/{scan_id}/stop").json()["code"] == "scan-ended"
    with client.stream("GET", f"/api/v1/scans/{scan_id}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        told = "".join(stream.iter_text())
    assert told.startswith("event: scan\ndata: {")
    assert '"state": "stopped"' in told
    assert client.post("/api/v1/stop", json={"reason": "too slow"}).status_code == 200
    client.post("/api/v1/release")
    assert fresh.actions.done == [
        ("start", None, ("192.0.2.7:443",), "test analyst"),
        ("stop", scan_id, "test analyst"),
        ("stop", scan_id, "test analyst"),
        ("press", "too slow", "test analyst"),
        ("release", "test analyst"),
    ]


def test_one_finding_says_everything_needed_to_act_on_it(world: World) -> None:
    client = TestClient(world.app, headers=world.bearer())
    found = client.get(f"/api/v1/findings/{world.finding_ids[0]}?language=en").json()
    assert found["title"]
    assert found["rationale"]
    assert found["remediation"]
    assert found["observed"] != found["expected"]
    assert found["see_it_yourself"].split()[0] in ("nmap", "openssl", "curl")
    assert [event["action"] for event in found["history"]] == ["finding-changed", "finding-opened"]
    assert found["factors"][0]["name"] == "base"


@pytest.mark.parametrize(
    ("path", "body", "where"),
    [
        ("exceptions", {"strength": False}, "strength"),
        ("exceptions", {"strength": "0.5", "control": "a proxy"}, "strength"),
        ("exceptions", {"until": 1795421643}, "until"),
        ("exceptions", {"until": "1795421643"}, "until"),
        ("schedules", {"interval_seconds": "3600", "cron": None}, "interval_seconds"),
        ("schedules", {"enabled": 1}, "enabled"),
        ("tokens", {"days": True}, "days"),
        ("findings/bulk/test-again", {"expected": "1"}, "expected"),
        ("findings/bulk/test-again", {"filter": {"overdue": "true"}}, "filter.overdue"),
        ("filters", {"query": {"due_within_days": "7"}}, "query.due_within_days"),
    ],
)
def test_in_a_body_a_word_is_no_number_and_a_number_no_truth(world: World, path: str, body: dict[str, Any], where: str) -> None:
    whole: dict[str, dict[str, Any]] = {
        "exceptions": {"rule": "TLS-002", "covers": "finding", "key": "x", "reason": "a test", "until": "2026-12-31T00:00:00Z"},
        "schedules": {"id": "kinds", "zone": "dmz", "cron": "0 3 * * *"},
        "tokens": {"name": "kinds", "role": "viewer"},
        "findings/bulk/test-again": {"filter": {"state": ["open"]}, "expected": 1},
        "filters": {"name": "kinds", "query": {}},
    }
    client = TestClient(world.app, headers=world.bearer())
    answer = client.post(f"/api/v1/{path}", json={**whole[path], **body})
    assert answer.status_code == 422
    assert [one["where"] for one in answer.json()["errors"]] == [f"body.{where}"]
    assert client.post(f"/api/v1/{path}", json=whole[path]).status_code != 422
