"""Documents: every one is valid ECS, and says what Kibana's pages read."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete

from collector.elasticsearch.templates import component_templates
from collector.store import Store
from collector.tables import outbox
from scanners.observation import Outcome
from tests.collector.ecs_check import leaves, problems
from tests.collector.publishing import City, waiting

LATEST = "security_solution-posture.misconfiguration_latest-v1"
STREAM = "logs-posture.misconfiguration-vilamar"

# What the tables, filters and dashboards of Kibana's Findings page read.
KIBANA = {
    "@timestamp",
    "result.evaluation",
    "resource.id",
    "resource.name",
    "resource.sub_type",
    "rule.uuid",
    "rule.name",
    "rule.section",
    "rule.benchmark.id",
    "rule.benchmark.name",
    "rule.benchmark.version",
    "rule.benchmark.rule_number",
    "rule.benchmark.posture_type",
    "data_stream.namespace",
    "host.name",
    "entity.id",
}


def of_stream(store: Store, stream: str) -> list[dict[str, Any]]:
    return [body for where, _, body in waiting(store) if where == stream and body is not None]


def test_every_document_is_valid(store: Store) -> None:
    city = City(store)
    city.look("192.0.2.7")
    city.look("192.0.2.8", password=True)
    city.later(hours=1)
    city.look("192.0.2.7", password=True)
    city.ingest.take([city.seen("redis", "192.0.2.8", 6379, None, outcome=Outcome.TIMEOUT)])
    city.ingest.end_of_scan("scan-1")
    documents = waiting(store)
    assert {stream for stream, _, _ in documents} == {
        "logs-posture.inventory-vilamar",
        STREAM,
        "logs-posture.change-vilamar",
        "metrics-posture.score-vilamar",
        LATEST,
    }
    assert not [(stream, found) for stream, _, body in documents if body and (found := problems(body))]
    assert len({(stream, key) for stream, key, _ in documents}) == len(documents)


def test_every_indexed_field_of_a_document_has_a_mapping(store: Store) -> None:
    city = City(store)
    city.look("192.0.2.7")
    city.ingest.end_of_scan("scan-1")
    mapped = set(_mapped(component_templates()["talaia-posture-mappings"]["template"]["mappings"]["properties"]))
    used = {name for _, _, body in waiting(store) if body for name, _ in leaves(body)}
    assert not used - mapped


def _mapped(properties: dict[str, Any], prefix: str = "") -> list[str]:
    found = []
    for name, mapping in properties.items():
        inner = mapping.get("properties")
        found += _mapped(inner, f"{prefix}{name}.") if inner else [f"{prefix}{name}"]
    return found


def test_kibana_finds_what_it_reads(store: Store) -> None:
    city = City(store)
    city.look("192.0.2.7")
    for body in of_stream(store, LATEST):
        assert not KIBANA - {name for name, _ in leaves(body)}
        assert body["result"]["evaluation"] in ("passed", "failed", "unknown")
        assert body["rule"]["benchmark"]["rule_number"].startswith(body["rule"]["section"])


def test_a_failed_rule_says_what_why_and_how_to_mend_it(store: Store) -> None:
    city = City(store)
    city.look("192.0.2.7")
    (body,) = [item for item in of_stream(store, STREAM) if item["event"]["code"] == "DB-001" and item["server"]["port"] == 6379]
    assert body["event"]["outcome"] == "failure"
    assert body["result"]["evaluation"] == "failed"
    assert body["result"]["evidence"]
    assert body["rule"]["remediation"]
    assert body["rule"]["tags"][0] == "ENS"
    assert body["posture"]["finding"]["status"] == "open"
    assert body["event"]["id"] == body["posture"]["finding"]["id"]
    assert body["event"]["risk_score"] > 0
    assert body["server"] == {"address": "192.0.2.7", "ip": "192.0.2.7", "port": 6379}
    assert body["event"]["url"].endswith(body["posture"]["finding"]["id"])


def test_the_inventory_names_the_asset(store: Store) -> None:
    city = City(store)
    city.look("192.0.2.7")
    (body,) = of_stream(store, "logs-posture.inventory-vilamar")
    assert body["event"]["kind"] == "asset"
    assert body["host"]["ip"] == ["192.0.2.7"]
    assert body["host"]["mac"] == ["00-00-5E-00-53-23"]
    assert body["host"]["risk"]["calculated_score_norm"] > 0


def test_two_ports_of_a_host_are_two_resources(store: Store) -> None:
    city = City(store)
    city.ingest.take([city.redis("192.0.2.7", password=False), city.redis("192.0.2.7", password=False, port=6380)])
    ids = {body["resource"]["id"] for body in of_stream(store, LATEST) if body["event"]["code"] == "DB-001"}
    assert {key.rpartition("/")[2] for key in ids} == {"6379", "6380"}


def test_the_latest_state_replaces_the_one_that_waits(store: Store) -> None:
    city = City(store)
    city.look("192.0.2.7")
    before = {key: body for stream, key, body in waiting(store) if stream == LATEST}
    city.later(hours=1)
    city.look("192.0.2.7", password=True)
    after = {key: body for stream, key, body in waiting(store) if stream == LATEST}
    assert before.keys() == after.keys()
    states = [body["result"]["evaluation"] for body in after.values() if body and body["event"]["code"] == "DB-001"]
    assert states == ["passed"]


def test_an_open_finding_stays_failed_while_a_look_cannot_tell(store: Store) -> None:
    city = City(store)
    city.look("192.0.2.7")
    city.later(hours=1)
    city.ingest.take([city.seen("redis", "192.0.2.7", 6379, None, outcome=Outcome.TIMEOUT)])
    said = [body["result"]["evaluation"] for body in of_stream(store, STREAM) if body["event"]["code"] == "DB-001"]
    latest = [body["result"]["evaluation"] for body in of_stream(store, LATEST) if body["event"]["code"] == "DB-001"]
    assert (said, latest) == (["failed", "unknown"], ["failed"])


@pytest.mark.parametrize("in_one_transaction", [True, False])
def test_the_daily_word_refreshes_every_state(store: Store, in_one_transaction: bool) -> None:
    city = City(store)
    city.look("192.0.2.7")
    city.look("192.0.2.8", password=True)
    states = {key for stream, key, _ in waiting(store) if stream == LATEST}
    with store.write() as connection:
        connection.execute(delete(outbox))
    later = city.now + timedelta(hours=20)
    if in_one_transaction:
        with store.write() as connection:
            written = city.documents.republish(connection, at=later)
    else:
        written = city.documents.republish_all(store, at=later)
    again = {key: body for _, key, body in waiting(store)}
    assert again.keys() == states
    assert written == len(states)
    for body in again.values():
        assert body is not None
        assert body["@timestamp"] == "2026-11-24T04:00:00.000Z"
        assert body["event"]["created"] == "2026-11-23T08:00:00.000Z"
        assert not problems(body)


def test_the_daily_word_says_what_the_look_said(store: Store) -> None:
    city = City(store)
    city.look("192.0.2.7")
    said = {key: body for stream, key, body in waiting(store) if stream == LATEST}
    with store.write() as connection:
        city.documents.republish(connection, at=city.now)
    assert {key: body for stream, key, body in waiting(store) if stream == LATEST} == said
