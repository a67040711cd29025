"""The city, a department, a service: how exposed, compared with last week, how sure, and what would help most."""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection

from api import views
from api.access import Asker
from api.pages.charts import curve
from api.pages.rendering import parts_of, render
from api.parts import AppParts
from api.problems import not_found
from api.rights import Reach
from api.v1.requests import Key
from collector.grants import reaches
from collector.queries import assets as asset_queries
from collector.queries import findings as finding_queries
from collector.queries import risk as risk_queries
from collector.queries import scans as scan_queries
from collector.queries.findings import NOBODY, FindingFilter
from collector.score import Level

router = APIRouter(include_in_schema=False)
DAYS = 90


@router.get("/")
def city(request: Request, caller: Asker) -> Response:
    """The city; who is confined to departments is shown theirs."""
    parts = parts_of(request)
    if caller.reach is not None:
        return RedirectResponse(f"/departments/{min(caller.reach)}", 303)
    now = parts.clock()
    with parts.store.read() as connection:
        found = _whole(connection, parts, "city", "")
        units = views.departments(connection, now)
        context: dict[str, Any] = {
            "units": [(unit, _week_ago(connection, parts, "department", unit.row.id)) for unit in units],
            "overdue": finding_queries.count_findings(connection, FindingFilter(state=("open",), overdue=True, now=now)),
            "unowned": asset_queries.count_assets(connection, asset_queries.AssetFilter(department=NOBODY, gone=False))[0],
            "undeclared": asset_queries.count_assets(connection, asset_queries.AssetFilter(declared=False, gone=False))[0],
            "last_scan": scan_queries.last_finished_scan(connection),
        }
    return render(request, "city.html", **found, **context)


@router.get("/departments/{key}")
def department(request: Request, caller: Asker, key: Key) -> HTMLResponse:
    parts = parts_of(request)
    now = parts.clock()
    with parts.store.read() as connection:
        row = asset_queries.get_department(connection, key, caller.reach)
        if row is None:
            raise not_found("department")
        found = _whole(connection, parts, "department", key, caller.reach)
        units = [(unit, _week_ago(connection, parts, "service", unit.row.id)) for unit in views.services(connection, now, key)]
        unit = views.unit(connection, Level.DEPARTMENT, row, now)
    return render(request, "department.html", row=row, unit=unit, units=units, **found)


@router.get("/services/{key}")
def service(request: Request, caller: Asker, key: Key) -> HTMLResponse:
    parts = parts_of(request)
    now = parts.clock()
    with parts.store.read() as connection:
        row = asset_queries.get_service(connection, key, caller.reach)
        if row is None:
            raise not_found("service")
        found = _whole(connection, parts, "service", key, caller.reach)
        unit = views.unit(connection, Level.SERVICE, row, now)
        owner = asset_queries.get_department(connection, row.department_id)
        assets = asset_queries.list_assets(
            connection, asset_queries.AssetFilter(service=key, gone=False, within=caller.reach), limit=25
        )
    return render(request, "service.html", row=row, unit=unit, owner=owner, assets=assets, **found)


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
        "week_ago": _week_ago(connection, parts, level, key),
        "points": points,
        "curve": curve(points, now, DAYS),
        "fixes": [
            gain for gain in risk_queries.best_fixes(connection, level, key) if reaches(within, gain.finding.department_id)
        ],
        "by_band": finding_queries.counts_by(connection, "band", wanted),
        "open_findings": finding_queries.count_findings(connection, wanted)[0],
        "evaluations": risk_queries.asset_evaluations(connection, level, key),
    }


def _week_ago(connection: Connection, parts: AppParts, level: str, key: str) -> Any:
    return risk_queries.score_at(connection, level, key, parts.clock() - timedelta(days=7))
