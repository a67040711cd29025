"""One's own account, and everybody's for who manages them."""

from collections.abc import Iterable
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from api.access import Asker, Caller, cookie_name
from api.pages.forms import first, password_of, plain_form, read_form
from api.pages.letting_in import address_of, entry_of, welcome
from api.pages.rendering import parts_of, render
from api.problems import Problem, not_found
from api.rights import MATRIX
from api.v1.requests import Key
from collector import accounts, audit, sessions
from collector.accounts import Account, AccountError
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
    if account is None:
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
    grant = _grant(caller, first(fields, "role"), first(fields, "department"))
    return await run_in_threadpool(_create, request, caller, first(fields, "name"), first(fields, "display_name"), grant)


@router.post("/accounts/{account_id}/grants")
async def grants(request: Request, account_id: Key) -> Response:
    """Give one more grant, or with ``take`` take it."""
    caller, fields = await read_form(request)
    grant = _grant(caller, first(fields, "role"), first(fields, "department"))
    return await run_in_threadpool(_regrant, request, caller, account_id, grant, "take" in fields)


@router.post("/accounts/{account_id}/disable")
async def disable(request: Request, account_id: Key) -> Response:
    caller, fields = await read_form(request)
    return await run_in_threadpool(_disable, request, caller, account_id, "enable" not in fields)


@router.post("/accounts/{account_id}/reset")
async def reset(request: Request, account_id: Key) -> HTMLResponse:
    caller, _ = await read_form(request)
    return await run_in_threadpool(_reset, request, caller, account_id)


def _own(request: Request, caller: Caller, problem: str = "", status: int = 200) -> HTMLResponse:
    parts = parts_of(request)
    with parts.store.read() as connection:
        account = _own_account(connection, caller)
        current = sessions.list_sessions(connection, account.id, parts.clock(), parts.session_idle)
    here = digest_of(caller.session)
    return render(request, "account.html", status, person=account, sessions=current, current=here, problem=problem)


def _own_account(connection: Connection, caller: Caller) -> Account:
    return _account(accounts.find_account(connection, caller.id.removeprefix("account:")))


def _account(found: Account | None) -> Account:
    if found is None:
        raise not_found("account")
    return found


def _change(request: Request, caller: Caller, old: str, new: str) -> Response:
    parts, keeper = parts_of(request), request.app.state.passwords
    with parts.store.read() as connection:
        account = _own_account(connection, caller)
        stored = accounts.stored_password(connection, account)
    if not request.app.state.limiter.allows(parts.limits.sign_ins_per_account, "password", account.id):
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
        account = _own_account(connection, caller)
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
    if account is None:
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
    return welcome(request, account)


def _everybody(request: Request, caller: Caller, status: int = 200, **more: str) -> HTMLResponse:
    with parts_of(request).store.read() as connection:
        found = accounts.list_accounts(connection)
        departments = asset_queries.list_departments(connection)
    said = {"problem": "", "link": "", "made": "", **more}
    may = {one.id: _manages(caller, one) for one in found}
    return render(
        request, "accounts.html", status, accounts=found, departments=departments, roles=_givable(caller), may=may, **said
    )


def _givable(caller: Caller) -> list[Role]:
    """Nobody gives what they may not do themselves."""
    own = frozenset().union(*(MATRIX[grant.role] for grant in caller.grants))
    return [role for role in Role if role is not Role.PROBE and MATRIX[role] <= own]


def _manages(caller: Caller, account: Account) -> bool:
    """Not oneself, and nobody who may do more: a link for their password would be their rights."""
    givable = _givable(caller)
    return f"account:{account.id}" != caller.id and all(grant.role in givable for grant in account.grants)


def _grant(caller: Caller, role: str, department: str) -> Grant:
    if role not in set(Role):
        raise Problem(422, "bad-request", "there is no such role")
    if role not in _givable(caller):
        raise Problem(403, "forbidden", "nobody gives what they may not do themselves: use the command line")
    return Grant(Role(role), department or None)


def _managed(caller: Caller, account: Account | None) -> Account:
    found = _account(account)
    if not _manages(caller, found):
        raise Problem(403, "forbidden", "this account is yours, or may do more than you: use the command line")
    return found


def _create(request: Request, caller: Caller, name: str, display_name: str, grant: Grant) -> HTMLResponse:
    parts, now = parts_of(request), parts_of(request).clock()
    try:
        with parts.store.write() as connection:
            account = accounts.create_account(connection, name, display_name, now)
            accounts.set_grants(connection, account, [grant])
            code = accounts.issue_link(connection, account, now)
            audit.note(connection, _entry(caller, now, "create_account", account, [grant]))
    except AccountError as error:
        return _everybody(request, caller, 422, problem=str(error))
    return _everybody(request, caller, link=f"{parts.base_url}/welcome/{code}", made=account.name)


def _regrant(request: Request, caller: Caller, account_id: str, grant: Grant, take: bool) -> Response:
    try:
        with parts_of(request).store.write() as connection:
            account = _managed(caller, accounts.find_account(connection, account_id))
            left = set(account.grants) - {grant} if take else {*account.grants, grant}
            accounts.set_grants(connection, account, left)
            audit.note(connection, _entry(caller, parts_of(request).clock(), "grant_account", account, left))
    except AccountError as error:
        return _everybody(request, caller, 422, problem=str(error))
    return RedirectResponse("/accounts", 303)


def _disable(request: Request, caller: Caller, account_id: str, disabled: bool) -> Response:
    parts = parts_of(request)
    with parts.store.write() as connection:
        account = _managed(caller, accounts.find_account(connection, account_id))
        accounts.set_disabled(connection, account, parts.clock() if disabled else None)
        audit.note(
            connection,
            _entry(caller, parts.clock(), "disable_account" if disabled else "enable_account", account, account.grants),
        )
    return RedirectResponse("/accounts", 303)


def _reset(request: Request, caller: Caller, account_id: str) -> HTMLResponse:
    parts = parts_of(request)
    with parts.store.write() as connection:
        account = _managed(caller, accounts.find_account(connection, account_id))
        code = accounts.issue_link(connection, account, parts.clock())
        audit.note(connection, _entry(caller, parts.clock(), "reset_account", account, account.grants))
    return _everybody(request, caller, link=f"{parts.base_url}/welcome/{code}", made=account.name)


def _entry(caller: Caller, at: datetime, action: str, account: Account, grants: Iterable[Grant]) -> audit.Entry:
    said = sorted(f"{grant.role}:{grant.department or 'city'}" for grant in grants)
    detail = {"name": account.name, "grants": said}
    return caller.noting(at, action, subject="account", subject_id=account.id, detail=detail)
