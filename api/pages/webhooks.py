"""Webhooks, for the people who answer for whom the city tells what."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from api.access import Caller
from api.pages.forms import back_to, first, read_form
from api.pages.rendering import parts_of, render
from api.v1.events import LATEST
from api.v1.requests import Key
from api.v1.webhooks import NewWebhook, change, make_webhook, set_back
from collector.events import Action
from collector.queries import assets as asset_queries
from collector.refusal import ActionRefused
from collector.webhooks import subscriptions

router = APIRouter(include_in_schema=False)


@router.get("/webhooks")
def many(request: Request) -> HTMLResponse:
    return _page(request)


@router.post("/webhooks")
async def create(request: Request) -> HTMLResponse:
    caller, fields = await read_form(request)
    kinds, departments = ([one for one in fields.get(name, []) if one] or None for name in ("kind", "department"))
    given = {"url": first(fields, "url", 2_000), "kinds": kinds, "departments": departments}
    try:
        wanted = NewWebhook.model_validate(given)
    except ValidationError:
        return await run_in_threadpool(_page, request, problem="form", status=422)
    return await run_in_threadpool(_make, request, caller, wanted)


@router.post("/webhooks/{webhook_id}/pause")
async def pause(request: Request, webhook_id: Key) -> Response:
    caller, _ = await read_form(request)
    await run_in_threadpool(change, parts_of(request), caller, webhook_id, "pause_webhook", subscriptions.pause)
    return _back()


@router.post("/webhooks/{webhook_id}/resume")
async def resume(request: Request, webhook_id: Key) -> Response:
    caller, _ = await read_form(request)
    await run_in_threadpool(change, parts_of(request), caller, webhook_id, "resume_webhook", subscriptions.resume)
    return _back()


@router.post("/webhooks/{webhook_id}/delete")
async def delete(request: Request, webhook_id: Key) -> Response:
    caller, _ = await read_form(request)
    await run_in_threadpool(change, parts_of(request), caller, webhook_id, "delete_webhook", subscriptions.remove)
    return _back()


@router.post("/webhooks/{webhook_id}/replay")
async def skip(request: Request, webhook_id: Key) -> Response:
    """Leave out what waits: only what is new is sent. Setting back to a cursor is for programs."""
    caller, _ = await read_form(request)
    await run_in_threadpool(set_back, parts_of(request), caller, webhook_id, LATEST)
    return _back()


@router.post("/webhooks/{webhook_id}/letters")
async def send_letters(request: Request, webhook_id: Key) -> Response:
    caller, _ = await read_form(request)
    await run_in_threadpool(change, parts_of(request), caller, webhook_id, "replay_dead_letters", subscriptions.send_again)
    return _back()


def _back() -> Response:
    return back_to({"back": ["/webhooks"]})


def _make(request: Request, caller: Caller, wanted: NewWebhook) -> HTMLResponse:
    try:
        row, secret = make_webhook(parts_of(request), caller, wanted)
    except ActionRefused as refused:
        return _page(request, problem=str(refused), status=409)
    return _page(request, made=row.url, secret=secret, status=201)


def _page(request: Request, *, problem: str = "", made: str = "", secret: str = "", status: int = 200) -> HTMLResponse:
    parts = parts_of(request)
    with parts.store.read() as connection:
        rows = subscriptions.list_webhooks(connection)
        letters = {row.id: subscriptions.letters(connection, row.id, 20) for row in rows if row.letters}
        departments = asset_queries.list_departments(connection)
    return render(
        request,
        "webhooks.html",
        status,
        rows=rows,
        letters=letters,
        departments=departments,
        kinds=[action.value for action in Action],
        problem=problem,
        made=made,
        secret=secret,
        possible=parts.seal is not None,
    )
