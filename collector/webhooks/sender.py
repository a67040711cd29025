"""Sends events to those who subscribed (Standard Webhooks): signed, in order for each, at least once.

A subscription's place in the feed moves in a transaction of its own after the receiver answered 2xx: a kill between the two sends
that event again, with the same ``webhook-id``. What fails is tried again, later and later; one event that is refused for what it
is becomes a letter that a person may send again, and the next one goes on.
"""

import logging
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, exists, insert, select, update
from sqlalchemy.exc import SQLAlchemyError
from standardwebhooks import Webhook

from collector import audit
from collector.events import Action, new_event, tell
from collector.leases import LeaseLost, drop_lease, keep_lease, take_lease, this_process
from collector.queries import events as feed
from collector.sealing import SealError
from collector.store import Store
from collector.tables import event, webhook, webhook_letter
from collector.webhooks.post import Answer, Poster, PostFailed
from collector.webhooks.subscriptions import Hooks, WebhookState
from collector.webhooks.target import TargetRefused
from scanners.clean_text import clean_text

AT_ONCE = 8  # receivers
EVENTS_AT_ONCE = 50
TURN_SECONDS = 20.0  # after which a subscription gives way to others
LEASE_SECONDS = 60.0  # longer than any one request
IDLE_SECONDS = 1.0
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=1)
REFUSED_TRIES = 3
_MESSAGES = uuid.UUID("0f3f4f5e-7c58-5d0e-9d0b-4f2b8f1f6a77")
_REFUSING = frozenset({400, 405, 406, 409, 411, 413, 414, 415, 422, 431})  # of this very message; the rest may pass by itself

log = logging.getLogger("talaia.webhooks")


class _Fate(Enum):
    TAKEN = "taken"
    REFUSED = "refused"
    LATER = "later"
    GONE = "gone"


class _Stopped(Exception):
    """This subscription is not ours to go on with now: it was paused, set back, deleted, or it has to wait."""


def message_id(webhook_id: str, event_id: str) -> str:
    """The ``webhook-id`` of an event for a subscription: the same at every try and every replay."""
    return str(uuid.uuid5(_MESSAGES, f"{webhook_id}|{event_id}"))


def message(row: Row[Any], *, whole: bool, base_url: str) -> bytes:
    """What is sent of an event: ``type``, ``timestamp`` and ``data``, where ``data`` is the event as the feed tells it."""
    data = feed.told(row, whole=whole)
    if base_url and row.finding_id:
        data["url"] = f"{base_url}/findings/{row.finding_id}"
    return msgspec.json.encode({"type": row.action, "timestamp": row.at.astimezone(UTC), "data": data})


class Sender:
    """Delivers one store's webhooks; several processes may run one, each subscription is one's at a time (lease).

    ``give_up_after``: so long a receiver may fail before its subscription is disabled and a notice given. ``point`` is called at
    each named instant at which a kill must do no harm (``sent``, ``kept``).
    """

    def __init__(
        self,
        store: Store,
        hooks: Hooks,
        poster: Poster,
        *,
        base_url: str = "",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        give_up_after: timedelta = timedelta(days=3),
        point: Callable[[str], None] = lambda name: None,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._store = store
        self._hooks = hooks
        self._poster = poster
        self._base_url = base_url
        self._clock = clock
        self._give_up_after = give_up_after
        self._point = point
        self._lease_seconds = lease_seconds
        self._holder = this_process()
        self._ended = threading.Event()
        self._seen: dict[str, tuple[int, int]] = {}

    def run(self, ended: threading.Event) -> None:
        """Send until ``ended`` is set. Never raises: what fails is told and tried again."""
        self._ended = ended
        running: dict[str, Future[None]] = {}
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook") as pool:
            while not ended.is_set():
                running = {key: future for key, future in running.items() if not future.done()}
                try:
                    for key in self.due():
                        if key not in running:
                            running[key] = pool.submit(self.deliver, key)
                except SQLAlchemyError as error:
                    log.error("webhooks could not be looked up: %s", type(error).__name__)
                ended.wait(IDLE_SECONDS)

    def due(self) -> list[str]:
        """Subscriptions that have something to send and need not wait."""
        until = feed.horizon(self._store)
        again = exists().where(webhook_letter.c.webhook_id == webhook.c.id, webhook_letter.c.again)
        now = self._clock()
        query = select(webhook.c.id, webhook.c.place, again.label("again")).where(
            webhook.c.state == WebhookState.ACTIVE.value, (webhook.c.next_at.is_(None)) | (webhook.c.next_at <= now)
        )
        with self._store.read() as connection:
            rows = connection.execute(query.order_by(webhook.c.id)).all()
        return [row.id for row in rows if row.again or self._seen.get(row.id) != (until, row.place)]

    def deliver(self, webhook_id: str) -> None:
        """One turn of one subscription. Never raises."""
        name = f"webhook:{webhook_id}"
        try:
            with self._store.write() as connection:
                if not take_lease(connection, name, self._holder, at=self._clock(), seconds=self._lease_seconds):
                    return
            try:
                with suppress(_Stopped, LeaseLost):
                    self._turn(webhook_id)
            finally:
                with self._store.write() as connection:
                    drop_lease(connection, name, self._holder)
        except (SQLAlchemyError, feed.AheadOfFeed) as error:
            log.error("webhook %s: %s", webhook_id, type(error).__name__)

    def _turn(self, webhook_id: str) -> None:
        begun = time.monotonic()
        row = self._row(webhook_id)
        try:
            sign = Webhook(self._hooks.seal.open(row.secret, f"webhook:{webhook_id}"))
        except SealError as error:
            self._wait(row, row.place, f"the secret cannot be read: {error}", None)
            raise _Stopped from error
        self._send_letters(row, sign)
        until = feed.horizon(self._store)
        wanted = feed.Wanted(
            None if row.departments is None else frozenset(row.departments), None if row.kinds is None else frozenset(row.kinds)
        )
        place = row.place
        read = feed.read_on(self._store, place, wanted, EVENTS_AT_ONCE)
        for told in read.events:
            if self._ended.is_set() or time.monotonic() - begun > TURN_SECONDS:
                return
            self._send(row, place, told, sign)
            place = told.seq
            row = self._row(webhook_id)
        if read.place != place:
            with self._writing(row.id, place) as connection:
                self._change(connection, row.id, place=read.place)
        if not read.more:
            self._seen[webhook_id] = (until, read.place)

    def _row(self, webhook_id: str) -> Row[Any]:
        active = (webhook.c.id == webhook_id, webhook.c.state == WebhookState.ACTIVE.value)
        with self._store.read() as connection:
            row = connection.execute(select(webhook).where(*active)).first()
        if row is None:
            raise _Stopped
        return row

    # --- one event -----------------------------------------------------------------------------------------------

    def _send(self, row: Row[Any], place: int, told: Row[Any], sign: Webhook) -> None:
        """Send the next event and move the place behind it, or leave it there and wait. Raises :class:`_Stopped`."""
        fate, said, answer = self._post(row, told, sign)
        self._point("sent")
        if fate is _Fate.REFUSED and row.attempts + 1 >= REFUSED_TRIES:
            with self._writing(row.id, place) as connection:
                letter = {"webhook_id": row.id, "seq": told.seq, "event_id": told.id, "at": self._clock(), "reason": said}
                here = (webhook_letter.c.webhook_id == row.id, webhook_letter.c.seq == told.seq)
                connection.execute(delete(webhook_letter).where(*here))
                connection.execute(insert(webhook_letter).values(**letter, again=False))
                self._change(connection, row.id, place=told.seq, last_error=said, **_RESTED)
        elif fate is _Fate.TAKEN:
            with self._writing(row.id, place) as connection:
                self._change(connection, row.id, place=told.seq, delivered_at=self._clock(), last_error=None, **_RESTED)
        else:
            self._wait(row, place, said, answer, gone=fate is _Fate.GONE)
            raise _Stopped
        self._point("kept")

    def _send_letters(self, row: Row[Any], sign: Webhook) -> None:
        """Letters that a person asked to send again. They come out of order: that is what sending again is."""
        again = (webhook_letter.c.webhook_id == row.id, webhook_letter.c.again)
        with self._store.read() as connection:
            query = select(event).join(webhook_letter, webhook_letter.c.seq == event.c.seq).where(*again)
            rows = connection.execute(query.order_by(event.c.seq).limit(EVENTS_AT_ONCE)).all()
        for told in rows:
            fate, said, answer = self._post(row, told, sign)
            self._point("sent")
            if fate in (_Fate.LATER, _Fate.GONE):
                self._wait(row, row.place, said, answer, gone=fate is _Fate.GONE)
                raise _Stopped
            here = (webhook_letter.c.webhook_id == row.id, webhook_letter.c.seq == told.seq)
            with self._writing(row.id, row.place) as connection:
                if fate is _Fate.TAKEN:
                    connection.execute(delete(webhook_letter).where(*here))
                else:
                    kept = {"again": False, "reason": said, "at": self._clock()}
                    connection.execute(update(webhook_letter).where(*here).values(kept))

    def _post(self, row: Row[Any], told: Row[Any], sign: Webhook) -> tuple[_Fate, str, Answer | None]:
        body = message(told, whole=row.departments is None, base_url=self._base_url)
        key, at = message_id(row.id, told.id), datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "user-agent": "Talaia",
            "webhook-id": key,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": sign.sign(key, at, body.decode()),
        }
        try:
            answer = self._poster.post(row.url, body, headers)
        except (PostFailed, TargetRefused) as error:
            return _Fate.LATER, clean_text(str(error), 300), None
        return _fate(answer.status), f"it answered {answer.status}", answer

    # --- rows ----------------------------------------------------------------------------------------------------

    def _wait(self, row: Row[Any], place: int, said: str, answer: Answer | None, *, gone: bool = False) -> None:
        """Try again later: twice as long each time, not all at once, and not before the receiver wishes. After days of it, or
        when the receiver is gone, disable it and say so."""
        now = self._clock()
        since = row.failing_since or now
        longest = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(row.attempts, 16))
        wait = max(longest * random.uniform(0.5, 1), (answer and answer.retry_after) or timedelta(0))  # noqa: S311 - a pause
        values: dict[str, Any] = {"attempts": row.attempts + 1, "failing_since": since, "next_at": now + wait, "last_error": said}
        given_up = gone or now - since >= self._give_up_after
        with self._writing(row.id, place) as connection:
            self._change(connection, row.id, **values)
            if given_up:
                self._disable(connection, row, said, now)
        if given_up:
            log.error("webhook %s is disabled: %s", row.id, said)
        elif row.last_error != said:
            log.warning("webhook %s: %s; what it should get is kept and sent later", row.id, said)

    def _disable(self, connection: Connection, row: Row[Any], said: str, now: datetime) -> None:
        """Nothing is lost: taken up again, it goes on from its place."""
        self._change(connection, row.id, state=WebhookState.DISABLED.value)
        detail = {"webhook": row.id, "host": _host(row.url), "because": said}
        tell(connection, new_event(Action.WEBHOOK_DISABLED, now, str(uuid.uuid4()), detail=detail))
        entry = audit.Entry(at=now, actor="Talaia", action="disable_webhook", subject="webhook", subject_id=row.id, detail=detail)
        audit.note(connection, entry)

    @contextmanager
    def _writing(self, webhook_id: str, place: int) -> Iterator[Connection]:
        """A transaction in which the subscription is still ours, active and at ``place``. Raises :class:`_Stopped`."""
        with self._store.write() as connection:
            keep_lease(connection, f"webhook:{webhook_id}", self._holder, at=self._clock(), seconds=self._lease_seconds)
            here = (webhook.c.id == webhook_id, webhook.c.place == place, webhook.c.state == WebhookState.ACTIVE.value)
            if connection.execute(select(webhook.c.id).where(*here).with_for_update()).first() is None:
                raise _Stopped
            yield connection

    @staticmethod
    def _change(connection: Connection, webhook_id: str, **values: Any) -> None:
        connection.execute(update(webhook).where(webhook.c.id == webhook_id).values(values))


_RESTED: dict[str, Any] = {"attempts": 0, "failing_since": None, "next_at": None}


def _fate(status: int) -> _Fate:
    if 200 <= status < 300:
        return _Fate.TAKEN
    if status == 410:
        return _Fate.GONE
    return _Fate.REFUSED if status in _REFUSING else _Fate.LATER


def _host(url: str) -> str:
    return url.partition("//")[2].partition("/")[0]


@contextmanager
def sending(sender: Sender) -> Iterator[None]:
    """Send in a thread while the context lasts. At its end the requests under way may finish."""
    ended = threading.Event()
    thread = threading.Thread(target=sender.run, args=(ended,), name="webhooks", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(timeout=20)
