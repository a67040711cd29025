"""What a resource asks of its request."""

from typing import cast

from fastapi import Request

from api.parts import AppParts
from api.texts import choose_language


def parts_of(request: Request) -> AppParts:
    return cast(AppParts, request.app.state.parts)


def language_of(request: Request, asked: str | None = None) -> str:
    """The language of texts in the answer: ``asked``, else Accept-Language, else the city's own."""
    return choose_language(asked, request.headers.get("accept-language", ""), parts_of(request).default_language)
