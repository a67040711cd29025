"""An export on its way to whoever asked: read and sent piece by piece, in one transaction that cannot be held open for ever."""

import logging
import threading
from collections.abc import AsyncIterator, Generator, Iterator
from functools import partial

import anyio
from anyio import to_thread
from sqlalchemy import select
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from api.exports.extract import Extract, Publisher
from api.exports.formats import FORMS, Format
from api.exports.pieces import joined
from api.parts import AppParts
from api.problems import Problem
from collector import tables
from collector.queries.findings import FindingFilter, FindingSort

AT_ONCE = 4  # more would keep connections of the store, and its old pages, from everybody else
LONGEST_SECONDS = 900.0
_LOG = logging.getLogger("talaia.api")


class Turns:
    """How many exports may be under way at once in this process."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._free = threading.BoundedSemaphore(at_once)

    def take(self) -> bool:
        return self._free.acquire(blocking=False)

    def give_back(self) -> None:
        self._free.release()


class Export(StreamingResponse):
    """The answer. It is cut off, visibly (no last chunk), when whoever reads it takes longer than ``longest_seconds``.

    Raises :class:`~api.problems.Problem` before its first byte: 429 when too many are under way, and what the format refuses.
    """

    def __init__(
        self,
        pieces: Generator[bytes],
        turns: Turns,
        media_type: str,
        file: str,
        longest_seconds: float = LONGEST_SECONDS,
    ) -> None:
        super().__init__(pieces, media_type=media_type, headers={"content-disposition": f'attachment; filename="{file}"'})
        self._pieces = pieces
        self._turns = turns
        self._longest_seconds = longest_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._turns.take():
            raise Problem(429, "too-many", "too many exports are under way: wait a minute", {"retry-after": "60"})
        try:
            first = await to_thread.run_sync(partial(next, self._pieces, b""))
            self.body_iterator = _all(first, self._pieces)
            with anyio.move_on_after(self._longest_seconds) as time:
                await super().__call__(scope, receive, send)
            if time.cancelled_caught:
                _LOG.warning("an export was cut off: it was read too slowly")
        finally:
            with anyio.CancelScope(shield=True):
                await to_thread.run_sync(self._pieces.close)
            self._turns.give_back()


async def _all(first: bytes, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    piece = first
    while piece:
        yield piece
        piece = await to_thread.run_sync(partial(next, pieces, b""))


def pieces_of(parts: AppParts, form: Format, wanted: FindingFilter, sort: FindingSort, language: str) -> Generator[bytes]:
    """The export, read in one transaction that ends with it."""
    publisher = Publisher(parts.city_names, parts.base_url, parts.version)
    with parts.store.read() as connection:
        connection.execute(select(tables.finding.c.id).limit(1))  # the moment that a transaction sees is that of its first read
        extract = Extract(connection, wanted, parts.rules, language, parts.clock(), publisher, sort)
        yield from joined(FORMS[form].write(extract))


def export(parts: AppParts, turns: Turns, form: Format, wanted: FindingFilter, *, sort: FindingSort, language: str) -> Export:
    """The answer that sends ``wanted`` in this form."""
    told = FORMS[form]
    return Export(pieces_of(parts, form, wanted, sort, language), turns, told.media_type, told.file)
