"""Mail digests: once a day, to each recipient, what is new, fixed and late in its department; nothing when there is nothing. And
at once, what is known to be exploited.

The first mail says how things stand and lists nothing as news. Slots are those of the local clock (:mod:`collector.slots`): each
once, also on the nights when the clock changes; after a pause the newest one speaks for all. The row moves on after the server
took the mail: a kill between the two sends that mail once more, with the same Message-ID, and never a third time.
"""

import logging
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from collector.events import Action
from collector.findings import State
from collector.leases import LeaseLost, drop_lease, keep_lease, take_lease, this_process
from collector.mailer import MailFailed
from collector.queries import events as feed
from collector.slots import Schedule, newest_slot
from collector.store import Store
from collector.tables import digest, event, finding

LISTED = 20  # of each sort; the rest is counted
LEASE = "digests"
LEASE_SECONDS = 300.0  # longer than handing over one mail
LONGEST_WAIT = timedelta(hours=1)
URGENT_EVERY = timedelta(minutes=15)  # what comes sooner waits for the next: a load of feeds comes in parts
_MOST_TRIES = 2
_NAMESPACE = uuid.UUID("6a0b6d0e-2f0e-5e07-8f4e-0d4e1a0f6c21")
_NEW = (Action.FINDING_OPENED, Action.FINDING_REOPENED, Action.FINDING_UNWAIVED)
_URGENT = (*_NEW, Action.FINDING_EXPLOITED)
_STEP = 1_000  # events that nobody had to be told of at once: then the row moves on

log = logging.getLogger("talaia.mail")


@dataclass(frozen=True)
class Recipient:
    """``department`` None: the whole city; ``language`` is ca, es or en; ``at_once``: told of what is exploited."""

    address: str
    department: str | None
    language: str
    at_once: bool = True

    @property
    def key(self) -> str:
        return f"{self.address} {self.department or ''}"


@dataclass(frozen=True)
class Listed:
    """The riskiest of some findings, and how many there are in all."""

    rows: Sequence[Row[Any]] = ()
    total: int = 0


@dataclass(frozen=True)
class News:
    """``bands``: how many findings are open, by band. ``since`` None: the first mail, in which ``opened`` is what stands open.

    A mail that does not wait has ``exploited`` and nothing else.
    """

    since: datetime | None
    bands: Mapping[str, int]
    opened: Listed
    fixed: Listed = Listed()
    overdue: Listed = Listed()
    exploited: Listed = Listed()

    @property
    def empty(self) -> bool:
        return not (self.opened.total or self.fixed.total or self.overdue.total)


Compose = Callable[[Recipient, News], EmailMessage]


def gather(connection: Connection, recipient: Recipient, row: Row[Any], until: int, now: datetime) -> News:
    """What there is to say to a recipient: of the events up to ``until``, as the findings stand now."""
    own = () if recipient.department is None else (finding.c.department_id == recipient.department,)
    is_open = finding.c.state == State.OPEN.value
    bands = select(finding.c.band, func.count().label("number")).where(is_open, *own).group_by(finding.c.band)
    counts: dict[str, int] = {row.band: row.number for row in connection.execute(bands)}
    if row.told_at is None:
        return News(None, counts, _listed(connection, is_open, *own))
    happened = select(event.c.finding_id).where(event.c.seq > row.place, event.c.seq <= until)
    new = happened.where(event.c.action.in_([action.value for action in _NEW]))
    gone = happened.where(event.c.action == Action.FINDING_RESOLVED.value)
    return News(
        row.told_at,
        counts,
        opened=_listed(connection, is_open, finding.c.id.in_(new), *own),
        fixed=_listed(connection, finding.c.state == State.RESOLVED.value, finding.c.id.in_(gone), *own),
        overdue=_listed(connection, is_open, finding.c.due > row.told_at, finding.c.due <= now, *own),
    )


def gather_exploited(connection: Connection, recipient: Recipient, after: int, until: int) -> Listed:
    """What is open, known to be exploited, and came up in the events after ``after`` up to ``until``."""
    own = () if recipient.department is None else (finding.c.department_id == recipient.department,)
    came = select(event.c.finding_id).where(event.c.seq > after, event.c.seq <= until)
    came = came.where(event.c.action.in_([action.value for action in _URGENT]))
    standing = (finding.c.state == State.OPEN.value, finding.c.known_exploited)
    return _listed(connection, *standing, finding.c.id.in_(came), *own)


def _listed(connection: Connection, *conditions: ColumnElement[bool]) -> Listed:
    total = connection.execute(select(func.count()).select_from(finding).where(*conditions)).scalar_one()
    rows = connection.execute(select(finding).where(*conditions).order_by(finding.c.risk.desc(), finding.c.id).limit(LISTED))
    return Listed(rows.all(), total)


class Digests:
    """Sends one store's digests. ``cron`` is on the clock of ``timezone``; ``point`` is called at each named instant at which a
    kill must do no harm (``claimed``, ``sent``, and both with ``urgent-`` before)."""

    def __init__(
        self,
        store: Store,
        recipients: Sequence[Recipient],
        compose: Compose,
        send: Callable[[EmailMessage], None],
        *,
        cron: str,
        timezone: str,
        clock: Callable[[], datetime],
        point: Callable[[str], None] = lambda name: None,
    ) -> None:
        self._store = store
        self._recipients = recipients
        self._compose = compose
        self._send = send
        self._cron = cron
        self._timezone = timezone
        self._clock = clock
        self._point = point
        self._holder = this_process()

    def round(self) -> int:
        """Deal with every slot that has come; returns how many mails were taken. What fails is logged and tried again."""
        sent = 0
        try:
            with self._store.write() as connection:
                if not take_lease(connection, LEASE, self._holder, at=self._clock(), seconds=LEASE_SECONDS):
                    return 0
            with suppress(LeaseLost):
                for recipient in self._recipients:
                    sent += self._at_once(recipient)
                    sent += self._one(recipient)
            with self._store.write() as connection:
                drop_lease(connection, LEASE, self._holder)
        except SQLAlchemyError as error:
            log.error("the digests could not be looked up: %s", type(error).__name__)
        return sent

    def _one(self, recipient: Recipient) -> bool:
        now, row = self._clock(), self._row(recipient)
        slot = newest_slot(Schedule(id="digest", zone="", cron=self._cron, timezone=self._timezone, since=row.since), until=now)
        if slot is None or (row.slot is not None and slot.key <= row.slot) or (row.next_at is not None and row.next_at > now):
            return False
        until = feed.horizon(self._store)
        with self._store.read() as connection:
            news = gather(connection, recipient, row, until, now)
        done: dict[str, Any] = {"slot": slot.key, "tries": 0, "failures": 0, "next_at": None, "last_error": None}
        told = {**done, "place": until, "told_at": now}
        if news.empty:
            self._set(recipient, **(told if row.told_at is not None else done))
            return False
        tries = row.tries if row.tried == slot.key else 0
        if tries >= _MOST_TRIES:
            log.error("the digest of %s was handed over twice without an end: it is taken as sent", slot.key)
            self._set(recipient, **told)
            return False
        message = self._compose(recipient, news)
        message["Message-ID"] = f"<{uuid.uuid5(_NAMESPACE, f'{recipient.key}|{slot.key}')}@talaia>"
        self._set(recipient, tried=slot.key, tries=tries + 1)
        self._point("claimed")
        try:
            self._send(message)
        except MailFailed as error:
            self._failed(recipient, row, str(error), tries=tries)
            return False
        self._point("sent")
        self._set(recipient, **told)
        return True

    def _at_once(self, recipient: Recipient) -> bool:
        """A mail that was handed over without knowing how it ended is handed over once more, about the same events."""
        now, row = self._clock(), self._row(recipient)
        waits = (row.next_at is not None and row.next_at > now) or (
            row.urgent_at is not None and timedelta(0) <= now - row.urgent_at < URGENT_EVERY
        )
        if not recipient.at_once or waits:
            return False
        horizon = feed.horizon(self._store)
        place = horizon if row.urgent_place is None else row.urgent_place
        until = horizon if row.urgent_until is None else row.urgent_until
        told: dict[str, Any] = {"urgent_place": until, "urgent_until": None, "urgent_tries": 0}
        with self._store.read() as connection:
            news = News(row.told_at, {}, Listed(), exploited=gather_exploited(connection, recipient, place, until))
        if row.urgent_tries >= _MOST_TRIES:
            log.error("a mail of what is exploited was handed over twice without an end: it is taken as sent")
        if not news.exploited.total or row.urgent_tries >= _MOST_TRIES:
            if row.urgent_place is None or row.urgent_until is not None or until - place >= _STEP:
                self._set(recipient, **told)
            return False
        message = self._compose(recipient, news)
        message["Message-ID"] = f"<{uuid.uuid5(_NAMESPACE, f'{recipient.key}|at once|{until}')}@talaia>"
        self._set(recipient, urgent_place=place, urgent_until=until, urgent_tries=row.urgent_tries + 1)
        self._point("urgent-claimed")
        try:
            self._send(message)
        except MailFailed as error:
            self._failed(recipient, row, str(error), urgent_tries=row.urgent_tries)
            return False
        self._point("urgent-sent")
        self._set(recipient, **told, urgent_at=now, failures=0, next_at=None, last_error=None)
        return True

    def _row(self, recipient: Recipient) -> Row[Any]:
        """The recipient's row; a new one begins now."""
        query = select(digest).where(digest.c.recipient == recipient.key)
        with self._store.read() as connection:
            row = connection.execute(query).first()
        if row is not None:
            return row
        place = feed.horizon(self._store)
        with suppress(IntegrityError), self._writing() as connection:
            begins = {"place": place, "urgent_place": place, "urgent_tries": 0, "tries": 0, "failures": 0}
            values = {"recipient": recipient.key, "since": self._clock(), **begins}
            connection.execute(insert(digest).values(values))
        with self._store.read() as connection:
            return connection.execute(query).one()

    def _failed(self, recipient: Recipient, row: Row[Any], said: str, **claim: Any) -> None:
        """``claim`` is what it was before the try: a server that said no took nothing."""
        wait = min(LONGEST_WAIT, timedelta(minutes=1) * 2 ** min(row.failures, 10))
        if row.last_error != said:
            log.error("a digest could not be sent, it is tried again: %s", said)
        self._set(recipient, failures=row.failures + 1, next_at=self._clock() + wait, last_error=said[:300], **claim)

    def _set(self, recipient: Recipient, **values: Any) -> None:
        with self._writing() as connection:
            connection.execute(update(digest).where(digest.c.recipient == recipient.key).values(values))

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._store.write() as connection:
            keep_lease(connection, LEASE, self._holder, at=self._clock(), seconds=LEASE_SECONDS)
            yield connection
