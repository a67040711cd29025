"""Scans: is the watch awake? What runs, what is next, and the stop button."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from api.access import Asker, Caller
from api.pages.forms import first, read_form
from api.pages.lists import asked_of
from api.pages.rendering import parts_of, render, tongue_of
from api.problems import not_found
from api.v1.requests import Key, ScanQuery
from api.v1.scans import begin_scan, end_scan, own_scans, release_all, stop_all
from api.v1.schedules import show_schedules
from collector.queries import scans as queries
from collector.refusal import ActionRefused

router = APIRouter(include_in_schema=False)


@router.get("/scans")
def many(request: Request, caller: Asker) -> HTMLResponse:
    parts = parts_of(request)
    asked, _ = asked_of(request, ScanQuery)
    with parts.store.read() as connection:
        page = queries.list_scans(connection, asked.state, asked.zone, asked.limit, asked.cursor, asked_by=own_scans(caller))
        live = [
            row
            for state in ("running", "waiting")
            for row in queries.list_scans(connection, state, limit=10, asked_by=own_scans(caller)).items
        ]
    planned = show_schedules(parts) if caller.may("schedule.read") else []
    coming = [(one.next_runs[0], one) for one in planned if one.next_runs]
    upcoming = sorted(coming, key=lambda pair: pair[0])[:5]
    parameters = asked.model_dump(mode="json", exclude_defaults=True, exclude={"cursor"})
    return render(
        request,
        "scans.html",
        page=page,
        live=live,
        upcoming=upcoming,
        zones=sorted(parts.zones()) if caller.may("zone.read") else [],
        parameters=parameters,
    )


@router.get("/scans/{scan_id}")
def one(request: Request, caller: Asker, scan_id: Key) -> HTMLResponse:
    return render(request, "scan.html", scan=_scan(request, scan_id, caller))


@router.get("/scans/{scan_id}/live")
def live(request: Request, caller: Asker, scan_id: Key) -> HTMLResponse:
    """The part of the page that changes while a scan runs."""
    return render(request, "scan_live.html", scan=_scan(request, scan_id, caller))


@router.post("/scans")
async def start(request: Request) -> Response:
    caller, fields = await read_form(request)
    zone = first(fields, "zone", 64) or None
    targets = first(fields, "targets", 4_000).replace(",", " ").split()[:500] or None
    if zone is None and targets is None:
        raise ActionRefused("nothing-named", tongue_of(request).gettext("Choose a zone, or write what to look at."))
    scan_id = await run_in_threadpool(begin_scan, parts_of(request), caller, zone, targets)
    return RedirectResponse(f"/scans/{scan_id}", 303)


@router.post("/scans/{scan_id}/stop")
async def stop_one(request: Request, scan_id: Key) -> Response:
    caller, _ = await read_form(request)
    await run_in_threadpool(end_scan, parts_of(request), caller, scan_id)
    return RedirectResponse(f"/scans/{scan_id}", 303)


@router.post("/stop")
async def stop(request: Request) -> Response:
    caller, fields = await read_form(request)
    reason = first(fields, "reason") or tongue_of(request).gettext("stopped on the dashboard")
    await run_in_threadpool(stop_all, parts_of(request), caller, reason)
    return RedirectResponse("/scans", 303)


@router.post("/release")
async def release(request: Request) -> Response:
    caller, _ = await read_form(request)
    await run_in_threadpool(release_all, parts_of(request), caller)
    return RedirectResponse("/scans", 303)


def _scan(request: Request, scan_id: str, caller: Caller) -> Any:
    with parts_of(request).store.read() as connection:
        row = queries.get_scan(connection, scan_id)
    if row is None or own_scans(caller) not in (None, row.asked_by):
        raise not_found("scan")
    return row
