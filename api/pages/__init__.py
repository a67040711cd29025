"""The dashboard: pages for people, rendered here, readable without scripts."""

from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse

from api.access import authorise
from api.pages import (
    access,
    assets,
    bulk,
    city,
    entry,
    exceptions,
    filters,
    findings,
    health,
    overdue,
    people,
    plain,
    provider,
    scans,
    schedules,
    second_step,
    tickets,
    webhooks,
    zones,
)
from api.pages.rendering import render

_PAGES = (
    entry,
    city,
    bulk,
    findings,
    assets,
    scans,
    tickets,
    schedules,
    plain,
    access,
    people,
    second_step,
    zones,
    exceptions,
    health,
    webhooks,
    overdue,
    filters,
)


def add_pages(app: FastAPI) -> None:
    for router in (entry.open_router, plain.open_router, people.open_router, second_step.open_router, provider.open_router):
        app.include_router(router)
    for part in _PAGES:
        app.include_router(part.router, dependencies=[Depends(authorise)])


def page_for_error(request: Request, status: int, detail: str) -> HTMLResponse:
    """An error as a person reads it: what happened, what was not lost, what to do."""
    return render(request, "error.html", status, number=status, detail=detail)
