"""Risk: how exposed the city, a department, a service or an asset is, how sure that is, why, and what would help."""

from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Query, Request
from sqlalchemy import Connection

from api import views
from api.access import Asker
from api.parts import AppParts
from api.problems import not_found
from api.rights import Reach
from api.texts import name_of
from api.v1 import requests, shapes
from api.v1.asking import language_of, parts_of
from collector.queries import assets as asset_queries
from collector.queries import risk as risk_queries

router = APIRouter(prefix="/risk", tags=["risk"])
Asked = Annotated[requests.RiskQuery, Query()]
Fixes = Annotated[requests.FixesQuery, Query()]


@router.get("", operation_id="city_risk", summary="The city's risk")
def city(request: Request, caller: Asker, asked: Asked) -> shapes.Risk:
    parts, language = parts_of(request), language_of(request)
    with parts.store.read() as connection:
        found = views.standing(connection, "city")
        return _risk(
            connection, parts, found, name_of(parts.city_names, "city", language), _Wanted(asked.days, language, caller.reach)
        )


@router.get("/departments/{department_id}", operation_id="department_risk", summary="A department's risk")
def department(request: Request, department_id: requests.Key, caller: Asker, asked: Asked) -> shapes.Risk:
    parts, language = parts_of(request), language_of(request)
    with parts.store.read() as connection:
        row = asset_queries.get_department(connection, department_id, caller.reach)
        if row is None:
            raise not_found("department")
        found = views.standing(connection, "department", department_id)
        return _risk(connection, parts, found, views.unit_name(row, language), _Wanted(asked.days, language, caller.reach))


@router.get("/services/{service_id}", operation_id="service_risk", summary="A service's risk")
def service(request: Request, service_id: requests.Key, caller: Asker, asked: Asked) -> shapes.Risk:
    parts, language = parts_of(request), language_of(request)
    with parts.store.read() as connection:
        row = asset_queries.get_service(connection, service_id, caller.reach)
        if row is None:
            raise not_found("service")
        found = views.standing(connection, "service", service_id)
        return _risk(connection, parts, found, views.unit_name(row, language), _Wanted(asked.days, language, caller.reach))


@router.get("/assets/{asset_id}", operation_id="asset_risk", summary="An asset's risk")
def asset(request: Request, asset_id: requests.Key, caller: Asker, asked: Asked) -> shapes.Risk:
    parts, language = parts_of(request), language_of(request)
    with parts.store.read() as connection:
        row = asset_queries.get_asset(connection, asset_id, caller.reach)
        if row is None:
            raise not_found("asset")
        return _risk(connection, parts, views.asset_standing(row), row.name, _Wanted(asked.days, language, caller.reach))


@router.get("/fixes", operation_id="city_fixes", summary="The few fixes that lower the city's score most")
def city_fixes(request: Request, caller: Asker, asked: Fixes) -> shapes.Fixes:
    with parts_of(request).store.read() as connection:
        return _fixes(request, connection, views.standing(connection, "city"), caller.reach, asked)


@router.get(
    "/departments/{department_id}/fixes",
    operation_id="department_fixes",
    summary="The few fixes that lower a department's score most",
)
def department_fixes(request: Request, caller: Asker, department_id: requests.Key, asked: Fixes) -> shapes.Fixes:
    with parts_of(request).store.read() as connection:
        if asset_queries.get_department(connection, department_id, caller.reach) is None:
            raise not_found("department")
        return _fixes(request, connection, views.standing(connection, "department", department_id), caller.reach, asked)


@router.get(
    "/services/{service_id}/fixes", operation_id="service_fixes", summary="The few fixes that lower a service's score most"
)
def service_fixes(request: Request, caller: Asker, service_id: requests.Key, asked: Fixes) -> shapes.Fixes:
    with parts_of(request).store.read() as connection:
        if asset_queries.get_service(connection, service_id, caller.reach) is None:
            raise not_found("service")
        return _fixes(request, connection, views.standing(connection, "service", service_id), caller.reach, asked)


@router.get("/assets/{asset_id}/fixes", operation_id="asset_fixes", summary="The few fixes that lower an asset's score most")
def asset_fixes(request: Request, caller: Asker, asset_id: requests.Key, asked: Fixes) -> shapes.Fixes:
    with parts_of(request).store.read() as connection:
        row = asset_queries.get_asset(connection, asset_id, caller.reach)
        if row is None:
            raise not_found("asset")
        return _fixes(request, connection, views.asset_standing(row), caller.reach, asked)


def _fixes(
    request: Request, connection: Connection, found: views.Standing, within: Reach, asked: requests.FixesQuery
) -> shapes.Fixes:
    parts, language = parts_of(request), language_of(request, asked.language)
    gains = views.contributors(connection, parts, found.level, found.key, language, within=within, count=asked.count)
    taken = _until(gains, found.value, asked.below)
    left = taken[-1]["score_after"] if taken else found.value
    return shapes.Fixes(
        level=found.level,  # type: ignore[arg-type]
        key=found.key,
        value=found.value,
        below=asked.below,
        reached=None if asked.below is None or left is None else left <= asked.below,
        items=[shapes.Contributor(**one) for one in taken],
    )


def _until(gains: list[dict[str, Any]], value: float | None, below: float | None) -> list[dict[str, Any]]:
    """As many of the fixes as bring the score down to ``below``."""
    if below is None:
        return gains
    if value is not None and value <= below:
        return []
    enough = next((number for number, gain in enumerate(gains, 1) if gain["score_after"] <= below), len(gains))
    return gains[:enough]


class _Wanted(NamedTuple):
    days: int
    language: str
    within: Reach


def _risk(connection: Any, parts: AppParts, found: views.Standing, name: str, asked: _Wanted) -> shapes.Risk:
    days, language, within = asked
    gains = views.contributors(connection, parts, found.level, found.key, language, within=within)
    points = risk_queries.daily_scores(connection, found.level, found.key, now=parts.clock(), days=days, zone=parts.timezone)
    return shapes.Risk(
        level=found.level,  # type: ignore[arg-type]
        key=found.key,
        name=name,
        value=found.value,
        band=found.band,  # type: ignore[arg-type]
        low=found.low,
        high=found.high,
        coverage=found.coverage,
        version=found.version,
        computed_at=found.at,
        factors=[shapes.Factor(**factor) for factor in found.factors],
        top_contributors=[shapes.Contributor(**one) for one in gains],
        history=[shapes.Point.model_validate(point) for point in points],
    )
