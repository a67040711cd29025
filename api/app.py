"""The application: the risk API and the dashboard behind one door."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.types import Scope

from api.access import Caller, Door, Limiter, authorise, note_denied
from api.deprecation import DEPRECATED, Deprecated, Deprecations
from api.etags import Etags
from api.exports.sending import Turns
from api.guard import BodyLimit, HostAllowList, SecurityHeaders
from api.oidc import Oidc
from api.openapi import describe
from api.pages import add_pages, page_for_error
from api.parts import AppParts
from api.problems import add_handlers
from api.repeats import Repeats
from api.rights import Permission
from api.v1 import (
    access,
    accounts,
    bulk,
    events,
    exceptions,
    exports,
    feeds,
    filters,
    findings,
    health,
    imports,
    incident_reports,
    inventory,
    overdue,
    plain,
    risk,
    scans,
    schedules,
    tickets,
    webhooks,
    zone_changes,
)
from collector.passwords import Passwords
from collector.throttle import Throttle

API = "/api/v1"
# Bulk stands before the findings: its addresses look like that of one.
_RESOURCES = (
    risk,
    bulk,
    findings,
    inventory,
    scans,
    tickets,
    incident_reports,
    schedules,
    plain,
    access,
    accounts,
    zone_changes,
    exceptions,
    events,
    webhooks,
    exports,
    health,
    overdue,
    filters,
    feeds,
    imports,
)


def create_app(parts: AppParts, deprecated: Mapping[str, Deprecated] = DEPRECATED) -> FastAPI:
    """Build the application from ``parts``. Nothing is started and no connection is opened. ``deprecated``: operations by id."""
    app = FastAPI(title="Talaia", version=parts.version, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.parts = parts
    app.state.limiter = Limiter()
    app.state.throttle = Throttle(parts.store, parts.clock)
    app.state.passwords = Passwords()
    app.state.exports = Turns()
    app.state.imports = Turns(at_once=1)
    app.state.oidc = Oidc(parts.provider, parts.clock, parts.store) if parts.provider else None
    add_pages(app)  # before the API: routes are asked one after another, and people wait for pages
    reads = APIRouter(prefix=API, dependencies=[Depends(authorise)])
    for part in _RESOURCES:
        reads.include_router(part.router)
    app.include_router(reads)
    app.include_router(plain.open_router, prefix=API)
    _add_document(app, parts, deprecated)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    add_handlers(app, page_for_error, note_denied)
    # The last one added is asked first.
    app.add_middleware(Etags)
    app.add_middleware(Deprecations, table=deprecated)
    app.add_middleware(Repeats, parts=parts)
    app.add_middleware(BodyLimit, limit_of=_limits(parts))
    app.add_middleware(Door, parts=parts, limiter=app.state.limiter)
    app.add_middleware(HostAllowList, base_url=parts.base_url, allowed=parts.allowed_hosts)
    app.add_middleware(SecurityHeaders, over_tls=parts.over_tls)
    return app


def _limits(parts: AppParts) -> Callable[[Scope], int]:
    """How many bytes a request may have: a file only where files are taken in, from those who may send them."""

    def limit_of(scope: Scope) -> int:
        caller = scope.get("talaia.caller")
        sends = (
            scope["path"] in (f"{API}/imports", f"{API}/feeds") and isinstance(caller, Caller) and caller.may(Permission.IMPORT)
        )
        return parts.import_limit_bytes if sends else parts.body_limit_bytes

    return limit_of


def _add_document(app: FastAPI, parts: AppParts, deprecated: Mapping[str, Deprecated]) -> None:
    made: dict[str, Any] = {}

    def document() -> dict[str, Any]:
        if not made:
            made.update(describe(app, parts.version, deprecated))
        return made

    app.openapi = document  # type: ignore[method-assign]

    @app.get(f"{API}/openapi.json", include_in_schema=False, operation_id="openapi", dependencies=[Depends(authorise)])
    def openapi() -> JSONResponse:
        return JSONResponse(document())
