"""Tickets: opened on a finding's page, followed here; and where the ticket system disagrees."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from api.access import Asker, Caller
from api.pages.forms import back_to, first, read_form
from api.pages.lists import asked_of
from api.pages.rendering import parts_of, render, tongue_of
from api.problems import not_found
from api.v1.incident_reports import report_of
from api.v1.requests import Key
from api.v1.tickets import TicketQuery, act, ask_to_read, lines, open_in
from collector import ticket_work as work
from collector.queries import assets as asset_queries
from collector.queries import tickets as queries

router = APIRouter(include_in_schema=False)


class TicketsAsked(TicketQuery):
    """The filters in the address bar; a field that was left empty asks for nothing."""

    live: bool | None = True


@router.get("/tickets")
def many(request: Request, caller: Asker) -> HTMLResponse:
    parts = parts_of(request)
    asked, problem = asked_of(request, TicketsAsked)
    wanted = queries.TicketFilter(**asked.model_dump(exclude={"limit", "cursor"}), within=caller.reach)
    with parts.store.read() as connection:
        page = queries.list_tickets(connection, wanted, asked.limit, asked.cursor)
        shown = lines(connection, page.items)
        drift = queries.list_drift(connection, caller.reach, parts.clock())
        departments = asset_queries.list_departments(connection, caller.reach)
    parameters = asked.model_dump(mode="json", exclude_defaults=True, exclude={"cursor"})
    return render(
        request,
        "tickets.html",
        422 if problem else 200,
        page=page,
        tickets=shown,
        drift=drift,
        asked=asked,
        parameters=parameters,
        departments=departments,
        configured=parts.ticket_city is not None,
        problem=problem,
    )


@router.get("/tickets/{ticket_id}")
def one(request: Request, caller: Asker, ticket_id: Key) -> HTMLResponse:
    parts = parts_of(request)
    with parts.store.read() as connection:
        row = queries.get_ticket(connection, ticket_id, caller.reach)
        if row is None:
            raise not_found("ticket")
        steps = queries.steps_of(connection, ticket_id)
        department = asset_queries.get_department(connection, row.department_id) if row.department_id else None
        service = asset_queries.get_service(connection, row.service_id, caller.reach) if row.service_id else None
        return render(
            request,
            "ticket.html",
            ticket=row,
            line=lines(connection, [row])[0],
            about=work.findings_of(connection, ticket_id),
            steps=steps,
            remarks=queries.remarks_of(connection, ticket_id),
            drift=list(queries.drift_of(row, next((one.trouble for one in steps if one.trouble and not one.done_at), None))),
            department=department,
            service=service,
        )


@router.get("/findings/{finding_id}/incident-report.txt")
def incident_report(request: Request, caller: Asker, finding_id: Key) -> PlainTextResponse:
    made = report_of(parts_of(request), caller, finding_id, tongue_of(request).language)
    return PlainTextResponse(made.text, headers={"content-disposition": 'attachment; filename="incident-report.txt"'})


@router.post("/tickets")
async def open_one(request: Request) -> Response:
    caller, fields = await read_form(request)
    ticket_id = await run_in_threadpool(_open, request, caller, first(fields, "finding"))
    return RedirectResponse(f"/tickets/{ticket_id}", 303)


@router.post("/tickets/read")
async def read_now(request: Request) -> Response:
    await read_form(request)
    await run_in_threadpool(ask_to_read, parts_of(request))
    return back_to({"back": ["/tickets"]})


@router.post("/tickets/{ticket_id}/retry")
async def retry(request: Request, ticket_id: Key) -> Response:
    caller, _ = await read_form(request)
    await run_in_threadpool(act, parts_of(request), caller, ticket_id, "retry")
    return back_to({"back": [f"/tickets/{ticket_id}"]})


@router.post("/tickets/{ticket_id}/drop")
async def drop(request: Request, ticket_id: Key) -> Response:
    caller, _ = await read_form(request)
    await run_in_threadpool(act, parts_of(request), caller, ticket_id, "drop")
    return back_to({"back": [f"/tickets/{ticket_id}"]})


def _open(request: Request, caller: Caller, finding_id: str) -> str:
    parts = parts_of(request)
    with parts.store.write() as connection:
        return str(open_in(connection, parts, caller, finding_id).id)
