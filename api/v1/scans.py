"""Scans: ask for one, watch it, stop it; and the button that stops all looking."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from api.access import Asker, Caller
from api.parts import AppParts
from api.problems import Problem, not_found
from api.v1 import requests, shapes
from api.v1.asking import parts_of
from collector import audit
from collector.queries import scans as queries
from collector.stopping import stop_state

router = APIRouter(tags=["scans"])
_WATCH_SECONDS = 1.0
_WATCH_LIMIT_SECONDS = 600
_LIVE = ("waiting", "running")


@router.get("/scans", operation_id="list_scans", summary="Scans, latest first")
def many(request: Request, caller: Asker, asked: Annotated[requests.ScanQuery, Query()]) -> shapes.Scans:
    with parts_of(request).store.read() as connection:
        page = queries.list_scans(connection, asked.state, asked.zone, asked.limit, asked.cursor, asked_by=own_scans(caller))
    items = [shapes.Scan.model_validate(row) for row in page.items]
    return shapes.Scans(items=items, total=page.total, total_is_exact=page.total_is_exact, next_cursor=page.next_cursor)


@router.post("/scans", operation_id="start_scan", summary="Ask for a scan of a zone or of targets in it", status_code=201)
def start(request: Request, caller: Asker, wanted: requests.StartScan) -> shapes.Scan:
    if wanted.zone is None and wanted.targets is None:
        raise Problem(422, "invalid", "name a zone, or targets that lie in one")
    return scan_of(parts_of(request), begin_scan(parts_of(request), caller, wanted.zone, wanted.targets), caller)


@router.get("/scans/{scan_id}", operation_id="get_scan", summary="One scan and how far it is")
def one(request: Request, caller: Asker, scan_id: requests.Key) -> shapes.Scan:
    return scan_of(parts_of(request), scan_id, caller)


@router.get(
    "/scans/{scan_id}/events",
    operation_id="watch_scan",
    summary="Server-sent events: the scan, each second in which it changed, until it has ended (10 minutes at most)",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
def watch(request: Request, caller: Asker, scan_id: requests.Key) -> StreamingResponse:
    parts = parts_of(request)
    scan_of(parts, scan_id, caller)
    return StreamingResponse(_events(parts, scan_id, caller), media_type="text/event-stream")


@router.post("/scans/{scan_id}/stop", operation_id="stop_scan", summary="Stop one scan; what was seen is kept")
def stop_one(request: Request, caller: Asker, scan_id: requests.Key) -> shapes.Scan:
    parts = parts_of(request)
    scan_of(parts, scan_id, caller)
    if not end_scan(parts, caller, scan_id):
        raise Problem(409, "scan-ended", "this scan has ended already")
    return scan_of(parts, scan_id, caller)


@router.get("/stop", operation_id="get_stop", summary="Whether all looking is stopped, by whom and why")
def stopped(request: Request) -> shapes.StopState:
    with parts_of(request).store.read() as connection:
        pressed = stop_state(connection)
    if pressed is None:
        return shapes.StopState(stopped=False)
    return shapes.StopState(stopped=True, by=pressed.by, at=pressed.at, reason=pressed.reason)


@router.post("/stop", operation_id="press_stop", summary="Stop all looking within a second, until it is released")
def stop(request: Request, caller: Asker, wanted: requests.StopRequest) -> shapes.StopState:
    stop_all(parts_of(request), caller, wanted.reason)
    return stopped(request)


@router.post("/release", operation_id="release_stop", summary="Let looking go on")
def release(request: Request, caller: Asker) -> shapes.StopState:
    if not release_all(parts_of(request), caller):
        raise Problem(409, "not-stopped", "looking was not stopped")
    return stopped(request)


def begin_scan(parts: AppParts, caller: Caller, zone: str | None, targets: Sequence[str] | None) -> str:
    """Ask for a scan and note it; its id."""
    with parts.store.write() as connection:
        scan_id = parts.actions.start_scan(connection, zone, targets, caller.name)
        audit.note(connection, caller.noting(parts.clock(), "start_scan", subject="scan", subject_id=scan_id))
    return scan_id


def end_scan(parts: AppParts, caller: Caller, scan_id: str) -> bool:
    """Stop one scan and note it; False when it had ended."""
    with parts.store.write() as connection:
        done = parts.actions.stop_scan(connection, scan_id, caller.name)
        if done:
            audit.note(connection, caller.noting(parts.clock(), "stop_scan", subject="scan", subject_id=scan_id))
    return done


def stop_all(parts: AppParts, caller: Caller, reason: str) -> None:
    """Press the button and note it."""
    with parts.store.write() as connection:
        parts.actions.press_stop(connection, reason, caller.name)
        audit.note(connection, caller.noting(parts.clock(), "press_stop", detail={"reason": reason}))


def release_all(parts: AppParts, caller: Caller) -> bool:
    """Release the button and note it; False when it was not pressed."""
    with parts.store.write() as connection:
        done = parts.actions.release_stop(connection, caller.name)
        if done:
            audit.note(connection, caller.noting(parts.clock(), "release_stop"))
    return done


def own_scans(caller: Caller) -> str | None:
    """Whose scans a list is confined to: who is confined to departments sees the scans that they asked for."""
    return None if caller.reach is None else caller.name


def scan_of(parts: AppParts, scan_id: str, caller: Caller) -> shapes.Scan:
    """One scan as the API shows it. Raises the problem *not found*, also for one that is not for this caller."""
    with parts.store.read() as connection:
        row = queries.get_scan(connection, scan_id)
    if row is None or own_scans(caller) not in (None, row.asked_by):
        raise not_found("scan")
    return shapes.Scan.model_validate(row)


async def _events(parts: AppParts, scan_id: str, caller: Caller) -> AsyncIterator[str]:
    told: dict[str, Any] | None = None
    for _ in range(int(_WATCH_LIMIT_SECONDS / _WATCH_SECONDS)):
        shown = (await to_thread.run_sync(scan_of, parts, scan_id, caller)).model_dump(mode="json")
        if shown != told:
            yield f"event: scan\ndata: {json.dumps(shown)}\n\n"
            told = shown
        if shown["state"] not in _LIVE:
            return
        await asyncio.sleep(_WATCH_SECONDS)
