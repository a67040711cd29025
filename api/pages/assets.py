"""Assets, and one asset: what, whose, how it is known to be the same machine, what changed."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from api import views
from api.access import Asker
from api.exports.csv_lines import csv_cell
from api.pages.lists import asked_of
from api.pages.rendering import parts_of, render
from api.parts import AppParts
from api.problems import not_found
from api.v1.requests import AssetQuery, Key
from collector.queries import assets as queries
from collector.queries import findings as finding_queries

router = APIRouter(include_in_schema=False)
_COLUMNS = (
    *("id", "name", "namespace", "declared", "department_id", "service_id", "owner", "ens_category", "exposure", "os"),
    *("risk", "open_findings", "first_seen", "last_seen", "last_evaluated", "gone_since"),
)


@router.get("/assets")
def many(request: Request, caller: Asker) -> HTMLResponse:
    parts = parts_of(request)
    asked, problem = asked_of(request, AssetQuery)
    wanted = queries.AssetFilter(**asked.model_dump(exclude={"limit", "cursor", "sort"}), within=caller.reach)
    with parts.store.read() as connection:
        page = queries.list_assets(connection, wanted, asked.sort, asked.limit, asked.cursor)
        departments = queries.list_departments(connection, caller.reach)
        services = queries.list_services(connection, within=caller.reach)
    parameters = asked.model_dump(mode="json", exclude_defaults=True, exclude={"cursor"})
    status = 422 if problem else 200
    return render(
        request,
        "assets.html",
        status,
        page=page,
        asked=asked,
        parameters=parameters,
        departments=departments,
        services=services,
        problem=problem,
    )


@router.get("/assets.csv")
def export(request: Request, caller: Asker) -> Response:
    parts = parts_of(request)
    asked, problem = asked_of(request, AssetQuery)
    if problem:
        return RedirectResponse("/assets", 303)
    wanted = queries.AssetFilter(**asked.model_dump(exclude={"limit", "cursor", "sort"}), within=caller.reach)
    headers = {"content-disposition": 'attachment; filename="assets.csv"'}
    return StreamingResponse(_csv(parts, wanted, asked.sort), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/assets/{asset_id}")
def one(request: Request, caller: Asker, asset_id: Key) -> HTMLResponse:
    parts = parts_of(request)
    with parts.store.read() as connection:
        row = queries.get_asset(connection, asset_id, caller.reach)
        if row is None:
            raise not_found("asset")
        found = finding_queries.FindingFilter(state=("open",), asset=asset_id)
        context: dict[str, Any] = {
            "identifiers": queries.asset_identifiers(connection, asset_id),
            "endpoints": queries.asset_endpoints(connection, asset_id),
            "events": queries.asset_events(connection, asset_id),
            "findings": finding_queries.list_findings(connection, found, limit=100),
            "department": queries.get_department(connection, row.department_id) if row.department_id else None,
            "services": [
                service
                for key in queries.asset_services(connection, asset_id)
                if (service := queries.get_service(connection, key, caller.reach))
            ],
        }
    return render(request, "asset.html", asset=row, standing=views.asset_standing(row), **context)


def _csv(parts: AppParts, wanted: queries.AssetFilter, sort: queries.AssetSort) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([*_COLUMNS, "addresses", "names"])
    with parts.store.read() as connection:
        for count, row in enumerate(queries.each_asset(connection, wanted, sort)):
            plain = [csv_cell(getattr(row, name)) for name in _COLUMNS]
            writer.writerow([*plain, csv_cell(" ".join(row.addresses)), csv_cell(" ".join(row.names))])
            if count % 200 == 199:
                yield buffer.getvalue()
                buffer.seek(0)
                buffer.truncate()
    yield buffer.getvalue()
