"""Exceptions: asked for with a reason and an end, approved by another person, ended by people, the clock or what is observed."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy import Connection, Row

from api.access import Asker, Caller
from api.etags import IfMatch, matches, version_of, versioned
from api.parts import AppParts
from api.problems import not_found
from api.v1.asking import parts_of
from api.v1.requests import Body, Id, Key, PageQuery, Text
from api.v1.shapes import Shown
from collector import audit, exceptions
from collector.exceptions import Covers, Wanted
from collector.grants import Person
from collector.queries import assets as asset_queries
from collector.queries import findings as finding_queries
from collector.queries.exceptions import ExceptionFilter, list_exceptions

router = APIRouter(prefix="/exceptions", tags=["exceptions"])
State = Literal["requested", "approved", "refused", "withdrawn", "ended", "expired", "void"]
Decided = Literal["approve", "refuse", "withdraw", "end"]


class Why(Body):
    """``strength`` is how much of the risk the compensating ``control`` takes away (k of the score), over 0 only with one."""

    reason: Text
    control: Text | Literal[""] = ""
    strength: float = Field(0.0, ge=0.0, le=0.8)
    until: AwareDatetime = Field(description="within a year")


class AskException(Why):
    """``rule`` on a finding, an asset, a service or a department (``covers`` and its id, ``key``)."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "rule": "TLS-002",
                    "covers": "finding",
                    "key": "0f9a6d5c-2a2d-4a57-8c51-0f6f5f3f7c11",
                    "reason": "the supplier replaces it in spring",
                    "control": "only the payment gateway reaches it",
                    "strength": 0.5,
                    "until": "2027-03-31T22:00:00Z",
                }
            ]
        },
    )

    rule: Id = Field(max_length=16)
    covers: Covers
    key: Id = Field(max_length=64)


class ExceptionQuery(PageQuery):
    state: State | None = None
    ending_within_days: int | None = Field(None, ge=1, le=366, description="those in force that end within so many days")


class ExceptionShown(Shown):
    id: str
    state: State
    rule: str
    covers: Covers = Field(validation_alias="kind")
    key: str
    department_id: str | None
    reason: str
    control: str
    strength: float
    until: datetime
    requested_by: str
    requested_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    closed_by: str | None = Field(description="null while it stands, and when the clock or what is observed ended it")
    closed_at: datetime | None


class Exceptions(BaseModel):
    items: list[ExceptionShown]
    total: int
    total_is_exact: bool
    next_cursor: str | None


@router.get("", operation_id="list_exceptions", summary="Exceptions, the one that ends first first")
def many(request: Request, caller: Asker, asked: Annotated[ExceptionQuery, Query()]) -> Exceptions:
    parts = parts_of(request)
    before = parts.clock() + timedelta(days=asked.ending_within_days) if asked.ending_within_days else None
    with parts.store.read() as connection:
        state = () if asked.state is None else (asked.state,)
        page = list_exceptions(connection, ExceptionFilter(state, before, caller.reach), asked.limit, asked.cursor)
    items = [_shown(row) for row in page.items]
    return Exceptions(items=items, total=page.total, total_is_exact=page.total_is_exact, next_cursor=page.next_cursor)


@router.post("", operation_id="ask_exception", summary="Ask for an exception; another person decides", status_code=201)
def ask(request: Request, caller: Asker, wanted: AskException) -> ExceptionShown:
    return _answer(request, make_request(parts_of(request), caller, wanted))


@router.get("/{exception_id}", operation_id="get_exception", summary="One exception")
def one(request: Request, caller: Asker, exception_id: Key) -> ExceptionShown:
    with parts_of(request).store.read() as connection:
        row = exceptions.get_exception(connection, exception_id, caller.reach)
    if row is None:
        raise not_found("exception")
    return _answer(request, row)


@router.post("/{exception_id}/approve", operation_id="approve_exception", summary="Approve what another person asked for")
def approve(request: Request, caller: Asker, exception_id: Key, if_match: IfMatch = None) -> ExceptionShown:
    return _answer(request, decide(parts_of(request), caller, exception_id, "approve", if_match))


@router.post("/{exception_id}/refuse", operation_id="refuse_exception", summary="Refuse what another person asked for")
def refuse(request: Request, caller: Asker, exception_id: Key, if_match: IfMatch = None) -> ExceptionShown:
    return _answer(request, decide(parts_of(request), caller, exception_id, "refuse", if_match))


@router.post("/{exception_id}/withdraw", operation_id="withdraw_exception", summary="Take one's own request back")
def withdraw(request: Request, caller: Asker, exception_id: Key, if_match: IfMatch = None) -> ExceptionShown:
    return _answer(request, decide(parts_of(request), caller, exception_id, "withdraw", if_match))


@router.post("/{exception_id}/end", operation_id="end_exception", summary="End one in force: what it covered is open again")
def end(request: Request, caller: Asker, exception_id: Key, if_match: IfMatch = None) -> ExceptionShown:
    return _answer(request, decide(parts_of(request), caller, exception_id, "end", if_match))


def make_request(parts: AppParts, caller: Caller, wanted: AskException) -> Row[Any]:
    """Keep and note the request. Raises *not found* for a thing that does not exist for this caller, and *refused* ones."""
    with parts.store.write() as connection:
        return request_in(connection, caller, wanted, parts.clock())


def request_in(connection: Connection, caller: Caller, wanted: AskException, now: datetime) -> Row[Any]:
    """:func:`make_request` in the transaction of ``connection``."""
    department = _owner(connection, wanted, caller)
    plain = (wanted.rule, wanted.covers, wanted.key, wanted.reason, wanted.until, wanted.control, wanted.strength)
    made = exceptions.ask(connection, Wanted(*plain, department), by=_person(caller), at=now)
    row = _row(connection, made)
    audit.note(connection, _entry(caller, now, "ask_exception", row))
    return row


def decide(parts: AppParts, caller: Caller, exception_id: str, what: Decided, if_match: str | None = None) -> Row[Any]:
    """Decide and note it, in the transaction of all that follows from it. Raises *not found*, *stale* and *refused* ones."""
    now, by = parts.clock(), _person(caller)
    with parts.store.write() as connection:
        row = exceptions.get_exception(connection, exception_id, caller.reach)
        if row is None:
            raise not_found("exception")
        matches(if_match, _version(row))
        if what == "refuse":
            exceptions.refuse(connection, exception_id, by=by, at=now)
        elif what == "withdraw":
            exceptions.withdraw(connection, exception_id, by=by, at=now)
        else:
            work = exceptions.approve if what == "approve" else exceptions.end
            parts.actions.change(lambda batch, life: work(batch, life, exception_id, by=by), connection)
        audit.note(connection, _entry(caller, now, f"{what}_exception", row))
        return _row(connection, exception_id)


def _owner(connection: Connection, wanted: AskException, caller: Caller) -> str | None:
    """The department of what is to be covered. A service may have assets of others: it is for who sees the whole city."""
    within = caller.reach
    row: Row[Any] | None
    if wanted.covers is Covers.FINDING:
        row = finding_queries.get_finding(connection, wanted.key, within)
    elif wanted.covers is Covers.ASSET:
        row = asset_queries.get_asset(connection, wanted.key, within)
    elif wanted.covers is Covers.SERVICE:
        row = asset_queries.get_service(connection, wanted.key) if within is None else None
    else:
        found = asset_queries.get_department(connection, wanted.key, within)
        return found.id if found is not None else _missing(wanted)
    department: str | None = row.department_id if row is not None else _missing(wanted)
    return department


def _missing(wanted: AskException) -> str:
    raise not_found(wanted.covers.value)


def _person(caller: Caller) -> Person:
    return Person(caller.id, caller.name)


def _row(connection: Connection, exception_id: str) -> Row[Any]:
    row = exceptions.get_exception(connection, exception_id)
    if row is None:
        raise not_found("exception")
    return row


def _version(row: Row[Any]) -> str:
    """What is asked for never changes; where it stands does."""
    return version_of(row.id, row.state, row.decided_at, row.closed_at)


def _answer(request: Request, row: Row[Any]) -> ExceptionShown:
    versioned(request, _version(row))
    return _shown(row)


def _shown(row: Row[Any]) -> ExceptionShown:
    return ExceptionShown.model_validate(row)


def _entry(caller: Caller, now: datetime, action: str, row: Row[Any]) -> audit.Entry:
    detail = {"rule": row.rule, "covers": row.kind, "key": row.key, "until": row.until.isoformat(), "strength": row.strength}
    more = {"subject": "exception", "subject_id": row.id, "department_id": row.department_id, "detail": detail}
    return caller.noting(now, action, **more)
