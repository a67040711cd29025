"""The outbox: what must leave, written in the transaction that made it, kept until the far end has it."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from collector.tables import outbox

ELASTICSEARCH = "elasticsearch"
ROWS_AT_ONCE = 500

_JSON = msgspec.json.Encoder()


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One JSON document on its way.

    ``stream`` is the data stream or index; ``id`` its ``_id`` there: the same event always has the same. A document of an index
    (``replaces``) stands for the newest state: it takes the place of an older one that still waits. A ``body`` of None takes
    such a document away at the far end.
    """

    stream: str
    id: str
    body: dict[str, Any] | None
    replaces: bool = False


class Backlog(msgspec.Struct, frozen=True, kw_only=True):
    """What still waits for one sink. ``refused`` are rows that the far end would not take as they are; they are kept."""

    waiting: int
    refused: int
    oldest: datetime | None
    last_error: str | None


def put(connection: Connection, documents: Iterable[Document], *, at: datetime, sink: str = ELASTICSEARCH) -> int:
    """Write documents in the caller's transaction; returns how many rows were written.

    One that waits already is not written twice. One that replaces gets a new number, so that the row a sender has in hand is
    never the newer one.
    """
    newest: dict[str, Document] = {}
    for item in documents:
        if item.replaces:
            newest.pop(item.id, None)
            newest[item.id] = item
        else:
            newest.setdefault(item.id, item)
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    written = 0
    for group in _groups(newest.values()):
        replaced = [item.id for item in group if item.replaces]
        if replaced:
            connection.execute(delete(outbox).where(outbox.c.sink == sink, outbox.c.id.in_(replaced)))
        rows = [
            {
                "sink": sink,
                "id": item.id,
                "stream": item.stream,
                "body": b"" if item.body is None else _JSON.encode(item.body),
                "created_at": at,
                "attempts": 0,
            }
            for item in group
        ]
        new = dialect.insert(outbox).values(rows).on_conflict_do_nothing().returning(outbox.c.seq)
        written += len(connection.execute(new).all())
    return written


def _groups(documents: Iterable[Document]) -> Iterator[list[Document]]:
    group: list[Document] = []
    for item in documents:
        group.append(item)
        if len(group) == ROWS_AT_ONCE:
            yield group
            group = []
    if group:
        yield group


def backlog(connection: Connection, sink: str = ELASTICSEARCH) -> Backlog:
    """How much waits, for health and metrics."""
    mine = outbox.c.sink == sink
    waiting, oldest = connection.execute(select(func.count(), func.min(outbox.c.created_at)).where(mine)).one()
    refused = connection.execute(select(func.count()).where(mine, outbox.c.last_error.is_not(None))).scalar_one()
    newest = select(outbox.c.last_error).where(mine, outbox.c.last_error.is_not(None)).order_by(outbox.c.seq.desc()).limit(1)
    return Backlog(waiting=waiting, refused=refused, oldest=oldest, last_error=connection.execute(newest).scalar_one_or_none())
