"""Assets, departments and services."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from sqlalchemy import Row

from api import views
from api.access import Asker
from api.problems import not_found
from api.v1 import requests, shapes
from api.v1.asking import language_of, parts_of
from api.v1.findings import line
from collector.queries import assets as queries
from collector.queries import findings as finding_queries
from collector.score import Level, band

router = APIRouter(tags=["inventory"])


@router.get("/assets", operation_id="list_assets", summary="Assets, filtered and sorted")
def many(request: Request, caller: Asker, asked: Annotated[requests.AssetQuery, Query()]) -> shapes.Assets:
    wanted = queries.AssetFilter(**asked.model_dump(exclude={"limit", "cursor", "sort"}), within=caller.reach)
    with parts_of(request).store.read() as connection:
        page = queries.list_assets(connection, wanted, asked.sort, asked.limit, asked.cursor)
    items = [asset_line(row) for row in page.items]
    return shapes.Assets(items=items, total=page.total, total_is_exact=page.total_is_exact, next_cursor=page.next_cursor)


@router.get("/assets/{asset_id}", operation_id="get_asset", summary="One asset: its identity, what answers, what changed")
def one(
    request: Request, caller: Asker, asset_id: requests.Key, asked: Annotated[requests.LanguageQuery, Query()]
) -> shapes.AssetWhole:
    parts, language = parts_of(request), language_of(request, asked.language)
    with parts.store.read() as connection:
        row = queries.get_asset(connection, asset_id, caller.reach)
        if row is None:
            raise not_found("asset")
        found = finding_queries.list_findings(connection, finding_queries.FindingFilter(state=("open",), asset=asset_id))
        return shapes.AssetWhole(
            **asset_line(row).model_dump(),
            services=queries.asset_services(connection, asset_id),
            identifiers=[shapes.Identifier.model_validate(known) for known in queries.asset_identifiers(connection, asset_id)],
            endpoints=[shapes.Endpoint.model_validate(place) for place in queries.asset_endpoints(connection, asset_id)],
            findings=[line(finding, parts.rules, language) for finding in found.items],
            changes=[shapes.Event.model_validate(event) for event in queries.asset_events(connection, asset_id)],
        )


@router.get("/departments", operation_id="list_departments", summary="Departments, the most exposed first")
def departments(request: Request, caller: Asker) -> shapes.Departments:
    parts = parts_of(request)
    with parts.store.read() as connection:
        found = views.departments(connection, parts.clock(), caller.reach)
    return shapes.Departments(items=[_department(unit) for unit in found])


@router.get("/departments/{department_id}", operation_id="get_department", summary="One department")
def department(request: Request, caller: Asker, department_id: requests.Key) -> shapes.Department:
    parts = parts_of(request)
    with parts.store.read() as connection:
        row = queries.get_department(connection, department_id, caller.reach)
        if row is None:
            raise not_found("department")
        return _department(views.unit(connection, Level.DEPARTMENT, row, parts.clock()))


@router.get("/services", operation_id="list_services", summary="Services, the most exposed first")
def services(request: Request, caller: Asker) -> shapes.Services:
    parts = parts_of(request)
    with parts.store.read() as connection:
        found = views.services(connection, parts.clock(), within=caller.reach)
    return shapes.Services(items=[_service(unit) for unit in found])


@router.get("/services/{service_id}", operation_id="get_service", summary="One service")
def service(request: Request, caller: Asker, service_id: requests.Key) -> shapes.Service:
    parts = parts_of(request)
    with parts.store.read() as connection:
        row = queries.get_service(connection, service_id, caller.reach)
        if row is None:
            raise not_found("service")
        return _service(views.unit(connection, Level.SERVICE, row, parts.clock()))


def asset_line(row: Row[Any]) -> shapes.AssetLine:
    shown = shapes.AssetLine.model_validate(row)
    return shown if row.risk is None else shown.model_copy(update={"band": band(row.risk)})


def _shared(unit: views.Unit) -> dict[str, Any]:
    return {
        "id": unit.row.id,
        "names": unit.row.names,
        "assets": unit.assets,
        "open_findings": unit.open_findings,
        "overdue": unit.overdue,
        "risk": unit.standing.value,
        "band": unit.standing.band,
        "coverage": unit.standing.coverage,
    }


def _department(unit: views.Unit) -> shapes.Department:
    return shapes.Department(**_shared(unit))


def _service(unit: views.Unit) -> shapes.Service:
    own = ("department_id", "audience", "ens", "ens_category", "supplier", "strategic_line", "project")
    return shapes.Service(**_shared(unit), **{name: getattr(unit.row, name) for name in own})
