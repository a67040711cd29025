"""The application: the risk API and the dashboard behind one door."""

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles

from api.access import Door, Limiter, authorise
from api.guard import BodyLimit, HostAllowList, SecurityHeaders
from api.oidc import Oidc
from api.openapi import describe
from api.pages import add_pages, page_for_error
from api.parts import AppParts
from api.problems import add_handlers
from api.repeats import Repeats
from api.v1 import access, exceptions, findings, inventory, plain, risk, scans, zone_changes
from collector.passwords import Passwords

API = "/api/v1"


def create_app(parts: AppParts) -> FastAPI:
    """Build the application from ``parts``. Nothing is started and no connection is opened."""
    app = FastAPI(title="Talaia", version=parts.version, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.parts = parts
    app.state.limiter = Limiter()
    app.state.passwords = Passwords()
    app.state.oidc = Oidc(parts.provider, parts.clock) if parts.provider else None
    reads = APIRouter(prefix=API, dependencies=[Depends(authorise)])
    for part in (risk, findings, inventory, scans, plain, access, zone_changes, exceptions):
        reads.include_router(part.router)
    app.include_router(reads)
    app.include_router(plain.open_router, prefix=API)
    _add_document(app, parts)
    add_pages(app)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    add_handlers(app, page_for_error)
    # The last one added is asked first.
    app.add_middleware(Repeats, parts=parts)
    app.add_middleware(BodyLimit, limit_bytes=parts.body_limit_bytes)
    app.add_middleware(Door, parts=parts, limiter=app.state.limiter)
    app.add_middleware(HostAllowList, base_url=parts.base_url, allowed=parts.allowed_hosts)
    app.add_middleware(SecurityHeaders, over_tls=parts.over_tls)
    return app


def _add_document(app: FastAPI, parts: AppParts) -> None:
    made: dict[str, Any] = {}

    def document() -> dict[str, Any]:
        if not made:
            made.update(describe(app, parts.version))
        return made

    app.openapi = document  # type: ignore[method-assign]

    @app.get(f"{API}/openapi.json", include_in_schema=False, operation_id="openapi", dependencies=[Depends(authorise)])
    def openapi() -> JSONResponse:
        return JSONResponse(document())
