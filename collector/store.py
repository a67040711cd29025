"""One database, SQLite or PostgreSQL, opened in one way.

Reads and writes are SQLAlchemy Core connections. On SQLite every write transaction begins IMMEDIATE (a deferred one was seen
to lose 419 of 480 concurrent updates), the journal is a WAL that is synced at each commit, foreign keys are on, and a writer
waits for its turn instead of failing.
"""

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from collector.secret_files import SecretError

BUSY_TIMEOUT_SECONDS = 30

_JSON = msgspec.json.Encoder(decimal_format="number")


class StoreError(Exception):
    """The store cannot be opened or brought up to date; the message says which and what to do."""


def to_json(value: Any) -> str:
    """JSON as the store keeps it: times in RFC 3339, tuples as lists."""
    return _JSON.encode(value).decode()


class Store:
    """An open database. Threads may share it; each context takes a connection of its own from the pool."""

    def __init__(self, url: str, password: Callable[[], str] | None = None) -> None:
        """``url`` is ``sqlite:///path`` (four slashes for an absolute path) or ``postgresql://user@host:port/name``; ``password``
        gives that of PostgreSQL, each time a connection is made (it may raise :class:`~collector.secret_files.SecretError`).

        A relative path and a folder that does not exist are the caller's business. Raises :class:`StoreError` for any
        other kind of database or a URL that is none.
        """
        self.url = _normal(url)
        self.engine = _sqlite(self.url) if self.url.get_backend_name() == "sqlite" else _postgresql(self.url, password)

    @property
    def shown(self) -> str:
        """Where it is, for messages: without a login, and without the values of the query."""
        return _without_login(self.url.render_as_string(hide_password=True))

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.engine.dialect.name

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one moment of the database and writes nothing: whatever was written is rolled back."""
        with self.engine.connect() as connection:
            if self.dialect == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin() as transaction:
                yield connection
                transaction.rollback()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: committed when the block ends, undone when it raises. Writers take turns."""
        with self.engine.connect() as connection:
            connection.execution_options(talaia_write=True)
            with connection.begin():
                yield connection

    def close(self) -> None:
        self.engine.dispose()


def open_store(url: str, password: Callable[[], str] | None = None) -> Store:
    """Open the database at ``url`` as it is. :func:`collector.migrations.migrate` brings its tables up to date."""
    return Store(url, password)


def _normal(text: str) -> URL:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        shown = _without_login(text)
        raise StoreError(f"{shown!r} is not a database URL: write sqlite:///talaia.db or postgresql://…") from None
    if "@" in (url.host or "") or "password" in url.query:
        said = "name a file in database_password_file, or write every @ : / # in it as %40 %3A %2F %23"
        raise StoreError(f"the password in {_without_login(text)!r} is not where one is looked for: {said}")
    backend = url.get_backend_name()
    if backend == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and (url.host or url.username or url.password or url.port):
        raise StoreError(f"the database {_without_login(text)!r} names a server, and SQLite is a file: write sqlite:///talaia.db")
    if backend == "sqlite" and url.database and url.database != ":memory:":
        return url.set(drivername="sqlite+pysqlite")
    if backend == "sqlite":
        raise StoreError("a database in memory would be forgotten: give the path of a file, as in sqlite:///talaia.db")
    raise StoreError(
        f"the database of Talaia is SQLite or PostgreSQL, not {backend!r}: write sqlite:///talaia.db or postgresql://…"
    )


def _without_login(text: str) -> str:
    """Whatever stands before the last @, and every value of a query, may be a password or a part of one."""
    shown = re.sub(r"^([a-z0-9+]+://)?.*@", r"\1***@", text, flags=re.DOTALL | re.IGNORECASE)
    return re.sub(r"=[^&]*", "=***", shown)


def _sqlite(url: URL) -> Engine:
    engine = create_engine(
        url,
        json_serializer=to_json,
        json_deserializer=msgspec.json.decode,
        hide_parameters=True,  # an error that is logged tells the statement, and nothing of what it was to write
        connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False, "cached_statements": 512},
        pool_size=8,
        max_overflow=32,
    )

    @event.listens_for(engine, "connect")
    def _connected(dbapi_connection: Any, _: Any) -> None:
        dbapi_connection.isolation_level = None  # the driver begins nothing by itself
        _keep_private(url)
        _keep_a_wal(dbapi_connection)
        for pragma in (
            "synchronous=FULL",
            "foreign_keys=ON",
            "temp_store=MEMORY",
            "cache_size=-65536",
            "wal_autocheckpoint=8192",
        ):
            dbapi_connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("talaia_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _keep_a_wal(dbapi_connection: Any) -> None:
    """Switch to a write-ahead log. Two processes that open a new file at once disturb each other here, and SQLite's own
    waiting does not cover the switch."""
    for attempt in range(50):
        try:
            dbapi_connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or attempt == 49:
                raise
            time.sleep(0.1)


def _keep_private(url: URL) -> None:
    """The database holds evidence: nobody else on the machine reads it."""
    path = Path(url.database or "")
    if path.exists() and path.stat().st_mode & 0o077:
        path.chmod(0o600)


def _postgresql(url: URL, password: Callable[[], str] | None) -> Engine:
    engine = create_engine(
        url,
        json_serializer=to_json,
        json_deserializer=msgspec.json.decode,
        hide_parameters=True,  # an error that is logged tells the statement, and nothing of what it was to write
        pool_pre_ping=True,
        pool_size=8,
        max_overflow=24,
        connect_args={"options": "-c timezone=UTC -c lock_timeout=30s", "application_name": "talaia"},
    )
    if password is None:
        return engine

    @event.listens_for(engine, "do_connect")
    def _connecting(_dialect: Any, _record: Any, _arguments: Any, parameters: dict[str, Any]) -> None:
        try:
            parameters["password"] = password()
        except SecretError as error:  # for whoever waits for the database, one more way in which it cannot be reached
            raise OperationalError("connecting", {}, error) from error

    return engine
