"""One action on many findings: those named, or those of a list as it was seen. One answer and one line in the audit log for each.

An action is a route here with a permission of its own; :func:`chosen` says what it is done to, :func:`answer` what came of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Literal, Self

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator
from sqlalchemy import Connection, Row

from api.access import Asker, Caller
from api.parts import AppParts
from api.problems import Problem
from api.rights import NOWHERE, Permission
from api.v1.asking import parts_of
from api.v1.exceptions import AskException, Why, request_in
from api.v1.findings import filter_of
from api.v1.requests import Body, FindingWhere, Id
from api.v1.tickets import open_in
from collector import audit
from collector.exceptions import Covers
from collector.grants import reaches
from collector.queries import findings as queries
from collector.refusal import ActionRefused

router = APIRouter(prefix="/findings/bulk", tags=["findings"])
LARGEST = 500  # findings acted on at once
_ONE_WAY: list[JsonValue] = [
    {"required": ["ids"], "properties": {"ids": {"type": "array"}, "filter": {"type": "null"}, "expected": {"type": "null"}}},
    {
        "required": ["filter", "expected"],
        "properties": {"ids": {"type": "null"}, "filter": {"type": "object"}, "expected": {"type": "integer"}},
    },
]


class Chosen(Body):
    """Findings by ``ids``; or those of ``filter``, of which the caller saw ``expected``: if the list holds another number by now,
    nothing is done."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {"ids": ["2dc3a263-b072-5114-b70e-517c3435f3f6"]},
                {"filter": {"state": ["open"], "rule": ["TLS-002"]}, "expected": 12},
            ],
            "anyOf": _ONE_WAY,
        },
    )

    ids: list[Id] | None = Field(None, min_length=1, max_length=LARGEST)
    filter: FindingWhere | None = None
    expected: int | None = Field(None, ge=1, le=LARGEST)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        by_list = self.filter is not None and self.expected is not None
        if (self.ids is not None) == by_list or (self.filter is None) != (self.expected is None):
            raise ValueError("send ids, or filter and expected")
        return self


class AskExceptions(Body):
    """An exception for each of the findings ``of``, all for the same reason and until the same day."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "of": {"ids": ["2dc3a263-b072-5114-b70e-517c3435f3f6"]},
                    "why": {"reason": "the supplier replaces it in spring", "until": "2027-03-31T22:00:00Z"},
                }
            ]
        },
    )

    of: Chosen
    why: Why


class BulkItem(BaseModel):
    """What came of one finding. ``made`` is the id of the scan, exception or ticket; ``code`` is stable and says why not."""

    id: str
    result: Literal["done", "refused"]
    made: str | None = None
    code: str | None = None
    detail: str | None = None


class BulkAnswer(BaseModel):
    done: int
    refused: int
    items: list[BulkItem]


@dataclass
class Sorted:
    """The findings that an action may be done to, and what is already known of the others."""

    rows: list[Row[Any]] = field(default_factory=list)
    refused: list[BulkItem] = field(default_factory=list)


@router.post("/test-again", operation_id="test_findings_again", summary="Look again at the places of many findings")
def test_again(request: Request, caller: Asker, of: Chosen) -> BulkAnswer:
    return test_all_again(parts_of(request), caller, of)


@router.post("/exceptions", operation_id="ask_exceptions", summary="Ask for an exception for each of many findings")
def ask(request: Request, caller: Asker, wanted: AskExceptions) -> BulkAnswer:
    return ask_for_all(parts_of(request), caller, wanted.of, wanted.why)


@router.post("/tickets", operation_id="open_tickets", summary="Open the tickets of many findings: one for each remedy and owner")
def open_all(request: Request, caller: Asker, of: Chosen) -> BulkAnswer:
    return open_all_tickets(parts_of(request), caller, of)


def test_all_again(parts: AppParts, caller: Caller, of: Chosen) -> BulkAnswer:
    """One scan for each zone that the findings lie in. Raises :class:`ActionRefused` when looking is stopped."""
    with parts.store.read() as connection:
        found = chosen(connection, parts, caller, of)
    zones, able = parts.zones(), []
    for row in found.rows:
        if row.zone not in zones:
            found.refused.append(_refused(row.id, "zone-gone", f"zone {row.zone} is no longer in force"))
        elif not (row.address or row.name):
            found.refused.append(_refused(row.id, "nothing-to-test", "it has no address or name to look at"))
        else:
            able.append(row)
    now = parts.clock()
    with parts.store.write() as connection:
        scans = parts.actions.look_again(connection, [row.id for row in able], caller.name) if able else []
        by_zone = dict(zip(sorted({row.zone for row in able}), scans, strict=False))
        for row in able:
            audit.note(connection, _entry(caller, now, "test_finding_again", row, scan=by_zone[row.zone]))
    return answer(of, found, {row.id: by_zone[row.zone] for row in able})


def ask_for_all(parts: AppParts, caller: Caller, of: Chosen, why: Why) -> BulkAnswer:
    """Each is asked for by itself, in one transaction: one that is refused takes nothing of the others back."""
    now, made = parts.clock(), {}
    with parts.store.write() as connection:
        found = chosen(connection, parts, caller, of)
        for row in found.rows:
            wanted = AskException(rule=row.rule, covers=Covers.FINDING, key=row.id, **dict(why))
            try:
                with connection.begin_nested():
                    made[row.id] = request_in(connection, caller, wanted, now).id
            except ActionRefused as refused:
                found.refused.append(_refused(row.id, refused.code, str(refused)))
    return answer(of, found, made)


def open_all_tickets(parts: AppParts, caller: Caller, of: Chosen) -> BulkAnswer:
    """``made`` is the ticket that follows a finding, new or not: several findings may have the same."""
    made: dict[str, str] = {}
    with parts.store.write() as connection:
        found = chosen(connection, parts, caller, of)
        for row in found.rows:
            try:
                made[row.id] = str(open_in(connection, parts, caller, row.id).id)
            except ActionRefused as refused:
                found.refused.append(_refused(row.id, refused.code, str(refused)))
    return answer(of, found, made)


def chosen(connection: Connection, parts: AppParts, caller: Caller, of: Chosen) -> Sorted:
    """Sort what was chosen into what this caller may act on and the rest; what they may not see does not exist.

    Raises :class:`ActionRefused` ``list-changed`` when the list is not as long as expected.
    """
    sees = caller.reach_for(Permission.FINDING_READ)
    found = Sorted()
    for finding_id, row in _looked_up(connection, parts, sees, of).items():
        if row is not None and reaches(caller.reach, row.department_id):
            found.rows.append(row)
        elif row is not None and reaches(sees, row.department_id):
            found.refused.append(_refused(finding_id, "forbidden", "this is not yours to do in that department"))
        else:
            found.refused.append(_refused(finding_id, "not-found", "there is no finding with that id"))
    return found


def answer(of: Chosen, found: Sorted, made: Mapping[str, str]) -> BulkAnswer:
    """What came of each, in the order asked: ``made`` is what was made for a finding."""
    refused = {one.id: one for one in found.refused}
    done = {key: BulkItem(id=key, result="done", made=value) for key, value in made.items()}
    order = list(dict.fromkeys(of.ids)) if of.ids is not None else [row.id for row in found.rows]
    order += [key for key in refused if key not in order]
    items = [refused.get(key) or done[key] for key in order]
    return BulkAnswer(done=len(made), refused=len(refused), items=items)


def _looked_up(connection: Connection, parts: AppParts, sees: frozenset[str] | None, of: Chosen) -> dict[str, Row[Any] | None]:
    if of.filter is None:
        asked = list(dict.fromkeys(of.ids or ()))
        known = queries.get_findings(connection, asked)
        return {key: known.get(key) for key in asked}
    if sees == NOWHERE:
        raise Problem(403, "forbidden", f"a filter needs the permission {Permission.FINDING_READ.value}")
    rows = list(islice(queries.each_finding(connection, filter_of(of.filter, parts, sees)), LARGEST + 1))
    if len(rows) != of.expected:
        more = f"more than {LARGEST}" if len(rows) > LARGEST else str(len(rows))
        raise ActionRefused("list-changed", f"nothing was done: the list holds {more} findings now, not {of.expected}")
    return {row.id: row for row in rows}


def _refused(finding_id: str, code: str, detail: str) -> BulkItem:
    return BulkItem(id=finding_id, result="refused", code=code, detail=detail)


def _entry(caller: Caller, now: datetime, action: str, row: Row[Any], **detail: str) -> audit.Entry:
    return caller.noting(
        now, action, subject="finding", subject_id=row.id, department_id=row.department_id, detail={"rule": row.rule, **detail}
    )
