"""Rows by the hundred thousand into a store: COPY on PostgreSQL, many at once on SQLite."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from sqlalchemy import JSON, Column, Table, insert

from collector.copying import copy_text
from collector.store import Store

Row = Mapping[str, Any]
_BATCH = 10_000


def fill(store: Store, table: Table, rows: Iterable[Row]) -> int:
    """Write the rows; columns that a row lacks get the table's default, a counter its next number. Returns how many."""
    source, written = iter(rows), 0
    while batch := list(islice(source, _BATCH)):
        with store.write() as connection:
            if store.dialect == "sqlite":
                connection.execute(insert(table), batch)
            else:
                _copy(connection.connection.driver_connection, table, batch)
        written += len(batch)
    return written


def without_indexes(store: Store, table: Table, rows: Iterator[Row]) -> None:
    """Fill a large table before its indexes are made."""
    later = sorted(table.indexes, key=lambda index: index.name or "")
    for index in later:
        index.drop(store.engine)
    fill(store, table, rows)
    for index in later:
        index.create(store.engine)


def _copy(driver: Any, table: Table, batch: list[Row]) -> None:
    # All rows of a table have the same columns here; what none has (a counter) the server gives.
    columns = [column for column in table.columns if column.name in batch[0] or column.default is not None]
    values = [tuple(row[column.name] if column.name in row else _default(column) for row in batch) for column in columns]
    jsons = frozenset(place for place, column in enumerate(columns) if isinstance(column.type, JSON))
    names = ", ".join(f'"{column.name}"' for column in columns)
    with driver.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
        copy.write(copy_text(values, jsons))


def _default(column: Column[Any]) -> Any:
    default: Any = column.default
    return default.arg(None) if default.is_callable else default.arg
