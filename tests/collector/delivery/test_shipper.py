"""Everything that was committed arrives once, whatever is killed, down, full or rolled over in between."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from sqlalchemy import func, select

from collector.elasticsearch.client import Destination, DestinationError, connect
from collector.elasticsearch.shipper import Shipper, shipping
from collector.elasticsearch.templates import install_templates
from collector.leases import take_lease
from collector.outbox import Document, backlog, put
from collector.store import Store
from collector.tables import event, outbox
from tests.api.ticketing.doubles.server import Asked, Double, Reply, serving
from tests.collector.delivery.killed_shipper import make
from tests.elastic import Node
from tests.forking import Forks

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
POINTS = [("marked", 1), ("sent", 1), ("deleted", 2), ("sent", 3), ("marked", 2)]


def ids_there(client: Elasticsearch, city: str) -> Counter[str]:
    """Every ``event.id`` in the stream, by how often it is there."""
    client.indices.refresh(index=f"logs-posture.change-{city}")
    found: Counter[str] = Counter()
    after: list[Any] | None = None
    while True:
        answer = client.search(
            index=f"logs-posture.change-{city}",
            size=5_000,
            sort=[{"event.id": "asc"}, {"_doc": "asc"}],
            source=["event.id"],
            track_total_hits=False,
            **({"search_after": after} if after else {}),
        )
        hits = answer["hits"]["hits"]
        found.update(hit["_source"]["event"]["id"] for hit in hits)
        if len(hits) < 5_000:
            return found
        after = hits[-1]["sort"]


def committed(store: Store) -> set[str]:
    with store.read() as connection:
        return set(connection.execute(select(event.c.id)).scalars())


def waiting(store: Store) -> int:
    with store.read() as connection:
        return backlog(connection).waiting


def drain(store: Store, client: Elasticsearch, **more: Any) -> None:
    shipper = Shipper(store, lambda: client, **more)
    for _ in range(200):
        if not waiting(store):
            return
        time.sleep(min(shipper.ship_once().pause_seconds, 0.5))
    raise AssertionError("the outbox does not empty")


def url_of(store: Store) -> str:
    return store.url.render_as_string(hide_password=False).replace("+psycopg", "").replace("+pysqlite", "")


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    with Forks("tests.collector.delivery.killed_shipper") as made:
        yield made


def test_kills_at_any_instant_lose_nothing_and_send_nothing_twice(
    store: Store, node_9: Node, client_9: Elasticsearch, namespace: str, forks: Forks
) -> None:
    install_templates(client_9)
    what, chance = (url_of(store), node_9.url, namespace), random.Random(11)
    for _ in range(12):
        forks.kill_after(chance.uniform(0.2, 1.2), *what)
    for point, occurrence in POINTS:
        assert forks.wait(forks.begin(*what, point, str(occurrence))) == -9
    drain(store, client_9, lease_seconds=0.6)
    found, expected = ids_there(client_9, namespace), committed(store)
    assert len(expected) > 500
    assert found.keys() == expected
    assert set(found.values()) == {1}


def test_a_rollover_between_sending_and_hearing_makes_no_second_copy(
    sqlite: Store, node_9: Node, client_9: Elasticsearch, namespace: str, forks: Forks
) -> None:
    install_templates(client_9)
    for _ in range(2):
        assert forks.wait(forks.begin(url_of(sqlite), node_9.url, namespace, "sent", "2")) == -9
        client_9.indices.rollover(alias=f"logs-posture.change-{namespace}")
    drain(sqlite, client_9, lease_seconds=0.6)
    found = ids_there(client_9, namespace)
    assert found.keys() == committed(sqlite)
    assert set(found.values()) == {1}
    with sqlite.read() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"


def test_a_node_that_is_down_gets_everything_when_it_is_up(
    sqlite: Store, nodes: dict[str, Node], reach: Callable[[Node], Elasticsearch], namespace: str
) -> None:
    node = nodes["8.19"]
    client = reach(node)
    install_templates(client)
    make(sqlite, namespace, 300)
    with shipping(sqlite, lambda: reach(node)):
        until(lambda: waiting(sqlite) == 0)
        node.stop()
        for _ in range(5):
            make(sqlite, namespace, 200)
            time.sleep(0.3)
        assert waiting(sqlite) == 1_000
        node.start()
        node.wait()
        until(lambda: waiting(sqlite) == 0)
    found = ids_there(client, namespace)
    client.close()
    assert found.keys() == committed(sqlite)
    assert set(found.values()) == {1}


def until(condition: Callable[[], bool], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


@pytest.fixture
def ready(client_9: Elasticsearch) -> Iterator[Elasticsearch]:
    install_templates(client_9)
    yield client_9
    client_9.cluster.put_settings(transient={"*": None})


def test_what_is_refused_is_kept_and_blocks_nothing(sqlite: Store, ready: Elasticsearch, namespace: str) -> None:
    stream = f"logs-posture.change-{namespace}"
    bad = Document(stream=stream, id="bad", body={"event": {"id": "bad"}})  # a data stream wants @timestamp
    with sqlite.write() as connection:
        put(connection, [bad], at=NOW)
    make(sqlite, namespace, 50)
    shipper = Shipper(sqlite, lambda: ready)
    said = shipper.ship_once()
    assert (said.stored, said.refused) == (50, 1)
    with sqlite.read() as connection:
        found = backlog(connection)
    assert (found.waiting, found.refused) == (1, 1)
    assert "@timestamp" in (found.last_error or "")
    make(sqlite, namespace, 50)
    assert shipper.ship_once().stored == 50
    assert ids_there(ready, namespace).keys() == committed(sqlite)


def test_what_was_refused_is_tried_again_later(sqlite: Store, ready: Elasticsearch, namespace: str) -> None:
    stream = f"logs-posture.change-{namespace}"
    now = {"seconds": 0.0}
    shipper = Shipper(sqlite, lambda: ready, monotonic=lambda: now["seconds"])
    make(sqlite, namespace, 1)
    shipper.ship_once()
    ready.indices.put_settings(index=stream, settings={"index.blocks.metadata": False})
    with sqlite.write() as connection:
        put(connection, [Document(stream=stream, id="bad", body={"event": {"id": "bad"}})], at=NOW)
    assert shipper.ship_once().refused == 1
    with sqlite.write() as connection:
        connection.execute(outbox.update().values(body=b'{"@timestamp":"2026-11-23T08:00:00Z","event":{"id":"bad"}}'))
    shipper.ship_once()
    now["seconds"] = 3_600.0
    shipper.ship_once()
    assert waiting(sqlite) == 0


def test_a_block_on_the_index_is_waited_out(sqlite: Store, ready: Elasticsearch, namespace: str) -> None:
    """What the flood stage of a full disk does: every item is refused for now, and none is dropped."""
    make(sqlite, namespace, 10)
    shipper = Shipper(sqlite, lambda: ready)
    assert shipper.ship_once().stored == 10
    stream = f"logs-posture.change-{namespace}"
    ready.indices.put_settings(index=stream, settings={"index.blocks.read_only_allow_delete": True})
    make(sqlite, namespace, 10)
    said = shipper.ship_once()
    assert (said.stored, said.refused, said.later) == (0, 0, 10)
    assert said.pause_seconds > 0
    ready.indices.put_settings(index=stream, settings={"index.blocks.read_only_allow_delete": None})
    assert shipper.ship_once().stored == 10
    assert set(ids_there(ready, namespace).values()) == {1}


def test_a_replay_of_all_that_was_sent_is_harmless(sqlite: Store, ready: Elasticsearch, namespace: str) -> None:
    make(sqlite, namespace, 30)
    with sqlite.read() as connection:
        rows = connection.execute(select(outbox)).mappings().all()
    shipper = Shipper(sqlite, lambda: ready)
    assert shipper.ship_once().stored == 30
    with sqlite.write() as connection:
        connection.execute(outbox.insert(), [dict(row) for row in rows])
    make(sqlite, namespace, 10)
    assert shipper.ship_once().stored == 40
    found = ids_there(ready, namespace)
    assert len(found) == 40
    assert set(found.values()) == {1}


def test_a_newer_state_written_while_one_is_on_its_way_is_not_lost(sqlite: Store, ready: Elasticsearch) -> None:
    latest = "security_solution-posture.misconfiguration_latest-v1"

    def state(value: str) -> None:
        body = {"@timestamp": "2026-11-23T08:00:00Z", "result": {"evaluation": value}}
        with sqlite.write() as connection:
            put(connection, [Document(stream=latest, id="one", body=body, replaces=True)], at=NOW)

    state("failed")
    shipper = Shipper(sqlite, lambda: ready, point=lambda name: state("passed") if name == "marked" and not sent else None)
    sent: list[int] = []
    shipper.ship_once()
    sent.append(1)
    assert waiting(sqlite) == 1
    shipper.ship_once()
    assert waiting(sqlite) == 0
    assert ready.get(index=latest, id="one")["_source"]["result"]["evaluation"] == "passed"


def test_one_process_ships_at_a_time(sqlite: Store, ready: Elasticsearch, namespace: str) -> None:
    make(sqlite, namespace, 10)
    with sqlite.write() as connection:
        assert take_lease(connection, "shipper", "somebody else", at=datetime.now(UTC), seconds=15)
    assert Shipper(sqlite, lambda: ready).ship_once().stored == 0
    assert waiting(sqlite) == 10


def test_nobody_there_is_told_once_and_loses_nothing(sqlite: Store, namespace: str, caplog: pytest.LogCaptureFixture) -> None:
    make(sqlite, namespace, 10)
    shipper = Shipper(sqlite, lambda: connect(Destination(hosts=("http://127.0.0.1:9",), request_timeout_seconds=1)))
    pauses = [shipper.ship_once().pause_seconds for _ in range(6)]
    assert pauses[-1] > pauses[0] >= 0.5
    assert waiting(sqlite) == 10
    assert len([record for record in caplog.records if record.name == "talaia.shipper"]) == 1
    ended = threading.Event()
    thread = threading.Thread(target=shipper.run, args=(ended,))
    thread.start()
    ended.set()
    thread.join(300)
    assert not thread.is_alive()


class _Impostor(Double):
    """Says yes to everything in JSON that is none of Elasticsearch's."""

    def answer(self, asked: Asked) -> Reply:
        return Reply(200, {"items": True, "acknowledged": True}, {"x-elastic-product": "Elasticsearch"})


def test_an_answer_of_another_shape_ends_nothing(sqlite: Store, namespace: str) -> None:
    make(sqlite, namespace, 10)
    with serving(_Impostor()) as url:
        shipper = Shipper(sqlite, lambda: connect(Destination(hosts=(url,))))
        for _ in range(3):  # once as new ones, then as some that may have arrived
            shipped = shipper.ship_once()
            assert shipped.pause_seconds > 0
            assert "none of Elasticsearch's" in (shipped.problem or "")
    assert waiting(sqlite) == 10


def test_a_secret_is_read_from_its_file_and_never_shown(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("c2VjcmV0LWtleQ==\n")
    client = connect(Destination(hosts=("https://127.0.0.1:9",), api_key_file=key))
    assert "c2VjcmV0" not in repr(client)
    key.write_text(" \n")
    with pytest.raises(DestinationError, match="is empty"):
        connect(Destination(hosts=("https://127.0.0.1:9",), api_key_file=key))
    with pytest.raises(DestinationError, match="could not be read"):
        connect(Destination(hosts=("https://127.0.0.1:9",), api_key_file=tmp_path / "none"))
    with pytest.raises(DestinationError, match="authority file"):
        connect(Destination(hosts=("https://127.0.0.1:9",), ca_file=tmp_path / "none"))


def test_counting_is_not_fooled(sqlite: Store, namespace: str) -> None:
    """The counters that the tests above rely on see what is there."""
    make(sqlite, namespace, 3)
    with sqlite.read() as connection:
        assert connection.execute(select(func.count()).select_from(outbox)).scalar_one() == 3
    assert len(committed(sqlite)) == 3
