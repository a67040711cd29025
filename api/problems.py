"""Errors as RFC 9457 problem details, each with a stable code that programs may rely on."""

import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from collector.queries.paging import BadCursor
from collector.refusal import ActionRefused
from scanners.clean_text import clean_text

MEDIA_TYPE = "application/problem+json"
_LOG = logging.getLogger("talaia.api")
_CODES = {
    400: "bad-request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    429: "too-many",
}


class FieldProblem(BaseModel):
    """One thing that is wrong with a request: where (``query.limit``) and what."""

    where: str
    what: str


class ProblemDetails(BaseModel):
    """What a program gets instead of an answer."""

    type: str = Field(examples=["urn:talaia:problem:not-found"])
    code: str = Field(examples=["not-found"], description="stable; the text may change")
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["there is no finding with that id"])
    errors: list[FieldProblem] = []


class Problem(Exception):
    """Raised by a resource that cannot answer."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        headers: Mapping[str, str] | None = None,
        *,
        errors: list[FieldProblem] | None = None,
    ) -> None:
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = headers
        self.errors = errors
        super().__init__(detail)


def not_found(what: str) -> Problem:
    return Problem(404, "not-found", f"there is no {what} with that id")


def problem_response(
    status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None, errors: list[FieldProblem] | None = None
) -> JSONResponse:
    body = ProblemDetails(
        type=f"urn:talaia:problem:{code}",
        code=code,
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        errors=errors or [],
    )
    return JSONResponse(body.model_dump(), status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def add_handlers(app: FastAPI, page_for_people: Any, note_denied: Callable[[Request, int, str], None]) -> None:
    """Programs get problem details; ``page_for_people(request, status, detail)`` answers outside ``/api``. ``note_denied(request,
    status, code)`` is told of every refusal."""

    def answer(request: Request, status: int, code: str, detail: str, **more: Any) -> Response:
        note_denied(request, status, code)
        if request.url.path.startswith("/api/"):
            return problem_response(status, code, detail, **more)
        response: Response = page_for_people(request, status, detail)
        response.headers.update(more.get("headers") or {})
        return response

    @app.exception_handler(Problem)
    def _problem(request: Request, error: Problem) -> Response:
        return answer(request, error.status, error.code, error.detail, headers=error.headers, errors=error.errors)

    @app.exception_handler(ActionRefused)
    def _refused(request: Request, error: ActionRefused) -> Response:
        return answer(request, 409, error.code, clean_text(str(error), 400))

    @app.exception_handler(BadCursor)
    def _cursor(request: Request, error: BadCursor) -> Response:
        return answer(request, 400, "bad-cursor", str(error))

    @app.exception_handler(RequestValidationError)
    def _invalid(request: Request, error: RequestValidationError) -> Response:
        errors = [
            FieldProblem(where=clean_text(".".join(str(part) for part in one["loc"]), 200), what=clean_text(str(one["msg"]), 300))
            for one in error.errors()[:20]
        ]
        return answer(request, 422, "invalid", "the request is not as documented", errors=errors)

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> Response:
        detail = "there is nothing at this address" if error.status_code == 404 else str(error.detail)
        code = _CODES.get(error.status_code, "error")
        return answer(request, error.status_code, code, clean_text(detail, 300), headers=error.headers)

    @app.exception_handler(Exception)
    def _ours(request: Request, error: Exception) -> Response:
        _LOG.error("a request failed", exc_info=error, extra={"http.request.method": request.method})
        return answer(request, 500, "internal", "the fault is ours; nothing was changed by this request")
