"""Findings and verdicts."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from sqlalchemy import Row

from api import views
from api.access import Asker
from api.parts import AppParts, Rules
from api.problems import not_found
from api.rights import Reach
from api.texts import rule_text, see_it_yourself
from api.v1 import requests, shapes
from api.v1.asking import language_of, parts_of
from api.v1.scans import scan_of
from collector import audit
from collector.queries import findings as queries
from collector.queries import scans as scan_queries

router = APIRouter(tags=["findings"])
_AGAIN = "Look again at one finding's place, and nowhere else: it closes if the look proves it fixed"


@router.get("/findings", operation_id="list_findings", summary="Findings, filtered and sorted")
def many(request: Request, caller: Asker, asked: Annotated[requests.FindingQuery, Query()]) -> shapes.Findings:
    parts, language = parts_of(request), language_of(request, asked.language)
    wanted = filter_of(asked, parts, caller.reach)
    with parts.store.read() as connection:
        page = queries.list_findings(connection, wanted, asked.sort, asked.limit, asked.cursor)
    items = [line(row, parts.rules, language) for row in page.items]
    return shapes.Findings(items=items, total=page.total, total_is_exact=page.total_is_exact, next_cursor=page.next_cursor)


@router.get("/findings/{finding_id}", operation_id="get_finding", summary="One finding: what, why, since when, how to fix it")
def one(
    request: Request, caller: Asker, finding_id: requests.Key, asked: Annotated[requests.LanguageQuery, Query()]
) -> shapes.FindingWhole:
    parts, language = parts_of(request), language_of(request, asked.language)
    with parts.store.read() as connection:
        row = queries.get_finding(connection, finding_id, caller.reach)
        if row is None:
            raise not_found("finding")
        events = queries.finding_events(connection, finding_id)
        digest = scan_queries.evidence_digest(connection, row.observation_id)
        known = views.vulnerabilities(connection, parts.rules, row)
    return shapes.FindingWhole(
        **line(row, parts.rules, language).model_dump(),
        rationale=rule_text(parts.rules, row.rule, "rationale", language),
        remediation=rule_text(parts.rules, row.rule, "remediation", language),
        factors=[shapes.Factor(**factor) for factor in views.factors_of(row.factors)],
        feeds=views.feeds_of(row.factors),
        vulnerabilities=[shapes.Vulnerability.model_validate(one) for one in known],
        evidence_sha256=digest,
        see_it_yourself=see_it_yourself(row.rule, row.address, row.port, row.name),
        history=[shapes.Event.model_validate(event) for event in events],
    )


@router.post("/findings/{finding_id}/test-again", operation_id="test_finding_again", summary=_AGAIN, status_code=201)
def test_again(request: Request, caller: Asker, finding_id: requests.Key) -> shapes.Scan:
    parts = parts_of(request)
    with parts.store.read() as connection:
        if queries.get_finding(connection, finding_id, caller.reach) is None:
            raise not_found("finding")
    with parts.store.write() as connection:
        scan_id = parts.actions.look_again(connection, [finding_id], caller.name)[0]
        entry = caller.noting(parts.clock(), "test_finding_again", subject="finding", subject_id=finding_id)
        audit.note(connection, entry)
    return scan_of(parts, scan_id, caller)


@router.get("/verdicts", operation_id="list_verdicts", summary="The last verdict of each rule on each place, passed ones too")
def verdicts(request: Request, caller: Asker, asked: Annotated[requests.VerdictQuery, Query()]) -> shapes.Verdicts:
    wanted = scan_queries.VerdictFilter(**asked.model_dump(exclude={"limit", "cursor"}), within=caller.reach)
    with parts_of(request).store.read() as connection:
        page = scan_queries.list_verdicts(connection, wanted, asked.limit, asked.cursor)
    items = [verdict_line(row) for row in page.items]
    return shapes.Verdicts(items=items, total=page.total, total_is_exact=page.total_is_exact, next_cursor=page.next_cursor)


def filter_of(asked: requests.FindingFields, parts: AppParts, within: Reach) -> queries.FindingFilter:
    """The filter of a list, now, ``within`` the departments that the caller reaches."""
    given: dict[str, Any] = {name: getattr(asked, name) for name in requests.FindingFields.model_fields}
    plain: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    return queries.FindingFilter(**plain, now=parts.clock(), within=within)


def line(row: Row[Any], rules: Rules, language: str) -> shapes.FindingLine:
    # The pages import this module, and their package would be half made here.
    from api.pages.deadline_words import deadline_text, tongue_without_clock  # noqa: PLC0415

    shown = shapes.FindingLine.model_validate(row)
    said = deadline_text(tongue_without_clock(language), row.deadline)
    title = rule_text(rules, row.rule, "title", language)
    return shown.model_copy(update={"title": title, "deadline": shown.deadline.model_copy(update={"text": said})})


def verdict_line(row: Row[Any]) -> shapes.Verdict:
    plain = {name: getattr(row, name) for name in shapes.Verdict.model_fields if name not in ("address", "state")}
    return shapes.Verdict(address=row.looked_at, state=row.finding_state, **plain)
