"""The OpenAPI document: what FastAPI derives, plus problems, the token, and an example for every answer."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.deprecation import Deprecated, mark
from api.links import add_links
from api.problems import MEDIA_TYPE, ProblemDetails

_PROBLEMS = {
    "400": "a cursor or a header that cannot be read",
    "401": "no token, or one that is unknown, expired or revoked",
    "403": "the token lacks the scope",
    "404": "there is no such thing",
    "409": "not possible in the present state",
    "412": "what was read has changed since: read it again",
    "413": "the body is too long",
    "421": "not a host name of this server",
    "422": "the request is not as documented; `errors` says where",
    "428": "send the ETag of what was read in If-Match",
    "429": "too many requests: wait for the seconds in Retry-After",
}
_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "description": "Of your making, one for each request: sent again within a day, it is not done again and is answered as "
    "the first time (`idempotency-replayed: true`); while the first is under way, and when nobody knows how it ended, with 409.",
}
_KNOWN: dict[str, Any] = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},  # what is no ETag names nothing, and is answered as if it were not there
    "description": "the ETag of what is known already: answered with 304 while it is still so",
}
_ETAG: dict[str, Any] = {"schema": {"type": "string"}, "description": "names this very answer; for If-None-Match and If-Match"}
_PUBLIC = frozenset({"health"})


def examples() -> dict[str, Any]:
    """An example answer by operation id."""
    found: dict[str, Any] = {}
    for path in sorted((Path(__file__).parent / "examples").glob("*.json")):
        found.update(json.loads(path.read_text(encoding="utf-8")))
    return found


def describe(app: FastAPI, version: str, deprecated: Mapping[str, Deprecated]) -> dict[str, Any]:
    """The document of everything below ``/api``."""
    document = get_openapi(
        title="Talaia",
        version=version,
        openapi_version="3.1.0",
        summary="The risk API of a city's watchtower",
        description="Every answer is JSON in UTF-8; every error is a problem (RFC 9457) with a stable `code`.",
        routes=app.routes,
    )
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas.update(_problem_schemas())
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "description": "talaia token NAME"}}
    shown = examples()
    for path in document["paths"].values():
        for method, operation in path.items():
            _complete(operation, shown.get(operation["operationId"]))
            for parameter in operation.get("parameters", []):
                parameter["required"] |= parameter["schema"].pop("x-required", False)
            if method == "post":
                operation.setdefault("parameters", []).append(_KEY)
            elif method == "get":
                _name(operation)
            if operation["operationId"] in deprecated:
                mark(operation, deprecated[operation["operationId"]])
    add_links(document, _ETAG)
    return document


def _problem_schemas() -> dict[str, Any]:
    schema = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
    inner: dict[str, Any] = schema.pop("$defs", {})
    return {"ProblemDetails": schema, **inner}


def _name(operation: dict[str, Any]) -> None:
    """Every JSON answer has an ETag; what is one thing, and no list, is asked for again with it."""
    answer = operation["responses"].get("200", {})
    if "application/json" not in answer.get("content", {}) or operation["operationId"] in _PUBLIC:
        return
    answer["headers"] = {"ETag": _ETAG}
    if not operation["operationId"].startswith("list_"):
        operation.setdefault("parameters", []).append(_KNOWN)
        operation["responses"]["304"] = {"description": "as it was: nothing is sent"}


def _complete(operation: dict[str, Any], example: Any) -> None:
    public = operation["operationId"] in _PUBLIC
    operation["security"] = [] if public else [{"token": []}]
    responses = operation["responses"]
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}
    for status, description in _PROBLEMS.items():
        if not (public and status in ("401", "403")):
            responses[status] = {"description": description, "content": content}
    for status, response in responses.items():
        if status.startswith("2") and example is not None:
            for media in response.get("content", {}).values():
                media["example"] = example
