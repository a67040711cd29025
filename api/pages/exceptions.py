"""Exceptions: asked for on a finding's page, decided by another person here."""

from datetime import date, datetime, time, timedelta
from typing import Any, Literal, TypeVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from api.access import Asker, Caller
from api.pages.forms import back_to, first, read_form
from api.pages.lists import asked_of
from api.pages.rendering import parts_of, render, tongue_of
from api.v1.exceptions import AskException, Decided, Why, decide, make_request
from api.v1.requests import Key, Sent
from collector.queries.exceptions import PAST, ExceptionFilter, list_exceptions
from collector.refusal import ActionRefused

router = APIRouter(include_in_schema=False)
_SOON = timedelta(days=30)
_LISTS = {"requested": ("requested",), "approved": ("approved",), "past": PAST}
Wish = TypeVar("Wish", bound=Why)


class ExceptionsAsked(Sent):
    """One of the lists alone, from its beginning to its end; the beginning of all three when none is named."""

    show: Literal["requested", "approved", "past"] | None = None
    cursor: str | None = Field(None, max_length=1000)  # of the list that is shown alone


@router.get("/exceptions")
def many(request: Request, caller: Asker) -> HTMLResponse:
    parts = parts_of(request)
    asked, _ = asked_of(request, ExceptionsAsked)
    shown, cursor = ((asked.show,), asked.cursor) if asked.show else (tuple(_LISTS), None)
    with parts.store.read() as connection:
        pages: dict[str, Any] = dict.fromkeys(_LISTS)
        for name in shown:
            wanted = ExceptionFilter(_LISTS[name], within=caller.reach)
            pages[name] = list_exceptions(connection, wanted, cursor=cursor, latest_first=name == "past")
    return render(request, "exceptions.html", pages=pages, alone=asked.show, soon=parts.clock() + _SOON)


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
    make_request(parts_of(request), caller, read_wish(request, AskException, given, until))
    return back_to({"back": ["/exceptions"]})


def read_wish(request: Request, model: type[Wish], given: dict[str, Any], until: str) -> Wish:
    """What a form asks for; it ends with the local day that was named. Raises :class:`ActionRefused`."""
    try:
        day = datetime.combine(date.fromisoformat(until), time(23, 59, 59), parts_of(request).timezone)
        return model.model_validate({**given, "strength": float(given["strength"]), "until": day})
    except ValueError as error:  # a ValidationError is one
        said = tongue_of(request).gettext("Nothing was asked for: write why, and a last day within a year.")
        raise ActionRefused("incomplete", said) from error
