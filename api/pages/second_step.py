"""The second step of signing in: a code of the person's device, after the password; enrolling that device; losing it."""

from datetime import datetime
from typing import Any

import segno
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from api.access import Asker, Caller
from api.pages.forms import first, password_of, plain_form, read_form
from api.pages.letting_in import has_budget, known_place, refusal_of, step_cookie, welcome
from api.pages.rendering import parts_of, render, tongue_of
from api.parts import AppParts
from api.problems import not_found
from api.texts import name_of
from collector import accounts, attempts, audit, second_step
from collector.accounts import Account
from collector.passwords import Busy
from collector.sealing import Seal, SealError

router = APIRouter(include_in_schema=False)
open_router = APIRouter(include_in_schema=False)
_TRIES = 5  # of one sign-in; then the password is asked for again


@open_router.get("/sign-in/code")
def code_page(request: Request) -> Response:
    with parts_of(request).store.read() as connection:
        account = _under_way(request, connection)
    return render(request, "code.html", problem="") if account else RedirectResponse("/sign-in", 303)


@open_router.post("/sign-in/code")
async def give_code(request: Request) -> Response:
    fields = await plain_form(request)
    return await run_in_threadpool(_give_code, request, first(fields, "code", 100))


@router.get("/account/second-step")
def own(request: Request, caller: Asker) -> HTMLResponse:
    return _own(request, caller)


@router.post("/account/second-step")
async def begin(request: Request) -> HTMLResponse:
    caller, fields = await read_form(request)
    return await run_in_threadpool(_begin, request, caller, password_of(fields, "password"))


@router.post("/account/second-step/confirm")
async def confirm(request: Request) -> HTMLResponse:
    caller, fields = await read_form(request)
    return await run_in_threadpool(_confirm, request, caller, first(fields, "code", 100))


@router.post("/account/second-step/remove")
async def remove(request: Request) -> Response:
    caller, fields = await read_form(request)
    return await run_in_threadpool(_remove, request, caller, password_of(fields, "password"), first(fields, "code", 100))


def _under_way(request: Request, connection: Connection) -> Account | None:
    """Whose password was right a moment ago, in this browser."""
    secret = request.cookies.get(step_cookie(request), "")[:100]
    row = attempts.find(connection, "code", secret, parts_of(request).clock())
    account = accounts.find_account(connection, row.account_id) if row is not None and row.tries < _TRIES else None
    return account if account is not None and account.disabled_at is None else None


def _give_code(request: Request, code: str) -> Response:
    parts, secret = parts_of(request), request.cookies.get(step_cookie(request), "")[:100]
    with parts.store.read() as connection:
        account = _under_way(request, connection)
        place = known_place(request, connection, account) if account else None
    if account is None:
        return RedirectResponse("/sign-in", 303)
    if not _may_try(request, account, place):
        return render(request, "code.html", 429, problem="many")
    try:
        with parts.store.write() as connection:
            attempts.count_try(connection, secret)
            right = second_step.check(connection, account.id, _seal(parts), code, parts.clock())
            if right is None:
                audit.note(connection, refusal_of(request, account, "second_step"))
            elif attempts.take(connection, "code", secret, parts.clock()) is None:
                right = None  # two answers at once: the other one is in
    except SealError:
        return render(request, "code.html", 503, problem="seal")
    if right is None:
        return render(request, "code.html", 401, problem="code")
    answer = welcome(request, account, {"second_step": right})
    answer.delete_cookie(step_cookie(request), path="/", secure=parts.over_tls, httponly=True)
    return answer


def _may_try(request: Request, account: Account, place: str | None) -> bool:
    """Five a minute as for passwords; from places that never signed in, twenty an hour besides: there are a million codes."""
    limits = parts_of(request).limits
    if not has_budget(request, "code", account.name, place):
        return False
    hourly = (limits.codes_per_account_an_hour, "code-hour", account.id)
    return place is not None or bool(request.app.state.throttle.allows(*hourly, minutes=60))


def _own(request: Request, caller: Caller, status: int = 200, **more: Any) -> HTMLResponse:
    parts = parts_of(request)
    with parts.store.read() as connection:
        account = own_account(connection, caller)
        standing = second_step.standing(connection, account.id)
    said = {"problem": "", "qr": None, "secret": "", "codes": [], "begun": False, **more}
    possible = parts.seal is not None
    return render(request, "second_step.html", status, person=account, standing=standing, possible=possible, **said)


def own_account(connection: Connection, caller: Caller) -> Account:
    """The caller's own; a program has none. Raises :class:`~api.problems.Problem` 404."""
    found = accounts.find_account(connection, caller.id.removeprefix("account:"))
    if found is None:
        raise not_found("account")
    return found


def _seal(parts: AppParts) -> Seal:
    if parts.seal is None:
        raise SealError("the settings name no sign_in.key_file")
    return parts.seal


def _right_password(request: Request, account: Account, password: str) -> str:
    """Empty when it is the one; else the problem's word. Who found an open browser shall not change the second step."""
    parts = parts_of(request)
    if not request.app.state.throttle.allows(parts.limits.sign_ins_per_account, "password", account.id):
        return "many"
    with parts.store.read() as connection:
        stored = accounts.stored_password(connection, account)
    try:
        return "" if request.app.state.passwords.check(stored, password)[0] else "password"
    except Busy:
        return "many"


def _begin(request: Request, caller: Caller, password: str) -> HTMLResponse:
    parts = parts_of(request)
    with parts.store.read() as connection:
        account = own_account(connection, caller)
    problem = "there" if account.has_second_step else _right_password(request, account, password)
    if problem:
        return _own(request, caller, _STATUS[problem], problem=problem)
    issuer = f"Talaia {name_of(parts.city_names, '', tongue_of(request).language)}".strip()
    try:
        with parts.store.write() as connection:
            if own_account(connection, caller).has_second_step:
                raise not_found("enrolment")
            made = second_step.begin(connection, account, _seal(parts), issuer)
            audit.note(connection, _entry(caller, account, "begin_second_step", parts.clock()))
    except SealError:
        return _own(request, caller, 503, problem="seal")
    # What is drawn is ours alone: an SVG of one path, with attributes and without styles, as the content policy asks.
    drawn = segno.make(made.uri, micro=False).svg_inline(omitsize=True, border=4, light="#fff", dark="#000")
    spaced = " ".join(made.secret[at : at + 4] for at in range(0, len(made.secret), 4))
    return _own(request, caller, qr=Markup(drawn), secret=spaced, begun=True)  # noqa: S704 - made above, of our own path


def _confirm(request: Request, caller: Caller, code: str) -> HTMLResponse:
    parts = parts_of(request)
    with parts.store.read() as connection:
        account = own_account(connection, caller)
    if not request.app.state.throttle.allows(parts.limits.sign_ins_per_account, "confirm", account.id):
        return _own(request, caller, 429, problem="many", begun=True)
    try:
        with parts.store.write() as connection:
            codes = second_step.confirm(connection, account, _seal(parts), code, parts.clock())
            if codes:
                audit.note(connection, _entry(caller, account, "enrol_second_step", parts.clock()))
    except SealError:
        return _own(request, caller, 503, problem="seal")
    return _own(request, caller, codes=codes) if codes else _own(request, caller, 422, problem="code", begun=True)


def _remove(request: Request, caller: Caller, password: str, code: str) -> Response:
    parts = parts_of(request)
    with parts.store.read() as connection:
        account = own_account(connection, caller)
    problem = _right_password(request, account, password)
    if problem:
        return _own(request, caller, _STATUS[problem], problem=problem)
    try:
        with parts.store.write() as connection:
            right = second_step.check(connection, account.id, _seal(parts), code, parts.clock())
            if right:
                second_step.remove(connection, account)
                audit.note(connection, _entry(caller, account, "remove_second_step", parts.clock()))
    except SealError:
        return _own(request, caller, 503, problem="seal")
    return welcome(request, account) if right else _own(request, caller, 422, problem="code")


_STATUS = {"there": 409, "many": 429, "password": 422}


def _entry(caller: Caller, account: Account, action: str, at: datetime) -> audit.Entry:
    return caller.noting(at, action, subject="account", subject_id=account.id)
