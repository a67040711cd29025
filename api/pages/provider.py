"""Coming in through the city's identity provider, and being signed out by it."""

import hashlib

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from api.oidc import Oidc, Person, Refused
from api.pages.forms import password_of, plain_form
from api.pages.letting_in import address_of, entry_of, welcome
from api.pages.rendering import parts_of, render
from api.problems import not_found
from collector import accounts, audit
from collector.accounts import Account, AccountError
from collector.sealing import SealError
from scanners.clean_text import clean_text

open_router = APIRouter(include_in_schema=False)
_BACK = "/sign-in/oidc/back"


@open_router.get("/sign-in/oidc")
def begin(request: Request) -> Response:
    parts, oidc = parts_of(request), _oidc(request)
    try:
        where, browser = oidc.begin(parts.base_url + _BACK)
    except Refused as error:
        return _refuse(request, error)
    answer = RedirectResponse(where, 303)
    secure = parts.over_tls
    answer.set_cookie(_cookie(request), browser, max_age=600, path="/", secure=secure, httponly=True, samesite="lax")
    return answer


@open_router.get(_BACK)
def back(request: Request, state: str = "", code: str = "") -> Response:
    parts, oidc = parts_of(request), _oidc(request)
    try:
        person = oidc.finish(state[:200], request.cookies.get(_cookie(request), "")[:200], code[:4_000], parts.base_url + _BACK)
        if not person.grants:
            raise Refused("the person has no role here")
        with parts.store.write() as connection:
            account = _account(connection, request, oidc, person)
        welcomed = welcome(request, account, refresh=person.refresh)
    except (Refused, AccountError, SealError) as error:
        return _refuse(request, error)
    # A page, not a redirect: a Strict cookie is not sent on a navigation that another site began.
    page = render(request, "come_in.html")
    page.raw_headers.extend(one for one in welcomed.raw_headers if one[0] == b"set-cookie")
    page.headers["refresh"] = "0;url=/"
    page.delete_cookie(_cookie(request), path="/", secure=parts.over_tls, httponly=True)
    return page


@open_router.get("/sign-in/oidc/leave")
def leave(request: Request) -> Response:
    """To the provider's own sign-out (RP-initiated logout 1.0)."""
    parts, oidc = parts_of(request), _oidc(request)
    try:
        where = oidc.endpoint("end_session_endpoint")
    except Refused as error:
        return _refuse(request, error)
    return RedirectResponse(f"{where}?client_id={oidc.provider.client_id}&post_logout_redirect_uri={parts.base_url}/sign-in", 303)


@open_router.post("/sign-in/oidc/logout")
async def logged_out(request: Request) -> Response:
    """The provider says that somebody signed out there: every session of theirs ends here, at once."""
    fields = await plain_form(request)
    return await run_in_threadpool(_end, request, password_of(fields, "logout_token"))


def _end(request: Request, token: str) -> Response:
    parts, oidc = parts_of(request), _oidc(request)
    try:
        subject = oidc.logged_out(token)
    except Refused:
        return Response(status_code=400)
    with parts.store.write() as connection:
        account = accounts.account_of_subject(connection, oidc.provider.issuer, subject)
        if account is not None and accounts.end_sessions(connection, account):
            audit.note(connection, entry_of(account, parts.clock(), address_of(request), "signed_out_by_provider"))
    return Response(status_code=200)


def _oidc(request: Request) -> Oidc:
    found = request.app.state.oidc
    if not isinstance(found, Oidc):
        raise not_found("identity provider")
    return found


def _cookie(request: Request) -> str:
    return "__Host-talaia_attempt" if parts_of(request).over_tls else "talaia_attempt"


def _account(connection: Connection, request: Request, oidc: Oidc, person: Person) -> Account:
    """The account of this issuer and subject, made at the first sign-in; its grants are what the provider says now."""
    now, issuer = parts_of(request).clock(), oidc.provider.issuer
    account = accounts.account_of_subject(connection, issuer, person.subject)
    if account is None:
        name = person.login
        if not accounts.is_login(name) or accounts.find_account(connection, name):
            name = "oidc-" + hashlib.sha256(f"{issuer} {person.subject}".encode()).hexdigest()[:24]
        account = accounts.create_account(connection, name, person.display_name, now)
        accounts.bind_subject(connection, account, issuer, person.subject)
        audit.note(connection, entry_of(account, now, address_of(request), "create_account"))
    if account.disabled_at is not None:
        raise Refused("the account is disabled")
    if set(account.grants) != person.grants:
        accounts.set_grants(connection, account, person.grants, ending=False)
        audit.note(connection, entry_of(account, now, address_of(request), "grant_account"))
    return account


def _refuse(request: Request, error: Exception) -> HTMLResponse:
    parts, why = parts_of(request), clean_text(str(error), 300)
    if request.app.state.limiter.allows(parts.limits.denials_noted, "oidc", address_of(request)):
        entry = audit.Entry(
            at=parts.clock(),
            actor="identity provider",
            address=address_of(request),
            action="sign_in",
            outcome="denied",
            detail={"why": why},
        )
        with parts.store.write() as connection:
            audit.note(connection, entry)
    return render(request, "sign_in.html", 401, problem="oidc")
