"""Findings: what to do next; and one finding: is it true, why does it matter, how is it fixed."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.concurrency import run_in_threadpool

from api import views
from api.access import Asker, Caller
from api.pages.charts import waterfall
from api.pages.forms import back_to, read_form
from api.pages.lists import asked_of, csv_cell
from api.pages.rendering import parts_of, render, shown_value, tongue_of
from api.parts import AppParts
from api.problems import not_found
from api.rights import Reach
from api.texts import rule_text, see_it_yourself
from api.v1.asking import noted
from api.v1.requests import FindingQuery, Key
from collector.queries import assets as asset_queries
from collector.queries import findings as queries
from collector.queries import scans as scan_queries

router = APIRouter(include_in_schema=False)
_COLUMNS = (
    *("id", "rule", "title", "state", "severity", "band", "risk", "asset_name", "address", "port", "transport", "name"),
    *("zone", "vantage", "department_id", "service_id", "observed", "expected"),
    *("first_seen", "last_seen", "last_evaluated", "due", "resolved_at"),
)


class FindingsAsked(FindingQuery):
    """The filters in the address bar: those of the API, where a field that was left empty asks for nothing."""


@router.get("/findings")
def many(request: Request, caller: Asker) -> HTMLResponse:
    parts = parts_of(request)
    asked, problem = asked_of(request, FindingsAsked)
    wanted = filter_of(asked, parts, caller.reach)
    with parts.store.read() as connection:
        page = queries.list_findings(connection, wanted, asked.sort, asked.limit, asked.cursor)
        views_shown = _views(connection, parts, caller.reach)
        departments = asset_queries.list_departments(connection, caller.reach)
        services = asset_queries.list_services(connection, within=caller.reach)
    parameters = asked.model_dump(mode="json", exclude_defaults=True, exclude={"cursor"})
    return render(
        request,
        "findings.html",
        422 if problem else 200,
        page=page,
        asked=asked,
        parameters=parameters,
        saved_views=views_shown,
        departments=departments,
        services=services,
        zones=sorted(parts.zones()) if caller.reach is None else [],
        problem=problem,
    )


@router.get("/findings.csv")
def export(request: Request, caller: Asker) -> Response:
    """The list as shown, all of it, safe to open in a spreadsheet."""
    parts = parts_of(request)
    asked, problem = asked_of(request, FindingsAsked)
    if problem:
        return RedirectResponse("/findings", 303)
    language = tongue_of(request).language
    stream = _csv(parts, filter_of(asked, parts, caller.reach), asked.sort, language)
    return StreamingResponse(
        stream, media_type="text/csv; charset=utf-8", headers={"content-disposition": 'attachment; filename="findings.csv"'}
    )


@router.get("/findings/{finding_id}")
def one(request: Request, caller: Asker, finding_id: Key) -> HTMLResponse:
    parts = parts_of(request)
    with parts.store.read() as connection:
        row = queries.get_finding(connection, finding_id, caller.reach)
        if row is None:
            raise not_found("finding")
        context: dict[str, Any] = {
            "events": queries.finding_events(connection, finding_id),
            "digest": scan_queries.evidence_digest(connection, row.observation_id),
            "department": asset_queries.get_department(connection, row.department_id) if row.department_id else None,
            "service": asset_queries.get_service(connection, row.service_id, caller.reach) if row.service_id else None,
        }
    factors = views.factors_of(row.factors)
    command = see_it_yourself(row.rule, row.address, row.port, row.name)
    return render(
        request, "finding.html", finding=row, factors=factors, steps=waterfall(factors, row.risk), command=command, **context
    )


@router.post("/findings/test-again")
async def test_again(request: Request) -> Response:
    """Look again at the places of the chosen findings: one scan for each zone they lie in."""
    caller, fields = await read_form(request)
    chosen = [one for one in fields.get("finding", []) if one.replace("-", "").isalnum()][:200]
    started = await run_in_threadpool(_look_again, parts_of(request), caller, chosen)
    return RedirectResponse(f"/scans/{started[0]}", 303) if len(started) == 1 else back_to({"back": ["/scans"]})


def _look_again(parts: AppParts, caller: Caller, chosen: list[str]) -> list[str]:
    """Those of the chosen that exist for this caller; one that does not is left out without a word."""
    with parts.store.read() as connection:
        theirs = [one for one in chosen if queries.get_finding(connection, one, caller.reach)]
    started = parts.actions.look_again(theirs, caller.name)
    noted(parts, caller.noting(parts.clock(), "POST /findings/test-again", subject="scan", subject_id=" ".join(started)))
    return started


def filter_of(asked: FindingQuery, parts: AppParts, within: Reach) -> queries.FindingFilter:
    return queries.FindingFilter(
        state=tuple(asked.state),
        severity=tuple(asked.severity),
        band=tuple(asked.band),
        rule=tuple(asked.rule),
        now=parts.clock(),
        within=within,
        **asked.model_dump(include={"department", "service", "asset", "address", "zone", "vantage", "overdue", "q"}),
    )


def _views(connection: Any, parts: AppParts, within: Reach) -> list[tuple[str, dict[str, Any], tuple[int, bool]]]:
    """Saved views: a name, its parameters, how many it holds."""
    now = parts.clock()
    filters: dict[str, dict[str, Any]] = {
        "open": {"state": ("open",)},
        "overdue": {"state": ("open",), "overdue": True},
        "worst": {"state": ("open",), "band": ("critical", "high")},
        "internet": {"state": ("open",), "vantage": "internet"},
        **({} if within is not None else {"unowned": {"state": ("open",), "department": queries.NOBODY}}),
        "resolved": {"state": ("resolved",)},
    }
    found = []
    for name, parameters in filters.items():
        wanted = queries.FindingFilter(now=now, within=within, **parameters)
        found.append((name, dict(parameters), queries.count_findings(connection, wanted)))
    return found


def _csv(parts: AppParts, wanted: queries.FindingFilter, sort: queries.FindingSort, language: str) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    with parts.store.read() as connection:
        for count, row in enumerate(queries.each_finding(connection, wanted, sort)):
            title = rule_text(parts.rules, row.rule, "title", language)
            writer.writerow([csv_cell(title if name == "title" else _plain(getattr(row, name))) for name in _COLUMNS])
            if count % 200 == 199:
                yield buffer.getvalue()
                buffer.seek(0)
                buffer.truncate()
    yield buffer.getvalue()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return "; ".join(f"{key} = {shown_value(inner)}" for key, inner in value.items())
    return value.isoformat() if hasattr(value, "isoformat") else value
