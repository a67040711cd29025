"""A process that makes events and ships them until it is killed (``main`` is run by :mod:`tests.forking`).

Each event is written with a row of its own in the same transaction; ``event.id`` and ``_id`` are the same.
"""

import os
import signal
import threading
import uuid
from datetime import UTC, datetime

from sqlalchemy import insert

from collector.elasticsearch.client import Destination, connect
from collector.elasticsearch.shipper import Shipper
from collector.outbox import Document, put
from collector.store import Store, open_store
from collector.tables import event


def make(store: Store, city: str, count: int) -> None:
    """One transaction: events, and the documents that say so."""
    now = datetime.now(UTC)
    ids = [str(uuid.uuid4()) for _ in range(count)]
    with store.write() as connection:
        connection.execute(insert(event), [{"id": key, "at": now, "action": "test", "detail": {}} for key in ids])
        body = {"@timestamp": now.isoformat(timespec="milliseconds")}
        stream = f"logs-posture.change-{city}"
        put(connection, [Document(stream=stream, id=key, body={**body, "event": {"id": key}}) for key in ids], at=now)


def main(url: str, node: str, city: str, point: str = "", occurrence: str = "0") -> None:
    store, left = open_store(url), int(occurrence)

    def passing(name: str) -> None:
        nonlocal left
        if name == point:
            left -= 1
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def client() -> object:
        return connect(Destination(hosts=(node,), request_timeout_seconds=20))

    shipper = Shipper(store, client, rows_at_once=100, lease_seconds=0.6, point=passing)  # type: ignore[arg-type]
    threading.Thread(target=shipper.run, args=(threading.Event(),), daemon=True).start()
    while True:
        make(store, city, 40)
        threading.Event().wait(0.01)
