"""A pre-filled notification for the national CERT about a finding, for a person to complete and send."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from api.access import Asker, Caller
from api.incident_report import OPEN, IncidentReport, incident_report
from api.parts import AppParts
from api.problems import not_found
from api.texts import name_of
from api.ticket_text import same_ticket
from api.v1.asking import language_of, parts_of
from api.v1.requests import Key, LanguageQuery
from collector.queries import assets as asset_queries
from collector.queries import findings as finding_queries
from collector.tickets import TicketRefused

router = APIRouter(tags=["tickets"])


class IncidentReportShown(BaseModel):
    """``fields`` by name, in the order of the form; those in ``to_complete`` are for a person to write. ``text`` is the whole."""

    fields: dict[str, str]
    to_complete: list[str]
    text: str


@router.get(
    "/findings/{finding_id}/incident-report",
    operation_id="get_incident_report",
    summary="A notification for the national CERT, for a person to complete and send; Talaia sends none",
)
def one(request: Request, caller: Asker, finding_id: Key, asked: Annotated[LanguageQuery, Query()]) -> IncidentReportShown:
    made = report_of(parts_of(request), caller, finding_id, language_of(request, asked.language))
    open_ = [name for name, value in made.fields.items() if value == OPEN]
    return IncidentReportShown(fields=dict(made.fields), to_complete=open_, text=made.text)


def report_of(parts: AppParts, caller: Caller, finding_id: str, language: str) -> IncidentReport:
    """The report about a finding and all that its owner fixes in the same way. Raises *not found*, and *refused* when it is not
    open."""
    with parts.store.read() as connection:
        row = finding_queries.get_finding(connection, finding_id, caller.reach)
        if row is None:
            raise not_found("finding")
        rows = same_ticket(connection, row)
        service = asset_queries.get_service(connection, row.service_id) if row.service_id else None
    if not rows:
        raise TicketRefused("nothing-open", "a report is about what is open: nothing of this rule and owner is")
    return incident_report(
        rows,
        parts.rules,
        language,
        organisation=name_of(parts.city_names, "", language),
        base_url=parts.base_url,
        category=service.ens_category if service else None,
    )
