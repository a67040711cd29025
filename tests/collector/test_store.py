"""The store keeps what it was given: no lost update, no half migration, no locked database."""

import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import IntegrityError

from collector import tables
from collector.migrations import current, head, migrate
from collector.store import Store, StoreError, open_store

THREADS = 8
UPDATES = 60


def test_concurrent_writers_lose_nothing(store: Store) -> None:
    table = tables.control
    with store.write() as connection:
        connection.execute(table.insert().values(key="counter", value=0, at=_moment()))
    errors: list[Exception] = []

    def add() -> None:
        for _ in range(UPDATES):
            try:
                with store.write() as connection:
                    row = select(table.c.value).where(table.c.key == "counter").with_for_update()
                    found = connection.execute(row).scalar_one()
                    connection.execute(table.update().where(table.c.key == "counter").values(value=found + 1))
            except Exception as error:  # noqa: BLE001 - whatever a thread meets is what the test tells
                errors.append(error)

    threads = [threading.Thread(target=add) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    with store.read() as connection:
        total = connection.execute(select(table.c.value).where(table.c.key == "counter")).scalar_one()
    assert (errors, total) == ([], THREADS * UPDATES)


def test_sqlite_begins_immediate_and_syncs(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    migrate(store)
    with store.write() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
        other = open_store(f"sqlite:///{tmp_path / 'a.db'}?timeout=0")
        with other.engine.connect() as second:
            second.exec_driver_sql("PRAGMA busy_timeout=0")
            second.execution_options(talaia_write=True)
            second.rollback()
            with pytest.raises(Exception, match="locked"):
                second.begin()
        other.close()
    assert (tmp_path / "a.db").stat().st_mode & 0o077 == 0
    store.close()


def test_reading_writes_nothing(store: Store) -> None:
    if store.dialect == "postgresql":
        with pytest.raises(Exception, match="read-only"), store.read() as connection:
            connection.execute(tables.control.insert().values(key="x", at=_moment()))
    else:
        with store.read() as connection:
            connection.execute(tables.control.insert().values(key="x", at=_moment()))
    with store.read() as connection:
        assert connection.execute(select(tables.control)).all() == []


def test_migrations_and_tables_agree(store: Store) -> None:
    with store.write() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []
        names = {name for name in inspect(connection).get_table_names() if name != "alembic_version"}
        assert names == set(tables.metadata.tables)
        assert current(connection) == head()


def test_migrating_twice_and_at_once_is_harmless(store_url: str) -> None:
    stores = [open_store(store_url) for _ in range(4)]
    found: list[str] = []
    threads = [threading.Thread(target=lambda store=store: found.append(migrate(store))) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert found == [head()] * 4
    for store in stores:
        store.close()


@pytest.mark.parametrize("after_seconds", [0.0, 0.02, 0.05, 0.1, 0.2])
def test_a_killed_migration_is_done_or_not_begun(store_url: str, after_seconds: float) -> None:
    program = (
        "import sys; from collector.store import open_store; from collector.migrations import migrate;"
        "store = open_store(sys.argv[1]); print('ready', flush=True); migrate(store); print('done', flush=True)"
    )
    root = Path(__file__).parents[2]
    process = subprocess.Popen([sys.executable, "-c", program, store_url], stdout=subprocess.PIPE, cwd=root)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    time.sleep(after_seconds)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(300)
    process.stdout.close()
    store = open_store(store_url)
    with store.read() as connection:
        found = set(inspect(connection).get_table_names()) - {"alembic_version"}
    assert found in (set(), set(tables.metadata.tables))
    assert migrate(store) == head()
    store.close()


def test_a_newer_database_is_refused(store: Store) -> None:
    with store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="newer Talaia"):
        migrate(store)


@pytest.mark.parametrize("url", ["mysql://x@y/z", "sqlite://", "sqlite:///:memory:", "not a url"])
def test_other_urls_are_refused_in_a_sentence(url: str) -> None:
    with pytest.raises(StoreError):
        open_store(url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://talaia:s3cret@host:port/x",
        "postgresql://talaia:s3cret:4@host:port/x",
        "postgresql://talaia:an@s3cret@host/x",
        "postgresql://talaia:an@s3cret:99@host/x",
        "postgresql:/talaia:s3cret@host/x",
        "postgresql://talaia@host/x?password=s3cret",
        "mysql://talaia:s3cret@host/x",
        "sqlite://talaia:s3cret@host/x.db",
        "s3cret@host/x",
    ],
)
def test_an_error_shows_no_password(url: str) -> None:
    """M8: wherever somebody may have written it."""
    with pytest.raises(StoreError) as caught:
        open_store(url)
    assert "s3cret" not in "".join(traceback.format_exception(caught.value))


def test_a_server_that_is_not_there_is_named_without_the_secrets_in_its_address() -> None:
    """M8: libpq knows a password of its own key, too."""
    with pytest.raises(StoreError, match=r"127\.0\.0\.1:1/x") as caught:
        migrate(open_store("postgresql://talaia:s3cret@127.0.0.1:1/x?sslpassword=s3cret"))
    assert "s3cret" not in str(caught.value)


def test_an_error_shows_nothing_of_what_was_to_be_written(store: Store) -> None:
    """M8: the sentences of a database's errors go to the log."""
    row = {"digest": "s3cret", "token_id": "none-such", "expires_at": _moment()}
    with pytest.raises(IntegrityError) as caught, store.write() as connection:
        connection.execute(tables.entry_code.insert().values(**row))
    assert "s3cret" not in str(caught.value)


def _moment() -> datetime:
    return datetime(2026, 11, 23, tzinfo=UTC)
