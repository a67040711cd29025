"""Findings: what to do next; and one finding: is it true, why does it matter, how is it fixed."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api import views
from api.access import Asker
from api.exports import sending
from api.exports.formats import Format
from api.pages.bulk import offered
from api.pages.charts import waterfall
from api.pages.filters import audiences, opened
from api.pages.lists import asked_of
from api.pages.rendering import parts_of, render, tongue_of
from api.parts import AppParts
from api.problems import not_found
from api.rights import Reach
from api.texts import see_it_yourself
from api.v1.bulk import LARGEST
from api.v1.filters import show_filters
from api.v1.findings import filter_of
from api.v1.requests import FindingQuery, Key
from collector.queries import assets as asset_queries
from collector.queries import findings as queries
from collector.queries import scans as scan_queries
from collector.queries import tickets as ticket_queries

router = APIRouter(include_in_schema=False)


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
        own_filters = opened(show_filters(connection, caller))
        shared_with = audiences(connection, caller) if caller.may("filter.save") else []
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
        acts=offered(caller),
        own_filters=own_filters,
        audiences=shared_with,
        largest=LARGEST,
    )


@router.get("/findings.csv")
def export(request: Request, caller: Asker) -> Response:
    """The list as shown, all of it, safe to open in a spreadsheet."""
    return export_as(request, caller, Format.CSV)


@router.get("/exports/{form}")
def export_as(request: Request, caller: Asker, form: Format) -> Response:
    """The list as shown, all of it, for another program."""
    parts = parts_of(request)
    asked, problem = asked_of(request, FindingsAsked)
    if problem:
        return RedirectResponse("/findings", 303)
    wanted, language = filter_of(asked, parts, caller.reach), tongue_of(request).language
    return sending.export(parts, request.app.state.exports, form, wanted, sort=asked.sort, language=language)


@router.get("/findings/{finding_id}")
def one(request: Request, caller: Asker, finding_id: Key) -> HTMLResponse:
    parts = parts_of(request)
    with parts.store.read() as connection:
        row = queries.get_finding(connection, finding_id, caller.reach)
        if row is None:
            raise not_found("finding")
        context: dict[str, Any] = {
            "events": queries.finding_events(connection, finding_id),
            "known": views.vulnerabilities(connection, parts.rules, row),
            "digest": scan_queries.evidence_digest(connection, row.observation_id),
            "ticketing": parts.ticket_city is not None,
            "ticket": ticket_queries.ticket_of_finding(connection, finding_id) if caller.may("ticket.read") else None,
            "department": asset_queries.get_department(connection, row.department_id) if row.department_id else None,
            "service": asset_queries.get_service(connection, row.service_id, caller.reach) if row.service_id else None,
        }
    factors = views.factors_of(row.factors)
    command = see_it_yourself(row.rule, row.address, row.port, row.name)
    return render(
        request, "finding.html", finding=row, factors=factors, steps=waterfall(factors, row.risk), command=command, **context
    )


def _views(connection: Any, parts: AppParts, within: Reach) -> list[tuple[str, dict[str, Any], tuple[int, bool]]]:
    """Saved views: a name, its parameters, how many it holds."""
    now, tallied = parts.clock(), queries.counts_by_state_and_band(connection, within)

    def held(state: str, *bands: str) -> tuple[int, bool]:
        return sum(count for (its, band), count in tallied.items() if its == state and (not bands or band in bands)), True

    def counted(**parameters: Any) -> tuple[int, bool]:
        return queries.count_findings(connection, queries.FindingFilter(now=now, within=within, **parameters))

    worst, nobody = ("critical", "high"), {"state": ("open",), "department": queries.NOBODY}
    exploited = {"state": ("open",), "known_exploited": True}
    late, outside = {"state": ("open",), "overdue": True}, {"state": ("open",), "vantage": "internet"}
    return [
        ("open", {"state": ("open",)}, held("open")),
        ("overdue", late, counted(**late)),
        ("exploited", exploited, counted(**exploited)),
        ("worst", {"state": ("open",), "band": worst}, held("open", *worst)),
        ("internet", outside, counted(**outside)),
        *([] if within is not None else [("unowned", nobody, counted(**nobody))]),
        ("resolved", {"state": ("resolved",)}, held("resolved")),
    ]
