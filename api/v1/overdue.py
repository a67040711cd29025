"""What is past its day, and what will be within the week: by department, the latest first. Exceptions are counted apart."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from api.access import Asker
from api.parts import AppParts
from api.rights import Reach
from api.v1.asking import language_of, parts_of
from api.v1.findings import line
from api.v1.requests import Id, Language, PageQuery
from api.v1.shapes import FindingLine, Many
from collector.queries import assets as asset_queries
from collector.queries import findings as queries
from collector.queries.findings import FindingFilter, FindingSort, Late

router = APIRouter(tags=["findings"])
SOON = timedelta(days=7)


class OverdueQuery(PageQuery):
    department: Id | None = Field(None, description="an id, or none")
    soon: bool = Field(False, description="those that are due within seven days, instead of those past their day")
    language: Language | None = None


class LateFinding(FindingLine):
    days_late: float = Field(description="below 0: so many days are left")


class LateDepartment(BaseModel):
    """``waived`` findings are past their day too, but an exception covers them: they are counted nowhere else here."""

    department_id: str | None
    overdue: int
    due_soon: int
    waived: int
    days_late: float | None = Field(description="of the one that is latest")


class Overdue(Many):
    """The counts are those of the departments added up."""

    overdue: int
    due_soon: int
    waived: int
    departments: list[LateDepartment]
    items: list[LateFinding]


class Stand(NamedTuple):
    """Departments with something due, and their counts added up."""

    departments: Sequence[Late]
    overdue: int
    soon: int
    waived: int


@router.get(
    "/overdue", operation_id="list_overdue", summary="Findings past their day, the latest first, and counts by department"
)
def many(request: Request, caller: Asker, asked: Annotated[OverdueQuery, Query()]) -> Overdue:
    parts, language = parts_of(request), language_of(request, asked.language)
    now = parts.clock()
    with parts.store.read() as connection:
        stand = stand_of(connection, parts, caller.reach, asked.department)
        page = queries.list_findings(connection, filter_of(asked, now, caller.reach), FindingSort.DUE, asked.limit, asked.cursor)
    lines = [line(row, parts.rules, language) for row in page.items]
    return Overdue(
        total=stand.soon if asked.soon else stand.overdue,
        total_is_exact=True,
        next_cursor=page.next_cursor,
        overdue=stand.overdue,
        due_soon=stand.soon,
        waived=stand.waived,
        departments=[_department(one, now) for one in stand.departments],
        items=[LateFinding(**one.model_dump(), days_late=days_late(one.due, now)) for one in lines if one.due is not None],
    )


def stand_of(connection: Connection, parts: AppParts, within: Reach, department: str | None = None) -> Stand:
    """How the departments ``within`` a reach stand, what is nobody's among them for who sees the whole city."""
    keys: list[str | None] = [row.id for row in asset_queries.list_departments(connection, within)]
    found = queries.lateness(connection, parts.clock(), SOON, [*keys, None] if within is None else keys, department)
    return Stand(found, *(sum(getattr(one, name) for one in found) for name in ("overdue", "soon", "waived")))


def filter_of(asked: OverdueQuery, now: datetime, within: Reach) -> FindingFilter:
    """The list that is counted."""
    which = {"due_within_days": SOON.days} if asked.soon else {"overdue": True}
    return FindingFilter(state=("open",), department=asked.department, now=now, within=within, **which)


def days_late(due: datetime, now: datetime) -> float:
    return round((now - due).total_seconds() / 86_400, 2)


def _department(one: Late, now: datetime) -> LateDepartment:
    late = days_late(one.oldest, now) if one.oldest is not None else None
    return LateDepartment(department_id=one.department, overdue=one.overdue, due_soon=one.soon, waived=one.waived, days_late=late)
