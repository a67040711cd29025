"""Overdue: what is past its day, the latest first, and what will be within the week."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.access import Asker
from api.pages.lists import asked_of
from api.pages.rendering import parts_of, render
from api.v1.overdue import OverdueQuery, filter_of, stand_of
from collector.queries import assets as asset_queries
from collector.queries import findings as queries
from collector.queries.findings import FindingSort

router = APIRouter(include_in_schema=False)


@router.get("/overdue")
def page(request: Request, caller: Asker) -> HTMLResponse:
    parts = parts_of(request)
    asked, problem = asked_of(request, OverdueQuery)
    wanted = filter_of(asked, parts.clock(), caller.reach)
    with parts.store.read() as connection:
        stand = stand_of(connection, parts, caller.reach, asked.department)
        rows = queries.list_findings(connection, wanted, FindingSort.DUE, asked.limit, asked.cursor)
        departments = asset_queries.list_departments(connection, caller.reach)
    return render(
        request,
        "overdue.html",
        422 if problem else 200,
        asked=asked,
        problem=problem,
        stand=stand,
        page=rows,
        departments=departments,
        parameters=asked.model_dump(mode="json", exclude_defaults=True, exclude={"cursor"}),
    )
