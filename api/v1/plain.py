"""The plain lists: zones, rules, coverage, health."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from api.access import Asker, Caller
from api.parts import AppParts
from api.problems import not_found
from api.rights import Permission, Reach, reach_of
from api.v1 import requests, shapes
from api.v1.asking import language_of, parts_of
from collector.queries import findings as finding_queries
from collector.queries import scans as queries
from rules.rule import Rule
from scanners.ports import format_ports
from scanners.zone import Zone

router = APIRouter(tags=["watch"])
open_router = APIRouter(tags=["health"])


@open_router.get("/health", operation_id="health", summary="Whether Talaia answers and can read its store; needs no token")
def health(request: Request) -> shapes.Health:
    parts = parts_of(request)
    try:
        with parts.store.read() as connection:
            connection.execute(select(1))
        state = shapes.HealthState.OK
    except SQLAlchemyError:
        state = shapes.HealthState.DEGRADED
    return shapes.Health(status=state, store=state, version=parts.version, time=parts.clock())


@router.get("/zones", operation_id="list_zones", summary="Zones: what may be looked at, when and how hard")
def zones(request: Request) -> shapes.Zones:
    parts = parts_of(request)
    now = parts.clock()
    return shapes.Zones(items=[show_zone(zone, now) for zone in parts.zones().values()])


@router.get("/zones/{zone_id}", operation_id="get_zone", summary="One zone")
def zone(request: Request, zone_id: requests.Key) -> shapes.ZoneShown:
    parts = parts_of(request)
    found = parts.zones().get(zone_id)
    if found is None:
        raise not_found("zone")
    return show_zone(found, parts.clock())


@router.get("/rules", operation_id="list_rules", summary="Rules, with what they last said of the city")
def list_rules(request: Request, caller: Asker, asked: Annotated[requests.LanguageQuery, Query()]) -> shapes.RulesShown:
    parts, language = parts_of(request), language_of(request, asked.language)
    return shapes.RulesShown(items=[shapes.RuleLine(**one) for one in show_rules(parts, language, scope_of(caller))])


@router.get("/rules/{rule_id}", operation_id="get_rule", summary="One rule: what it expects, why, and how to comply")
def get_rule(
    request: Request, caller: Asker, rule_id: requests.Key, asked: Annotated[requests.LanguageQuery, Query()]
) -> shapes.RuleWhole:
    parts, language = parts_of(request), language_of(request, asked.language)
    rule = parts.rules.rules.get(rule_id) or parts.rules.disabled.get(rule_id)
    if rule is None:
        raise not_found("rule")
    return shapes.RuleWhole(
        **next(one for one in show_rules(parts, language, scope_of(caller)) if one["id"] == rule_id),
        rationale=rule.rationale[language],  # type: ignore[literal-required]
        remediation=rule.remediation[language],  # type: ignore[literal-required]
        confidence=rule.confidence.value,
        judges=list(rule.kinds),
        parameters={name: one.model_dump(mode="json") for name, one in rule.parameters.items()},
        mappings=rule.mappings.model_dump(mode="json"),
    )


@router.get("/coverage", operation_id="get_coverage", summary="What was really judged, rule by rule, and what never was")
def coverage(request: Request, caller: Asker, asked: Annotated[requests.CoverageQuery, Query()]) -> shapes.CoverageShown:
    return shapes.CoverageShown(**show_coverage(parts_of(request), caller.reach, asked.department, asked.service))


def show_zone(zone: Zone, now: datetime) -> shapes.ZoneShown:
    closed = zone.closed_because(now)
    plain = zone.model_dump(mode="json", include={"id", "name", "networks", "domains", "exclude", "authorised_by", "valid_from"})
    more = zone.model_dump(mode="json", include={"valid_until", "timezone", "packets_per_second", "connections_per_host"})
    return shapes.ZoneShown(
        **plain,
        **more,
        intrusiveness=zone.intrusiveness.value,
        vantage=zone.vantage.value,
        ports=format_ports(zone.ports),
        open_now=closed is None,
        closed_because=closed,
        next_opening=zone.next_opening(now) if closed else None,
    )


def scope_of(caller: Caller) -> Reach:
    """Where a caller's findings may be counted; nowhere for who may not read findings at all."""
    return reach_of(caller.grants, Permission.FINDING_READ, caller.narrowed)


def show_rules(parts: AppParts, language: str, within: Reach = None) -> list[dict[str, Any]]:
    """Every rule in order of id, switched-off ones too; what they said ``within`` departments."""
    known: dict[str, Rule] = {**parts.rules.rules, **parts.rules.disabled}
    with parts.store.read() as connection:
        results = queries.coverage_by_rule(connection, within=within)
        opened = finding_queries.counts_by(connection, "rule", finding_queries.FindingFilter(state=("open",), within=within))
    return [
        {
            "id": rule.id,
            "family": rule.family,
            "title": rule.title[language],  # type: ignore[literal-required]
            "severity": rule.severity.value,
            "base": rule.base,
            "enabled": rule.id in parts.rules.rules,
            "open_findings": opened.get(rule.id, 0),
            "results": results.get(rule.id, {}),
        }
        for rule in sorted(known.values(), key=lambda one: one.id)
    ]


def show_coverage(
    parts: AppParts, within: Reach = None, department: str | None = None, service: str | None = None
) -> dict[str, Any]:
    """What was judged in the city, a department or a service, as far as it lies ``within`` departments."""
    with parts.store.read() as connection:
        results = queries.coverage_by_rule(connection, department, service, within)
        present, evaluated, oldest = queries.looked_at(connection, department, service, within)
    items: list[dict[str, Any]] = []
    for rule, counts in sorted(results.items()):
        passed, failed = counts.get("pass", 0), counts.get("fail", 0)
        unknown, beside = counts.get("unknown", 0), counts.get("not_applicable", 0)
        items.append(
            {
                "rule": rule,
                "conclusive": passed + failed,
                "unknown": unknown,
                "not_applicable": beside,
                "passed": passed,
                "failed": failed,
            }
        )
    conclusive = sum(one["conclusive"] for one in items)
    applies = conclusive + sum(one["unknown"] for one in items)
    return {
        "share": conclusive / applies if applies else None,
        "assets": present,
        "assets_evaluated": evaluated,
        "oldest_evaluation": oldest,
        "never_judged": sorted(set(parts.rules.rules) - set(results)),
        "items": items,
    }
