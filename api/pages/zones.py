"""Zones: what may be looked at; and how that is changed: proposed by one person, approved by another."""

from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from starlette.concurrency import run_in_threadpool

from api.access import Asker, Caller
from api.pages.forms import back_to, first, read_form
from api.pages.rendering import parts_of, render
from api.problems import Problem
from api.v1.plain import show_zone
from api.v1.requests import Key
from api.v1.zone_changes import decide, make_proposal, path_of
from collector import zone_changes as changes
from collector.queries import scans as scan_queries
from collector.zone_changes import LONGEST, ChangeState, Proposal

router = APIRouter(include_in_schema=False)


@router.get("/zones")
def zones(request: Request, caller: Asker) -> HTMLResponse:
    parts = parts_of(request)
    now = parts.clock()
    found = parts.zones()
    with parts.store.read() as connection:
        last = {zone_id: scan_queries.last_finished_scan(connection, zone_id) for zone_id in found}
        proposed = changes.list_changes(connection, 20)
    waiting = [row for row in proposed if row.state == ChangeState.PROPOSED]
    return render(
        request,
        "zones.html",
        zones=[show_zone(zone, now) for zone in found.values()],
        last=last,
        waiting=waiting,
        decided=[row for row in proposed if row not in waiting][:5],
        editable=parts.zone_file is not None and caller.may("zone.propose"),
    )


@router.get("/zones/edit")
def edit(request: Request) -> HTMLResponse:
    text = changes.file_text(path_of(parts_of(request)))
    return _form(request, text, changes.digest_of(text))


@router.post("/zones/edit")
async def propose(request: Request) -> Response:
    caller, fields = await read_form(request)
    text = fields.get("text", [""])[0].replace("\r\n", "\n")[:LONGEST]
    proposal = Proposal(text, first(fields, "reason"), first(fields, "base"))
    return await run_in_threadpool(_propose, request, caller, proposal)


@router.post("/zones/changes/{change_id}/approve")
async def approve(request: Request, change_id: Key) -> Response:
    return await _decided(request, change_id, "approve")


@router.post("/zones/changes/{change_id}/refuse")
async def refuse(request: Request, change_id: Key) -> Response:
    return await _decided(request, change_id, "refuse")


@router.post("/zones/changes/{change_id}/withdraw")
async def withdraw(request: Request, change_id: Key) -> Response:
    return await _decided(request, change_id, "withdraw")


async def _decided(request: Request, change_id: str, what: Literal["approve", "refuse", "withdraw"]) -> Response:
    caller, _ = await read_form(request)
    await run_in_threadpool(decide, parts_of(request), caller, change_id, what)
    return back_to({"back": ["/zones"]})


def _propose(request: Request, caller: Caller, proposal: Proposal) -> Response:
    if not proposal.reason:
        return _form(request, proposal.text, proposal.base, problem="reason", status=422)
    try:
        make_proposal(parts_of(request), caller, proposal)
    except Problem as refused:
        return _form(request, proposal.text, proposal.base, reason=proposal.reason, problem=refused.detail, status=refused.status)
    return back_to({"back": ["/zones"]})


def _form(request: Request, text: str, base: str, *, status: int = 200, **more: Any) -> HTMLResponse:
    """The form with what was written in it: a mistake loses nothing."""
    return render(request, "zones_edit.html", status, text=text, base=base, **{"problem": "", "reason": "", **more})
