"""Tickets: one for each remedy and owner, in the city's ticket system; followed, tested again, closed by proof."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection, Row

from api.access import Asker, Caller
from api.parts import AppParts
from api.problems import not_found
from api.v1.asking import parts_of
from api.v1.requests import Body, Id, Key, PageQuery
from api.v1.shapes import Shown
from collector import audit, tickets
from collector import ticket_work as work
from collector.grants import Person
from collector.queries import findings as finding_queries
from collector.queries import tickets as queries
from collector.tickets import TicketRefused

router = APIRouter(prefix="/tickets", tags=["tickets"])
State = Literal["wanted", "open", "testing", "review", "closed", "dropped"]
Why = Literal["still_there", "not_proved", "rejected", "gone"]
Ended = Literal["proved", "excepted", "moved", "dropped"]
Status = Literal["new", "open", "waiting", "resolved", "closed", "rejected"]


class TicketQuery(PageQuery):
    state: State | None = None
    live: bool | None = Field(None, description="those that are followed, or no longer")
    rule: Id | None = None
    department: Id | None = Field(None, description="an id, or none")
    service: Id | None = Field(None, description="an id, or none")
    finding: Id | None = Field(None, description="those about this finding")


class OpenTicket(Body):
    """The ticket is about all that is open of the finding's rule, department and service."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [{"finding": "0f9a6d5c-2a2d-4a57-8c51-0f6f5f3f7c11"}]}
    )

    finding: Id


class RemoteShown(BaseModel):
    """The ticket in the ticket system, as it was read last."""

    id: str
    url: str | None
    status: Status | None = Field(description="null until it was read")
    raw_status: str | None
    assignee: str | None
    owner: str | None
    priority: str | None = Field(description="in the words of that system")
    due: date | None
    updated_at: datetime | None


class TicketLine(Shown):
    id: str
    external_id: str = Field(description="how both systems know it")
    rule: str
    department_id: str | None
    service_id: str | None
    state: State
    review: Why | None = Field(description="why a person has to look")
    closed_because: Ended | None
    subject: str
    findings: int
    open_findings: int
    opened_by: str
    opened_at: datetime
    closed_at: datetime | None
    reopened: int = Field(description="how often Talaia opened it again: at most once")
    remote: RemoteShown | None = Field(description="null until it was made over there")


class Tickets(BaseModel):
    items: list[TicketLine]
    total: int
    total_is_exact: bool
    next_cursor: str | None


class TicketStep(Shown):
    """Something that was or is to be done over there. ``next_at`` null and not done: it waits for a person (retry)."""

    kind: Literal["create", "update", "comment", "reopen", "resolve"]
    text: str
    made_at: datetime
    attempts: int
    next_at: datetime | None
    trouble: str | None
    done_at: datetime | None


class TicketRemark(Shown):
    author: str
    text: str
    written_at: datetime


class TicketFinding(Shown):
    id: str
    asset_name: str
    address: str | None
    port: int | None
    state: Literal["open", "waived", "resolved"]
    outcome: Literal["resolved", "waived", "moved"] | None = Field(description="how it left the ticket; null while it is open")
    joined_at: datetime


class TicketWhole(TicketLine):
    about: list[TicketFinding] = Field(description="the riskiest first, at most 10,000")
    steps: list[TicketStep] = Field(description="latest first")
    remarks: list[TicketRemark] = Field(description="what people wrote over there, latest first")


class DriftLine(BaseModel):
    """``here`` and ``there`` are what each system holds."""

    ticket_id: str
    external_id: str
    what: Literal["status", "priority", "due", "owner", "gone", "unsent"]
    here: str | None
    there: str | None


class DriftList(BaseModel):
    items: list[DriftLine]


class ReadAsked(BaseModel):
    asked_at: datetime


@router.get("", operation_id="list_tickets", summary="Tickets, latest first")
def many(request: Request, caller: Asker, asked: Annotated[TicketQuery, Query()]) -> Tickets:
    wanted = queries.TicketFilter(**asked.model_dump(exclude={"limit", "cursor"}), within=caller.reach)
    with parts_of(request).store.read() as connection:
        page = queries.list_tickets(connection, wanted, asked.limit, asked.cursor)
        items = lines(connection, page.items)
    return Tickets(items=items, total=page.total, total_is_exact=page.total_is_exact, next_cursor=page.next_cursor)


@router.post(
    "", operation_id="open_ticket", summary="Open the ticket of a finding, or find the one that follows it", status_code=201
)
def open_one(request: Request, caller: Asker, wanted: OpenTicket) -> TicketLine:
    parts = parts_of(request)
    with parts.store.write() as connection:
        return _line(connection, open_in(connection, parts, caller, wanted.finding))


@router.get("/drift", operation_id="list_ticket_drift", summary="Where the two systems disagree")
def drift(request: Request, caller: Asker) -> DriftList:
    parts = parts_of(request)
    with parts.store.read() as connection:
        found = queries.list_drift(connection, caller.reach, parts.clock())
    named = [(one, {"ticket_id": one.ticket.id, "external_id": one.ticket.external_id}) for one in found]
    return DriftList(items=[DriftLine(what=one.what, here=one.here, there=one.there, **ids) for one, ids in named])  # type: ignore[arg-type]


@router.post(
    "/read",
    operation_id="read_tickets",
    summary="Read the ticket system now: for its webhook, which says only that something changed",
    status_code=202,
)
def read_now(request: Request, caller: Asker) -> ReadAsked:
    return ReadAsked(asked_at=ask_to_read(parts_of(request)))


@router.get("/{ticket_id}", operation_id="get_ticket", summary="One ticket: its findings, what was written, what people answered")
def one(request: Request, caller: Asker, ticket_id: Key) -> TicketWhole:
    with parts_of(request).store.read() as connection:
        row = queries.get_ticket(connection, ticket_id, caller.reach)
        if row is None:
            raise not_found("ticket")
        return TicketWhole(
            **_line(connection, row).model_dump(),
            about=[TicketFinding.model_validate(found) for found in work.findings_of(connection, row.id)],
            steps=[TicketStep.model_validate(step) for step in queries.steps_of(connection, row.id)],
            remarks=[TicketRemark.model_validate(remark) for remark in queries.remarks_of(connection, row.id)],
        )


@router.post("/{ticket_id}/retry", operation_id="retry_ticket", summary="Try at once what could not be written")
def retry(request: Request, caller: Asker, ticket_id: Key) -> TicketLine:
    return act(parts_of(request), caller, ticket_id, "retry")


@router.post("/{ticket_id}/drop", operation_id="drop_ticket", summary="Follow it no longer; over there it stays as it is")
def drop(request: Request, caller: Asker, ticket_id: Key) -> TicketLine:
    return act(parts_of(request), caller, ticket_id, "drop")


def open_in(connection: Connection, parts: AppParts, caller: Caller, finding_id: str) -> Row[Any]:
    """The ticket of a finding, opened and noted in the transaction of ``connection`` if there is none. Raises *not found*, and
    *refused* where no ticket system is set up or nothing is open."""
    found = finding_queries.get_finding(connection, finding_id, caller.reach)
    if found is None:
        raise not_found("finding")
    if parts.ticket_city is None:
        raise TicketRefused("no-ticket-system", "no ticket system is set up: see `ticketing` in the settings; nothing was opened")
    now, by = parts.clock(), Person(caller.id, caller.name)
    ticket_id, new = tickets.open_ticket(connection, tickets.group_of(found), parts.ticket_city, by=by, at=now)
    row = queries.get_ticket(connection, ticket_id)
    if row is None:
        raise not_found("ticket")
    if new:
        _note(connection, caller, now, "open_ticket", row)
    return row


def act(parts: AppParts, caller: Caller, ticket_id: str, what: Literal["retry", "drop"]) -> TicketLine:
    """Retry or drop, and note it. Raises *not found* and *refused*."""
    now = parts.clock()
    with parts.store.write() as connection:
        row = queries.get_ticket(connection, ticket_id, caller.reach)
        if row is None:
            raise not_found("ticket")
        (tickets.drop if what == "drop" else tickets.retry)(connection, ticket_id, at=now)
        _note(connection, caller, now, f"{what}_ticket", row)
        return _line(connection, queries.get_ticket(connection, ticket_id) or row)


def ask_to_read(parts: AppParts) -> datetime:
    """Ask the desk to read the ticket system within seconds. Not noted: it changes nothing, and a webhook calls it often."""
    now = parts.clock()
    with parts.store.write() as connection:
        work.poke(connection, at=now)
    return now


def _note(connection: Connection, caller: Caller, now: datetime, action: str, row: Row[Any]) -> None:
    about = {"subject": "ticket", "subject_id": row.id, "department_id": row.department_id}
    audit.note(connection, caller.noting(now, action, **about, detail={"rule": row.rule}))


def lines(connection: Connection, rows: Any) -> list[TicketLine]:
    counts = queries.finding_counts(connection, [row.id for row in rows])
    return [_shown(row, *counts.get(row.id, (0, 0))) for row in rows]


def _line(connection: Connection, row: Row[Any]) -> TicketLine:
    return lines(connection, [row])[0]


def _shown(row: Row[Any], findings: int, open_: int) -> TicketLine:
    plain = {name: getattr(row, name) for name in TicketLine.model_fields if name not in ("findings", "open_findings", "remote")}
    return TicketLine(**plain, findings=findings, open_findings=open_, remote=_remote(row))


def _remote(row: Row[Any]) -> RemoteShown | None:
    if row.remote_id is None:
        return None
    there = row.remote or {}
    return RemoteShown(
        id=row.remote_id,
        url=row.remote_url,
        status=there.get("status"),
        raw_status=there.get("raw_status"),
        assignee=there.get("assignee"),
        owner=there.get("owner"),
        priority=there.get("raw_priority") or there.get("priority"),
        due=there.get("due"),
        updated_at=there.get("updated_at"),
    )
