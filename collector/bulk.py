"""Many rows in one statement: what makes ingesting fast. Everything else of the store uses plain SQLAlchemy.

SQLite is given tuples (``executemany`` on one prepared statement), PostgreSQL one JSON text that it takes apart itself
(``json_populate_recordset``), which spares a parameter a value; rows that are new to it are copied. Records are the Structs of
:mod:`collector.records`; their fields are the columns.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from operator import attrgetter
from typing import Any, Generic, TypeVar, get_type_hints

import msgspec
import psycopg
from sqlalchemy import JSON, Boolean, Connection, LargeBinary, Table
from sqlalchemy.exc import DBAPIError

from collector.copying import copy_text
from collector.store import to_json
from collector.tables import UtcTime

Record = TypeVar("Record", bound=msgspec.Struct)
_ENCODER = msgspec.json.Encoder()
_COPIED_FROM = 32  # rows: fewer are one statement faster


class Bulk(Generic[Record]):
    """Reads and writes records of one table on one dialect. ``key`` is the table's primary key."""

    def __init__(self, table: Table, record: type[Record], dialect: str) -> None:
        self.table = table
        self.record = record
        self.names = record.__struct_fields__
        self.key = tuple(column.name for column in table.primary_key.columns if column.name in self.names)
        self._sqlite = dialect == "sqlite"
        self._times = [index for index, name in enumerate(self.names) if isinstance(table.c[name].type, UtcTime)]
        json = [index for index, name in enumerate(self.names) if isinstance(table.c[name].type, JSON)]
        hints = get_type_hints(record)
        self._raws = [index for index in json if hints[self.names[index]] == msgspec.Raw | None]  # kept as the text it is
        self._jsons = [index for index in json if index not in self._raws]
        self._bools = [index for index, name in enumerate(self.names) if isinstance(table.c[name].type, Boolean)]

    def upsert(self, connection: Connection, records: Sequence[Record], update: Sequence[str] | None = None) -> None:
        """Insert, or where the key is there already set ``update`` (None: every column that is not of the key)."""
        changed = [name for name in self.names if name not in self.key] if update is None else list(update)
        action = f"DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in changed)}" if changed else "DO NOTHING"
        self._write(connection, records, f"ON CONFLICT ({', '.join(self.key)}) {action}")

    def add(self, connection: Connection, records: Sequence[Record]) -> None:
        """Insert rows that are not there yet, as far as the caller knows; one that is there is set as :meth:`upsert` does."""
        if self._sqlite or len(records) < _COPIED_FROM:
            self.upsert(connection, records)
            return
        columns = list(zip(*map(msgspec.structs.astuple, records), strict=True))
        text = copy_text(columns, frozenset((*self._jsons, *self._raws)))
        statement = f"COPY {self.table.name} ({', '.join(self.names)}) FROM STDIN"
        try:
            with connection.begin_nested():
                cursor: Any = connection.connection.cursor()
                with cursor, cursor.copy(statement) as copy:
                    copy.write(text)
        except psycopg.errors.UniqueViolation:
            self.upsert(connection, records)
        except psycopg.Error as error:  # as any other statement's
            raise DBAPIError(statement, None, error) from error

    def update(self, connection: Connection, records: Sequence[Record], names: Sequence[str]) -> None:
        """Set the columns ``names`` of rows that are there."""
        if not records:
            return
        if not self._sqlite:
            wanted = (*self.key, *names)
            values = [dict(zip(wanted, of(record), strict=True)) for of in (attrgetter(*wanted),) for record in records]
            statement = _postgresql_update(self.table, self.key, tuple(names))
            connection.exec_driver_sql(statement, (_ENCODER.encode(values).decode(),))
            return
        order = (*names, *self.key)
        columns = [tuple(map(attrgetter(name), records)) for name in order]
        for index, name in enumerate(order):
            if self.names.index(name) in self._times:
                columns[index] = _each(columns[index], time_as_stored)
        connection.exec_driver_sql(_sqlite_update(self.table, self.key, tuple(names)), list(zip(*columns, strict=True)))

    def insert(self, connection: Connection, records: Sequence[Record]) -> None:
        """Insert rows; one whose key or unique columns are there already is left as it is."""
        self._write(connection, records, "ON CONFLICT DO NOTHING")

    def delete(self, connection: Connection, keys: Iterable[Sequence[Any]]) -> None:
        """Delete by primary key, values in its order."""
        rows = [tuple(key) for key in keys]
        if not rows:
            return
        mark = "?" if self._sqlite else "%s"
        condition = " AND ".join(f"{name} = {mark}" for name in self.key)
        connection.exec_driver_sql(f"DELETE FROM {self.table.name} WHERE {condition}", rows)  # noqa: S608 - names are ours

    def select(self, connection: Connection, column: str, values: Iterable[str]) -> list[Record]:
        """The rows whose ``column`` is one of ``values``."""
        wanted = list(values)
        if not wanted:
            return []
        raw = "" if self._sqlite else "::text"
        columns = ", ".join(name + raw if index in self._raws else name for index, name in enumerate(self.names))
        if self._sqlite:
            statement = f"SELECT {columns} FROM {self.table.name} WHERE {column} IN (SELECT value FROM json_each(?))"  # noqa: S608
            rows = connection.exec_driver_sql(statement, (_ENCODER.encode(wanted).decode(),))
        else:
            statement = f"SELECT {columns} FROM {self.table.name} WHERE {column} = ANY(%s)"  # noqa: S608 - names are ours
            rows = connection.exec_driver_sql(statement, (wanted,))
        return self._records(rows.cursor)

    def _records(self, cursor: Any) -> list[Record]:
        columns = list(zip(*cursor.fetchall(), strict=True))
        if not columns:
            return []
        if self._sqlite:
            for index in self._times:
                columns[index] = _each(columns[index], _read_time)
            for index in self._jsons:
                columns[index] = tuple(None if text is None else msgspec.json.decode(text) for text in columns[index])
            for index in self._bools:
                columns[index] = tuple(None if value is None else bool(value) for value in columns[index])
        for index in self._raws:
            columns[index] = tuple(None if text is None else msgspec.Raw(text.encode()) for text in columns[index])
        return list(map(self.record, *columns))

    def _write(self, connection: Connection, records: Sequence[Record], conflict: str) -> None:
        if not records:
            return
        if self._sqlite:
            connection.exec_driver_sql(_sqlite_insert(self.table, self.names, conflict), self._tuples(records))
        else:
            connection.exec_driver_sql(_postgresql_insert(self.table, self.names, conflict), (_ENCODER.encode(records).decode(),))

    def _tuples(self, records: Sequence[Record]) -> list[tuple[Any, ...]]:
        columns = list(zip(*map(msgspec.structs.astuple, records), strict=True))
        for index in self._times:
            columns[index] = _each(columns[index], time_as_stored)
        for index in self._jsons:
            columns[index] = tuple(None if value is None else to_json(value) for value in columns[index])
        for index in self._raws:
            columns[index] = tuple(None if raw is None else bytes(raw).decode() for raw in columns[index])
        return list(zip(*columns, strict=True))


@cache
def _sqlite_insert(table: Table, names: tuple[str, ...], conflict: str) -> str:
    marks = ", ".join("?" * len(names))
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks}) {conflict}"  # noqa: S608 - names are ours


@cache
def _postgresql_insert(table: Table, names: tuple[str, ...], conflict: str) -> str:
    # JSON carries bytes as base64, which the type's own input takes for plain characters: take those back and decode them.
    values = [f"decode(encode({name}, 'escape'), 'base64')" if _is_binary(table, name) else name for name in names]
    rows = f"json_populate_recordset(null::{table.name}, %s::json)"
    return f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {', '.join(values)} FROM {rows} {conflict}"  # noqa: S608


@cache
def _sqlite_update(table: Table, key: tuple[str, ...], names: tuple[str, ...]) -> str:
    change = ", ".join(f"{name} = ?" for name in names)
    return f"UPDATE {table.name} SET {change} WHERE {' AND '.join(f'{name} = ?' for name in key)}"  # noqa: S608 - names are ours


@cache
def _postgresql_update(table: Table, key: tuple[str, ...], names: tuple[str, ...]) -> str:
    change = ", ".join(f"{name} = given.{name}" for name in names)
    same = " AND ".join(f"{table.name}.{name} = given.{name}" for name in key)
    rows = f"json_populate_recordset(null::{table.name}, %s::json) AS given"
    return f"UPDATE {table.name} SET {change} FROM {rows} WHERE {same}"  # noqa: S608 - names are ours


def _is_binary(table: Table, name: str) -> bool:
    return isinstance(table.c[name].type, LargeBinary)


def _each(values: tuple[Any, ...], change: Callable[[Any], Any]) -> tuple[Any, ...]:
    """``change`` applied once to each different value: the same times come many times in one batch."""
    changed = {value: None if value is None else change(value) for value in set(values)}
    return tuple(map(changed.__getitem__, values))


def time_as_stored(value: datetime) -> str:
    """The text that SQLAlchemy keeps in SQLite for a time."""
    if value.tzinfo is None:
        raise ValueError(f"the time {value} has no time zone")
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _read_time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
