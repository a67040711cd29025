"""OCSF 1.5.0 events, one JSON line for each finding.

Compliance Finding (2003); Vulnerability Finding (2002) where a CVE is known of a package and version that was observed.
The status is New while the finding is open, Suppressed while an exception waives it, Resolved once that is proved.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from api.exports.extract import Extract, place_of
from api.exports.pieces import as_json
from rules.flaws import ShownFlaw, shown_flaws
from rules.rule import Mappings
from scanners.clean_text import clean_text

MEDIA_TYPE = "application/x-ndjson"
VERSION = "1.5.0"
_SEVERITIES = {
    "info": (1, "Informational"),
    "low": (2, "Low"),
    "medium": (3, "Medium"),
    "high": (4, "High"),
    "critical": (5, "Critical"),
}
_STATES = {"open": (1, "New"), "waived": (3, "Suppressed"), "resolved": (4, "Resolved")}
_CONFIDENCES = {"confirmed": (3, "High"), "inferred": (2, "Medium"), "potential": (1, "Low")}
_FAILED, _PASSED, _OTHER = (3, "Fail"), (1, "Pass"), (99, "Not Applicable")


def write(extract: Extract) -> Iterator[str]:
    for row in extract.findings():
        yield as_json(event_of(extract, row)) + "\n"


def event_of(extract: Extract, row: Row[Any]) -> dict[str, Any]:
    """The event that says how one finding stands."""
    rule = extract.rule(row.rule)
    packages = [flaw for flaw in shown_flaws(rule, row.observed) if flaw.package] if rule is not None else []
    if packages:
        return {
            **_head(extract, row, 2002, "Vulnerability Finding"),
            "vulnerabilities": [_flaw(extract, row, one) for one in packages],
        }
    return {
        **_head(extract, row, 2003, "Compliance Finding"),
        "compliance": _compliance(extract, row),
        "remediation": _remediation(extract, row),
    }


def _head(extract: Extract, row: Row[Any], uid: int, name: str) -> dict[str, Any]:
    """What both classes have."""
    closed = row.state == "resolved"
    activity, activity_name = (3, "Close") if closed else (2, "Update")
    severity, severity_name = _SEVERITIES[row.severity]
    status, status_name = _STATES[row.state]
    confidence, confidence_name = _CONFIDENCES.get(row.confidence, (0, "Unknown"))
    return {
        "activity_id": activity,
        "activity_name": activity_name,
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": uid,
        "class_name": name,
        "type_uid": uid * 100 + activity,
        "type_name": f"{name}: {activity_name}",
        "severity_id": severity,
        "severity": severity_name,
        "status_id": status,
        "status": status_name,
        "confidence_id": confidence,
        "confidence": confidence_name,
        "time": _milliseconds(row.resolved_at if closed and row.resolved_at else row.last_evaluated),
        "message": clean_text(f"{extract.text(row.rule, 'title')}: {place_of(row)}", 1_000),
        "metadata": {
            "version": VERSION,
            "product": {"name": "Talaia", "vendor_name": "Talaia", "version": extract.publisher.version},
            "uid": row.id,
        },
        "finding_info": _info(extract, row),
        "resources": [_resource(row)],
        "unmapped": _unmapped(row),
    }


def _flaw(extract: Extract, row: Row[Any], shown: ShownFlaw) -> dict[str, Any]:
    return {
        "cve": {"uid": shown.cve, "references": [f"https://www.cve.org/CVERecord?id={shown.cve}"]},
        "affected_packages": [{"name": shown.package, "version": clean_text(shown.version or "", 100)}],
        "title": extract.text(row.rule, "title"),
        "severity": _SEVERITIES[row.severity][1],
        "first_seen_time": _milliseconds(row.first_seen),
        "last_seen_time": _milliseconds(row.last_seen),
        "references": [extract.page("rules", row.rule)],
        "remediation": _remediation(extract, row),
    }


def _remediation(extract: Extract, row: Row[Any]) -> dict[str, Any]:
    return {
        "desc": extract.text(row.rule, "remediation") or row.rule,
        "references": [extract.page("rules", row.rule)],
    }


def _info(extract: Extract, row: Row[Any]) -> dict[str, Any]:
    return {
        "uid": row.id,
        "title": extract.text(row.rule, "title"),
        "desc": extract.text(row.rule, "rationale"),
        "first_seen_time": _milliseconds(row.first_seen),
        "last_seen_time": _milliseconds(row.last_seen),
        "types": [row.rule.partition("-")[0]],
        "analytic": {"uid": row.rule, "name": extract.text(row.rule, "title"), "type_id": 1, "type": "Rule"},
        "src_url": extract.page("findings", row.id),
    }


def _compliance(extract: Extract, row: Row[Any]) -> dict[str, Any]:
    rule = extract.rule(row.rule)
    standards = _standards(rule.mappings) if rule is not None else []
    measures = list(rule.mappings.ens) if rule is not None else []
    status, status_name = _FAILED if row.state != "resolved" else _PASSED if row.resolved_because == "passed" else _OTHER
    severity, severity_name = _SEVERITIES[row.severity]
    check = {"uid": row.rule, "name": extract.text(row.rule, "title"), "status_id": status, "status": status_name}
    return {
        "control": measures[0] if measures else row.rule,
        "requirements": measures,
        "standards": standards,
        "status_id": status,
        "status": status_name,
        "checks": [{**check, "severity_id": severity, "severity": severity_name, "standards": standards}],
    }


def _standards(found: Mappings) -> list[str]:
    named = (
        ("ENS RD 311/2022", found.ens),
        ("CIS Controls v8.1", found.cis_v8_1),
        ("NIS2 art. 21(2)", found.nis2_21_2),
        ("ISO/IEC 27001:2022", found.iso_27001_2022),
    )
    return [name for name, ids in named if ids]


def _resource(row: Row[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"uid": row.asset_id, "name": clean_text(row.asset_name, 253), "type": "host", "zone": row.zone}
    if row.name:
        found["hostname"] = clean_text(row.name, 253)
    if row.address:
        found["ip"] = row.address
    if row.department_id:
        found["group"] = {"uid": row.department_id, "type": "department"}
    found["data"] = {"place": row.place, "service": row.service_id, "vantage": row.vantage}
    return found


def _unmapped(row: Row[Any]) -> dict[str, Any]:
    """What OCSF has no place for."""
    return {
        "state": row.state,
        "risk": row.risk,
        "band": row.band,
        "due": row.due.isoformat() if row.due else None,
        "resolved_because": row.resolved_because,
        "exception": row.exception_id,
        "observed": row.observed,
        "expected": row.expected,
    }


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
