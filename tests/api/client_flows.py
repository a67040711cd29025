"""What an outsider writes with the generated client: type-checked by the test, and run against a served city."""

from collections.abc import Iterator
from datetime import datetime
from typing import TypeVar

from talaia_client import AuthenticatedClient
from talaia_client.api.exceptions import approve_exception, ask_exception
from talaia_client.api.findings import get_finding, list_findings, test_finding_again
from talaia_client.api.schedules import change_schedule, create_schedule, get_schedule
from talaia_client.models import (
    AskException,
    Covers,
    ExceptionShown,
    FindingLine,
    FindingWhole,
    ListFindingsSeverityItem,
    ListFindingsStateItem,
    NewSchedule,
    ProblemDetails,
    Scan,
    ScheduleBody,
    ScheduleShown,
)
from talaia_client.types import Response

Shape = TypeVar("Shape")


class Refused(Exception):
    """What Talaia did not do, with its stable code."""

    def __init__(self, problem: ProblemDetails | None) -> None:
        self.code = problem.code if problem else "no-answer"
        super().__init__(problem.detail if problem else "no answer")


def answered(found: Shape | ProblemDetails | None) -> Shape:
    if found is None or isinstance(found, ProblemDetails):
        raise Refused(found)
    return found


def every_finding(client: AuthenticatedClient, department: str, step: int = 5) -> Iterator[FindingLine]:
    """Every open one of a department, page by page."""
    cursor: str | None = None
    while True:
        found = list_findings.sync(
            client=client,
            department=department,
            state=[ListFindingsStateItem.OPEN],
            severity=[ListFindingsSeverityItem.CRITICAL, ListFindingsSeverityItem.HIGH, ListFindingsSeverityItem.MEDIUM],
            limit=step,
            cursor=cursor,
        )
        page = answered(found)
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return


def excused(desk: AuthenticatedClient, approver: AuthenticatedClient, finding: FindingLine, until: datetime) -> ExceptionShown:
    """One asks, another approves: exactly what was read."""
    body = AskException(
        covers=Covers.FINDING, key=finding.id, rule=finding.rule, reason="replaced in spring", until=until, control=""
    )
    asked = ask_exception.sync_detailed(client=desk, body=body, idempotency_key="ticket-1")
    made = answered(asked.parsed)
    return answered(approve_exception.sync(made.id, client=approver, if_match=asked.headers["etag"]))


def whole(client: AuthenticatedClient, finding: str, known: str | None = None) -> Response[FindingWhole | ProblemDetails]:
    """One finding; with the ETag of what is known already, only if it is another by now."""
    if known is None:
        return get_finding.sync_detailed(finding, client=client)
    return get_finding.sync_detailed(finding, client=client, if_none_match=known)


def tested_again(client: AuthenticatedClient, finding: str) -> Scan:
    return answered(test_finding_again.sync(finding, client=client))


def rescheduled(client: AuthenticatedClient, zone: str) -> ScheduleShown:
    """A schedule is made, read, and changed from what was read."""
    answered(create_schedule.sync(client=client, body=NewSchedule(id="weekly", zone=zone, cron="0 4 * * 0")))
    read = get_schedule.sync_detailed("weekly", client=client)
    body = ScheduleBody(zone=zone, interval_seconds=86_400)
    return answered(change_schedule.sync("weekly", client=client, body=body, if_match=read.headers["etag"]))
