"""Coming in and going out; language and theme."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from api.access import Caller, cookie_name, note_stranger
from api.pages.forms import back_to, first, password_of, plain_form, read_form
from api.pages.letting_in import address_of, let_in, remember, try_password
from api.pages.rendering import LANGUAGE_COOKIE, THEME_COOKIE, THEMES, parts_of, render
from api.texts import LANGUAGES
from collector import audit, tokens
from collector.throttle import address_drawer
from collector.tokens import Token

router = APIRouter(include_in_schema=False)
open_router = APIRouter(include_in_schema=False)  # for those who have not signed in


@open_router.get("/sign-in")
def sign_in_page(request: Request) -> HTMLResponse:
    return render(request, "sign_in.html", problem="")


@open_router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    fields = await plain_form(request)
    if "login" in fields:
        return await run_in_threadpool(try_password, request, first(fields, "login", 100), password_of(fields, "password"))
    return await run_in_threadpool(_try_token, request, first(fields, "token"))


@open_router.get("/enter/{code}")
def enter(request: Request, code: str) -> Response:
    """A link that the command line printed: signs one browser in, once."""
    parts = parts_of(request)
    with parts.store.write() as connection:
        token = tokens.redeem_entry_code(connection, code, parts.clock())
    if token is None:
        note_stranger(request, "sign_in", shown="link")
        return render(request, "sign_in.html", 401, problem="link")
    return _welcome(request, token, "link")


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    caller, _ = await read_form(request)
    await run_in_threadpool(_forget, request, caller)
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(cookie_name(parts_of(request)), path="/")
    return answer


@open_router.post("/language")
async def choose_language(request: Request) -> Response:
    fields = await plain_form(request)
    language = first(fields, "language")
    answer = back_to(fields)
    if language in LANGUAGES:
        remember(request, answer, LANGUAGE_COOKIE, language)
    return answer


@open_router.post("/theme")
async def choose_theme(request: Request) -> Response:
    fields = await plain_form(request)
    theme = first(fields, "theme")
    answer = back_to(fields)
    if theme in THEMES:
        remember(request, answer, THEME_COOKIE, theme)
    return answer


def _try_token(request: Request, secret: str) -> Response:
    parts = parts_of(request)
    throttle, drawer = request.app.state.throttle, address_drawer(address_of(request))
    if not throttle.would_allow(parts.limits.refused_per_address, "refused", drawer):
        return render(request, "sign_in.html", 429, problem="many")
    with parts.store.read() as connection:
        token = tokens.find_token(connection, secret, parts.clock())
    if token is None:
        throttle.allows(parts.limits.refused_per_address, "refused", drawer)
        note_stranger(request, "sign_in", secret)
        return render(request, "sign_in.html", 401, problem="token")
    return _welcome(request, token, "token")


def _welcome(request: Request, token: Token, by: str) -> Response:
    parts, now = parts_of(request), parts_of(request).clock()
    who = Caller(f"token:{token.id}", token.name, token.grants, address=address_of(request))
    with parts.store.write() as connection:
        secret = tokens.open_session(connection, token, now, parts.session_lifetime)
        audit.note(connection, who.noting(now, "sign_in", subject="token", subject_id=token.id, detail={"by": by}))
    return let_in(request, secret)


def _forget(request: Request, caller: Caller) -> None:
    parts = parts_of(request)
    with parts.store.write() as connection:
        tokens.close_session(connection, caller.session)
        audit.note(connection, caller.noting(parts.clock(), "sign_out"))
