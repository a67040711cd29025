"""Schedules on the dashboard: the list with the next runs, and a form to make or change one."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from api.access import Asker, Caller
from api.pages.forms import first, read_form
from api.pages.rendering import parts_of, render, tongue_of
from api.problems import Problem, not_found
from api.v1.requests import Key
from api.v1.schedules import NewSchedule, ScheduleBody, ScheduleShown, put, remove, schedule_version, show_schedules, switch
from collector.refusal import ActionRefused

router = APIRouter(include_in_schema=False)
_FIELDS = ("id", "zone", "kind", "cron", "every", "unit", "timezone", "enabled", "version")
_UNITS = {"minutes": 60, "hours": 3_600, "days": 86_400}


@router.get("/schedules")
def many(request: Request, caller: Asker) -> HTMLResponse:
    shown = show_schedules(parts_of(request))
    return render(
        request, "schedules.html", schedules=shown, version_of=schedule_version, changeable=caller.may("schedule.change")
    )


@router.get("/schedules/new")
def new(request: Request) -> HTMLResponse:
    return _form(request, {"enabled": "1", "kind": "cron", "unit": "hours"})


@router.get("/schedules/{schedule_id}/edit")
def edit(request: Request, schedule_id: Key) -> HTMLResponse:
    found = next((one for one in show_schedules(parts_of(request)) if one.id == schedule_id), None)
    if found is None:
        raise not_found("schedule")
    return _form(request, _written(found), schedule_id)


@router.post("/schedules")
async def create(request: Request) -> Response:
    caller, fields = await read_form(request)
    return await run_in_threadpool(_put, request, caller, fields, None)


@router.post("/schedules/{schedule_id}")
async def change(request: Request, schedule_id: Key) -> Response:
    caller, fields = await read_form(request)
    return await run_in_threadpool(_put, request, caller, fields, schedule_id)


@router.post("/schedules/{schedule_id}/pause")
async def pause(request: Request, schedule_id: Key) -> Response:
    return await _switched(request, schedule_id, on=False)


@router.post("/schedules/{schedule_id}/resume")
async def resume(request: Request, schedule_id: Key) -> Response:
    return await _switched(request, schedule_id, on=True)


@router.post("/schedules/{schedule_id}/delete")
async def delete(request: Request, schedule_id: Key) -> Response:
    caller, fields = await read_form(request)
    await run_in_threadpool(remove, parts_of(request), caller, schedule_id, first(fields, "version"))
    return RedirectResponse("/schedules", 303)


async def _switched(request: Request, schedule_id: str, *, on: bool) -> Response:
    caller, fields = await read_form(request)
    await run_in_threadpool(switch, parts_of(request), caller, schedule_id, first(fields, "version"), on=on)
    return RedirectResponse("/schedules", 303)


def _put(request: Request, caller: Caller, fields: Mapping[str, list[str]], schedule_id: str | None) -> Response:
    typed = {name: first(fields, name) for name in _FIELDS}
    try:
        body = _body(typed)
        if schedule_id is None:
            put(parts_of(request), caller, typed["id"], NewSchedule(id=typed["id"], **body), None)
        else:
            put(parts_of(request), caller, schedule_id, ScheduleBody(**body), typed["version"], replacing=True)
    except ValidationError:
        said = tongue_of(request).gettext(
            "Give it an id of small letters and digits, a zone, and either cron fields or an interval."
        )
        return _form(request, typed, schedule_id, said, 422)
    except ActionRefused as error:
        return _form(request, typed, schedule_id, str(error), 409)
    except Problem as error:
        if error.code != "bad-schedule":
            raise
        return _form(request, typed, schedule_id, error.detail, 422)
    return RedirectResponse("/schedules", 303)


def _body(typed: Mapping[str, str]) -> dict[str, Any]:
    body: dict[str, Any] = {"zone": typed["zone"], "timezone": typed["timezone"] or None, "enabled": bool(typed["enabled"])}
    if typed["kind"] == "cron":
        return {**body, "cron": typed["cron"]}
    every = typed["every"]
    return {**body, "interval_seconds": int(every[:6]) * _UNITS.get(typed["unit"], 60) if every.isdecimal() else 0}


def _written(shown: ScheduleShown) -> dict[str, str]:
    """A schedule as the form has it."""
    seconds = shown.interval_seconds or 0
    unit = next((word for word in ("days", "hours") if seconds and seconds % _UNITS[word] == 0), "minutes")
    return {
        "zone": shown.zone,
        "kind": "cron" if shown.cron else "every",
        "cron": shown.cron or "",
        "every": str(seconds // _UNITS[unit]) if seconds else "",
        "unit": unit,
        "timezone": shown.timezone,
        "enabled": "1" if shown.enabled else "",
        "version": schedule_version(shown),
    }


def _form(
    request: Request, typed: Mapping[str, str], schedule_id: str | None = None, problem: str = "", status: int = 200
) -> HTMLResponse:
    zones = sorted(parts_of(request).zones())
    context = {
        "typed": {**dict.fromkeys(_FIELDS, ""), **typed},
        "schedule_id": schedule_id,
        "problem": problem,
        "zones": zones,
        "units": tuple(_UNITS),
    }
    return render(request, "schedule_edit.html", status, **context)
