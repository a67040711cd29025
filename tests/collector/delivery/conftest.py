"""One node of each line of Elasticsearch for the whole session, started together."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from collector.elasticsearch.client import Destination, connect
from collector.migrations import migrate
from collector.store import Store, open_store
from tests.elastic import Node
from tests.fetch_elasticsearch import VERSIONS


@pytest.fixture(scope="session")
def nodes() -> Iterator[dict[str, Node]]:
    started: dict[str, Node] = {}
    try:
        for line in VERSIONS:
            started[line] = Node(line)
            started[line].start()
        for node in started.values():
            node.wait()
        yield started
    finally:
        for node in started.values():
            node.remove()


@pytest.fixture(params=list(VERSIONS))
def node(request: pytest.FixtureRequest, nodes: dict[str, Node]) -> Node:
    return nodes[request.param]


@pytest.fixture
def node_9(nodes: dict[str, Node]) -> Node:
    return nodes["9.2"]


@pytest.fixture
def reach() -> Callable[[Node], Elasticsearch]:
    """How a node is reached."""
    return lambda node: connect(Destination(hosts=(node.url,), request_timeout_seconds=20))


@pytest.fixture
def client(node: Node, reach: Callable[[Node], Elasticsearch]) -> Iterator[Elasticsearch]:
    """A client of each line in turn, without the latest states of other tests (data streams: each test has its own city)."""
    yield from _emptied(reach(node))


@pytest.fixture
def client_9(node_9: Node, reach: Callable[[Node], Elasticsearch]) -> Iterator[Elasticsearch]:
    yield from _emptied(reach(node_9))


def _emptied(made: Elasticsearch) -> Iterator[Elasticsearch]:
    made.options(ignore_status=404).indices.delete(index="security_solution-posture.misconfiguration_latest-v1")
    yield made
    made.close()


@pytest.fixture
def namespace() -> str:
    """A city of the test's own."""
    return f"city{os.urandom(4).hex()}"


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Store]:
    """A store in a file, where the kind of database does not matter."""
    store = open_store(f"sqlite:///{tmp_path / 'talaia.db'}")
    migrate(store)
    yield store
    store.close()
    shutil.rmtree(tmp_path, ignore_errors=True)
