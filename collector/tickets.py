"""Tickets: one for each remedy (rule) and owner (department and service), followed until their findings are proved fixed.

Here are the rows and what people may do with them. What is sent to the ticket system and what is read there is the work of
``api.ticketing.desk``, which does the steps that are written here.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from collector.grants import Person
from collector.refusal import ActionRefused
from collector.tables import finding, ticket, ticket_finding, ticket_step

_CUT = 400


class TicketState(StrEnum):
    WANTED = "wanted"  # not over there yet
    OPEN = "open"
    TESTING = "testing"  # ended over there: Talaia tests its findings again
    REVIEW = "review"  # the two systems disagree and a person has to decide
    CLOSED = "closed"
    DROPPED = "dropped"  # a person ended the following


class Review(StrEnum):
    STILL_THERE = "still_there"  # ended over there twice, and found again each time
    NOT_PROVED = "not_proved"  # ended over there, and no look could tell
    REJECTED = "rejected"  # people decided over there not to do it, and nobody approved an exception
    GONE = "gone"  # it was deleted over there


class Ended(StrEnum):
    PROVED = "proved"
    EXCEPTED = "excepted"  # what was left of it is covered by an approved exception
    MOVED = "moved"  # its findings belong to another owner now
    DROPPED = "dropped"


class Step(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    COMMENT = "comment"
    REOPEN = "reopen"
    RESOLVE = "resolve"


LIVE = (TicketState.WANTED, TicketState.OPEN, TicketState.TESTING, TicketState.REVIEW)


class TicketRefused(ActionRefused):
    """What was asked of a ticket was not done; the message says why. Nothing was changed. ``code`` is stable."""


@dataclass(frozen=True)
class Group:
    """What one ticket is about."""

    rule: str
    department: str | None
    service: str | None

    @property
    def key(self) -> str:
        return f"{self.rule}|{self.department or ''}|{self.service or ''}"


def group_of(row: Row[Any]) -> Group:
    """The group of a finding's or a ticket's row."""
    return Group(row.rule, row.department_id, row.service_id)


def open_ticket(connection: Connection, group: Group, city: str, *, by: Person, at: datetime) -> tuple[str, bool]:
    """The ticket of a group and whether it is new: there is one at a time. Raises :class:`TicketRefused` when nothing of the
    group is open."""
    following = live_ticket(connection, group)
    if following is not None:
        return str(following.id), False
    if not open_findings(connection, group):
        raise TicketRefused("nothing-open", "a ticket is about what is open: nothing of this rule and owner is")
    ticket_id = str(uuid.uuid4())
    values = {
        "id": ticket_id,
        "external_id": f"posture:{city}:{ticket_id}",
        "live_key": group.key,
        "rule": group.rule,
        "department_id": group.department,
        "service_id": group.service,
        "state": TicketState.WANTED.value,
        "opened_by": by.name,
        "opened_by_id": by.id,
        "opened_at": at,
    }
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    new = dialect.insert(ticket).values(**values).on_conflict_do_nothing(index_elements=["live_key"])
    if connection.execute(new.returning(ticket.c.id)).first() is None:  # somebody opened it in the same moment
        return open_ticket(connection, group, city, by=by, at=at)
    add_step(connection, ticket_id, Step.CREATE, at=at)
    regroup(connection, ticket_id, at=at)
    return ticket_id, True


def live_ticket(connection: Connection, group: Group) -> Row[Any] | None:
    """The ticket that follows a group now."""
    return connection.execute(select(ticket).where(ticket.c.live_key == group.key)).first()


def open_findings(connection: Connection, group: Group) -> list[str]:
    """The ids of what is open of a group."""
    of = finding.c
    owner = (of.department_id.is_not_distinct_from(group.department), of.service_id.is_not_distinct_from(group.service))
    query = select(of.id).where(of.rule == group.rule, of.state == "open", *owner)
    return list(connection.execute(query.order_by(of.risk.desc(), of.id)).scalars())


def regroup(connection: Connection, ticket_id: str, *, at: datetime) -> None:
    """Let what is open of its group join the ticket, and write down how the others left it."""
    row = connection.execute(select(ticket).where(ticket.c.id == ticket_id)).one()
    wanted = set(open_findings(connection, group_of(row)))
    held = {one.finding_id: one for one in connection.execute(select(ticket_finding).where(_of(ticket_id)))}
    new = [{"ticket_id": ticket_id, "finding_id": one, "joined_at": at, "told": False} for one in sorted(wanted - held.keys())]
    if new:
        connection.execute(insert(ticket_finding), new)
    for finding_id, one in held.items():
        outcome = None if finding_id in wanted else _outcome(connection, finding_id)
        if outcome != one.outcome:
            mine = (_of(ticket_id), ticket_finding.c.finding_id == finding_id)
            connection.execute(update(ticket_finding).where(*mine).values(outcome=outcome))


def _outcome(connection: Connection, finding_id: str) -> str:
    state = connection.execute(select(finding.c.state).where(finding.c.id == finding_id)).scalar()
    return str(state) if state in ("resolved", "waived") else "moved"


def _of(ticket_id: str) -> Any:
    return ticket_finding.c.ticket_id == ticket_id


def add_step(connection: Connection, ticket_id: str, kind: Step, text: str = "", *, at: datetime) -> None:
    """Something to do over there, after what is to be done already."""
    connection.execute(insert(ticket_step).values(ticket_id=ticket_id, kind=kind.value, text=text, made_at=at, next_at=at))


def retry(connection: Connection, ticket_id: str, *, at: datetime) -> int:
    """Try at once what went wrong: how many steps."""
    left = (ticket_step.c.ticket_id == ticket_id, ticket_step.c.done_at.is_(None))
    connection.execute(update(ticket).where(ticket.c.id == ticket_id).values(next_test_at=None))
    return int(connection.execute(update(ticket_step).where(*left).values(next_at=at)).rowcount)


def drop(connection: Connection, ticket_id: str, *, at: datetime) -> None:
    """End the following; the ticket over there stays as it is. Raises :class:`TicketRefused` when it has ended already."""
    row = connection.execute(select(ticket.c.state).where(ticket.c.id == ticket_id).with_for_update()).first()
    if row is None or row.state not in LIVE:
        raise TicketRefused("ended", "this ticket is not followed any more")
    connection.execute(delete(ticket_step).where(ticket_step.c.ticket_id == ticket_id, ticket_step.c.done_at.is_(None)))
    close(connection, ticket_id, TicketState.DROPPED, Ended.DROPPED, at=at)


def close(connection: Connection, ticket_id: str, state: TicketState, because: Ended, *, at: datetime) -> None:
    """Follow the ticket no longer: its group may have another."""
    ended = {"state": state.value, "closed_because": because.value, "closed_at": at, "live_key": None, "review": None}
    connection.execute(update(ticket).where(ticket.c.id == ticket_id).values(**ended))


def cut(text: str) -> str:
    """A sentence as long as a row takes it."""
    return text[:_CUT]
