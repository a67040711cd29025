"""Saved filters, of a person or a program: a list of findings under a name, for oneself, one's department or the city."""

from datetime import datetime
from typing import Annotated, Any, NamedTuple, Self

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, JsonValue, StringConstraints, ValidationError, model_validator
from sqlalchemy import Connection, Row

from api.access import Asker, Caller
from api.etags import IfMatch, matches, version_of, versioned
from api.parts import AppParts
from api.problems import Problem, not_found
from api.rights import Permission
from api.v1.asking import parts_of
from api.v1.requests import Body, FindingWhere, Id, Key
from collector import audit, filters
from collector.filters import Audience, Wanted
from collector.grants import Person
from collector.queries import assets as asset_queries
from collector.queries.findings import NOBODY, FindingSort

router = APIRouter(prefix="/filters", tags=["filters"])
Name = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$", min_length=1, max_length=100)]
_WHOSE: list[JsonValue] = [
    {
        "required": ["audience", "department"],
        "properties": {"audience": {"const": "department"}, "department": {"type": "string"}},
    },
    {"properties": {"audience": {"enum": ["me", "city"]}, "department": {"type": "null"}}},
]
_EXAMPLE: JsonValue = {
    "name": "Old TLS, open",
    "query": {"state": ["open"], "rule": ["TLS-002"], "sort": "due"},
    "audience": "me",
}


class SavedQuery(FindingWhere):
    """What the list of findings is narrowed to and how it is sorted."""

    sort: FindingSort = FindingSort.RISK


class SaveFilter(Body):
    """``department`` says with which one it is shared, when the audience is a department."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [_EXAMPLE], "anyOf": _WHOSE})

    name: Name
    query: SavedQuery
    audience: Audience = Audience.ME
    department: Id | None = None

    @model_validator(mode="after")
    def _whose(self) -> Self:
        if (self.audience is Audience.DEPARTMENT) != (self.department is not None):
            raise ValueError("name a department when, and only when, the audience is a department")
        return self


class FilterShown(BaseModel):
    """``query`` is kept as it was saved. When it can no longer be asked, ``valid`` is false and ``problem`` says why."""

    id: str
    name: str
    audience: Audience
    department: str | None
    owner: str
    mine: bool
    query: dict[str, JsonValue]
    valid: bool
    problem: str | None
    changed_at: datetime


class Filters(BaseModel):
    items: list[FilterShown]


@router.get("", operation_id="list_filters", summary="One's own saved filters, and those that are shared with one")
def many(request: Request, caller: Asker) -> Filters:
    with parts_of(request).store.read() as connection:
        return Filters(items=show_filters(connection, caller))


@router.post("", operation_id="create_filter", summary="Save a filter", status_code=201)
def create(request: Request, caller: Asker, wanted: SaveFilter) -> FilterShown:
    return _answer(request, make_filter(parts_of(request), caller, wanted))


@router.get("/{filter_id}", operation_id="get_filter", summary="One saved filter")
def one(request: Request, caller: Asker, filter_id: Key) -> FilterShown:
    with parts_of(request).store.read() as connection:
        return _answer(request, _shown(_readable(connection, caller, filter_id), caller, _seen(connection, caller)))


@router.put("/{filter_id}", operation_id="change_filter", summary="Change one's own: name, query, audience")
def change(request: Request, caller: Asker, filter_id: Key, wanted: SaveFilter, if_match: IfMatch = None) -> FilterShown:
    parts = parts_of(request)
    now = parts.clock()
    _may_share(caller, wanted)
    with parts.store.write() as connection:
        row = _own(_readable(connection, caller, filter_id), caller)
        _known(connection, wanted)
        matches(if_match, _version(_shown(row, caller, _seen(connection, caller))))
        filters.change(connection, row.id, _wanted(wanted), at=now)
        audit.note(connection, _entry(caller, now, "change_filter", row.id, wanted))
        return _answer(request, _shown(_readable(connection, caller, row.id), caller, _seen(connection, caller)))


@router.delete("/{filter_id}", operation_id="delete_filter", summary="Delete one's own; administrators delete shared ones too")
def delete(request: Request, caller: Asker, filter_id: Key, if_match: IfMatch = None) -> FilterShown:
    return drop_filter(parts_of(request), caller, filter_id, if_match)


def show_filters(connection: Connection, caller: Caller) -> list[FilterShown]:
    """All that this caller may open."""
    rows = filters.list_filters(connection, caller.id, caller.reach_for(Permission.FINDING_READ))
    seen = _seen(connection, caller)
    return [_shown(row, caller, seen) for row in rows]


def make_filter(parts: AppParts, caller: Caller, wanted: SaveFilter) -> FilterShown:
    """Keep and note it. Raises *forbidden* for an audience that is not this caller's to share with, and *refused* ones."""
    now = parts.clock()
    _may_share(caller, wanted)
    with parts.store.write() as connection:
        _known(connection, wanted)
        key = filters.save(connection, _wanted(wanted), by=Person(caller.id, caller.name), at=now)
        audit.note(connection, _entry(caller, now, "create_filter", key, wanted))
        return _shown(_readable(connection, caller, key), caller, _seen(connection, caller))


def drop_filter(parts: AppParts, caller: Caller, filter_id: str, if_match: str | None = None) -> FilterShown:
    """Delete and note it; returns what it was. Raises *not found*, *not yours* and *stale*."""
    now = parts.clock()
    with parts.store.write() as connection:
        row = _readable(connection, caller, filter_id)
        if not caller.may(Permission.ACCOUNT_MANAGE):
            _own(row, caller)
        was = _shown(row, caller, _seen(connection, caller))
        matches(if_match, _version(was))
        filters.remove(connection, row.id)
        audit.note(
            connection, caller.noting(now, "delete_filter", subject="filter", subject_id=row.id, detail={"name": row.name})
        )
        return was


def may_share(caller: Caller, audience: Audience, department: str | None = None) -> bool:
    """Whether this caller may share with it: a department needs the right there, the city the right in all of it."""
    if audience is Audience.ME:
        return True
    if audience is Audience.CITY:
        return caller.reach_for(Permission.FILTER_SHARE) is None
    return caller.may(Permission.FILTER_SHARE, department)


def _version(shown: FilterShown) -> str:
    """What a change of a filter replaces."""
    return version_of(shown.id, shown.name, shown.audience, shown.department, shown.query)


def _answer(request: Request, shown: FilterShown) -> FilterShown:
    versioned(request, _version(shown))
    return shown


def _may_share(caller: Caller, wanted: SaveFilter) -> None:
    if not may_share(caller, wanted.audience, wanted.department):
        raise Problem(403, "forbidden", f"to share with them needs the permission {Permission.FILTER_SHARE.value} there")


def _known(connection: Connection, wanted: SaveFilter) -> None:
    """A department to share with is there (that the caller may share with it was asked before)."""
    if wanted.department is not None and asset_queries.get_department(connection, wanted.department) is None:
        raise not_found("department")


def _readable(connection: Connection, caller: Caller, filter_id: str) -> Row[Any]:
    row = filters.get_filter(connection, filter_id, caller.id, caller.reach_for(Permission.FINDING_READ))
    if row is None:
        raise not_found("filter")
    return row


def _own(row: Row[Any], caller: Caller) -> Row[Any]:
    if row.owner_id != caller.id:
        raise Problem(403, "not-yours", "only who saved it changes it")
    return row


def _wanted(wanted: SaveFilter) -> Wanted:
    query = wanted.query.model_dump(mode="json", exclude_defaults=True)
    return Wanted(wanted.name, wanted.audience, query, wanted.department)


class _Seen(NamedTuple):
    """The departments and services (ids) that a caller sees: for a whole list of filters they are read once."""

    departments: frozenset[str]
    services: frozenset[str]


def _seen(connection: Connection, caller: Caller) -> _Seen:
    within = caller.reach_for(Permission.FINDING_READ)
    departments = (row.id for row in asset_queries.list_departments(connection, within))
    return _Seen(frozenset(departments), frozenset(row.id for row in asset_queries.list_services(connection, within=within)))


def _shown(row: Row[Any], caller: Caller, seen: _Seen) -> FilterShown:
    problem = _problem(row.query, seen)
    plain = {name: getattr(row, name) for name in ("id", "name", "audience", "owner", "query", "changed_at")}
    return FilterShown(
        **plain, department=row.department_id, mine=row.owner_id == caller.id, valid=problem is None, problem=problem
    )


def _problem(stored: Any, seen: _Seen) -> str | None:
    """Why a stored query can no longer be asked; None when it can. A department that the caller does not see does not exist."""
    try:
        query = SavedQuery.model_validate(stored)
    except ValidationError as error:
        return f"no longer understood: {', '.join(sorted({str(one['loc'][0]) for one in error.errors() if one['loc']}))}"
    if query.department is not None and query.department not in {NOBODY, *seen.departments}:
        return f"there is no department {query.department} any more"
    if query.service is not None and query.service not in {NOBODY, *seen.services}:
        return f"there is no service {query.service} any more"
    return None


def _entry(caller: Caller, now: datetime, action: str, key: str, wanted: SaveFilter) -> audit.Entry:
    detail = {"name": wanted.name, "audience": wanted.audience.value}
    return caller.noting(now, action, subject="filter", subject_id=key, department_id=wanted.department, detail=detail)
