"""Tokens and the audit log, for the people who answer for access."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from api.access import Caller
from api.pages.forms import back_to, first, read_form
from api.pages.lists import asked_of
from api.pages.rendering import parts_of, render
from api.problems import Problem
from api.rights import MATRIX
from api.v1.access import AuditQuery, NewToken, end_token, make_token
from api.v1.requests import Key
from collector import audit, tokens
from collector.queries import assets as asset_queries

router = APIRouter(include_in_schema=False)


@router.get("/tokens")
def many(request: Request) -> HTMLResponse:
    return _tokens(request)


@router.post("/tokens")
async def create(request: Request) -> HTMLResponse:
    caller, fields = await read_form(request)
    departments = [one for one in fields.get("department", []) if one]
    days = first(fields, "days", 6) or "90"
    given = {"name": first(fields, "name", 100), "role": first(fields, "role"), "days": int(days) if days.isdecimal() else 0}
    try:
        wanted = NewToken.model_validate({**given, "departments": departments or None})
    except ValidationError:
        return await run_in_threadpool(_tokens, request, problem="form", status=422)
    return await run_in_threadpool(_make, request, caller, wanted)


@router.post("/tokens/{token_id}/revoke")
async def revoke(request: Request, token_id: Key) -> Response:
    caller, _ = await read_form(request)
    await run_in_threadpool(end_token, parts_of(request), caller, token_id)
    return back_to({"back": ["/tokens"]})


@router.get("/audit")
def log(request: Request) -> HTMLResponse:
    asked, _ = asked_of(request, AuditQuery)
    with parts_of(request).store.read() as connection:
        rows = audit.latest(connection, asked.limit, asked.before)
    older = rows[-1].seq if len(rows) == asked.limit else None
    return render(request, "audit.html", rows=rows, older=older)


def _make(request: Request, caller: Caller, wanted: NewToken) -> HTMLResponse:
    try:
        token, secret = make_token(parts_of(request), caller, wanted)
    except Problem as refused:
        return _tokens(request, problem=refused.detail, status=refused.status)
    return _tokens(request, made=token.name, secret=secret, status=201)


def _tokens(request: Request, *, problem: str = "", made: str = "", secret: str = "", status: int = 200) -> HTMLResponse:
    with parts_of(request).store.read() as connection:
        found = tokens.list_tokens(connection)
        departments = asset_queries.list_departments(connection)
    return render(
        request,
        "tokens.html",
        status,
        tokens=sorted(found, key=lambda token: (token.revoked_at is not None, token.name)),
        departments=departments,
        roles=list(MATRIX),
        problem=problem,
        made=made,
        secret=secret,
    )
