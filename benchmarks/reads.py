"""Everything that is only read: each operation of the API and each page, with the names that stand for things of the large city.

A word in braces is filled by :func:`names`. A test holds that nothing that can be read is missing here; exports, which are long,
are timed by :mod:`benchmarks.load`; an audit log read whole, and a scan watched live, which has no end, are not timed.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, func, select

from api.app import create_app
from api.parts import AppParts, RateLimits
from benchmarks.million import DEPARTMENTS, ZONES
from collector import tables
from collector.accounts import Account, create_account, set_grants
from collector.grants import Grant, Role
from collector.sealing import Seal
from collector.sessions import open_session
from collector.store import Store
from collector.tokens import create_token
from tests.api.world import KEY, RecordedActions, rulebook, zone

CONFINED = DEPARTMENTS[3]

# Of the API, for who sees the whole city and for who is confined to a department.
CALLS = (
    "risk/departments/department-3",
    "risk/departments/department-3/fixes",
    "risk/services/service-7",
    "risk/services/service-7/fixes",
    "risk/assets/{asset}",
    "risk/assets/{asset}/fixes",
    "findings",
    "findings?state=open",
    "findings?state=open&sort=due",
    "findings?state=open&sort=seen",
    "findings?state=open&department=department-3",
    "findings?state=open&service=service-7&sort=due",
    "findings?state=open&rule=TLS-002",
    "findings?state=open&band=critical&band=high",
    "findings?state=open&severity=critical",
    "findings?state=open&severity=critical&department=department-3&vantage=industrial",
    "findings?state=open&vantage=internet",
    "findings?state=open&vantage=industrial&zone=zone-3",
    "findings?state=open&zone=zone-5",
    "findings?state=open&vantage=partner",
    "findings?state=waived",
    "findings?overdue=true",
    "findings?overdue=true&sort=due",
    "findings?overdue=true&department=department-3",
    "findings?due_within_days=7",
    "findings?asset={asset}",
    "findings?q=host-012",
    "findings?q=vilamar",
    "findings?q=10.0.77.5",
    "findings?q=10.0.77.",
    "findings?q=10.0.77.&sort=seen",
    "findings?q=host-0123&sort=due",
    "findings?q=nobody-has-this-name",
    "findings?address=10.0.77.5",
    "findings/{finding}",
    "overdue",
    "overdue?soon=true",
    "overdue?department=department-3",
    "assets",
    "assets?sort=name",
    "assets?department=department-3",
    "assets?service=service-7",
    "assets?declared=false",
    "assets?gone=true",
    "assets?q=host-0123",
    "assets/{asset}",
    "departments",
    "departments/department-3",
    "services",
    "services/service-7",
    "verdicts",
    "verdicts?rule=TLS-002&result=fail",
    "verdicts?department=department-3&result=unknown",
    "verdicts?vantage=industrial",
    "verdicts?asset={asset}",
    "coverage",
    "coverage?department=department-3",
    "rules",
    "rules/TLS-002",
    "scans",
    "scans?state=failed",
    "scans?zone=zone-5",
    "stop",
    "tickets",
    "tickets?live=true",
    "tickets?live=true&department=department-3",
    "tickets?state=closed&rule=TLS-002",
    "tickets?finding={finding}",
    "tickets/{ticket}",
    "tickets/drift",
    "exceptions",
    "exceptions?state=requested",
    "exceptions?state=expired",
    "exceptions/{exception}",
    "findings/{finding}/incident-report",
    "filters",
    "filters/{filter}",
    "events",
    "events?after={event}",
    "events?kind=finding-waived",
    "exports/ens-catalog",
    "openapi.json",
)
CITY_CALLS = (
    "risk",
    "risk/fixes",
    "health",
    "health/parts",
    "zones",
    "zones/dmz",
    "zone-file",
    "zone-changes",
    "zone-changes/{change}",
    "schedules",
    "schedules/nightly-3",
    "scans/{scan}",
    "webhooks",
    "webhooks/{webhook}",
    "webhooks/{webhook}/dead-letters",
    "accounts",
    "accounts/{account}",
    "tokens",
    "feeds",
    "audit",
    "audit?before=1000",
)

PAGES = (
    "/",
    "/departments/department-3",
    "/services/service-7",
    "/findings",
    "/findings?state=open",
    "/findings?state=open&sort=due",
    "/findings?state=open&band=critical",
    "/findings?state=open&overdue=true",
    "/findings?q=host-0123",
    "/findings?state=open&severity=critical&service=service-7&vantage=industrial",
    "/findings?limit=500",
    "/findings/{finding}",
    "/findings/{finding}/incident-report.txt",
    "/overdue",
    "/overdue?soon=true",
    "/overdue?department=department-3",
    "/filters",
    "/assets",
    "/assets?sort=name",
    "/assets?q=host-0123",
    "/assets/{asset}",
    "/exceptions",
    "/tickets",
    "/tickets?live=",
    "/tickets?state=closed",
    "/tickets/{ticket}",
    "/scans",
    "/rules",
    "/rules/TLS-002",
    "/coverage",
    "/account",
    "/account/second-step",
    "/favicon.svg",
)
CITY_PAGES = (
    "/scans/{scan}",
    "/scans/{scan}/live",
    "/zones",
    "/zones/edit",
    "/schedules",
    "/schedules/new",
    "/schedules/nightly-3/edit",
    "/health",
    "/accounts",
    "/tokens",
    "/webhooks",
    "/audit",
    "/audit?before=1000",
)
# Forms whose answer only shows: what was chosen, before anything is done.
CHOSEN = {"page of 50": 50, "500, the most at once": 500}
LEFT_OUT = frozenset(
    {"watch_scan", "verify_audit", *(f"export_{form}" for form in ("csv", "ocsf", "oscal", "sarif", "csaf"))}
    | {"GET /findings.csv", "GET /assets.csv", "GET /exports/{form}"}
)


def app_on(store: Store, at: datetime, zone_file: Any = None) -> Any:
    """The application as ``talaia serve`` makes it, at the city's present, without limits on how often it is asked."""
    many = 10**9
    parts = AppParts(
        store=store,
        rules=rulebook(),
        zones=lambda: {name: zone(name) for name in ("dmz", *ZONES)},
        actions=RecordedActions(store),
        city_names={"en": "Benchmark"},
        allowed_hosts=("testserver", "127.0.0.1"),
        zone_file=zone_file,
        ticket_city="vilamar",
        clock=lambda: at,
        limits=RateLimits(many, many, many),
        seal=Seal(lambda: KEY),
    )
    return create_app(parts)


def names(connection: Connection, department: str = CONFINED) -> dict[str, str]:
    """What the words in braces stand for: things of ``department``, where that matters, with as much to show as any has."""
    finding, ticket = tables.finding.c, tables.ticket.c
    mine = select(finding.id, finding.asset_id).where(finding.department_id == department, finding.state == "open")
    row = connection.execute(mine.order_by(finding.risk.desc()).limit(1)).one()
    about = tables.ticket_finding.c
    largest = select(about.ticket_id).join(tables.ticket, ticket.id == about.ticket_id).where(ticket.department_id == department)
    largest = largest.group_by(about.ticket_id).order_by(func.count().desc(), about.ticket_id).limit(1)
    found = {
        "finding": row.id,
        "asset": row.asset_id,
        "ticket": connection.scalar(largest),
        "exception": connection.scalar(
            select(tables.exception.c.id).where(tables.exception.c.department_id == department).limit(1)
        ),
        "filter": connection.scalar(select(tables.saved_filter.c.id).where(tables.saved_filter.c.audience == "city").limit(1)),
        "change": connection.scalar(select(tables.zone_change.c.id).limit(1)),
        "account": connection.scalar(select(tables.account.c.id).limit(1)),
        "webhook": connection.scalar(select(tables.webhook_letter.c.webhook_id).limit(1)),
        "scan": connection.scalar(select(tables.unit.c.scan_id).limit(1)),
        "event": f"e{connection.scalar(select(func.max(tables.event.c.seq))) // 2}",
    }
    missing = [name for name, value in found.items() if value is None]
    if missing:
        raise LookupError(f"the city has no {', '.join(missing)}")
    return {name: str(value) for name, value in found.items()}


def callers(connection: Connection, at: datetime) -> Mapping[str, str]:
    """A token of an administrator of the whole city, and one that is confined to a department."""
    made = {}
    for name, role, departments in (("city", Role.ADMINISTRATOR, None), ("department", Role.DEPARTMENT, [CONFINED])):
        key = f"benchmark {name} {uuid4()}"
        made[name] = create_token(connection, key, role, at, timedelta(days=1), departments=departments)[1]
    return made


def people(connection: Connection, at: datetime) -> Mapping[str, str]:
    """The same two as people in a browser: what their session's cookie holds."""
    made = {}
    for name, grant in (("city", Grant(Role.ADMINISTRATOR)), ("department", Grant(Role.DEPARTMENT, CONFINED))):
        made[name] = open_session(connection, person(connection, f"{name}-{uuid4()}", grant, at), at, timedelta(days=1))
    return made


def person(connection: Connection, name: str, grant: Grant, at: datetime) -> Account:
    """A new account with this grant."""
    account = create_account(connection, name, name.capitalize(), at)
    set_grants(connection, account, [grant])
    return account
