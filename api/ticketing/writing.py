"""What a ticket shall say and hold: made from its findings, in its department's language, by the desk's policy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Row

from api.parts import Rules
from api.ticket_text import ticket_text
from api.ticketing.ticketing import Draft, Fields, Priority
from api.ticketing.wording import said

_PRIORITIES: Mapping[str, Priority] = {
    "critical": Priority.CRITICAL,
    "high": Priority.HIGH,
    "medium": Priority.MEDIUM,
    "low": Priority.LOW,
    "info": Priority.LOW,
}


@dataclass(frozen=True, kw_only=True)
class DeskPolicy:
    """``city`` is the middle of external ids; ``base_url`` where people reach Talaia. By department: ``languages`` of the texts
    and ``queues`` (groups, projects) that take its tickets. ``open_for``: severities whose findings get a ticket by themselves.
    ``zone`` is where a deadline's day ends."""

    city: str
    base_url: str
    language: str = "ca"
    languages: Mapping[str, str] = field(default_factory=dict)
    queues: Mapping[str, str] = field(default_factory=dict)
    open_for: frozenset[str] = frozenset()
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Madrid"))
    poll_every: timedelta = timedelta(seconds=60)
    overlap: timedelta = timedelta(minutes=5)  # how far before the last change that was read reading begins again

    def language_of(self, department: str | None) -> str:
        return self.languages.get(department or "", self.language)

    def link(self, ticket_id: str) -> str:
        return f"{self.base_url}/tickets/{ticket_id}"


def fields_of(policy: DeskPolicy, ticket: Row[Any], findings: Sequence[Row[Any]]) -> Fields:
    """Priority by the worst band, deadline by the soonest, owner by the department. ``findings``: at least one."""
    order = list(_PRIORITIES)
    band = min((row.band for row in findings), key=order.index)
    due = min((row.due for row in findings if row.due is not None), default=None)
    return Fields(
        priority=_PRIORITIES[band],
        due=due.astimezone(policy.zone).date() if due else None,
        owner=policy.queues.get(ticket.department_id or ""),
    )


def draft_of(policy: DeskPolicy, rules: Rules, ticket: Row[Any], findings: Sequence[Row[Any]]) -> Draft:
    text = ticket_text(list(findings), rules, policy.language_of(ticket.department_id), policy.base_url)
    wanted = fields_of(policy, ticket, findings)
    return Draft(
        external_id=ticket.external_id,
        subject=text.subject,
        body=text.body,
        priority=wanted.priority or Priority.LOW,
        due=wanted.due,
        owner=wanted.owner,
        link=policy.link(ticket.id),
    )


def comment_of(policy: DeskPolicy, ticket: Row[Any], what: str, findings: Sequence[Row[Any]]) -> str:
    return said(what, findings, policy.language_of(ticket.department_id), policy.link(ticket.id))


def stored(fields: Fields) -> dict[str, Any]:
    """Fields as a row keeps them: what says nothing is left out."""
    return {name: value for name, value in msgspec.to_builtins(fields).items() if value is not None}


def read_fields(kept: Mapping[str, Any]) -> Fields:
    return msgspec.convert(dict(kept), Fields, strict=False)
