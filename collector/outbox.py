"""The outbox: what must leave, written in the transaction that made it, kept until the far end has it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection

ELASTICSEARCH = "elasticsearch"


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One JSON document on its way.

    ``stream`` is the data stream or index; ``id`` its ``_id`` there: the same event always has the same. A document of an index
    (``replaces``) stands for the newest state: it takes the place of an older one that still waits.
    """

    stream: str
    id: str
    body: dict[str, Any]
    replaces: bool = False


class Backlog(msgspec.Struct, frozen=True, kw_only=True):
    """What still waits for one sink. ``troubled`` are rows that were refused at least once."""

    waiting: int
    troubled: int
    oldest: datetime | None
    last_error: str | None


def put(connection: Connection, documents: Iterable[Document], *, at: datetime, sink: str = ELASTICSEARCH) -> int:
    """Write documents in the caller's transaction; returns how many rows were written. One that already waits is not written twice."""
    raise NotImplementedError


def backlog(connection: Connection, sink: str = ELASTICSEARCH) -> Backlog:
    """How much waits, for health and metrics."""
    raise NotImplementedError
