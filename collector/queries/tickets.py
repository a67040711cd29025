"""Tickets: the list, one with all that belongs to it, and where the two systems disagree."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, String, and_, case, cast, func, or_, select

from collector.grants import reaches
from collector.queries.paging import Keyset, Order, Page, bounded_count, page_of, rows_after, signature_of
from collector.tables import ticket, ticket_finding, ticket_remark, ticket_step
from collector.tickets import LIVE, Review, TicketState

ENDED_THERE = frozenset({"resolved", "closed", "rejected"})
_REMEMBERED = timedelta(days=30)  # how long after its end a ticket that is opened again over there is reported
_MOST = 5_000
_TROUBLED = (ticket_step.c.done_at.is_(None), ticket_step.c.trouble.is_not(None))


@dataclass(frozen=True)
class TicketFilter:
    """What a list of tickets is narrowed to; None means all. ``live``: those that are followed (or, False, no longer)."""

    state: str | None = None
    live: bool | None = None
    rule: str | None = None
    department: str | None = None
    service: str | None = None
    finding: str | None = None
    within: frozenset[str] | None = None


@dataclass(frozen=True)
class Drift:
    """One thing about which the two systems disagree: ``what`` is a stable word, ``here`` and ``there`` what each holds."""

    ticket: Row[Any]
    what: str  # status, priority, due, owner, gone, unsent
    here: str | None
    there: str | None


def list_tickets(connection: Connection, wanted: TicketFilter, limit: int = 50, cursor: str | None = None) -> Page[Row[Any]]:
    """Tickets, latest first. Raises :class:`~collector.queries.paging.BadCursor`."""
    conditions = tuple(_conditions(wanted))
    keyset = Keyset(select(ticket), Order(ticket.c.opened_at, ticket.c.id, descending=True), (conditions,))
    named = [(name, str(value)) for name, value in vars(wanted).items() if value is not None and name != "within"]
    signature = signature_of("tickets", sorted(named), sorted(wanted.within) if wanted.within is not None else None)
    rows, following = rows_after(connection, keyset, limit, cursor, signature)
    return page_of(rows, cursor, following, lambda: bounded_count(connection, ticket, (conditions,)))


def _conditions(wanted: TicketFilter) -> Iterator[Any]:
    for name in ("state", "rule"):
        if getattr(wanted, name) is not None:
            yield ticket.c[name] == getattr(wanted, name)
    for name in ("department", "service"):
        value = getattr(wanted, name)
        if value is not None:
            yield ticket.c[f"{name}_id"].is_(None) if value == "none" else ticket.c[f"{name}_id"] == value
    if wanted.live is not None:
        yield ticket.c.live_key.is_not(None) if wanted.live else ticket.c.live_key.is_(None)
    if wanted.finding is not None:
        yield ticket.c.id.in_(select(ticket_finding.c.ticket_id).where(ticket_finding.c.finding_id == wanted.finding))
    if wanted.within is not None:
        yield ticket.c.department_id.in_(sorted(wanted.within))


def get_ticket(connection: Connection, ticket_id: str, within: frozenset[str] | None = None) -> Row[Any] | None:
    """The ticket; None when there is none, and just so when it lies outside the departments ``within``."""
    row = connection.execute(select(ticket).where(ticket.c.id == ticket_id)).first()
    return row if row is not None and reaches(within, row.department_id) else None


def tickets_starting(connection: Connection, prefix: str, limit: int) -> list[Row[Any]]:
    """The tickets whose id starts with ``prefix``, for people who type the first characters of one."""
    query = select(ticket).where(ticket.c.id >= prefix, ticket.c.id < f"{prefix}g").order_by(ticket.c.id)
    return list(connection.execute(query.limit(limit)))


def ticket_of_finding(connection: Connection, finding_id: str) -> Row[Any] | None:
    """The ticket that follows a finding now, else the last that did."""
    mine = select(ticket_finding.c.ticket_id).where(ticket_finding.c.finding_id == finding_id)
    query = select(ticket).where(ticket.c.id.in_(mine)).order_by(ticket.c.live_key.is_(None), ticket.c.opened_at.desc())
    return connection.execute(query.limit(1)).first()


def steps_of(connection: Connection, ticket_id: str, limit: int = 200) -> list[Row[Any]]:
    """What was and is to be done over there, latest first."""
    query = select(ticket_step).where(ticket_step.c.ticket_id == ticket_id).order_by(ticket_step.c.seq.desc())
    return list(connection.execute(query.limit(limit)))


def remarks_of(connection: Connection, ticket_id: str, limit: int = 200) -> list[Row[Any]]:
    """What people wrote over there, latest first."""
    query = select(ticket_remark).where(ticket_remark.c.ticket_id == ticket_id)
    return list(connection.execute(query.order_by(ticket_remark.c.written_at.desc(), ticket_remark.c.digest).limit(limit)))


def finding_counts(connection: Connection, tickets: list[str]) -> dict[str, tuple[int, int]]:
    """How many findings each ticket is about, and how many of them are open."""
    column = ticket_finding.c
    open_ = func.sum(case((column.outcome.is_(None), 1), else_=0))
    query = select(column.ticket_id, func.count(), open_).where(column.ticket_id.in_(tickets)).group_by(column.ticket_id)
    return {row[0]: (int(row[1]), int(row[2])) for row in connection.execute(query)}


def list_drift(connection: Connection, within: frozenset[str] | None, now: datetime) -> list[Drift]:
    """Everything about which the two systems disagree: followed tickets first, of those the oldest."""
    ended = and_(ticket.c.live_key.is_(None), ticket.c.closed_at >= now - _REMEMBERED)
    kept = cast(ticket.c.kept, String) != "[]"
    disagrees = or_(
        ticket.c.state == TicketState.REVIEW.value,
        ticket.c.gone,
        kept,
        ticket.c.id.in_(select(ticket_step.c.ticket_id).where(*_TROUBLED)),
    )
    live = and_(ticket.c.state.in_([state.value for state in LIVE]), disagrees)
    query = select(ticket).where(or_(live, ended))
    if within is not None:
        query = query.where(ticket.c.department_id.in_(sorted(within)))
    rows = connection.execute(query.order_by(ticket.c.live_key.is_(None), ticket.c.opened_at, ticket.c.id).limit(_MOST)).all()
    troubles = _troubles(connection)
    return [one for row in rows for one in drift_of(row, troubles.get(row.id))]


def _troubles(connection: Connection) -> dict[str, str]:
    """Why what waits for each ticket could not be written."""
    query = select(ticket_step.c.ticket_id, ticket_step.c.trouble).where(*_TROUBLED)
    return {row.ticket_id: row.trouble for row in connection.execute(query.order_by(ticket_step.c.seq.desc()))}


def drift_of(row: Row[Any], trouble: str | None) -> Iterator[Drift]:
    """Where one ticket disagrees. ``trouble``: why something that waits to be written could not be."""
    if trouble is not None:
        yield Drift(row, "unsent", trouble, None)
    if row.gone:
        yield Drift(row, "gone", row.state, None)
        return
    remote: Mapping[str, Any] = row.remote or {}
    if _statuses_differ(row, remote):
        yield Drift(row, "status", row.state, remote.get("raw_status"))
    for name in row.kept if row.live_key is not None else ():
        there = remote.get("raw_priority") or remote.get("priority") if name == "priority" else remote.get(name)
        yield Drift(row, name, row.wanted.get(name), there)


def _statuses_differ(row: Row[Any], remote: Mapping[str, Any]) -> bool:
    if row.state == TicketState.REVIEW:
        return bool(row.review != Review.GONE)
    return bool(row.state == TicketState.CLOSED and remote and row.read_at is not None and _open_there(row, remote))


def _open_there(row: Row[Any], remote: Mapping[str, Any]) -> bool:
    """Whether it was opened again over there after it was closed here."""
    changed = datetime.fromisoformat(remote["updated_at"])
    return remote.get("status") not in ENDED_THERE and bool(changed > row.closed_at)
