"""Many rows in one statement: what makes ingesting fast. Everything else of the store uses plain SQLAlchemy.

SQLite is given tuples (``executemany`` on one prepared statement), PostgreSQL one JSON text that it takes apart itself
(``json_populate_recordset``), which spares a parameter a value. Records are the Structs of :mod:`collector.records`; their
fields are the columns.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import JSON, Boolean, Connection, LargeBinary, Table

from collector.store import to_json
from collector.tables import UtcTime

Record = TypeVar("Record", bound=msgspec.Struct)
_ENCODER = msgspec.json.Encoder()


class Bulk(Generic[Record]):
    """Reads and writes records of one table on one dialect. ``key`` is the table's primary key."""

    def __init__(self, table: Table, record: type[Record], dialect: str) -> None:
        self.table = table
        self.record = record
        self.names = record.__struct_fields__
        self.key = tuple(column.name for column in table.primary_key.columns if column.name in self.names)
        self._sqlite = dialect == "sqlite"
        self._times = [index for index, name in enumerate(self.names) if isinstance(table.c[name].type, UtcTime)]
        self._jsons = [index for index, name in enumerate(self.names) if isinstance(table.c[name].type, JSON)]
        self._bools = [index for index, name in enumerate(self.names) if isinstance(table.c[name].type, Boolean)]

    def upsert(self, connection: Connection, records: Sequence[Record], update: Sequence[str] | None = None) -> None:
        """Insert, or where the key is there already set ``update`` (None: every column that is not of the key)."""
        changed = [name for name in self.names if name not in self.key] if update is None else list(update)
        action = f"DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in changed)}" if changed else "DO NOTHING"
        self._write(connection, records, f"ON CONFLICT ({', '.join(self.key)}) {action}")

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
        columns = ", ".join(self.names)
        if self._sqlite:
            statement = f"SELECT {columns} FROM {self.table.name} WHERE {column} IN (SELECT value FROM json_each(?))"  # noqa: S608
            rows = connection.exec_driver_sql(statement, (_ENCODER.encode(wanted).decode(),))
        else:
            statement = f"SELECT {columns} FROM {self.table.name} WHERE {column} = ANY(%s)"  # noqa: S608 - names are ours
            rows = connection.exec_driver_sql(statement, (wanted,))
        return self._records(rows.cursor)

    def _records(self, cursor: Any) -> list[Record]:
        names, make = self.names, self.record
        if not self._sqlite:
            return [make(**dict(zip(names, row, strict=True))) for row in cursor.fetchall()]
        read_time = _time_reader()
        found = []
        for row in cursor.fetchall():
            values = list(row)
            for index in self._times:
                values[index] = read_time(values[index])
            for index in self._jsons:
                values[index] = None if values[index] is None else msgspec.json.decode(values[index])
            for index in self._bools:
                values[index] = None if values[index] is None else bool(values[index])
            found.append(make(**dict(zip(names, values, strict=True))))
        return found

    def _write(self, connection: Connection, records: Sequence[Record], conflict: str) -> None:
        if not records:
            return
        if self._sqlite:
            connection.exec_driver_sql(_sqlite_insert(self.table, self.names, conflict), self._tuples(records))
        else:
            connection.exec_driver_sql(_postgresql_insert(self.table, self.names, conflict), (_ENCODER.encode(records).decode(),))

    def _tuples(self, records: Sequence[Record]) -> list[tuple[Any, ...]]:
        write_time = _time_writer()
        rows = []
        for record in records:
            values = list(msgspec.structs.astuple(record))
            for index in self._times:
                values[index] = write_time(values[index])
            for index in self._jsons:
                values[index] = None if values[index] is None else to_json(values[index])
            rows.append(tuple(values))
        return rows


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


def _is_binary(table: Table, name: str) -> bool:
    return isinstance(table.c[name].type, LargeBinary)


def _time_writer() -> Callable[[datetime | None], str | None]:
    """As SQLAlchemy keeps times in SQLite; the same time is written many times in one batch."""
    known: dict[datetime, str] = {}

    def write(value: datetime | None) -> str | None:
        if value is None:
            return None
        text = known.get(value)
        if text is None:
            if value.tzinfo is None:
                raise ValueError(f"the time {value} has no time zone")
            text = known[value] = value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
        return text

    return write


def _time_reader() -> Callable[[str | None], datetime | None]:
    known: dict[str, datetime] = {}

    def read(text: str | None) -> datetime | None:
        if text is None:
            return None
        value = known.get(text)
        if value is None:
            value = known[text] = datetime.fromisoformat(text).replace(tzinfo=UTC)
        return value

    return read
