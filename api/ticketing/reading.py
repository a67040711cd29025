"""Reads the ticket system: what changed there since the last time, with an overlap, and single tickets."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import msgspec
from sqlalchemy import Connection, Row

from api.ticketing.ticketing import Reference, Remote, Status, Ticketing
from api.ticketing.trouble import TicketingError
from api.ticketing.writing import DeskPolicy
from collector import ticket_work as work
from collector.store import Store

CURSOR = "tickets:cursor"
_AT_ONCE = 2_000
_READ_ALL_EVERY = timedelta(days=1)
_SINGLES = 50


class Reader:
    """Calls come from one thread."""

    def __init__(self, store: Store, ticketing: Ticketing, policy: DeskPolicy, *, clock: Callable[[], datetime]) -> None:
        self._store, self._ticketing, self._policy, self._clock = store, ticketing, policy, clock

    def poll(self) -> int:
        """Take in what changed over there; how many tickets of ours. The moments compared are those of that system's clock.
        Raises :class:`TicketingError`; what was read until then is kept, and read again."""
        with self._store.read() as connection:
            mark = work.mark(connection, CURSOR)
        since = datetime.fromisoformat(mark["since"]) if mark else self._clock() - timedelta(days=30)
        newest, read = since, 0
        for remote in islice(self._ticketing.changed_since(since - self._policy.overlap), _AT_ONCE):
            newest = max(newest, remote.updated_at)
            read += self._take(remote)
        with self._store.write() as connection:
            work.set_mark(connection, CURSOR, {"since": newest.isoformat()}, at=self._clock())
        return read

    def read_singles(self) -> int:
        """Read again what we wrote, and once a day every ticket: a deleted one is in no list. Raises :class:`TicketingError`."""
        with self._store.read() as connection:
            rows = work.to_read(connection, self._clock() - _READ_ALL_EVERY, _SINGLES)
            rows = [row for row in rows if not work.waits_for(connection, row.id)]
        for row in rows:
            self._single(row)
        return len(rows)

    def _single(self, row: Row[Any]) -> None:
        since = _updated(row.remote) or row.opened_at
        try:
            remote = self._ticketing.read(Reference(id=row.remote_id, url=row.remote_url or ""), since - self._policy.overlap)
        except TicketingError as error:
            if not error.found_nothing:
                raise
            with self._store.write() as connection:
                work.set_ticket(connection, row.id, gone=True, read_at=self._clock())
            return
        with self._store.write() as connection:
            self._keep(connection, row, remote)

    def _take(self, remote: Remote) -> bool:
        if remote.external_id is None:
            return False
        with self._store.write() as connection:
            row = work.known_ticket(connection, remote.external_id)
            if row is None or row.remote_id not in (None, remote.reference.id):
                return False
            known = _updated(row.remote)
            if row.read_at is not None and known is not None and remote.updated_at < known:
                return False
            self._keep(connection, row, remote)
        return True

    def _keep(self, connection: Connection, row: Row[Any], remote: Remote) -> None:
        shown = msgspec.to_builtins(remote)
        del shown["remarks"]
        values: dict[str, Any] = {"remote": shown, "gone": False}
        # What was read while a write of ours waits is old as soon as that is done.
        values["read_at"] = None if work.waits_for(connection, row.id) else self._clock()
        if remote.reference.url:
            values["remote_url"] = remote.reference.url[:500]
        work.set_ticket(connection, row.id, **values)
        for remark in remote.remarks:
            if f"[{row.external_id}" not in remark.text and remark.text.strip():
                work.keep_remark(connection, row.id, remark.author, remark.text, remark.written_at)


def status_of(row: Row[Any]) -> Status | None:
    """The ticket's status over there as it was read last; None when it is gone."""
    return None if row.gone or not row.remote else Status(row.remote["status"])


def _updated(remote: Any) -> datetime | None:
    return datetime.fromisoformat(remote["updated_at"]) if remote else None
