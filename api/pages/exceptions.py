"""Exceptions: asked for on a finding's page, decided by another person here."""

from datetime import date, datetime, time, timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from api.access import Asker, Caller
from api.pages.forms import back_to, first, read_form
from api.pages.rendering import parts_of, render, tongue_of
from api.v1.exceptions import AskException, Decided, decide, make_request
from api.v1.requests import Key
from collector import exceptions
from collector.refusal import ActionRefused

router = APIRouter(include_in_schema=False)
_SOON = timedelta(days=30)


@router.get("/exceptions")
def many(request: Request, caller: Asker) -> HTMLResponse:
    parts = parts_of(request)
    with parts.store.read() as connection:
        rows = exceptions.list_exceptions(connection, within=caller.reach)
    groups = {state: [row for row in rows if row.state == state] for state in ("requested", "approved")}
    past = [row for row in rows if row.state not in groups]
    past.sort(key=lambda row: row.closed_at or row.decided_at or row.requested_at, reverse=True)
    return render(request, "exceptions.html", groups=groups, past=past[:50], soon=parts.clock() + _SOON)


@router.post("/exceptions")
async def ask(request: Request) -> Response:
    caller, fields = await read_form(request)
    given = {name: first(fields, name) for name in ("rule", "covers", "key", "reason", "control")}
    given["strength"] = first(fields, "strength") or "0"
    return await run_in_threadpool(_ask, request, caller, given, first(fields, "until"))


@router.post("/exceptions/{exception_id}/approve")
async def approve(request: Request, exception_id: Key) -> Response:
    return await _decided(request, exception_id, "approve")


@router.post("/exceptions/{exception_id}/refuse")
async def refuse(request: Request, exception_id: Key) -> Response:
    return await _decided(request, exception_id, "refuse")


@router.post("/exceptions/{exception_id}/withdraw")
async def withdraw(request: Request, exception_id: Key) -> Response:
    return await _decided(request, exception_id, "withdraw")


@router.post("/exceptions/{exception_id}/end")
async def end(request: Request, exception_id: Key) -> Response:
    return await _decided(request, exception_id, "end")


async def _decided(request: Request, exception_id: str, what: Decided) -> Response:
    caller, _ = await read_form(request)
    await run_in_threadpool(decide, parts_of(request), caller, exception_id, what)
    return back_to({"back": ["/exceptions"]})


def _ask(request: Request, caller: Caller, given: dict[str, Any], until: str) -> Response:
    """An exception ends with the local day that was named."""
    tongue = tongue_of(request)
    try:
        day = datetime.combine(date.fromisoformat(until), time(23, 59, 59), parts_of(request).timezone)
        wanted = AskException.model_validate({**given, "until": day})
    except (ValueError, ValidationError) as error:
        said = tongue.gettext("Nothing was asked for: write why, and a last day within a year.")
        raise ActionRefused("incomplete", said) from error
    make_request(parts_of(request), caller, wanted)
    return back_to({"back": ["/exceptions"]})
