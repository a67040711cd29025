"""What every ticket connector can do, and the words it does it with. The caller keeps the outbox; a connector keeps nothing.

One ticket is known in both systems by its *external id* (``posture:<city>:<id>``). A caller that is killed between the creation
and its own commit finds the ticket again by it, so :func:`find_or_create` makes one ticket however often it is repeated.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from api.ticketing.trouble import TicketingError
from collector.secret_files import SecretError, read_secret

EXTERNAL_ID = re.compile(r"posture:[A-Za-z0-9][A-Za-z0-9._-]{0,63}:[A-Za-z0-9][A-Za-z0-9-]{0,63}")
MOST_SUBJECT = 200
MOST_TEXT = 20_000

Secret = Callable[[], str]  # called at each use, so that a changed file is taken up without a restart


class Priority(StrEnum):
    """The four words of Talaia; each connector has a map to the numbers or names over there."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Status(StrEnum):
    """The states that every ticket system can be read as. ``rejected``: people decided not to do it."""

    NEW = "new"
    OPEN = "open"
    WAITING = "waiting"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REJECTED = "rejected"


ENDED = frozenset({Status.RESOLVED, Status.CLOSED, Status.REJECTED})


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket to be made. ``body`` is plain text; ``owner`` is a queue, group or project over there (``None``: the configured
    one); ``link`` leads to our page. Raises ``ValueError`` on an external id of another form or an empty subject."""

    external_id: str
    subject: str
    body: str
    priority: Priority
    link: str
    due: date | None = None
    owner: str | None = None

    def __post_init__(self) -> None:
        if not EXTERNAL_ID.fullmatch(self.external_id):
            raise ValueError(f"an external id looks like posture:city:id, not {self.external_id[:80]!r}")
        if not self.subject.strip():
            raise ValueError("a ticket needs a subject")

    def title(self) -> str:
        """The subject on one line, at most 200 characters."""
        return " ".join(self.subject.split())[:MOST_SUBJECT]

    def text(self) -> str:
        """The body with the external id as its first line, for people and for systems that lose custom fields; and the link."""
        return f"[{self.external_id}]\n\n{self.body[:MOST_TEXT]}\n\n{self.link}\n"


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket over there: its id as that system's API wants it, and the page where people see it."""

    id: str
    url: str


class Remark(msgspec.Struct, frozen=True, kw_only=True):
    """Something written on a ticket over there. ``author`` is a login or name of that system; ``written_at`` has a zone."""

    author: str
    text: str
    written_at: datetime


class Remote(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket as it is over there now. ``priority`` is ``None`` when ``raw_priority`` is none of our words; ``raw_priority`` is
    empty when nobody set one. ``owner`` is the queue, group or project, ``assignee`` a person. ``remarks``: oldest first, the
    last hundred of those since the moment that was asked for."""

    reference: Reference
    external_id: str | None
    status: Status
    raw_status: str
    updated_at: datetime
    subject: str = ""
    assignee: str | None = None
    owner: str | None = None
    priority: Priority | None = None
    raw_priority: str = ""
    due: date | None = None
    remarks: tuple[Remark, ...] = ()


class Fields(msgspec.Struct, frozen=True, kw_only=True):
    """The fields that Talaia sets; ``None`` says nothing about a field."""

    priority: Priority | None = None
    due: date | None = None
    owner: str | None = None


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What the fields shall be, and ``before``: what Talaia wrote last. A field that holds something else by now was set by a
    person and is left alone. Without ``before`` only empty owners are written, and priorities that are one of ours."""

    wanted: Fields
    before: Fields | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """Which fields were written, and which were left as people set them (``priority``, ``due``, ``owner``)."""

    written: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()


class StatusMap(msgspec.Struct, frozen=True, kw_only=True):
    """``inward``: that system's status to ours; ``outward``: the status to set when we reopen (``OPEN``) or propose a resolution
    (``RESOLVED``). A status that is not listed is read as open: an unknown word never closes anything."""

    inward: Mapping[str, Status]
    outward: Mapping[Status, str]

    def read(self, raw: str) -> Status:
        return self.inward.get(raw, self.inward.get(raw.casefold(), Status.OPEN))


class Ticketing(Protocol):
    """One ticket system. Every method raises :class:`TicketingError`; a restart loses nothing."""

    name: str

    def check(self) -> str:
        """What answers there, with its version if it says so, after a login that worked."""

    def search(self, external_id: str) -> Reference | None:
        """The oldest ticket with this external id, whatever its status."""

    def create(self, draft: Draft) -> Reference:
        """Make a ticket. Never repeated by itself: call :func:`find_or_create`."""

    def update(self, reference: Reference, changes: Changes) -> Outcome:
        """Write our fields, never those that people set."""

    def comment(self, reference: Reference, text: str) -> None:
        """Add an internal comment (plain text). Not repeated by itself."""

    def reopen(self, reference: Reference, text: str) -> None:
        """Say why, and open the ticket again if it was ended."""

    def propose_resolution(self, reference: Reference, text: str) -> None:
        """Say what proved it, and set the ticket resolved (not closed: that is for people). A ticket that is ended stays so."""

    def read(self, reference: Reference, since: datetime | None = None) -> Remote:
        """The ticket now, with the remarks since that moment."""

    def changed_since(self, when: datetime) -> Iterator[Remote]:
        """Our tickets that changed at or after ``when``, each once, with their remarks since. Ask with an overlap."""


def find_or_create(ticketing: Ticketing, draft: Draft) -> Reference:
    """The ticket of this draft: the one that exists, or a new one."""
    return ticketing.search(draft.external_id) or ticketing.create(draft)


def settle(changes: Changes, remote: Remote) -> tuple[Fields, Outcome]:
    """What is to be written on this ticket, and the outcome if that succeeds."""
    write: dict[str, object] = {}
    kept: set[str] = set()
    for name in ("priority", "due", "owner"):
        wanted, current = getattr(changes.wanted, name), getattr(remote, name)
        if wanted is None or wanted == current:
            continue
        empty = not remote.raw_priority if name == "priority" else current is None
        if empty or _is_ours(name, current, changes.before):
            write[name] = wanted
        else:
            kept.add(name)
    return msgspec.convert(write, Fields), Outcome(written=frozenset(write), kept=frozenset(kept))


def _is_ours(name: str, current: object, before: Fields | None) -> bool:
    if before is None:
        return name != "owner" and current is not None
    return current is not None and current == getattr(before, name)


def owner_among(owners: Iterable[str], *expected: str | None) -> str | None:
    """Of several owners of a ticket, the first of those that are expected; if none is there, the first of all."""
    there = [owner for owner in owners if owner]
    return next((owner for owner in expected if owner in there), there[0] if there else None)


def confirm(write: Fields, remote: Remote, system: str) -> None:
    """The ticket after a change shows what was written. Systems that answer *done* and did nothing are caught here."""
    ignored = [
        name
        for name in ("priority", "due", "owner")
        if getattr(write, name) is not None and getattr(write, name) != getattr(remote, name)
    ]
    if ignored:
        raise TicketingError(
            "refused",
            f"{system} accepted the change of {', '.join(ignored)} and did not make it: are the rights and values as configured?",
        )


def confirm_status(wanted: Literal["open", "ended"], remote: Remote, system: str) -> None:
    """The ticket is ended, or is not, as was asked for."""
    if (remote.status in ENDED) != (wanted == "ended"):
        raise TicketingError(
            "refused",
            f"{system} left the ticket at {remote.raw_status[:40]!r}: does its workflow let Talaia's account change it?",
        )


def secret_file(path: Path) -> Secret:
    """A secret read from the file at each use. Raises :class:`TicketingError` when it cannot be read or is empty."""

    def read() -> str:
        try:
            return read_secret(path)
        except SecretError as error:
            raise TicketingError("refused", str(error)) from None

    return read
