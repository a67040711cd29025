"""Keyset pages: sorted by one column and the id, merged from one index range a state."""

import base64
import hashlib
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Float,
    Row,
    Select,
    String,
    and_,
    func,
    literal,
    literal_column,
    select,
    tuple_,
)

from collector.tables import UtcTime

Item = TypeVar("Item")
COUNT_LIMIT = 10_000


class BadCursor(ValueError):
    """The cursor is not one of this list with these filters."""


@dataclass(frozen=True)
class Page(Generic[Item]):
    """Some rows of a list. ``total`` counts the whole list; when ``total_is_exact`` is false there are at least so many."""

    items: Sequence[Item]
    next_cursor: str | None
    total: int
    total_is_exact: bool


@dataclass(frozen=True)
class Order:
    """A sort: by ``column`` then ``id`` then ``further``, all in the same direction; rows without a value come last."""

    column: Column[Any]
    id: Column[Any]
    descending: bool
    nullable: bool = False
    further: tuple[Column[Any], ...] = ()

    @property
    def keys(self) -> tuple[Column[Any], ...]:
        """The columns that together tell every row."""
        return (self.id, *self.further)


@dataclass(frozen=True)
class Keyset:
    """What a list asks: the branches are disjoint conditions whose rows together are the list (one a state, say)."""

    source: Select[Any]
    order: Order
    branches: tuple[tuple[ColumnElement[bool], ...], ...] = field(default=((),))


def rows_after(
    connection: Connection, keyset: Keyset, limit: int, cursor: str | None, signature: str
) -> tuple[list[Row[Any]], str | None]:
    """The next ``limit`` rows and the cursor behind them, None when there are no more. Raises :class:`BadCursor`."""
    after = _decode(cursor, keyset.order, signature) if cursor else None
    found: list[Row[Any]] = []
    for branch in keyset.branches:
        found += _branch_rows(connection, keyset, branch, limit + 1, after)
    if len(keyset.branches) > 1:
        found = _sorted(found, keyset.order)
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    identity = [last._mapping[key] for key in keyset.order.keys]
    return found[:limit], _encode(last._mapping[keyset.order.column], identity, signature)


def page_of(
    rows: list[Row[Any]], cursor: str | None, following: str | None, count: Callable[[], tuple[int, bool]]
) -> Page[Row[Any]]:
    """The page of these rows; a list that ends on its first page needs no counting."""
    return Page(rows, following, *((len(rows), True) if cursor is None and following is None else count()))


def all_rows(connection: Connection, keyset: Keyset, step: int = 2_000) -> Iterator[Row[Any]]:
    """Every row of the list in order, read in steps so that an export holds few at a time."""
    cursor: str | None = None
    while True:
        rows, cursor = rows_after(connection, keyset, step, cursor, "all")
        yield from rows
        if cursor is None:
            return


def bounded_count(
    connection: Connection, source: Any, conditions: Sequence[Sequence[ColumnElement[bool]]], limit: int = COUNT_LIMIT
) -> tuple[int, bool]:
    """How many rows of ``source`` meet the conditions, counted up to ``limit``; the flag says whether that is all."""
    total = 0
    for branch in conditions:
        some = select(literal_column("1")).select_from(source).where(*branch).limit(limit + 1 - total).subquery()
        total += connection.execute(select(func.count()).select_from(some)).scalar_one()
        if total > limit:
            return limit, False
    return total, True


def signature_of(*parts: object) -> str:
    """A short digest that ties a cursor to its filters and sort."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def _branch_rows(
    connection: Connection, keyset: Keyset, branch: Sequence[ColumnElement[bool]], limit: int, after: tuple[Any, list[str]] | None
) -> list[Row[Any]]:
    order = keyset.order
    base = keyset.source.where(*branch)
    rows: list[Row[Any]] = []
    if after is None or after[0] is not None or not order.nullable:
        rows += connection.execute(_valued(base, order, after).limit(limit))
    if order.nullable and len(rows) < limit:
        beyond = after if after is not None and after[0] is None else None
        rows += connection.execute(_valueless(base, order, beyond).limit(limit - len(rows)))
    return rows


def _valued(base: Select[Any], order: Order, after: tuple[Any, list[str]] | None) -> Select[Any]:
    if order.nullable:
        base = base.where(order.column.is_not(None))
    if after is not None:
        columns = (order.column, *order.keys)
        here = tuple_(*columns)
        there = tuple_(*(literal(value, column.type) for value, column in zip((after[0], *after[1]), columns, strict=True)))
        base = base.where(here < there if order.descending else here > there)
    columns = (order.column, *order.keys)
    return base.order_by(*(column.desc() if order.descending else column.asc() for column in columns))


def _valueless(base: Select[Any], order: Order, after: tuple[Any, list[str]] | None) -> Select[Any]:
    conditions: list[ColumnElement[bool]] = [order.column.is_(None)]
    if after is not None:
        conditions.append(order.id < after[1][0] if order.descending else order.id > after[1][0])
    return base.where(and_(*conditions)).order_by(order.id.desc() if order.descending else order.id)


def _key(row: Row[Any], order: Order) -> tuple[Any, ...]:
    value = row._mapping[order.column]
    return (value is not None, value if value is not None else 0, row._mapping[order.id])


def _sorted(rows: list[Row[Any]], order: Order) -> list[Row[Any]]:
    valued = [row for row in rows if row._mapping[order.column] is not None]
    valueless = [row for row in rows if row._mapping[order.column] is None]
    for some in (valued, valueless):
        some.sort(key=lambda row: _key(row, order), reverse=order.descending)
    return valued + valueless


def _encode(value: Any, identity: list[str], signature: str) -> str:
    plain = {"t": value.isoformat()} if isinstance(value, datetime) else value
    text = json.dumps([signature, plain, identity], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str, order: Order, signature: str) -> tuple[Any, list[str]]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        made_for, value, identity = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if isinstance(value, dict):
            value = datetime.fromisoformat(value["t"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadCursor("this cursor was not made by this list") from error
    if made_for != signature or not _fits(value, order) or not _are_keys(identity, order):
        raise BadCursor("this cursor belongs to another list, filter or sort: start from the first page")
    return value, identity


def _fits(value: Any, order: Order) -> bool:
    if isinstance(value, datetime):
        return isinstance(order.column.type, UtcTime) and value.tzinfo is not None
    if value is None:
        return order.nullable
    if isinstance(order.column.type, Float):
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return isinstance(order.column.type, String) and isinstance(value, str) and _is_text(value)


def _are_keys(identity: Any, order: Order) -> bool:
    if not isinstance(identity, list) or len(identity) != len(order.keys):
        return False
    return all(isinstance(part, str) and _is_text(part) for part in identity)


def _is_text(value: str) -> bool:
    """Databases refuse NUL and lone surrogates."""
    return "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)
