"""Feeds in the store: taken whole in one transaction, the one before staying until then."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Table, delete, func, insert, select, update

from collector.bulk import Bulk
from collector.feeds.content import Content, EpssRow, FeedName, KevRow, SsvcRow
from collector.refusal import ActionRefused
from collector.tables import cve_epss, cve_kev, cve_ssvc, vulnerability_feed

AHEAD = timedelta(days=2)  # a feed of tomorrow would make those of the days before it old ones
# Published daily (EPSS), at working days (KEV), and several times a week: older than this, somebody forgot to fetch it.
STALE: dict[FeedName, timedelta] = {
    FeedName.KEV: timedelta(days=10),
    FeedName.EPSS: timedelta(days=4),
    FeedName.SSVC: timedelta(days=14),
}
_TABLES: dict[FeedName, tuple[Table, type[KevRow | EpssRow | SsvcRow]]] = {
    FeedName.KEV: (cve_kev, KevRow),
    FeedName.EPSS: (cve_epss, EpssRow),
    FeedName.SSVC: (cve_ssvc, SsvcRow),
}
_encode = msgspec.json.Encoder().encode


class Outcome(StrEnum):
    TAKEN = "taken"
    SAME = "same"
    OLDER = "older"  # a newer one is loaded: nothing was changed


@dataclass(frozen=True)
class Taken:
    """What became of one feed. ``entries`` are those in the store now, ``changed`` those that are others than before."""

    feed: FeedName
    outcome: Outcome
    entries: int
    changed: int = 0


def keep(connection: Connection, content: Content, at: datetime, *, may_shrink: bool = False) -> Taken:
    """Put a feed into the store. KEV and EPSS replace what was there; records with SSVC join what is there, each unless a
    newer one of its CVE is.

    Raises :class:`ActionRefused` (``feed-ahead``, ``feed-shrinks``) and then has changed nothing.
    """
    if content.published > at + AHEAD:
        raise ActionRefused("feed-ahead", f"{content.source}: its date, {content.published:%Y-%m-%d}, is yet to come")
    old = connection.execute(select(vulnerability_feed).where(vulnerability_feed.c.name == content.feed.value)).first()
    if content.feed is FeedName.SSVC:
        return _join(connection, content, at, old)
    digest = hashlib.sha256(_encode([content.version, content.published, content.rows])).hexdigest()
    if old is not None and old.digest == digest:
        return Taken(content.feed, Outcome.SAME, old.entries)
    if old is not None and content.published < old.published:
        return Taken(content.feed, Outcome.OLDER, old.entries)
    if old is not None and not may_shrink and 2 * len(content.rows) < old.entries:
        said = f"{content.source}: it has {len(content.rows)} entries where the one before has {old.entries}"
        raise ActionRefused("feed-shrinks", f"{said}; nothing was changed: if that is right, say that it may shrink")
    table, record = _TABLES[content.feed]
    bulk: Bulk[Any] = Bulk(table, record, connection.dialect.name)
    before = {row[0]: tuple(row)[1:] for row in connection.execute(select(table))}
    changed = [row for row in content.rows if before.get(row.cve) != msgspec.structs.astuple(row)[1:]]
    gone = sorted(before.keys() - {row.cve for row in content.rows})
    bulk.delete(connection, [(cve,) for cve in gone])
    _write(connection, bulk, changed, fresh=not before)
    _note(connection, content, at, len(content.rows), digest)
    return Taken(content.feed, Outcome.TAKEN, len(content.rows), len(changed) + len(gone))


def _join(connection: Connection, content: Content, at: datetime, old: Row[Any] | None) -> Taken:
    bulk: Bulk[Any] = Bulk(cve_ssvc, SsvcRow, connection.dialect.name)
    before = {row.cve: row.at for row in connection.execute(select(cve_ssvc.c.cve, cve_ssvc.c.at))}
    changed = [row for row in content.rows if isinstance(row, SsvcRow) and (row.cve not in before or before[row.cve] < row.at)]
    if not changed:
        return Taken(content.feed, Outcome.SAME, len(before))
    _write(connection, bulk, changed, fresh=not before)
    entries = connection.execute(select(func.count()).select_from(cve_ssvc)).scalar_one()
    if old is not None and old.published > content.published:  # older records of CVEs that were not there yet
        content = Content(content.feed, old.version, old.published, (), content.source)
    _note(connection, content, at, entries, "")
    return Taken(content.feed, Outcome.TAKEN, entries, len(changed))


def _write(connection: Connection, bulk: Bulk[Any], rows: Sequence[Any], *, fresh: bool) -> None:
    for start in range(0, len(rows), 20_000):
        part = rows[start : start + 20_000]
        (bulk.add if fresh else bulk.upsert)(connection, part)


def _note(connection: Connection, content: Content, at: datetime, entries: int, digest: str) -> None:
    values = {
        "name": content.feed.value,
        "version": content.version,
        "published": content.published,
        "loaded_at": at,
        "entries": entries,
        "digest": digest,
        "pending": True,
    }
    connection.execute(delete(vulnerability_feed).where(vulnerability_feed.c.name == content.feed.value))
    connection.execute(insert(vulnerability_feed).values(values))


def feeds(connection: Connection) -> list[Row[Any]]:
    """The feeds that are loaded, KEV first."""
    rows = {row.name: row for row in connection.execute(select(vulnerability_feed))}
    return [rows[name] for name in FeedName if name in rows]


def is_stale(feed: Row[Any], now: datetime) -> bool:
    """Whether a newer one was published long ago, and nobody loaded it."""
    return bool(now - feed.published > STALE[FeedName(feed.name)])


def pending(connection: Connection) -> dict[str, datetime]:
    """The feeds by which what stands is still to be weighed, and when each was loaded."""
    return {row.name: row.loaded_at for row in feeds(connection) if row.pending}


def weighed(connection: Connection, waiting: Mapping[str, datetime]) -> None:
    """What stands was weighed by those that were ``waiting``; one that was loaded meanwhile stays pending."""
    feed = vulnerability_feed.c
    for name, loaded_at in waiting.items():
        same = (feed.name == name, feed.loaded_at == loaded_at)
        connection.execute(update(vulnerability_feed).where(*same).values(pending=False))
