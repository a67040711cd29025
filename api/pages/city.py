"""The city, a department, a service: how exposed, compared with last week, how sure, and what would help most."""

from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection

from api import views
from api.access import Asker, Caller
from api.pages.charts import curve
from api.pages.rendering import parts_of, render
from api.parts import AppParts
from api.problems import not_found
from api.rights import Reach
from api.v1.overdue import SOON
from api.v1.requests import Key
from api.v1.scans import own_scans
from collector.grants import reaches
from collector.queries import assets as asset_queries
from collector.queries import findings as finding_queries
from collector.queries import risk as risk_queries
from collector.queries import scans as scan_queries
from collector.queries.exceptions import ExceptionFilter, list_exceptions
from collector.queries.findings import NOBODY, FindingFilter, FindingSort
from collector.score import Level

router = APIRouter(include_in_schema=False)
DAYS = 90
WEEK = timedelta(days=7)
ENDING = timedelta(days=30)


@router.get("/")
def city(request: Request, caller: Asker) -> Response:
    """The city; who is confined to one department is shown theirs, and who has several chooses."""
    parts = parts_of(request)
    if caller.reach is not None:
        return _own(request, parts, caller.reach)
    now = parts.clock()
    with parts.store.read() as connection:
        found = _whole(connection, parts, "city", "")
        context: dict[str, Any] = {
            "units": _with_week_ago(connection, Level.DEPARTMENT, views.departments(connection, now), now),
            "overdue": finding_queries.count_findings(connection, FindingFilter(state=("open",), overdue=True, now=now)),
            "unowned": asset_queries.count_assets(connection, asset_queries.AssetFilter(department=NOBODY, gone=False))[0],
            "undeclared": asset_queries.count_assets(connection, asset_queries.AssetFilter(declared=False, gone=False))[0],
            "last_scan": scan_queries.last_finished_scan(connection),
        }
    return render(request, "city.html", **found, **context)


def _own(request: Request, parts: AppParts, reach: frozenset[str]) -> Response:
    if len(reach) == 1:
        return RedirectResponse(f"/departments/{min(reach)}", 303)
    now = parts.clock()
    with parts.store.read() as connection:
        shown = _with_week_ago(connection, Level.DEPARTMENT, views.departments(connection, now, reach), now)
    return render(request, "departments.html", units=shown)


@router.get("/departments/{key}")
def department(request: Request, caller: Asker, key: Key) -> HTMLResponse:
    parts = parts_of(request)
    now = parts.clock()
    with parts.store.read() as connection:
        row = asset_queries.get_department(connection, key, caller.reach)
        if row is None:
            raise not_found("department")
        found = _whole(connection, parts, "department", key, caller.reach)
        units = _with_week_ago(connection, Level.SERVICE, views.services(connection, now, key), now)
        todo = _to_do(connection, parts, caller, key)
    return render(request, "department.html", row=row, units=units, **found, **todo)


def _to_do(connection: Connection, parts: AppParts, caller: Caller, key: str) -> dict[str, Any]:
    """What a department's day begins with: what is late, the exceptions that end soon, the looks."""
    now = parts.clock()
    late = FindingFilter(state=("open",), department=key, overdue=True, now=now, within=caller.reach)
    soon = FindingFilter(state=("open",), department=key, due_within_days=SOON.days, now=now, within=caller.reach)
    ending: list[Any] = []
    if caller.may("exception.read", key):
        in_force = ExceptionFilter(ending_before=now + ENDING, within=frozenset({key}))
        ending = list(list_exceptions(connection, in_force, 5).items)
    scans = scan_queries.list_scans(connection, limit=3, asked_by=own_scans(caller)).items if caller.may("scan.read") else []
    return {
        "late": finding_queries.list_findings(connection, late, FindingSort.DUE, 5),
        "soon": finding_queries.count_findings(connection, soon),
        "ending": ending,
        "scans": scans,
    }


@router.get("/services/{key}")
def service(request: Request, caller: Asker, key: Key) -> HTMLResponse:
    parts = parts_of(request)
    with parts.store.read() as connection:
        row = asset_queries.get_service(connection, key, caller.reach)
        if row is None:
            raise not_found("service")
        found = _whole(connection, parts, "service", key, caller.reach)
        owner = asset_queries.get_department(connection, row.department_id)
        assets = asset_queries.list_assets(
            connection, asset_queries.AssetFilter(service=key, gone=False, within=caller.reach), limit=25
        )
    return render(request, "service.html", row=row, owner=owner, assets=assets, **found)


def _whole(connection: Connection, parts: AppParts, level: str, key: str, within: Reach = None) -> dict[str, Any]:
    """What the three pages share."""
    now = parts.clock()
    scope = {} if level == "city" else {level: key}
    points = risk_queries.daily_scores(connection, level, key, now=now, days=DAYS, zone=parts.timezone)
    wanted = FindingFilter(state=("open",), within=within, **scope)  # type: ignore[arg-type]
    return {
        "level": level,
        "key": key,
        "scope": scope,
        "standing": views.standing(connection, level, key),
        "week_ago": risk_queries.score_at(connection, level, key, now - WEEK),
        "points": points,
        "curve": curve(points, now, DAYS),
        "fixes": [
            gain for gain in risk_queries.best_fixes(connection, level, key) if reaches(within, gain.finding.department_id)
        ],
        "by_band": finding_queries.counts_by(connection, "band", wanted),
        "open_findings": finding_queries.count_findings(connection, wanted)[0],
        "evaluations": risk_queries.asset_evaluations(connection, level, key),
    }


def _with_week_ago(connection: Connection, level: Level, units: list[views.Unit], now: datetime) -> list[tuple[views.Unit, Any]]:
    """Each with the score that stood a week ago, None where there was none."""
    before = risk_queries.scores_at(connection, level, [unit.row.id for unit in units], now - WEEK)
    return [(unit, before.get(unit.row.id)) for unit in units]
