"""The platforms that are known: how each shows itself, and the one least request that proves that it asks for no credentials.

A path that is asked to tell them apart (``/version``) is only asked where the front page is none of a web site. Sources: each
product's own reference of its HTTP interface.
"""

from collections.abc import Callable
from dataclasses import dataclass

from scanners.protocols.http.client import Answer
from scanners.protocols.platforms.judging import (
    admin_party,
    etcd_keys,
    etcd_version_2,
    influx_databases,
    kibana_spaces,
)
from scanners.protocols.platforms.reading import Judge, has, read_json, says, within

Recogniser = Callable[[Answer], bool]


@dataclass(frozen=True)
class Proof:
    """One request. ``content`` makes it a POST of JSON (a question all the same: nothing here changes anything)."""

    path: str
    judge: Judge
    content: bytes = b""


@dataclass(frozen=True)
class Platform:
    """``recognise`` sees the answer to ``/`` and to each of :data:`ASKED`. ``proofs`` are asked in turn until one is clear."""

    name: str
    recognise: Recogniser
    proofs: tuple[Proof, ...]
    version: Callable[[Answer], object] = lambda answer: None


ASKED = ("/version", "/v2/", "/pods")
"""Asked, in this order, of a server whose front page says nothing: etcd, Docker, Kubernetes; a registry; a kubelet."""


def _header(name: str, *words: str) -> Recogniser:
    return lambda answer: bool(answer.get(name)) and all(word in answer.get(name).lower() for word in words)


def _title(*titles: str) -> Recogniser:
    return lambda answer: answer.html and any(f"<title>{title}" in answer.lower[:20_000] for title in titles)


def _any(*recognisers: Recogniser) -> Recogniser:
    return lambda answer: any(recognise(answer) for recognise in recognisers)


def _json(*names: str) -> Recogniser:
    """An answer with JSON in which each dotted name is there."""

    def recognise(answer: Answer) -> bool:
        document = read_json(answer)
        return isinstance(document, dict) and all(within(document, *name.split(".")) is not None for name in names)

    return recognise


def _tagline(words: str) -> Recogniser:
    return lambda answer: answer.status == 200 and words in str(within(read_json(answer), "tagline")).lower()


def _kubernetes(answer: Answer) -> bool:
    """The list of paths, a Status object of version v1 (a refusal), or the version of an API server."""
    document = read_json(answer)
    if answer.path == "/version":
        return all(isinstance(within(document, name), str) for name in ("gitVersion", "major", "minor"))
    refusal = within(document, "kind") == "Status" and within(document, "apiVersion") == "v1"
    paths = within(document, "paths")
    return refusal or (isinstance(paths, list) and "/api/v1" in paths)


def _kubelet(answer: Answer) -> bool:
    pods = answer.path == "/pods" and within(read_json(answer), "kind") == "PodList"
    return pods or (answer.status == 403 and "resource=nodes, subresource=" in answer.text)


def _at(path: str, recognise: Recogniser) -> Recogniser:
    return lambda answer: answer.path == path and recognise(answer)


def _in_json(*names: str) -> Callable[[Answer], object]:
    return lambda answer: within(read_json(answer), *names)


def _in_header(name: str) -> Callable[[Answer], object]:
    return lambda answer: answer.get(name)


_BUILD = ("data", "build_information")
_METRICS = Proof("/metrics", says("# help "))
_ELASTIC_REFUSAL = "missing authentication credentials for rest request"
_HEALTH = Proof("/_cluster/health", has("cluster_name", kind=str))
_COUNT_ONLY = b'{"key":"AA==","range_end":"AA==","count_only":true}'  # every key there is: how many, and nothing of them

PLATFORMS: tuple[Platform, ...] = (
    Platform("OpenSearch", _any(_tagline("opensearch"), _header("www-authenticate", "opensearch security")), (_HEALTH,),
             _in_json("version", "number")),
    Platform("Elasticsearch", _any(_tagline("you know, for search"), _header("x-elastic-product"),
                                   lambda answer: answer.status == 401 and _ELASTIC_REFUSAL in answer.lower), (_HEALTH,),
             _in_json("version", "number")),
    Platform("Kibana", _any(_header("kbn-name"), _header("kbn-license-sig")), (Proof("/api/spaces/space", kibana_spaces),),
             _in_header("kbn-version")),
    Platform("CouchDB", _any(_json("couchdb", "version"), _header("server", "couchdb/")),
             (Proof("/_session", admin_party), Proof("/_all_dbs", has(kind=list))), _in_json("version")),
    Platform("etcd", _at("/version", _json("etcdserver", "etcdcluster")),
             (Proof("/v3/kv/range", etcd_keys, _COUNT_ONLY), Proof("/v3beta/kv/range", etcd_keys, _COUNT_ONLY),
              Proof("/v2/keys/", etcd_version_2)), _in_json("etcdserver")),
    Platform("InfluxDB", _any(_header("x-influxdb-version"), _header("x-influxdb-build")),
             (Proof("/query?q=SHOW%20DATABASES", influx_databases),), _in_header("x-influxdb-version")),
    Platform("Docker", _any(_at("/version", _json("ApiVersion", "Os", "Arch")), _header("libpod-api-version"),
                            _header("docker-experimental")),
             (Proof("/version", has("ApiVersion", kind=str, version=("Version",))),)),
    Platform("kubelet", _kubelet, (Proof("/pods", has("items", kind=(list, type(None)))),)),
    Platform("Kubernetes", _kubernetes, (Proof("/api/v1/namespaces?limit=1", has("metadata", kind=dict)),),
             _in_json("gitVersion")),
    Platform("container registry", _header("docker-distribution-api-version"),
             (Proof("/v2/_catalog?n=100", has("repositories", kind=list)),)),
    Platform("RabbitMQ", _title("rabbitmq management"),
             (Proof("/api/overview", has("rabbitmq_version", kind=str, version=("rabbitmq_version",))),)),
    Platform("Jenkins", _header("x-jenkins"), (Proof("/api/json?tree=mode", has("mode", kind=str)),), _in_header("x-jenkins")),
    Platform("Grafana", _title("grafana"), (Proof("/api/org", has("id", kind=int)),)),
    Platform("Prometheus", _title("prometheus time series"),
             (Proof("/api/v1/status/buildinfo", has("data", "version", kind=str, version=("data", "version"))),)),
    Platform("Pushgateway", _title("prometheus pushgateway"),
             (Proof("/api/v1/status", has("data", "build_information", kind=dict, version=(*_BUILD, "version"))),)),
    Platform("Alertmanager", _title("alertmanager"),
             (Proof("/api/v2/status", has("versionInfo", "version", kind=str, version=("versionInfo", "version"))),)),
    Platform("Node Exporter", _title("node exporter"), (_METRICS,)),
    Platform("Hadoop YARN", _any(_title("all applications"), lambda answer: "/cluster/apps" in answer.lower[:20_000]),
             (Proof("/ws/v1/cluster/info", has("clusterInfo", "id", version=("clusterInfo", "hadoopVersion"))),)),
    Platform("Hadoop HDFS", _any(_title("namenode information"), lambda answer: 'url=dfshealth.html' in answer.lower[:2_000]),
             (Proof("/jmx?qry=Hadoop:service=NameNode,name=NameNodeStatus", has("beans", kind=list)),)),
    Platform("Solr", _title("solr admin"), (Proof("/solr/admin/info/system?wt=json",
                                                  has("lucene", kind=dict, version=("lucene", "solr-spec-version"))),)),
    Platform("Consul", _any(_title("consul by hashicorp"), lambda answer: answer.lower[:200].startswith("consul agent")),
             (Proof("/v1/agent/self", has("Config", "NodeName", kind=str, version=("Config", "Version"))),)),
    Platform("ActiveMQ", _any(_title("apache activemq"), _header("www-authenticate", "activemqrealm")),
             (Proof("/admin/", says("activemq", "broker")),)),
)  # fmt: skip
