"""Saved filters: kept from the list of findings, opened from it, and deleted on a page of their own."""

from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from api.access import Asker, Caller
from api.pages.forms import back_to, first, read_form
from api.pages.lists import read_query
from api.pages.rendering import parts_of, render, tongue_of
from api.rights import Permission
from api.v1.filters import FilterShown, SavedQuery, SaveFilter, drop_filter, make_filter, may_share, show_filters
from api.v1.requests import FindingQuery, Key
from collector.filters import Audience
from collector.queries import assets as asset_queries
from collector.refusal import ActionRefused

router = APIRouter(include_in_schema=False)


@router.get("/filters")
def many(request: Request, caller: Asker) -> HTMLResponse:
    with parts_of(request).store.read() as connection:
        saved = show_filters(connection, caller)
    return render(request, "filters.html", saved=saved)


@router.post("/filters")
async def create(request: Request) -> Response:
    caller, fields = await read_form(request)
    audience, _, department = first(fields, "audience").partition(":")
    try:
        asked = read_query(parse_qsl(first(fields, "query", 2_000)), FindingQuery)
        query = SavedQuery(**asked.model_dump(include=set(SavedQuery.model_fields)))
        given = {"name": first(fields, "name", 100), "query": query, "audience": audience or "me"}
        wanted = SaveFilter.model_validate({**given, "department": department or None})
    except ValidationError as error:
        raise ActionRefused("incomplete", tongue_of(request).gettext("Nothing was saved: give the filter a name.")) from error
    await run_in_threadpool(make_filter, parts_of(request), caller, wanted)
    return back_to(fields, "/filters")


@router.post("/filters/{filter_id}/delete")
async def delete(request: Request, filter_id: Key) -> Response:
    caller, _ = await read_form(request)
    await run_in_threadpool(drop_filter, parts_of(request), caller, filter_id)
    return back_to({"back": ["/filters"]})


def audiences(connection: Connection, caller: Caller) -> list[tuple[str, str | None]]:
    """With whom this caller may share a filter: the word of the form, and a department's id where it is one."""
    found: list[tuple[str, str | None]] = [("me", None)]
    departments = asset_queries.list_departments(connection, caller.reach_for(Permission.FILTER_SHARE))
    found += [(f"department:{row.id}", row.id) for row in departments]
    return [*found, ("city", None)] if may_share(caller, Audience.CITY) else found


def opened(saved: list[FilterShown]) -> list[FilterShown]:
    """Those that the list of findings offers to open."""
    return [one for one in saved if one.valid]
