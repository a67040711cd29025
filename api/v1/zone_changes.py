"""The zone file: read with its ETag, changed by a proposal that another person approves."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Row

from api.access import Asker, Caller
from api.etags import IfMatch, MustMatch, matches, version_of, versioned
from api.parts import AppParts
from api.problems import Problem, not_found
from api.v1.asking import parts_of
from api.v1.requests import Body, Key, Text
from api.v1.shapes import Shown
from collector import audit
from collector import zone_changes as changes
from collector.grants import Person
from collector.zone_changes import LONGEST, ChangeRefused, Proposal
from scanners.clean_text import clean_text
from scanners.located_yaml import FileError

router = APIRouter(tags=["zones"])
Made = TypeVar("Made")


class ZoneFileShown(BaseModel):
    text: str
    digest: str = Field(description="SHA-256 of the text; the ETag")


class ProposeChange(Body):
    """The whole zone file as it would be (YAML), and why."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [{"text": "zones: []\n", "reason": "the contract has ended"}]}
    )

    text: str = Field(min_length=1, max_length=LONGEST)
    reason: Text


class FieldChange(BaseModel):
    field: str
    before: Any
    after: Any


class ZoneDifference(BaseModel):
    zone: str
    what: Literal["added", "removed", "changed"]
    fields: list[FieldChange]


class ZoneChangeShown(Shown):
    id: str
    state: Literal["proposed", "approved", "refused", "withdrawn"]
    reason: str
    differences: list[ZoneDifference]
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None


class ZoneChanges(BaseModel):
    items: list[ZoneChangeShown]


@router.get("/zone-file", operation_id="get_zone_file", summary="The zone file as it is, with its ETag")
def zone_file(request: Request, response: Response) -> ZoneFileShown:
    text = _guarded(lambda: changes.file_text(path_of(parts_of(request))))
    digest = changes.digest_of(text)
    response.headers["etag"] = f'"{digest}"'
    return ZoneFileShown(text=text, digest=digest)


@router.get("/zone-changes", operation_id="list_zone_changes", summary="Proposed changes, those that wait first")
def many(request: Request) -> ZoneChanges:
    with parts_of(request).store.read() as connection:
        rows = changes.list_changes(connection)
    return ZoneChanges(items=[ZoneChangeShown.model_validate(row) for row in rows])


@router.post("/zone-changes", operation_id="propose_zone_change", summary="Propose another zone file", status_code=201)
def propose(request: Request, caller: Asker, wanted: ProposeChange, if_match: MustMatch = None) -> ZoneChangeShown:
    if if_match is None:
        raise Problem(428, "etag-missing", "send the zone file's ETag in If-Match: it says which file you changed")
    proposal = Proposal(wanted.text, wanted.reason, if_match.strip('"'))
    return _answer(request, make_proposal(parts_of(request), caller, proposal))


@router.get("/zone-changes/{change_id}", operation_id="get_zone_change", summary="One proposed change")
def one(request: Request, change_id: Key) -> ZoneChangeShown:
    with parts_of(request).store.read() as connection:
        row = changes.get_change(connection, change_id)
    if row is None:
        raise not_found("zone change")
    return _answer(request, row)


@router.post("/zone-changes/{change_id}/approve", operation_id="approve_zone_change", summary="Put a proposed zone file in force")
def approve(request: Request, caller: Asker, change_id: Key, if_match: IfMatch = None) -> ZoneChangeShown:
    return _answer(request, decide(parts_of(request), caller, change_id, "approve", if_match))


@router.post("/zone-changes/{change_id}/refuse", operation_id="refuse_zone_change", summary="Refuse a proposed change")
def refuse(request: Request, caller: Asker, change_id: Key, if_match: IfMatch = None) -> ZoneChangeShown:
    return _answer(request, decide(parts_of(request), caller, change_id, "refuse", if_match))


@router.post("/zone-changes/{change_id}/withdraw", operation_id="withdraw_zone_change", summary="Take one's own proposal back")
def withdraw(request: Request, caller: Asker, change_id: Key, if_match: IfMatch = None) -> ZoneChangeShown:
    return _answer(request, decide(parts_of(request), caller, change_id, "withdraw", if_match))


def path_of(parts: AppParts) -> Path:
    if parts.zone_file is None:
        raise Problem(409, "no-zone-file", "this server was started without a zone file of its own: zones cannot be changed here")
    return parts.zone_file


def make_proposal(parts: AppParts, caller: Caller, proposal: Proposal) -> Row[Any]:
    """Keep and note a proposal. Raises the problems of a change that is refused."""
    path, now = path_of(parts), parts.clock()

    def made() -> Row[Any]:
        with parts.store.write() as connection:
            row = changes.propose(connection, path, proposal, Person(caller.id, caller.name), now)
            audit.note(connection, _entry(caller, now, "propose_zone_change", row))
            return row

    return _guarded(made)


def decide(
    parts: AppParts, caller: Caller, change_id: str, what: Literal["approve", "refuse", "withdraw"], if_match: str | None = None
) -> Row[Any]:
    """Decide and note it. Raises *not found*, *stale* and the problems of a change that is refused."""
    path, now, by = path_of(parts), parts.clock(), Person(caller.id, caller.name)

    def made() -> Row[Any]:
        with parts.store.write() as connection:
            found = changes.get_change(connection, change_id)
            if found is not None:
                matches(if_match, _version(found))
            if what == "approve":
                row = changes.approve(connection, path, change_id, by, now)
            else:
                row = (changes.refuse if what == "refuse" else changes.withdraw)(connection, change_id, by, now)
            audit.note(connection, _entry(caller, now, f"{what}_zone_change", row))
            return row

    return _guarded(made)


def _version(row: Row[Any]) -> str:
    """What is proposed never changes; where it stands does."""
    return version_of(row.id, row.state, row.decided_at)


def _answer(request: Request, row: Row[Any]) -> ZoneChangeShown:
    versioned(request, _version(row))
    return ZoneChangeShown.model_validate(row)


def _entry(caller: Caller, now: datetime, action: str, row: Row[Any]) -> audit.Entry:
    detail = {"reason": row.reason, "zones": [f"{one['what']} {one['zone']}" for one in row.differences][:50]}
    return caller.noting(now, action, subject="zone change", subject_id=row.id, detail=detail)


def _guarded(made: Callable[[], Made]) -> Made:
    try:
        return made()
    except LookupError:
        raise not_found("zone change") from None
    except FileError as error:
        raise Problem(422, "bad-zones", clean_text(str(error), 2_000)) from error
    except ChangeRefused as error:
        raise Problem(412 if error.code == "stale" else 409, error.code, str(error)) from error
