"""Templates into answers: escaped, cleaned, in the reader's language."""

import hashlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

import msgspec
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.ext import Extension
from jinja2.lexer import TOKEN_LPAREN, TOKEN_NAME, TOKEN_RPAREN, TOKEN_STRING, Token, TokenStream
from markupsafe import Markup, escape

from api.access import STOP, Caller
from api.pages.deadline_words import deadline_short, deadline_text
from api.pages.language import Tongue, translations
from api.pages.navigation import rooms_of
from api.pages.words import BANDS
from api.parts import AppParts
from api.texts import LANGUAGES, choose_language, name_of, rule_text
from api.views import shown_value
from collector.runs import RunProgress
from collector.score import band as band_of
from scanners.clean_text import clean_text

LANGUAGE_COOKIE = "talaia_language"
THEME_COOKIE = "talaia_theme"
THEMES = ("auto", "light", "dark")
_SAID = [TOKEN_NAME, TOKEN_LPAREN, TOKEN_STRING, TOKEN_RPAREN]  # _("…")
_LETTING_IN = ("/enter/", "/sign-in/oidc/")
_ROOM = Path(__file__).parent.parent


def parts_of(request: Request) -> AppParts:
    return cast(AppParts, request.app.state.parts)


def tongue_of(request: Request) -> Tongue:
    """The language of the cookie, else of the browser, else of the city."""
    parts = parts_of(request)
    asked = request.cookies.get(LANGUAGE_COOKIE)
    language = choose_language(asked, request.headers.get("accept-language", ""), parts.default_language)
    return Tongue(language, parts.timezone, parts.clock)


def csrf_of(request: Request) -> str:
    """The token that forms of this session carry."""
    caller = request.scope.get("talaia.caller")
    session = caller.session if isinstance(caller, Caller) else ""
    return hashlib.sha256(f"csrf:{session}".encode()).hexdigest()[:32]


def render(request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """The page. ``context`` is what its template names besides what every page has."""
    tongue = tongue_of(request)
    text = environment(tongue.language).get_template(template).render(**shared(request, tongue), **context)
    return HTMLResponse(text, status)


def shared(request: Request, tongue: Tongue) -> dict[str, Any]:
    parts = parts_of(request)
    theme = request.cookies.get(THEME_COOKIE, "auto")
    caller = request.scope.get("talaia.caller")
    return {
        "_": tongue.gettext,
        "ngettext": tongue.ngettext,
        "t": tongue,
        "language": tongue.language,
        "languages": LANGUAGES,
        "theme": theme if theme in THEMES else "auto",
        "city": name_of(parts.city_names, "Talaia", tongue.language),
        "here": request.url.path,
        "address": _address(request),
        "caller": caller,
        "rooms": rooms_of(caller, request.url.path) if isinstance(caller, Caller) else [],
        "provider": parts.provider is not None,
        "local": parts.local,
        "csrf": csrf_of(request),
        "version": parts.version,
        "bands": BANDS,
        "title_of": lambda rule: rule_text(parts.rules, rule, "title", tongue.language),
        "text_of": lambda rule, part: rule_text(parts.rules, rule, part, tongue.language),
        "deadline_of": lambda row: deadline_text(tongue, row.deadline),
        "due_by": lambda row: deadline_short(tongue, row.deadline),
        "name_of": lambda names, key: name_of(names, key, tongue.language),
        "names_by_id": lambda rows: {row.id: name_of(row.names, row.id, tongue.language) for row in rows},
        "options_of": lambda rows: sorted(
            ((row.id, name_of(row.names, row.id, tongue.language)) for row in rows), key=lambda option: option[1].casefold()
        ),
        "words_of": lambda kind, values: [(value, tongue.word(kind, value)) for value in values],
        "zip": zip,
        "pressed": request.scope.get(STOP) if isinstance(caller, Caller) else None,
        "now": parts.clock(),
    }


def _address(request: Request) -> str:
    """Where a form leads back to. The addresses of signing in hold what lets somebody in, once: none of them is repeated."""
    path, query = request.url.path, request.url.query
    if path.startswith(_LETTING_IN):
        return "/sign-in"
    return f"{path}?{query}" if query else path


class _Translated(Extension):
    """Reads ``_("…")`` as its translation where the text stands in the template: a page says hundreds, and none is looked up,
    cleaned and escaped anew for each page. What is not a plain text (``_(room.name)``) is still asked of the page's tongue."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        tokens, place = list(stream), 0
        while place < len(tokens):
            token, said = tokens[place], tokens[place : place + 4]
            if token.value == "_" and [one.type for one in said] == _SAID:
                text = self.environment.translate(said[2].value)  # type: ignore[attr-defined]
                token, place = Token(token.lineno, TOKEN_STRING, text), place + 3
            yield token
            place += 1


@lru_cache(maxsize=len(LANGUAGES))
def environment(language: str) -> Environment:
    """The templates, compiled for one language."""
    made = Environment(
        loader=FileSystemLoader(_ROOM / "templates"),
        extensions=[_Translated],
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,  # templates are installed, not edited: no look at the disk for each page
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.extend(translate=translations(language).ugettext)
    made.filters["lines"] = lines
    made.filters["value"] = shown_value
    made.filters["query"] = _query
    made.filters["band"] = band_of
    made.filters["progress"] = _progress
    made.globals["file_version"] = _file_version
    return made


def lines(text: str) -> Markup:
    """A text of several lines, each cleaned: for ``<pre>`` and for prose that keeps its breaks."""
    return Markup("\n").join(escape(clean_text(line, 2_000)) for line in str(text).splitlines())


def _harmless(value: Any) -> Any:
    """Whatever a template prints: control, bidi and hidden characters become visible. Markup is ours already."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return clean_text(value, 20_000) if not value.isspace() else value
    return value


def _query(parameters: Mapping[str, Any], **changes: Any) -> str:
    """A query string of the parameters with some changed; what is empty is left out."""
    merged = {**parameters, **changes}
    return urlencode({key: value for key, value in merged.items() if value not in (None, "", (), [], False)}, doseq=True)


@lru_cache(maxsize=64)
def _file_version(path: str) -> str:
    """A short digest of a static file, so that browsers fetch a changed one."""
    return hashlib.sha256((_ROOM / "static" / path).read_bytes()).hexdigest()[:10]


def _progress(stored: Any) -> dict[str, Any]:
    """A scan's progress with nothing left out: a scan that waits has written none yet."""
    return {**msgspec.to_builtins(RunProgress()), **(stored if isinstance(stored, Mapping) else {})}
