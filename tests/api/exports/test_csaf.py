"""CSAF VEX: valid, each product stands in one way towards each CVE, and there is none without a CVE."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource
from starlette.testclient import TestClient

from collector.grants import Role
from collector.queries.findings import STATES
from collector.tokens import create_token
from tests.api.exports import ocsf_check
from tests.api.exports.reading import set_states, show_flaws
from tests.api.seed import NOW
from tests.api.world import World

SCHEMAS = Path(__file__).parent / "schemas"


def validate(document: dict[str, Any]) -> None:
    loaded = {path.name: json.loads(path.read_text()) for path in SCHEMAS.glob("*.json")}
    cvss = [(f"https://www.first.org/cvss/{name}", Resource.from_contents(loaded[name])) for name in loaded if "cvss" in name]
    validator = jsonschema.Draft202012Validator(loaded["csaf_2.0_schema.json"], registry=Registry().with_resources(cvss))
    validator.validate(document)


def ask(world: World, **asked: Any) -> dict[str, Any]:
    answer = TestClient(world.app, headers=world.bearer("viewer")).get("/api/v1/exports/csaf", params={"language": "en", **asked})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.fixture
def flawed(fresh: World) -> World:
    show_flaws(fresh)
    set_states(fresh, dict(zip(fresh.finding_ids, (state for state in STATES for _ in range(12)), strict=False)))
    return fresh


def test_it_is_valid_and_keeps_the_rules_of_vex(flawed: World) -> None:
    document = ask(flawed)
    validate(document)
    products = [one["product_id"] for one in document["product_tree"]["full_product_names"]]
    assert sorted(products) == sorted(flawed.finding_ids[::3])
    cves = [one["cve"] for one in document["vulnerabilities"]]
    assert cves == ["CVE-2014-0160", "CVE-2014-0224", "CVE-2020-11022", "CVE-2021-23337", "CVE-2022-31129", "CVE-2023-48795"]
    for one in document["vulnerabilities"]:
        status = one["product_status"]
        stand = [key for keys in status.values() for key in keys]
        assert len(stand) == len(set(stand))  # 6.1.6: no product stands in two ways
        assert set(stand) <= set(products)  # 6.1.1
        acted = {key for action in one.get("remediations", ()) for key in action["product_ids"]}
        assert set(status.get("known_affected", ())) <= acted  # 6.1.27.10
        flagged = {key for flag in one.get("flags", ()) for key in flag["product_ids"]}
        assert set(status.get("known_not_affected", ())) == flagged  # 6.1.27.9


def test_what_a_version_betrays_is_looked_into_and_what_was_seen_is_known(flawed: World) -> None:
    by_cve = {one["cve"]: one["product_status"] for one in ask(flawed, state="open")["vulnerabilities"]}
    assert set(by_cve["CVE-2023-48795"]) == set(by_cve["CVE-2014-0160"]) == {"known_affected"}
    assert set(by_cve["CVE-2020-11022"]) == set(by_cve["CVE-2022-31129"]) == {"under_investigation"}


@pytest.mark.parametrize(("because", "status"), [("passed", "fixed"), ("asset_gone", "known_not_affected")])
def test_resolved_is_fixed_or_gone(fresh: World, because: str, status: str) -> None:
    show_flaws(fresh)
    set_states(fresh, dict.fromkeys(fresh.finding_ids, "resolved"), because)
    document = ask(fresh)
    validate(document)
    assert {name for one in document["vulnerabilities"] for name in one["product_status"]} == {status}


def test_without_a_cve_there_is_none_and_it_says_why(fresh: World) -> None:
    for client, path in (
        (TestClient(fresh.app, headers=fresh.bearer("viewer")), "/api/v1/exports/csaf"),
        (fresh.browser("viewer"), "/exports/csaf"),
    ):
        answer = client.get(path)
        assert answer.status_code == 409
        assert "no finding here shows a CVE" in answer.text
    client = TestClient(fresh.app, headers=fresh.bearer("viewer"))
    assert client.get("/api/v1/exports/csaf?rule=TLS-001").json()["code"] == "no-cve"


def test_it_is_confined_to_what_the_caller_may_see(flawed: World) -> None:
    with flawed.store.write() as connection:
        _, secret = create_token(connection, "own", Role.DEPARTMENT, NOW, timedelta(days=9), departments=["mobility"])
    client = TestClient(flawed.app, headers={"authorization": f"Bearer {secret}"})
    own = {one["id"] for one in client.get("/api/v1/findings?limit=500").json()["items"]}
    told = {one["product_id"] for one in client.get("/api/v1/exports/csaf").json()["product_tree"]["full_product_names"]}
    assert told == own & set(flawed.finding_ids[::3])
    assert told
    assert client.get("/api/v1/exports/csaf?department=citizens").status_code == 409


def test_ocsf_tells_a_package_and_its_cve_as_a_vulnerability(flawed: World) -> None:
    text = TestClient(flawed.app, headers=flawed.bearer("viewer")).get("/api/v1/exports/ocsf").text
    events = [json.loads(line) for line in text.splitlines()]
    assert not [found for event in events if (found := ocsf_check.problems(event))]
    vulnerable = [event for event in events if event["class_uid"] == 2002]
    assert {event["finding_info"]["analytic"]["uid"] for event in vulnerable} == {"WEB-016"}
    flaws = {
        (one["cve"]["uid"], package["name"], package["version"])
        for event in vulnerable
        for one in event["vulnerabilities"]
        for package in one["affected_packages"]
    }
    assert flaws == {
        ("CVE-2020-11022", "jquery", "3.4.1"),
        ("CVE-2021-23337", "lodash", "4.17.11"),
        ("CVE-2022-31129", "moment", "2.29.1"),
    }
    others = {event["finding_info"]["analytic"]["uid"] for event in events if event["class_uid"] == 2003}
    assert {"SSH-008", "TLS-009"} <= others  # a CVE, but no package with a version
