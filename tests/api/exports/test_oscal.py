"""OSCAL: valid, the same twice, and nothing is called satisfied that was not looked at, or that no scan can see."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from starlette.testclient import TestClient
from trestle.oscal.assessment_results import Model as AssessmentResults
from trestle.oscal.catalog import Model as Catalog

from api.exports.formats import Format
from collector import tables, tally
from tests.api.exports.reading import set_states
from tests.api.world import World, rulebook


def _result(text: str) -> dict[str, Any]:
    AssessmentResults.model_validate_json(text)
    (result,) = json.loads(text)["assessment-results"]["results"]
    return dict(result)


def _export(world: World, **asked: Any) -> dict[str, Any]:
    answer = TestClient(world.app, headers=world.bearer("viewer")).get("/api/v1/exports/oscal", params=asked)
    assert answer.status_code == 200, answer.text
    return _result(answer.text)


def _measures(result: Mapping[str, Any]) -> dict[str, str]:
    """What is said of each measure."""
    said = {
        one["target"]["target-id"].removesuffix("_obj-scanning"): one["target"]["status"] for one in result.get("findings", [])
    }
    assert all(status["reason"] == {"satisfied": "pass", "not-satisfied": "fail"}[status["state"]] for status in said.values())
    return {code: status["state"] for code, status in said.items()}


def test_it_is_valid_and_what_it_refers_to_is_there(told: Any) -> None:
    result = _result(told(Format.OSCAL))
    items = {one["uuid"] for one in result["local-definitions"]["inventory-items"]}
    seen = {one["uuid"] for one in result["observations"]}
    risks = {one["uuid"]: one for one in result["risks"]}
    assert {subject["subject-uuid"] for one in result["observations"] for subject in one["subjects"]} == items
    assert {related["observation-uuid"] for one in risks.values() for related in one["related-observations"]} == seen
    assert len(seen) == len(risks) > 0
    for finding in result["findings"]:
        code = finding["target"]["target-id"].removesuffix("_obj-scanning")
        named = {one["risk-uuid"] for one in finding["related-risks"]}
        measures = {key: [p["value"] for p in risk["props"] if p["name"] == "ens-measure"] for key, risk in risks.items()}
        assert named == {key for key, risk in risks.items() if code in measures[key] and risk["status"] != "closed"}
    waived = [one for one in risks.values() if one["status"] == "deviation-approved"]
    assert waived
    assert all("the supplier replaces it in spring" in one["mitigating-factors"][0]["description"] for one in waived)


def test_an_empty_one_is_valid(told: Any) -> None:
    result = _result(told(Format.OSCAL, q="nobody-is-called-this"))
    assert not {"observations", "risks", "findings"} & result.keys()


def test_markdown_from_the_network_stays_text(told: Any, request: pytest.FixtureRequest) -> None:
    for one in _result(told(Format.OSCAL))["observations"]:
        assert "[click](" not in one["description"]
        assert "<b>" not in one["description"].replace("\\<b\\>", "")


def test_the_same_moment_gives_the_same_document(world: World) -> None:
    client = TestClient(world.app, headers=world.bearer("viewer"))
    assert client.get("/api/v1/exports/oscal").text == client.get("/api/v1/exports/oscal").text


def test_what_no_scan_can_see_is_not_assessable_and_never_satisfied(world: World) -> None:
    result = _export(world)
    catalog = TestClient(world.app, headers=world.bearer("viewer")).get("/api/v1/exports/ens-catalog?language=es").text
    Catalog.model_validate_json(catalog)
    controls = [one for group in json.loads(catalog)["catalog"]["groups"] for one in group["controls"]]
    assert len(controls) == len({one["id"] for one in controls}) == 73
    mapped = {code for rule in rulebook().rules.values() for code in rule.mappings.ens}
    assert mapped <= {one["id"] for one in controls}
    unseen = {one["value"] for one in result["reviewed-controls"]["props"] if one["name"] == "not-assessable"}
    (selection,) = result["reviewed-controls"]["control-selections"]
    assert {one["control-id"] for one in selection["include-controls"]} == mapped
    assert unseen == {one["id"] for one in controls} - mapped
    assert "org.1" in unseen
    objectives = {part["id"] for one in controls for part in one["parts"] if part["name"] == "assessment-objective"}
    assert {one["target"]["target-id"] for one in result["findings"]} <= objectives
    assert not unseen & _measures(result).keys()
    assert [one["title"] for one in controls if one["id"] == "mp.com.2"] == ["Protección de la confidencialidad"]


def test_a_measure_is_satisfied_only_where_all_was_looked_at_and_passed(fresh: World) -> None:
    set_states(fresh, dict.fromkeys(fresh.finding_ids, "resolved"))
    assert "satisfied" not in _measures(_export(fresh)).values()  # looks that could not tell are in the coverage
    with fresh.store.write() as connection:
        connection.execute(update(tables.coverage).values(result="pass"))
        tally.rebuild(connection)
    whole = _measures(_export(fresh))
    assert whole["mp.com.2"] == whole["mp.s.2"] == "satisfied"
    assert set(whole.values()) == {"satisfied"}
    assert "op.exp.8" not in whole  # rules about it exist, and nothing was looked at
    for narrowed in ({"rule": "TLS-001"}, {"state": "resolved"}, {"q": "seu"}, {"severity": "high"}, {"department": "none"}):
        assert _measures(_export(fresh, **narrowed)) == {}
    assert set(_measures(_export(fresh, department="citizens")).values()) == {"satisfied"}
    with fresh.store.write() as connection:
        one = connection.execute(select(tables.coverage).where(tables.coverage.c.rule == "TLS-001")).first()
        assert one is not None
        here = (tables.coverage.c.rule == one.rule, tables.coverage.c.asset_id == one.asset_id)
        connection.execute(update(tables.coverage).where(*here).values(result="unknown"))
        tally.rebuild(connection)
    assert "mp.com.2" not in _measures(_export(fresh))
    with fresh.store.write() as connection:
        connection.execute(delete(tables.coverage))
        tally.rebuild(connection)
    assert _measures(_export(fresh)) == {}


def test_a_waived_failure_does_not_satisfy(fresh: World) -> None:
    set_states(fresh, dict.fromkeys(fresh.finding_ids, "waived"))
    assert set(_measures(_export(fresh)).values()) == {"not-satisfied"}
