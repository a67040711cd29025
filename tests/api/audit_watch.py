"""Holds every transaction that a request makes in a test: what it changes is in the audit log, in the same transaction."""

import re
from contextvars import ContextVar
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, event
from starlette.types import ASGIApp, Receive, Scope, Send

from collector.store import Store

# What is kept of requests, sign-ins under way and devices, and what the log itself is: nothing that somebody changed.
PASSING = frozenset(
    {
        "account_place",
        "audit",
        "entry_code",
        "provider_session",
        "repeated_request",
        "sign_in_attempt",
        "throttle",
        "web_session",
    }
)
# Operations whose writing is no change of theirs, and the tables that they may write.
EXEMPT = {
    ("POST /sign-in/code", "account_totp"): "the counter of the code; the sign-in is noted when the session opens",
    ("POST /sign-in/code", "account_recovery"): "the same",
    ("POST /sign-in", "account"): "a hash of older parameters is made anew",
    ("POST /tickets/read", "control"): "read now instead of in a minute, as a ticket system asks all day",
    ("POST /api/v1/tickets/read", "control"): "the same",
    **{
        ("POST /api/v1/feeds", table): "what follows from the load, which was noted: findings are weighed in short transactions"
        for table in ("asset", "asset_words", "event", "finding", "score_history", "tally", "vulnerability_feed")
    },
}
_USED = "UPDATE token SET last_used_at"  # to the minute
_CHANGES = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)', re.IGNORECASE)
_asked: ContextVar[str | None] = ContextVar("asked", default=None)


class Unaudited(AssertionError):
    """A request changed something, and the audit log does not tell of it."""


class Named:
    """Middleware: says which request the transactions inside it belong to."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            _asked.set(f"{scope['method']} {scope['path']}")
        await self.app(scope, receive, send)


def watch_transactions(store: Store) -> None:
    """From now on a commit inside a request (:class:`Named`) raises :class:`Unaudited` when it should."""
    changed: WeakKeyDictionary[Connection, set[str]] = WeakKeyDictionary()

    @event.listens_for(store.engine, "after_cursor_execute")
    def _executed(connection: Connection, cursor: Any, statement: str, *_: object) -> None:
        found = _CHANGES.match(statement)
        if found and cursor.rowcount != 0 and not statement.startswith(_USED):
            changed.setdefault(connection, set()).add(found[1])

    @event.listens_for(store.engine, "rollback")
    def _undone(connection: Connection) -> None:
        changed.pop(connection, None)

    @event.listens_for(store.engine, "commit")
    def _kept(connection: Connection) -> None:
        found, asked = changed.pop(connection, set()), _asked.get()
        told = {table for table in found - PASSING if (asked, table) not in EXEMPT}
        if asked is not None and told and "audit" not in found:
            raise Unaudited(f"{asked}: {', '.join(sorted(told))}")
