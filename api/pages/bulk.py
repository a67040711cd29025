"""One action on many findings: chosen in the list, shown once more with their number, then done.

An action is a name here, its words in ``words.py`` and its part in ``bulk.html``; what it does is in :mod:`api.v1.bulk`.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from api.access import Caller
from api.pages.exceptions import read_wish
from api.pages.forms import first, read_form
from api.pages.lists import read_query
from api.pages.rendering import parts_of, render, tongue_of
from api.rights import Permission
from api.v1 import bulk
from api.v1.bulk import BulkAnswer, Chosen
from api.v1.exceptions import Why
from api.v1.requests import FindingQuery, FindingWhere
from collector.refusal import ActionRefused

router = APIRouter(include_in_schema=False)
ACTS: Mapping[str, Permission] = {
    "test-again": Permission.FINDING_TEST,
    "tickets": Permission.TICKET_OPEN,
    "exceptions": Permission.EXCEPTION_ASK,
}
_SHOWN = 20  # findings named on the page that asks whether one is sure


def offered(caller: Caller) -> list[str]:
    """The actions that this caller may do somewhere."""
    return [act for act, permission in ACTS.items() if caller.may(permission)]


@router.post("/findings/chosen")
async def ask_first(request: Request) -> Response:
    """What was chosen, in full and with its number, before anything is done."""
    caller, fields = await read_form(request)
    return await run_in_threadpool(_ask_first, request, caller, fields)


@router.post("/findings/test-again")
async def test_again(request: Request) -> Response:
    caller, fields = await read_form(request)
    of = _needed(request, fields)
    came = await run_in_threadpool(bulk.test_all_again, parts_of(request), caller, of)
    made = {item.made for item in came.items if item.made}
    return await run_in_threadpool(_done, request, came, "test-again", f"/scans/{made.pop()}" if len(made) == 1 else "/scans")


@router.post("/findings/tickets")
async def tickets(request: Request) -> Response:
    caller, fields = await read_form(request)
    of = _needed(request, fields)
    came = await run_in_threadpool(bulk.open_all_tickets, parts_of(request), caller, of)
    made = {item.made for item in came.items if item.made}
    return await run_in_threadpool(_done, request, came, "tickets", f"/tickets/{made.pop()}" if len(made) == 1 else "/tickets")


@router.post("/findings/exceptions")
async def exceptions(request: Request) -> Response:
    caller, fields = await read_form(request)
    of = _needed(request, fields)
    given: dict[str, Any] = {"reason": first(fields, "reason"), "control": first(fields, "control")}
    why = read_wish(request, Why, {**given, "strength": first(fields, "strength") or "0"}, first(fields, "until"))
    came = await run_in_threadpool(bulk.ask_for_all, parts_of(request), caller, of, why)
    return await run_in_threadpool(_done, request, came, "exceptions", "/exceptions")


def _ask_first(request: Request, caller: Caller, fields: Mapping[str, list[str]]) -> HTMLResponse:
    act, of = first(fields, "action"), _chosen(fields)
    if act not in offered(caller):
        raise ActionRefused("no-such-action", tongue_of(request).gettext("This cannot be done with findings."))
    back = "/findings" + (f"?{query}" if (query := first(fields, "query", 2_000)) else "")
    if of is None:
        return render(request, "bulk.html", 422, act=act, back=back, rows=[], others=[], fields={})
    parts = parts_of(request)
    with parts.store.read() as connection:
        found = bulk.chosen(connection, parts, replace(caller, reach=caller.reach_for(ACTS[act])), of)
    ids = [row.id for row in found.rows]
    again = {"query": query, "total": of.expected, "which": "all"} if of.ids is None else {"findings": " ".join(ids)}
    return render(request, "bulk.html", act=act, back=back, rows=found.rows, shown=_SHOWN, others=found.refused, fields=again)


def _done(request: Request, came: BulkAnswer, act: str, where: str) -> Response:
    """To what was made; or, where some were not done, which and why."""
    if not came.refused:
        return RedirectResponse(where, 303)
    return render(request, "bulk_done.html", 200 if came.done else 409, came=came, act=act, where=where)


def _chosen(fields: Mapping[str, list[str]]) -> Chosen | None:
    """What a form chose: the boxes that were ticked, all that was shown, or all of the list; None when nothing."""
    ids = [*fields.get("finding", []), *first(fields, "findings", 30_000).split()]
    which = first(fields, "which")
    try:
        if which == "all":
            asked = read_query(parse_qsl(first(fields, "query", 2_000)), FindingQuery)
            where = FindingWhere(**asked.model_dump(include=set(FindingWhere.model_fields)))
            return Chosen.model_validate({"filter": where, "expected": int(first(fields, "total"))})
        return Chosen.model_validate({"ids": first(fields, "shown", 30_000).split() if which == "shown" else ids})
    except ValueError:  # a ValidationError is one
        return None


def _needed(request: Request, fields: Mapping[str, list[str]]) -> Chosen:
    of = _chosen(fields)
    if of is None:
        raise ActionRefused(
            "nothing-chosen", tongue_of(request).gettext("Nothing was done: choose one finding or more, 500 at most.")
        )
    return of
