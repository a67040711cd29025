"""Real nodes of both lines accept the templates and every kind of document, and answer Kibana's queries."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from elasticsearch import Elasticsearch

from collector.elasticsearch.shipper import Shipper
from collector.elasticsearch.templates import component_templates, index_templates, install_templates
from collector.outbox import put
from collector.store import Store
from tests.collector.publishing import City, waiting

LATEST = "security_solution-posture.misconfiguration_latest"


def shipped(store: Store, client: Elasticsearch) -> int:
    stored = 0
    shipper = Shipper(store, lambda: client, holder="a test")  # one holder: a second one would wait for the lease
    while waiting(store):
        said = shipper.ship_once()
        assert (said.refused, said.later, said.problem) == (0, 0, None)
        stored += said.stored
    client.indices.refresh(index="logs-posture*,metrics-posture*,security_solution-posture*")
    return stored


def city_seen(store: Store, at: datetime, namespace: str) -> City:
    city = City(store, at, namespace)
    city.look("192.0.2.7")
    city.look("192.0.2.8", password=True)
    city.ingest.end_of_scan("scan-1")
    return city


def test_templates_are_accepted_and_may_be_put_again(client: Elasticsearch) -> None:
    names = install_templates(client)
    assert install_templates(client) == names
    assert set(names) == {*component_templates(), *index_templates()}
    made = client.indices.simulate_index_template(name="logs-posture.vulnerability-vilamar")
    assert made["template"]["mappings"]["properties"]["vulnerability"]["properties"]["severity"]["type"] == "keyword"


def test_every_stream_takes_its_documents(sqlite: Store, client: Elasticsearch, namespace: str) -> None:
    city_seen(sqlite, datetime.now(UTC), namespace)
    sent = Counter(stream for stream, _, _ in waiting(sqlite))
    assert len(sent) == 5
    assert shipped(sqlite, client) == sum(sent.values())
    assert {stream: client.count(index=stream)["count"] for stream in sent} == dict(sent)
    backing = client.indices.get_settings(index=f"logs-posture.change-{namespace}").body
    assert all(name.startswith(".ds-logs-posture.change-") for name in backing)


def test_kibanas_findings_page_finds_the_latest_states(sqlite: Store, client: Elasticsearch, namespace: str) -> None:
    city_seen(sqlite, datetime.now(UTC), namespace)
    shipped(sqlite, client)
    within = {"range": {"@timestamp": {"gte": "now-26h", "lte": "now+1m"}}}
    failed = {"bool": {"filter": [within, {"term": {"result.evaluation": "failed"}}]}}
    grouped: dict[str, Any] = {
        "resources": {"terms": {"field": "resource.id", "size": 100}},
        "sections": {"terms": {"field": "rule.section"}},
        "benchmark": {"terms": {"field": "rule.benchmark.id"}},
        "numbers": {"terms": {"field": "rule.benchmark.rule_number"}},
        "kinds": {"terms": {"field": "resource.sub_type"}},
        "unique": {"cardinality": {"field": "rule.uuid"}},
    }
    answer = client.search(index="security_solution-*.misconfiguration_latest", query=failed, aggs=grouped, size=50)
    hits = [hit["_source"] for hit in answer["hits"]["hits"]]
    assert "DB-001" in {hit["event"]["code"] for hit in hits}
    assert [bucket["key"] for bucket in answer["aggregations"]["benchmark"]["buckets"]] == ["ens_rd311_2022"]
    assert all(answer["aggregations"][name]["buckets"] for name in ("resources", "sections", "numbers", "kinds"))
    by_host = client.search(index=LATEST, query={"term": {"host.name": hits[0]["host"]["name"]}})
    assert by_host["hits"]["total"]["value"] > 0
    passed = client.count(index=LATEST, query={"bool": {"filter": [within, {"term": {"result.evaluation": "passed"}}]}})
    assert passed["count"] > 0
    evidence = client.search(index=LATEST, query={"exists": {"field": "result.evidence"}})
    assert evidence["hits"]["total"]["value"] > 0


def test_the_daily_word_brings_old_states_back_into_the_window(sqlite: Store, client: Elasticsearch, namespace: str) -> None:
    now = datetime.now(UTC)
    city = city_seen(sqlite, now - timedelta(days=6), namespace)
    shipped(sqlite, client)
    within = {"range": {"@timestamp": {"gte": "now-26h"}}}
    assert client.count(index=LATEST, query=within)["count"] == 0
    total = client.count(index=LATEST)["count"]
    city.documents.republish_all(sqlite, at=now)
    shipped(sqlite, client)
    assert client.count(index=LATEST, query=within)["count"] == client.count(index=LATEST)["count"] == total


def test_hostile_evidence_adds_no_field(sqlite: Store, client: Elasticsearch, namespace: str) -> None:
    city = city_seen(sqlite, datetime.now(UTC), namespace)
    shipped(sqlite, client)
    before = client.indices.get_mapping(index=LATEST)
    body = waiting_body(city)
    for number in range(50):
        body["result"]["evidence"][f"field{number}"] = {"x" * 100: number}
        body[f"unknown{number}"] = {"y": number}
    client.index(index=f"{LATEST}-v1", id="hostile", document=body, refresh=True)
    assert client.indices.get_mapping(index=LATEST).body == before.body
    assert client.count(index=LATEST, query={"term": {"_id": "hostile"}})["count"] == 1


def waiting_body(city: City) -> dict[str, Any]:
    city.later(hours=1)
    city.look("192.0.2.7")
    return next(body for stream, _, body in waiting(city.store) if stream.startswith(LATEST) and body)


def test_what_is_proved_gone_leaves_the_page(sqlite: Store, client: Elasticsearch, namespace: str) -> None:
    city = city_seen(sqlite, datetime.now(UTC), namespace)
    shipped(sqlite, client)
    before = client.count(index=LATEST, query={"term": {"rule.id": "DB-001"}})["count"]
    with sqlite.write() as connection:
        gone = [city.documents._taken_away("DB-001", asset, "tcp/6379") for asset in _assets(client)]
        put(connection, gone, at=city.now)
    shipped(sqlite, client)
    shipped(sqlite, client)
    assert before > 0
    assert client.count(index=LATEST, query={"term": {"rule.id": "DB-001"}})["count"] == 0


def _assets(client: Elasticsearch) -> set[str]:
    hits = client.search(index=LATEST, query={"term": {"rule.id": "DB-001"}})["hits"]["hits"]
    return {hit["_source"]["host"]["id"].rpartition(":")[2] for hit in hits}
