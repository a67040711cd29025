"""Each export is valid where its standard is written down, says what is known, and nothing hostile gets out of its place."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding
from starlette.testclient import TestClient

from api.exports.formats import Format
from tests.api.exports import ocsf_check
from tests.api.exports.reading import set_states
from tests.api.world import World

SCHEMAS = Path(__file__).parent / "schemas"


def test_csv_is_the_page_s_and_no_spreadsheet_runs_it(told: Any, fresh: World) -> None:
    lines = list(csv.DictReader(io.StringIO(told(Format.CSV))))
    assert len(lines) == len(fresh.finding_ids)
    assert not [cell for line in lines for cell in line.values() if cell.startswith(("=", "+", "-", "@", "\t"))]
    page = fresh.browser("viewer").get("/findings.csv").text
    program = TestClient(fresh.app, headers=fresh.bearer("viewer")).get("/api/v1/exports/csv?language=en").text
    assert page == program


def test_ocsf_events_are_valid(told: Any) -> None:
    events = [json.loads(line) for line in told(Format.OCSF).splitlines()]
    assert {event["status"] for event in events} == {"New", "Suppressed", "Resolved"}
    for event in events:
        assert not ocsf_check.problems(event)
        ComplianceFinding.model_validate(event)
        assert event["compliance"]["status"] == ("Pass" if event["status"] == "Resolved" else "Fail")
        assert event["activity_name"] == ("Close" if event["status"] == "Resolved" else "Update")


def test_the_check_of_ocsf_sees_what_is_wrong(told: Any) -> None:
    event = json.loads(told(Format.OCSF).splitlines()[0])
    wrong: list[dict[str, Any]] = [
        {**event, "severity_id": 7},
        {**event, "time": "today"},
        {**event, "finding_info": {"title": "no uid"}},
        {**event, "resources": event["resources"][0]},
        {**event, "nothing": 1},
        {**event, "type_uid": 200399},
    ]
    assert all(ocsf_check.problems(one) for one in wrong)


def test_sarif_is_valid_and_says_open_waived_and_resolved_as_it_does(told: Any) -> None:
    document = json.loads(told(Format.SARIF))
    Draft7Validator(json.loads((SCHEMAS / "sarif-schema-2.1.0.json").read_text())).validate(document)
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert "\x1b" not in result["message"]["text"]
        assert "[click]" not in result["message"]["text"]  # a bracket would begin a link
        if result["properties"]["state"] == "waived":
            (suppression,) = result["suppressions"]
            assert suppression["justification"] == "the supplier replaces it in spring"
            assert suppression["properties"]["until"].startswith("2027")
    Draft7Validator(json.loads((SCHEMAS / "sarif-schema-2.1.0.json").read_text())).validate(
        json.loads(told(Format.SARIF, q="nobody-is-called-this"))
    )


@pytest.mark.parametrize("because", ["endpoint_gone", "asset_gone", "not_applicable"])
def test_what_went_away_did_not_pass(fresh: World, because: str) -> None:
    set_states(fresh, dict.fromkeys(fresh.finding_ids, "resolved"), because)
    client = TestClient(fresh.app, headers=fresh.bearer("viewer"))
    (run,) = client.get("/api/v1/exports/sarif").json()["runs"]
    assert {result["kind"] for result in run["results"]} == {"notApplicable"}
    events = [json.loads(line) for line in client.get("/api/v1/exports/ocsf").text.splitlines()]
    assert {event["compliance"]["status"] for event in events} == {"Not Applicable"}


def test_a_rule_that_is_no_longer_known_is_exported_by_its_id(fresh: World) -> None:
    from sqlalchemy import update  # noqa: PLC0415

    from collector import tables  # noqa: PLC0415

    with fresh.store.write() as connection:
        connection.execute(update(tables.finding).where(tables.finding.c.id == fresh.finding_ids[0]).values(rule="OLD-001"))
    client = TestClient(fresh.app, headers=fresh.bearer("viewer"))
    (run,) = client.get("/api/v1/exports/sarif").json()["runs"]
    (old,) = [result for result in run["results"] if result["ruleId"] == "OLD-001"]
    assert "ruleIndex" not in old
    events = [json.loads(line) for line in client.get("/api/v1/exports/ocsf").text.splitlines()]
    (gone,) = [event for event in events if event["finding_info"]["uid"] == fresh.finding_ids[0]]
    assert gone["compliance"]["control"] == "OLD-001"
    assert not ocsf_check.problems(gone)
