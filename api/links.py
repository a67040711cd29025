"""OpenAPI links: which value of an answer is asked for next (OpenAPI 3.1, Link Object).

Written down are only the places where an id stands in an answer; which operations take it follows from their addresses.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

_FIX = {f"{level}_fixes": "/items/0/finding" for level in ("city", "department", "service", "asset")}
_EXCEPTION = ("get_exception", "ask_exception", "approve_exception", "end_exception")
_SCHEDULE = ("get_schedule", "create_schedule", "change_schedule", "pause_schedule", "resume_schedule")
_WEBHOOK = ("get_webhook", "create_webhook", "pause_webhook", "resume_webhook", "replay_webhook")

# Parameter of an address: the operations whose answer holds such an id, and where (RFC 6901).
PLACES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "finding_id": {
            "list_findings": "/items/0/id",
            "list_overdue": "/items/0/id",
            "list_verdicts": "/items/0/finding_id",
            "list_events": "/items/0/finding_id",
            "get_finding": "/id",
            "get_asset": "/findings/0/id",
            "get_ticket": "/about/0/id",
            **_FIX,
        },
        "asset_id": {"list_assets": "/items/0/id", "get_asset": "/id", "get_finding": "/asset_id"},
        "department_id": {"list_departments": "/items/0/id", "get_department": "/id", "get_finding": "/department_id"},
        "service_id": {"list_services": "/items/0/id", "get_service": "/id", "get_finding": "/service_id"},
        "rule_id": {"list_rules": "/items/0/id", "get_finding": "/rule"},
        "exception_id": {"list_exceptions": "/items/0/id", "ask_exceptions": "/items/0/made", **dict.fromkeys(_EXCEPTION, "/id")},
        "ticket_id": {
            "list_tickets": "/items/0/id",
            "list_ticket_drift": "/items/0/ticket_id",
            "open_ticket": "/id",
            "open_tickets": "/items/0/made",
            "get_ticket": "/id",
        },
        "scan_id": {
            "list_scans": "/items/0/id",
            "start_scan": "/id",
            "get_scan": "/id",
            "test_finding_again": "/id",
            "test_findings_again": "/items/0/made",
        },
        "schedule_id": {"list_schedules": "/items/0/id", **dict.fromkeys(_SCHEDULE, "/id")},
        "zone_id": {"list_zones": "/items/0/id", "get_finding": "/zone", "get_scan": "/zone"},
        "change_id": {"list_zone_changes": "/items/0/id", "propose_zone_change": "/id", "get_zone_change": "/id"},
        "filter_id": {"list_filters": "/items/0/id", "create_filter": "/id", "get_filter": "/id", "change_filter": "/id"},
        "webhook_id": {"list_webhooks": "/items/0/id", **dict.fromkeys(_WEBHOOK, "/id")},
        "account_id": {"list_accounts": "/items/0/id", "create_account": "/id", "get_account": "/id"},
        "token_id": {"list_tokens": "/items/0/id", "create_token": "/id"},
    }
)

# Bodies that name what an answer showed: from, to, body.
_BODIES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("list_findings", "open_ticket", {"finding": "$response.body#/items/0/id"}),
    ("list_findings", "test_findings_again", {"ids": ["$response.body#/items/0/id"]}),
    ("list_findings", "open_tickets", {"ids": ["$response.body#/items/0/id"]}),
    ("get_finding", "open_ticket", {"finding": "$response.body#/id"}),
    (
        "get_finding",
        "ask_exception",
        {"rule": "$response.body#/rule", "covers": "finding", "key": "$response.body#/id"},
    ),
    ("get_finding", "start_scan", {"zone": "$response.body#/zone"}),
    ("list_dead_letters", "replay_dead_letters", {"event_ids": ["$response.body#/items/0/event_id"]}),
    ("list_events", "replay_webhook", {"after": "$response.body#/cursor"}),
)


def add_links(document: dict[str, Any], etag: dict[str, Any]) -> None:
    """Write the links into the answers of a document, and the header ``etag`` where one is followed. Raises ``KeyError`` for an
    operation that is gone."""
    operations = {one["operationId"]: one for path in document["paths"].values() for one in path.values()}
    for source, name, link in _links(operations):
        operation = operations[source]
        answer = next(operation["responses"][code] for code in ("200", "201") if code in operation["responses"])
        answer.setdefault("links", {})[name] = link
        if "header.If-Match" in link.get("parameters", {}):
            answer.setdefault("headers", {})["ETag"] = etag


def _links(operations: Mapping[str, dict[str, Any]]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """From which operation, the link's name, and the link."""
    for parameter, places in PLACES.items():
        for target, operation in operations.items():
            if parameter not in _named(operation, "path"):
                continue
            for source, pointer in places.items():
                if source != target:
                    yield source, target, _followed(operations[source], operation, parameter, pointer)
    for source, target, body in _BODIES:
        yield source, f"{target}_of", {"operationId": target, "requestBody": body, **_webhook_of(source)}
    for name, operation in operations.items():
        if "cursor" in _named(operation, "query"):
            same = {f"query.{one}": f"$request.query.{one}" for one in sorted(_named(operation, "query") - {"cursor"})}
            yield name, "next", {"operationId": name, "parameters": {"query.cursor": "$response.body#/next_cursor", **same}}
    after = {"query.after": "$response.body#/cursor", "query.kind": "$request.query.kind"}
    yield "list_events", "next", {"operationId": "list_events", "parameters": after}
    etag = {"header.If-Match": "$response.header.ETag"}
    yield "get_zone_file", "propose_zone_change", {"operationId": "propose_zone_change", "parameters": etag}


def _followed(source: dict[str, Any], target: dict[str, Any], parameter: str, pointer: str) -> dict[str, Any]:
    """To the thing with that id; a change of it names the ETag of what was read, where that is the thing itself."""
    parameters = {f"path.{parameter}": f"$response.body#{pointer}"}
    if pointer == "/id" and "If-Match" in _named(target, "header"):
        parameters["header.If-Match"] = "$response.header.ETag"
    return {"operationId": target["operationId"], "parameters": parameters}


def _webhook_of(source: str) -> dict[str, Any]:
    """Letters are sent again to the receiver that they were asked of."""
    if source != "list_dead_letters":
        return {}
    return {"parameters": {"path.webhook_id": "$request.path.webhook_id"}}


def _named(operation: dict[str, Any], where: str) -> set[str]:
    return {one["name"] for one in operation.get("parameters", []) if one["in"] == where}
