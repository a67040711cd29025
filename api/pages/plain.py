"""The plain lists of a tool that is trusted: rules, coverage; and the favicon, which shows the band."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from api import views
from api.access import Asker
from api.pages.rendering import environment, parts_of, render, tongue_of
from api.problems import not_found
from api.texts import rule_of
from api.v1.plain import scope_of, show_coverage, show_rules
from api.v1.requests import Key

router = APIRouter(include_in_schema=False)
open_router = APIRouter(include_in_schema=False)


@router.get("/rules")
def rules(request: Request, caller: Asker) -> HTMLResponse:
    return render(request, "rules.html", rules=show_rules(parts_of(request), tongue_of(request).language, scope_of(caller)))


@router.get("/rules/{rule_id}")
def rule(request: Request, caller: Asker, rule_id: Key) -> HTMLResponse:
    parts = parts_of(request)
    found = rule_of(parts.rules, rule_id)
    if found is None:
        raise not_found("rule")
    line = next(one for one in show_rules(parts, tongue_of(request).language, scope_of(caller)) if one["id"] == rule_id)
    return render(request, "rule.html", rule=found, line=line, mappings=found.mappings.model_dump(mode="json"))


@router.get("/coverage")
def coverage(request: Request, caller: Asker) -> HTMLResponse:
    return render(request, "coverage.html", coverage=show_coverage(parts_of(request), caller.reach))


@router.get("/favicon.svg")
def favicon(request: Request, caller: Asker) -> Response:
    """The mark in the colour of the city's band, for who may know it."""
    band = "unknown"
    if caller.may("city.read"):
        with parts_of(request).store.read() as connection:
            band = views.standing(connection, "city").band or band
    return Response(environment("en").get_template("favicon.svg").render(band=band), media_type="image/svg+xml")


@open_router.get("/favicon.ico")
def no_icon() -> Response:
    return Response(status_code=204)
