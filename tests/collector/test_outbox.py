"""The outbox: written with what made it, once, the newest state in place of an older one."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from collector.outbox import Document, backlog, put
from collector.store import Store
from collector.tables import outbox

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def document(key: str, value: int = 0, *, replaces: bool = False) -> Document:
    stream = "security_solution-x" if replaces else "logs-posture.change-vilamar"
    return Document(stream=stream, id=key, body={"value": value}, replaces=replaces)


def rows(store: Store) -> list[tuple[int, str, bytes]]:
    with store.read() as connection:
        return [tuple(row) for row in connection.execute(select(outbox.c.seq, outbox.c.id, outbox.c.body).order_by(outbox.c.seq))]


def test_what_waits_is_not_written_twice(store: Store) -> None:
    with store.write() as connection:
        assert put(connection, [document("a"), document("a"), document("b")], at=NOW) == 2
    with store.write() as connection:
        assert put(connection, [document("a", 9), document("c")], at=NOW) == 1
    assert [(key, body) for _, key, body in rows(store)] == [("a", b'{"value":0}'), ("b", b'{"value":0}'), ("c", b'{"value":0}')]


def test_the_newest_state_gets_a_number_of_its_own(store: Store) -> None:
    """The sender deletes by number: the row it has in hand must never be the newer one."""
    with store.write() as connection:
        put(connection, [document("state", 1, replaces=True)], at=NOW)
    ((old, _, _),) = rows(store)
    with store.write() as connection:
        put(connection, [document("state", 2, replaces=True), document("state", 3, replaces=True)], at=NOW)
    ((new, _, body),) = rows(store)
    assert new > old
    assert body == b'{"value":3}'


def test_nothing_leaves_when_the_transaction_is_undone(store: Store) -> None:
    def fail() -> None:
        with store.write() as connection:
            put(connection, [document("a")], at=NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with store.read() as connection:
        assert backlog(connection).waiting == 0


def test_many_documents_fit(store: Store) -> None:
    with store.write() as connection:
        assert put(connection, [document(f"k{number}") for number in range(1_234)], at=NOW) == 1_234
    with store.read() as connection:
        found = backlog(connection)
    assert (found.waiting, found.refused, found.oldest, found.last_error) == (1_234, 0, NOW, None)
