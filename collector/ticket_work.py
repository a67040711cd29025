"""What the desk reads and writes of tickets: the steps to do, what was read over there, and how a ticket's findings stand."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from collector.audit import Entry, note
from collector.runs import ENDED, ScanState
from collector.tables import control, event, finding, scan, ticket, ticket_finding, ticket_remark, ticket_step
from collector.tickets import LIVE, Group, Step, TicketState, cut
from scanners.clean_text import clean_text

AUTHOR, AUTHOR_ID = "Talaia", "system:tickets"
_MOST = 10_000
_FOLLOWED = [state.value for state in (TicketState.OPEN, TicketState.TESTING, TicketState.REVIEW)]
_LIVE = [state.value for state in LIVE]


def note_move(connection: Connection, row: Row[Any], action: str, at: datetime, **detail: Any) -> None:
    """Write down what Talaia itself decided about a ticket."""
    about = {"subject": "ticket", "subject_id": row.id, "department_id": row.department_id, "detail": detail}
    note(connection, Entry(at=at, actor=AUTHOR, actor_id=AUTHOR_ID, action=action, **about))


# --- steps -------------------------------------------------------------------------------------------------------------


def due_steps(connection: Connection, at: datetime, limit: int) -> list[int]:
    """The first step that is left of each ticket, if its time has come: oldest first."""
    left, earlier = ticket_step.alias(), ticket_step.alias()
    blocked = exists().where(earlier.c.ticket_id == left.c.ticket_id, earlier.c.done_at.is_(None), earlier.c.seq < left.c.seq)
    query = select(left.c.seq).where(left.c.done_at.is_(None), left.c.next_at <= at, ~blocked)
    return list(connection.execute(query.order_by(left.c.next_at, left.c.seq).limit(limit)).scalars())


def claim_step(connection: Connection, seq: int, *, at: datetime, until: datetime) -> tuple[Row[Any], Row[Any]] | None:
    """Mark a step as tried before it is: the step (``attempts`` counts this one, ``tried_at`` is of the one before) and its
    ticket; None when it is done already."""
    step = connection.execute(select(ticket_step).where(ticket_step.c.seq == seq, ticket_step.c.done_at.is_(None))).first()
    if step is None:
        return None
    marked = {"attempts": step.attempts + 1, "tried_at": at, "next_at": until}
    connection.execute(update(ticket_step).where(ticket_step.c.seq == seq).values(**marked))
    return step, connection.execute(select(ticket).where(ticket.c.id == step.ticket_id)).one()


def step_done(connection: Connection, seq: int, at: datetime, trouble: str | None = None) -> None:
    values = {"done_at": at, "next_at": None, "trouble": trouble and cut(trouble)}
    connection.execute(update(ticket_step).where(ticket_step.c.seq == seq).values(**values))


def step_failed(connection: Connection, seq: int, trouble: str, next_at: datetime | None) -> None:
    """``next_at`` None: a person has to change something first."""
    said = cut(clean_text(trouble, 400))
    connection.execute(update(ticket_step).where(ticket_step.c.seq == seq).values(trouble=said, next_at=next_at))


def waits_for(connection: Connection, ticket_id: str, kind: Step | None = None) -> bool:
    """Whether a step (of this kind) is still to be done."""
    query = select(ticket_step.c.seq).where(ticket_step.c.ticket_id == ticket_id, ticket_step.c.done_at.is_(None))
    if kind is not None:
        query = query.where(ticket_step.c.kind == kind.value)
    return connection.execute(query.limit(1)).first() is not None


# --- findings ----------------------------------------------------------------------------------------------------------


def findings_of(connection: Connection, ticket_id: str, *, left: bool | None = None) -> list[Row[Any]]:
    """The ticket's findings, the riskiest first; ``left`` narrows to those that are open (False) or no longer (True)."""
    query = select(finding, ticket_finding.c.told, ticket_finding.c.outcome, ticket_finding.c.joined_at)
    query = query.join(ticket_finding, ticket_finding.c.finding_id == finding.c.id)
    query = query.where(ticket_finding.c.ticket_id == ticket_id)
    if left is not None:
        query = query.where(ticket_finding.c.outcome.is_not(None) if left else ticket_finding.c.outcome.is_(None))
    return list(connection.execute(query.order_by(finding.c.risk.desc(), finding.c.id).limit(_MOST)))


def tell(connection: Connection, ticket_id: str, findings: Iterable[str]) -> None:
    """The ticket over there names these findings now."""
    ids = list(findings)
    for start in range(0, len(ids), 500):
        mine = (ticket_finding.c.ticket_id == ticket_id, ticket_finding.c.finding_id.in_(ids[start : start + 500]))
        connection.execute(update(ticket_finding).where(*mine).values(told=True))


def untold(connection: Connection, before: datetime) -> list[Row[Any]]:
    """The followed tickets of which an open finding is not named over there since before that moment."""
    query = select(ticket).where(ticket.c.state.in_(_FOLLOWED)).order_by(ticket.c.id)
    news = exists().where(
        ticket_finding.c.ticket_id == ticket.c.id,
        ticket_finding.c.told.is_(False),
        ticket_finding.c.outcome.is_(None),
        ticket_finding.c.joined_at <= before,
    )
    return list(connection.execute(query.where(news)))


def open_counts(connection: Connection) -> dict[str, int]:
    """How many findings of each live ticket are open; a ticket without any is left out."""
    query = select(ticket_finding.c.ticket_id, func.count()).join(ticket, ticket.c.id == ticket_finding.c.ticket_id)
    query = query.where(ticket.c.state.in_(_LIVE), ticket_finding.c.outcome.is_(None)).group_by(ticket_finding.c.ticket_id)
    return {row[0]: int(row[1]) for row in connection.execute(query)}


def groups_without_ticket(connection: Connection, severities: Sequence[str], limit: int) -> list[Group]:
    """Groups with an open finding this severe that no ticket follows. What a person dropped stays so until a person opens it."""
    of = finding.c
    same = (
        ticket.c.rule == of.rule,
        ticket.c.department_id.is_not_distinct_from(of.department_id),
        ticket.c.service_id.is_not_distinct_from(of.service_id),
    )
    known = exists().where(*same, or_(ticket.c.live_key.is_not(None), ticket.c.state == TicketState.DROPPED.value))
    query = select(of.rule, of.department_id, of.service_id).where(of.state == "open", of.severity.in_(severities), ~known)
    return [Group(*row) for row in connection.execute(query.distinct().limit(limit))]


# --- over there --------------------------------------------------------------------------------------------------------


def live_tickets(connection: Connection, states: Iterable[TicketState] = LIVE) -> list[Row[Any]]:
    wanted = [state.value for state in states]
    return list(connection.execute(select(ticket).where(ticket.c.state.in_(wanted)).order_by(ticket.c.opened_at, ticket.c.id)))


def known_ticket(connection: Connection, external_id: str) -> Row[Any] | None:
    return connection.execute(select(ticket).where(ticket.c.external_id == external_id)).first()


def to_read(connection: Connection, before: datetime, limit: int) -> list[Row[Any]]:
    """Followed tickets that have to be read: after a write of ours, and now and then to see that they are still there."""
    old = or_(ticket.c.read_at.is_(None), ticket.c.read_at < before)
    query = select(ticket).where(ticket.c.remote_id.is_not(None), ticket.c.state.in_(_FOLLOWED), ticket.c.gone.is_(False), old)
    return list(connection.execute(query.order_by(ticket.c.read_at.is_not(None), ticket.c.read_at).limit(limit)))


def set_ticket(connection: Connection, ticket_id: str, **values: Any) -> None:
    connection.execute(update(ticket).where(ticket.c.id == ticket_id).values(**values))


def keep_remark(connection: Connection, ticket_id: str, author: str, text: str, written_at: datetime) -> None:
    """Keep what a person wrote over there; read twice, it is one."""
    digest = hashlib.sha256("\0".join((author, written_at.isoformat(), text)).encode()).hexdigest()
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = {"ticket_id": ticket_id, "digest": digest, "author": clean_text(author, 200), "written_at": written_at}
    row["text"] = "\n".join(clean_text(line, 2_000) for line in text[:4_000].splitlines())
    connection.execute(dialect.insert(ticket_remark).values(**row).on_conflict_do_nothing())


def scans_ended(connection: Connection, scans: Sequence[str]) -> bool:
    states = connection.execute(select(scan.c.state).where(scan.c.id.in_(list(scans)))).scalars()
    return all(ScanState(state) in ENDED for state in states)


def last_event(connection: Connection) -> int:
    return int(connection.execute(select(func.max(event.c.seq))).scalar() or 0)


# --- what the desk remembers -------------------------------------------------------------------------------------------


def mark(connection: Connection, key: str) -> dict[str, Any] | None:
    """What was written down under a key: how far was read, whether somebody asked to read."""
    return connection.execute(select(control.c.value).where(control.c.key == key)).scalar_one_or_none()


def set_mark(connection: Connection, key: str, value: dict[str, Any] | None, *, at: datetime) -> None:
    connection.execute(delete(control).where(control.c.key == key))
    if value is not None:
        connection.execute(insert(control).values(key=key, value=value, at=at))


POKE = "tickets:poke"


def poke(connection: Connection, *, at: datetime) -> None:
    """Ask the desk to read the ticket system now: within a few seconds."""
    set_mark(connection, POKE, {}, at=at)


def later(at: datetime, attempts: int, most: timedelta = timedelta(hours=1)) -> datetime:
    """When to try again after so many attempts: a minute, two, four … an hour."""
    return at + min(timedelta(minutes=2 ** min(attempts - 1, 10)), most)
