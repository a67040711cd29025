"""One's own account, and everybody's for who manages them."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from api.access import Asker, Caller, cookie_name, note_stranger
from api.pages.forms import first, password_of, plain_form, read_form
from api.pages.letting_in import address_of, entry_of, go_on, welcome
from api.pages.rendering import parts_of, render
from api.pages.second_step import own_account
from api.problems import Problem, not_found
from api.v1.accounts import (
    NewAccount,
    change_grants,
    create_account,
    forget_second_step,
    givable,
    manages,
    new_link,
    set_disabled,
)
from api.v1.requests import Key
from collector import accounts, audit, sessions
from collector.accounts import AccountError
from collector.grants import Grant, Role
from collector.passwords import Busy, weakness
from collector.queries import assets as asset_queries
from collector.tokens import digest_of

router = APIRouter(include_in_schema=False)
open_router = APIRouter(include_in_schema=False)


@router.get("/account")
def own(request: Request, caller: Asker) -> HTMLResponse:
    return _own(request, caller)


@router.post("/account/password")
async def change_password(request: Request) -> Response:
    caller, fields = await read_form(request)
    return await run_in_threadpool(_change, request, caller, password_of(fields, "old"), password_of(fields, "new"))


@router.post("/account/sessions/{digest}/end")
async def end_session(request: Request, digest: Key) -> Response:
    caller, _ = await read_form(request)
    return await run_in_threadpool(_end_sessions, request, caller, digest)


@router.post("/account/sign-out-everywhere")
async def sign_out_everywhere(request: Request) -> Response:
    caller, _ = await read_form(request)
    return await run_in_threadpool(_end_sessions, request, caller, None)


@open_router.get("/welcome/{code}")
def welcome_page(request: Request, code: str) -> HTMLResponse:
    """Where a person sets a password; looking uses nothing up."""
    parts = parts_of(request)
    with parts.store.read() as connection:
        account = accounts.account_of_link(connection, code, parts.clock())
    if account is None or not parts.local.enabled:
        return render(request, "sign_in.html", 401, problem="link")
    return render(request, "set_password.html", code=code, person=account, problem="")


@open_router.post("/welcome/{code}")
async def set_first_password(request: Request, code: str) -> Response:
    fields = await plain_form(request)
    return await run_in_threadpool(_set_first, request, code, password_of(fields, "new"))


@router.get("/accounts")
def everybody(request: Request, caller: Asker) -> HTMLResponse:
    return _everybody(request, caller)


@router.post("/accounts")
async def create(request: Request) -> HTMLResponse:
    caller, fields = await read_form(request)
    grant = {"role": first(fields, "role"), "department": first(fields, "department") or None}
    wanted = {"name": first(fields, "name"), "display_name": first(fields, "display_name"), "grants": [grant]}
    return await run_in_threadpool(_create, request, caller, wanted)


@router.post("/accounts/{account_id}/grants")
async def grants(request: Request, account_id: Key) -> Response:
    """Give one more grant, or with ``take`` take it."""
    caller, fields = await read_form(request)
    return await run_in_threadpool(_regrant, request, caller, account_id, _grant(fields), "take" in fields)


@router.post("/accounts/{account_id}/disable")
async def disable(request: Request, account_id: Key) -> Response:
    caller, fields = await read_form(request)
    await run_in_threadpool(set_disabled, parts_of(request), caller, account_id, disabled="enable" not in fields)
    return RedirectResponse("/accounts", 303)


@router.post("/accounts/{account_id}/reset")
async def reset(request: Request, account_id: Key) -> HTMLResponse:
    caller, _ = await read_form(request)
    return await run_in_threadpool(_reset, request, caller, account_id)


@router.post("/accounts/{account_id}/second-step")
async def lost_device(request: Request, account_id: Key) -> Response:
    """The person's device is lost, and the recovery codes with it."""
    caller, _ = await read_form(request)
    await run_in_threadpool(forget_second_step, parts_of(request), caller, account_id)
    return RedirectResponse("/accounts", 303)


def _own(request: Request, caller: Caller, problem: str = "", status: int = 200) -> HTMLResponse:
    parts = parts_of(request)
    with parts.store.read() as connection:
        account = own_account(connection, caller)
        current = sessions.list_sessions(connection, account.id, parts.clock(), parts.session_idle)
    here = digest_of(caller.session)
    return render(request, "account.html", status, person=account, sessions=current, current=here, problem=problem)


def _change(request: Request, caller: Caller, old: str, new: str) -> Response:
    parts, keeper = parts_of(request), request.app.state.passwords
    with parts.store.read() as connection:
        account = own_account(connection, caller)
        stored = accounts.stored_password(connection, account)
    if not request.app.state.throttle.allows(parts.limits.sign_ins_per_account, "password", account.id):
        return _own(request, caller, "many", 429)
    problem = weakness(new, account.name)
    try:
        if problem or not keeper.check(stored, old)[0]:
            return _own(request, caller, problem or "password", 422)
    except Busy:
        return _own(request, caller, "many", 429)
    hashed = keeper.hashed(new)
    with parts.store.write() as connection:
        accounts.set_password(connection, account, hashed)
        audit.note(connection, caller.noting(parts.clock(), "set_password", subject="account", subject_id=account.id))
    return welcome(request, account)


def _end_sessions(request: Request, caller: Caller, digest: str | None) -> Response:
    parts = parts_of(request)
    with parts.store.write() as connection:
        account = own_account(connection, caller)
        if digest is None:
            accounts.end_sessions(connection, account)
        elif not sessions.end_session(connection, account.id, digest):
            raise not_found("session")
        action = "end_session" if digest else "end_sessions"
        audit.note(connection, caller.noting(parts.clock(), action, subject="account", subject_id=account.id))
    answer = RedirectResponse("/account" if digest else "/sign-in", 303)
    if digest is None:
        answer.delete_cookie(cookie_name(parts), path="/", secure=parts.over_tls, httponly=True)
    return answer


def _set_first(request: Request, code: str, password: str) -> Response:
    parts = parts_of(request)
    with parts.store.read() as connection:
        account = accounts.account_of_link(connection, code, parts.clock())
    if account is None or not parts.local.enabled:
        note_stranger(request, "set_password", shown="link")
        return render(request, "sign_in.html", 401, problem="link")
    problem = weakness(password, account.name)
    if problem:
        return render(request, "set_password.html", 422, code=code, person=account, problem=problem)
    hashed = request.app.state.passwords.hashed(password)
    with parts.store.write() as connection:
        if accounts.account_of_link(connection, code, parts.clock()) is None:  # two at once: one of them is the first
            return render(request, "sign_in.html", 401, problem="link")
        accounts.set_password(connection, account, hashed)
        audit.note(connection, entry_of(account, parts.clock(), address_of(request), "set_password"))
    return go_on(request, account)


def _everybody(request: Request, caller: Caller, status: int = 200, **more: str) -> HTMLResponse:
    with parts_of(request).store.read() as connection:
        found = accounts.list_accounts(connection)
        departments = asset_queries.list_departments(connection)
    said = {"problem": "", "link": "", "made": "", **more}
    may = {one.id: manages(caller, one) for one in found}
    return render(
        request, "accounts.html", status, accounts=found, departments=departments, roles=givable(caller), may=may, **said
    )


def _grant(fields: Mapping[str, list[str]]) -> Grant:
    role = first(fields, "role")
    if role not in set(Role):
        raise Problem(422, "bad-request", "there is no such role")
    return Grant(Role(role), first(fields, "department") or None)


def _create(request: Request, caller: Caller, wanted: Mapping[str, Any]) -> HTMLResponse:
    try:
        account, link = create_account(parts_of(request), caller, NewAccount.model_validate(wanted))
    except (ValidationError, AccountError):
        return _everybody(request, caller, 422, problem="form")
    return _everybody(request, caller, link=link, made=account.name)


def _regrant(request: Request, caller: Caller, account_id: str, grant: Grant, take: bool) -> Response:
    def change(before: tuple[Grant, ...]) -> set[Grant]:
        return set(before) - {grant} if take else {*before, grant}

    try:
        change_grants(parts_of(request), caller, account_id, change)
    except AccountError:
        return _everybody(request, caller, 422, problem="form")
    return RedirectResponse("/accounts", 303)


def _reset(request: Request, caller: Caller, account_id: str) -> HTMLResponse:
    account, link = new_link(parts_of(request), caller, account_id)
    return _everybody(request, caller, link=link, made=account.name)
