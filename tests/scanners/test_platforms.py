"""Platforms that speak HTTP: real servers from Debian and Maven Central, and for the others what their documentation shows.

Real: Elasticsearch 9.2 (without security), etcd, InfluxDB, Prometheus, Docker's registry, Podman's service (Docker's API),
RabbitMQ's management. Answers as documented, replayed by a small server: Elasticsearch with security, OpenSearch, Kibana,
CouchDB, Kubernetes and kubelet, Jenkins, Grafana, Solr, Hadoop, Consul, ActiveMQ, Pushgateway, Alertmanager, Node Exporter.
"""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.observation import Outcome
from scanners.protocols import platforms
from scanners.protocols.http.client import Answer
from scanners.protocols.platforms.look import recognised
from scanners.protocols.platforms.table import PLATFORMS
from scanners.scanner import scanners_by_name
from scanners.service_facts import ServiceFacts
from tests.elastic import Node
from tests.scanners import data_servers as servers
from tests.scanners.looks import look, service_at
from tests.scanners.replay import Said, replaying
from tests.scanners.small_servers import Place


async def facts_of(place: Place) -> platforms.PlatformsFacts:
    service = await service_at(place)
    assert platforms.SCANNER.applies(service), service
    observation = await look(place, platforms.SCANNER, service=service)
    assert observation.outcome is Outcome.OBSERVED, observation.detail
    assert isinstance(observation.facts, platforms.PlatformsFacts)
    return observation.facts


def test_it_is_found_by_its_name_and_asks_web_servers_only() -> None:
    assert scanners_by_name()["platforms"] is platforms.SCANNER
    assert not platforms.SCANNER.applies(ServiceFacts(name="redis"))


REAL: tuple[tuple[str, str, bool, str], ...] = (
    # server, product, with users, proof
    ("etcd", "etcd", False, "/v3/kv/range"),
    ("etcd", "etcd", True, "/v3/kv/range"),
    ("influxdb", "InfluxDB", False, "/query?q=SHOW%20DATABASES"),
    ("influxdb", "InfluxDB", True, "/query?q=SHOW%20DATABASES"),
    ("prometheus", "Prometheus", False, "/api/v1/status/buildinfo"),
    ("registry", "container registry", False, "/v2/_catalog?n=100"),
    ("registry", "container registry", True, "/v2/_catalog?n=100"),
)


def _server(name: str, folder: Path, users: bool) -> AbstractContextManager[Place]:
    made: AbstractContextManager[Place] = getattr(servers, name)(folder, users=users)
    return made


@pytest.mark.parametrize(("server", "product", "users", "proof"), REAL)
async def test_real_server(tmp_path: Path, server: str, product: str, users: bool, proof: str) -> None:
    with _server(server, tmp_path, users) as place:
        facts = await facts_of(place)
    assert (facts.product, facts.unauthenticated, facts.proof) == (product, not users, proof)
    if server != "registry":
        assert facts.version


async def test_prometheus_behind_a_password_shows_nothing_of_itself(tmp_path: Path) -> None:
    with servers.prometheus(tmp_path, users=True) as place:
        facts = await facts_of(place)
    assert (facts.product, facts.unauthenticated) == ("", None)


async def test_podman(tmp_path: Path) -> None:
    with servers.podman(tmp_path) as place:
        facts = await facts_of(place)
    assert (facts.product, facts.unauthenticated, facts.proof) == ("Docker", True, "/version")
    assert facts.version


async def test_rabbitmq_asks_who_comes(tmp_path: Path) -> None:
    with servers.rabbitmq(tmp_path) as (amqp, web):
        assert (await service_at(amqp)).product == "RabbitMQ"
        facts = await facts_of(web)
    assert (facts.product, facts.unauthenticated, facts.proof) == ("RabbitMQ", False, "/api/overview")


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    made = Node("9.2")
    try:
        yield made
    finally:
        made.remove()


async def test_elasticsearch_without_security(node: Node) -> None:
    """Maven Central's node for tests has neither the root page (where the version is) nor the security module: both below."""
    node.start()
    node.wait()
    facts = await facts_of(("127.0.0.1", node.port))
    assert (facts.product, facts.unauthenticated, facts.proof) == ("Elasticsearch", True, "/_cluster/health")


def _json(value: object, status: int = 200, **headers: str) -> Said:
    return Said(status, json.dumps(value).encode(), {"Content-Type": "application/json", **headers})


def _page(title: str, status: int = 200, more: str = "", **headers: str) -> Said:
    body = f"<!doctype html><html><head><title>{title}</title></head><body>{more}</body></html>".encode()
    return Said(status, body, {"Content-Type": "text/html", **headers})


NOT_FOUND = Said(404, b"404 page not found\n", {"Content-Type": "text/plain; charset=utf-8"})  # of Go's net/http
REFUSED = _json({"error": "Unauthorized"}, 401)
FORBIDDEN = _json({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403}, 403)
ELASTIC_REFUSAL = _json(
    {"error": {"type": "security_exception", "reason": "missing authentication credentials for REST request [/]"}, "status": 401},
    401,
    **{"WWW-Authenticate": 'Basic realm="security", charset="UTF-8"'},
)
K8S_VERSION = _json({"major": "1", "minor": "30", "gitVersion": "v1.30.4", "platform": "linux/amd64"})
OPENSEARCH = {"version": {"number": "2.15.0"}, "tagline": "The OpenSearch Project: https://opensearch.org/"}
KIBANA = Said(302, b"", {"location": "/spaces/enter", "kbn-name": "kibana", "kbn-license-sig": "0a"})
BUILD = {"data": {"build_information": {"version": "1.5.1"}}}

RECORDED: tuple[tuple[str, dict[str, Said], bool | None], ...] = (
    ("Elasticsearch", {"/": ELASTIC_REFUSAL, "/_cluster/health": ELASTIC_REFUSAL}, False),
    ("Elasticsearch", {"/": _json({"version": {"number": "7.10.2"}, "tagline": "You Know, for Search"}),
                       "/_cluster/health": _json({"cluster_name": "c"})}, True),
    ("OpenSearch", {"/": _json(OPENSEARCH), "/_cluster/health": _json({"cluster_name": "c"})}, True),
    ("OpenSearch", {"/": Said(401, b"Unauthorized", {"WWW-Authenticate": 'Basic realm="OpenSearch Security"'}),
                    "/_cluster/health": REFUSED}, False),
    ("Kibana", {"/": KIBANA, "/api/spaces/space": _json([{"id": "default", "name": "Default"}])}, True),
    ("Kibana", {"/": KIBANA, "/api/spaces/space": REFUSED}, False),
    ("CouchDB", {"/": _json({"couchdb": "Welcome", "version": "1.7.2"}),
                 "/_session": _json({"ok": True, "userCtx": {"name": None, "roles": ["_admin"]}})}, True),
    ("CouchDB", {"/": _json({"couchdb": "Welcome", "version": "3.3.3"}), "/_all_dbs": REFUSED,
                 "/_session": _json({"ok": True, "userCtx": {"name": None, "roles": []}})}, False),
    ("etcd", {"/version": _json({"etcdserver": "2.3.8", "etcdcluster": "2.3.0"}),
              "/v2/keys/": _json({"action": "get", "node": {"dir": True, "nodes": [{"key": "/a"}]}})}, True),
    ("Kubernetes", {"/": FORBIDDEN, "/version": K8S_VERSION, "/api/v1/namespaces?limit=1": FORBIDDEN}, False),
    ("Kubernetes", {"/": _json({"paths": ["/api", "/api/v1"]}),
                    "/api/v1/namespaces?limit=1": _json({"kind": "NamespaceList", "metadata": {}, "items": []})}, True),
    ("kubelet", {"/pods": _json({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": [{}, {}]})}, True),
    ("kubelet", {"/": Said(403, b"Forbidden (user=system:anonymous, verb=get, resource=nodes, subresource=proxy)", {}),
                 "/pods": Said(403, b"Forbidden", {})}, False),
    ("Jenkins", {"/": _page("Dashboard [Jenkins]", **{"X-Jenkins": "2.452.1"}), "/api/json?tree=mode": _json({"mode": "NORMAL"})},
     True),
    ("Jenkins", {"/": _page("Sign in", 403, **{"X-Jenkins": "2.452.1"}), "/api/json?tree=mode": _page("Sign in", 403)}, False),
    ("Grafana", {"/": _page("Grafana"), "/api/org": _json({"id": 1, "name": "Main Org."})}, True),
    ("Grafana", {"/": _page("Grafana"), "/api/org": REFUSED}, False),
    ("Pushgateway", {"/": _page("Prometheus Pushgateway"), "/api/v1/status": _json(BUILD)}, True),
    ("Alertmanager", {"/": _page("Alertmanager"), "/api/v2/status": _json({"versionInfo": {"version": "0.25.0"}})}, True),
    ("Node Exporter", {"/": _page("Node Exporter"), "/metrics": Said(200, b"# HELP go_info x\n", {})}, True),
    ("RabbitMQ", {"/": _page("RabbitMQ Management"), "/api/overview": _json({"rabbitmq_version": "3.6.0"})}, True),
    ("Hadoop YARN", {"/": Said(302, b"", {"Location": "/cluster"}), "/cluster": _page("All Applications"),
                     "/ws/v1/cluster/info": _json({"clusterInfo": {"id": 1, "hadoopVersion": "3.3.6"}})}, True),
    ("Hadoop HDFS", {"/": _page("Hadoop Administration", more='<meta http-equiv="REFRESH" content="0;url=dfshealth.html"/>'),
                     "/jmx?qry=Hadoop:service=NameNode,name=NameNodeStatus": _json({"beans": [{}]})}, True),
    ("Solr", {"/": Said(302, b"", {"Location": "/solr/"}), "/solr/": _page("Solr Admin"),
              "/solr/admin/info/system?wt=json": _json({"lucene": {"solr-spec-version": "8.11.2"}})}, True),
    ("Consul", {"/": Said(301, b"", {"Location": "/ui/"}), "/ui/": _page("Consul by HashiCorp"),
                "/v1/agent/self": _json({"Config": {"NodeName": "n", "Version": "1.18.2"}})}, True),
    ("Consul", {"/": Said(200, b"Consul Agent: UI disabled", {}), "/v1/agent/self": Said(403, b"Permission denied", {})}, False),
    ("ActiveMQ", {"/": Said(401, b"", {"WWW-Authenticate": 'basic realm="ActiveMQRealm"'}), "/admin/": REFUSED}, False),
    ("ActiveMQ", {"/": _page("Apache ActiveMQ"), "/admin/": _page("localhost : ActiveMQ Console", more="Broker")}, True),
    ("Docker", {"/": _json({"message": "page not found"}, 404),
                "/version": _json({"Version": "24.0.7", "ApiVersion": "1.43", "Os": "linux", "Arch": "amd64"})}, True),
    # and who is none of them
    ("", {"/": _page("Ajuntament de Vilamar")}, None),
    ("", {"/": NOT_FOUND}, None),
    ("", {"/": _json({"status": "ok"}), "/version": _json({"version": "1.2"})}, None),
    ("", {"/": Said(200, b"[" * 100_000, {"Content-Type": "application/json"})}, None),
    ("Grafana", {"/": _page("Grafana"), "/api/org": _page("Grafana")}, None),  # a page for every path proves nothing
)  # fmt: skip


@pytest.mark.parametrize(
    ("product", "said", "unauthenticated"), RECORDED, ids=lambda value: value if isinstance(value, str) else ""
)
async def test_as_documented(product: str, said: dict[str, Said], unauthenticated: bool | None) -> None:
    with replaying(said, otherwise=NOT_FOUND) as (place, asked):
        facts = await facts_of(place)
    assert (facts.product, facts.unauthenticated) == (product, unauthenticated)
    assert len(asked) <= 12
    assert {method for method, _ in asked} <= {"GET", "POST"}


def test_every_platform_was_looked_at() -> None:
    assert {name for name, _, _ in RECORDED} | {name for _, name, _, _ in REAL} >= {platform.name for platform in PLATFORMS}


SEEDS = [
    (path, answer.status, answer.body, tuple((name.lower(), value) for name, value in answer.headers.items()))
    for _, said, _ in RECORDED
    for path, answer in said.items()
]


@given(st.sampled_from(SEEDS), st.integers(0, 2000), st.binary(max_size=40), st.sampled_from([200, 401, 404, 500]))
def test_no_answer_makes_a_reader_fail(
    seed: tuple[str, int, bytes, tuple[tuple[str, str], ...]], cut: int, new: bytes, status: int
) -> None:
    path, _, body, headers = seed
    changed = body[:cut] + new + body[cut + len(new) :]
    answer = Answer(path, status, headers, changed, changed, whole=True)
    recognised(answer)
    for platform in PLATFORMS:
        platform.version(answer)
        for proof in platform.proofs:
            proof.judge(answer)


NAMES = (
    *(
        "results",
        "series",
        "values",
        "header",
        "cluster_id",
        "count",
        "node",
        "nodes",
        "action",
        "userCtx",
        "roles",
        "items",
        "kind",
    ),
    *("paths", "version", "number", "data", "id", "lucene", "tagline"),
)
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
DOCUMENTS = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4), max_leaves=12
)


@given(DOCUMENTS)
def test_no_json_makes_a_reader_fail(document: object) -> None:
    body = json.dumps(document).encode()
    for path in ("/", "/version", "/pods"):
        answer = Answer(path, 200, (), body, body, whole=True)
        recognised(answer)
        for platform in PLATFORMS:
            platform.version(answer)
            for proof in platform.proofs:
                proof.judge(answer)
