"""What forms of the dashboard send: bounded, from this very session, from our own pages."""

import hmac
from collections.abc import Mapping

from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData, UploadFile

from api.access import Caller, caller_of
from api.pages.rendering import csrf_of
from api.problems import Problem


async def read_form(request: Request) -> tuple[Caller, Mapping[str, list[str]]]:
    """The caller and the fields. Raises :class:`~api.problems.Problem` 403 without the session's own mark."""
    caller = caller_of(request)
    fields = await plain_form(request)
    if not hmac.compare_digest(fields.get("csrf", [""])[0].encode(), csrf_of(request).encode()):
        raise Problem(403, "csrf", "this form is not of your session: open the page again")
    return caller, fields


async def plain_form(request: Request) -> Mapping[str, list[str]]:
    """Fields of a form that anybody may send, but not from another site."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Problem(403, "csrf", "this form comes from another site")
    form: FormData = await request.form(max_files=0, max_fields=600)
    fields: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        if not isinstance(value, UploadFile):
            fields.setdefault(name, []).append(value)
    return fields


def first(fields: Mapping[str, list[str]], name: str, limit: int = 200) -> str:
    """One field as text that a store takes."""
    text = fields.get(name, [""])[0].strip()[:limit]
    return "".join(character for character in text if character.isprintable() and not "\ud800" <= character <= "\udfff")


def password_of(fields: Mapping[str, list[str]], name: str) -> str:
    """A password as it was typed: nothing of it is cut off."""
    return fields.get(name, [""])[0]


def back_to(fields: Mapping[str, list[str]], otherwise: str = "/") -> RedirectResponse:
    """To the page the form was on: a path of ours, never another site."""
    path = first(fields, "back", 2_000)
    inside = path.startswith("/") and not path.startswith(("//", "/\\")) and "\\" not in path
    return RedirectResponse(path if inside else otherwise, 303)
