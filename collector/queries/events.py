"""The change feed: what happened since a place in it, in order, each event once for whoever keeps the place."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select, text

from collector.events import PLACES, Action
from collector.store import Store
from collector.tables import event

# What of an event names a thing that may be another department's.
_STRANGE: Mapping[str, frozenset[str]] = MappingProxyType(
    {Action.ASSET_ADDRESS_LOST: frozenset({"to"}), Action.ASSET_MERGED: frozenset({"from", "addresses"})}
)
LOOKED_AT_ONCE = 5_000  # events of its reach that one answer goes through, whatever it lets pass


class AheadOfFeed(ValueError):
    """The place is one that this feed has not come to: it is another city's, or the database is older than the reader."""


@dataclass(frozen=True)
class Wanted:
    """``within`` are the departments whose events are read, None for all and for those of nobody; ``kinds`` the words of
    ``event.action``, None for all."""

    within: frozenset[str] | None = None
    kinds: frozenset[str] | None = None


@dataclass(frozen=True)
class Read:
    """Events in order; ``place`` is where to read on; ``more`` says that there is more already."""

    events: Sequence[Row[Any]]
    place: int
    more: bool


def horizon(store: Store) -> int:
    """The number up to which no event can appear any more that is not there yet (see :func:`collector.events.hold_place`).

    Whoever reads up to it must take the snapshot of its reading afterwards.
    """
    with store.read() as connection:
        given_out = _given_out(connection)
    if store.dialect == "sqlite":  # writers take turns: numbers appear in order
        return given_out
    # A writer with a number up to here held its place before: it holds it still, or what it wrote is seen from now on.
    with store.read() as connection:
        places = text(
            "SELECT min(((classid::bigint & 65535) << 32) + objid::bigint) FROM pg_locks"
            " WHERE locktype = 'advisory' AND objsubid = 1 AND classid::bigint >> 16 = :places"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        oldest: int | None = connection.execute(places, {"places": PLACES}).scalar()
    return given_out if oldest is None else min(given_out, oldest)


def read_on(store: Store, after: int, wanted: Wanted, limit: int) -> Read:
    """Up to ``limit`` events behind the place ``after``. Raises :class:`AheadOfFeed`."""
    until = horizon(store)
    with store.read() as connection:
        if after > until and after > _given_out(connection):
            raise AheadOfFeed("this place lies ahead of the feed: begin again, from the start or from the latest")
        branches = [(*branch, event.c.seq > after, event.c.seq <= until) for branch in _branches(wanted.within)]
        if not branches:
            return Read((), after, False)
        end, cut = _end(connection, branches, after)
        kinds = () if wanted.kinds is None else (event.c.action.in_(sorted(wanted.kinds)),)
        found: list[Row[Any]] = []
        for branch in branches:
            found += connection.execute(_ordered(select(event), (*branch, event.c.seq <= end, *kinds)).limit(limit + 1))
    found.sort(key=lambda row: row.seq)
    if len(found) > limit:
        return Read(found[:limit], found[limit - 1].seq, True)
    return Read(found, end, cut)


def told(row: Row[Any], *, whole: bool) -> dict[str, Any]:
    """The event as it is told; without the ids of others' things unless the ``whole`` city may be seen."""
    hidden = frozenset() if whole else _STRANGE.get(row.action, frozenset())
    plain = {name: getattr(row, name) for name in ("id", "at", "finding_id", "asset_id", "department_id")}
    detail = {name: value for name, value in row.detail.items() if name not in hidden}
    return {**plain, "kind": row.action, "detail": detail}


def _given_out(connection: Connection) -> int:
    """The highest number that any event was given, committed or not."""
    sqlite = connection.dialect.name == "sqlite"
    query = select(func.max(event.c.seq)) if sqlite else text("SELECT pg_sequence_last_value('event_seq_seq')")
    return connection.execute(query).scalar() or 0


def _end(connection: Connection, branches: Sequence[tuple[ColumnElement[bool], ...]], after: int) -> tuple[int, bool]:
    """How far one answer goes, and whether events of the reader's reach lie behind that."""
    cuts: list[int] = []
    last = after
    for branch in branches:
        cut = _ordered(select(event.c.seq), branch).offset(LOOKED_AT_ONCE - 1).limit(1)
        cuts += connection.scalars(cut)
        last = max(last, connection.scalar(select(func.max(event.c.seq)).where(*branch)) or after)
    end = min(cuts, default=last)
    return end, end < last


def _branches(within: frozenset[str] | None) -> Iterator[tuple[ColumnElement[bool], ...]]:
    """One for each range of an index."""
    if within is None:
        yield ()
    else:
        yield from ((event.c.department_id == department,) for department in sorted(within))


def _ordered(query: Select[Any], conditions: Sequence[ColumnElement[bool]]) -> Select[Any]:
    return query.where(*conditions).order_by(event.c.seq)
