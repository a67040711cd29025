"""The audit log: only ever added to, and a change in it is found."""

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError

from collector import audit, tables
from collector.store import Store

AT = datetime(2026, 3, 29, 1, 59, 59, 123456, tzinfo=UTC)


def _entry(number: int) -> audit.Entry:
    return audit.Entry(at=AT, actor=f"persona {number}", action="start_scan", subject="scan", detail={"n": number, "què": "ñ"})


def _fill(store: Store, count: int = 5) -> None:
    for number in range(count):
        with store.write() as connection:
            audit.note(connection, _entry(number))


def _unguarded(store: Store) -> None:
    """What somebody with the database's own password could do: take the triggers away."""
    with store.write() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE audit DISABLE TRIGGER audit_append_only"))
        else:
            connection.execute(text("DROP TRIGGER audit_no_update"))
            connection.execute(text("DROP TRIGGER audit_no_delete"))


def test_rows_follow_from_each_other(store: Store) -> None:
    with store.read() as connection:
        assert audit.verify(connection) == audit.Chain(0, audit.GENESIS)
    _fill(store)
    with store.read() as connection:
        found = audit.verify(connection)
        rows = audit.latest(connection, 3)
    assert (found.rows, found.broken_at) == (5, None)
    assert found.head == rows[0].digest
    assert [row.actor for row in rows] == ["persona 4", "persona 3", "persona 2"]


def test_no_row_can_be_changed_or_taken_out(store: Store) -> None:
    _fill(store)
    for statement in (update(tables.audit).values(actor="nobody"), delete(tables.audit)):
        with pytest.raises(DBAPIError, match="append-only"), store.write() as connection:
            connection.execute(statement)
    with store.read() as connection:
        assert audit.verify(connection).rows == 5


@pytest.mark.parametrize("column", ["actor", "action", "outcome", "detail", "address", "at", "previous", "digest"])
def test_a_row_that_was_changed_all_the_same_is_found(store: Store, column: str) -> None:
    _fill(store)
    _unguarded(store)
    changed = {"detail": {}, "at": datetime(2020, 1, 1, tzinfo=UTC)}.get(column, "x")
    with store.write() as connection:
        connection.execute(update(tables.audit).where(tables.audit.c.actor == "persona 2").values({column: changed}))
    with store.read() as connection:
        assert audit.verify(connection).broken_at == 3


def test_a_row_that_was_taken_out_is_found_and_a_cut_end_by_its_head(store: Store) -> None:
    _fill(store)
    with store.read() as connection:
        head = audit.verify(connection).head
    _unguarded(store)
    with store.write() as connection:
        connection.execute(delete(tables.audit).where(tables.audit.c.actor == "persona 4"))
    with store.read() as connection:
        assert audit.verify(connection).broken_at is None  # nothing follows the end
        assert not audit.has_digest(connection, head)
    with store.write() as connection:
        connection.execute(delete(tables.audit).where(tables.audit.c.actor == "persona 1"))
    with store.read() as connection:
        assert audit.verify(connection).broken_at == 3


def test_many_writers_make_one_chain(store: Store) -> None:
    threads = [threading.Thread(target=_fill, args=(store, 10)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    with store.read() as connection:
        assert audit.verify(connection) == audit.Chain(60, audit.latest(connection, 1)[0].digest)


def test_what_is_noted_is_kept_only_with_what_it_tells_of(store: Store) -> None:
    def give_up() -> None:
        with store.write() as connection:
            audit.note(connection, _entry(1))
            raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        give_up()
    with store.read() as connection:
        assert audit.verify(connection).rows == 0
