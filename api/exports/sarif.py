"""SARIF 2.1.0 (OASIS): one run, one result for each finding.

An open finding is a result that fails; a waived one too, with its suppression; a resolved one is absent from the baseline, and
passes or no longer applies. There is no file to point at: the place is a logical location.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Row

from api.exports.extract import Extract, place_of
from api.exports.pieces import framed
from rules.rule import Rule
from scanners.clean_text import clean_text

MEDIA_TYPE = "application/sarif+json"
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}


def write(extract: Extract) -> Iterator[str]:
    known = {**extract.rules.disabled, **extract.rules.rules}
    numbers = {rule_id: number for number, rule_id in enumerate(known)}
    driver = {
        "name": "Talaia",
        "semanticVersion": extract.publisher.version,
        "informationUri": extract.publisher.url,
        "rules": [_rule(extract, rule) for rule in known.values()],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [],
        "properties": {"organization": extract.city, "at": extract.at.isoformat()},
    }
    frame = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    results = (_result(extract, row, numbers) for row in extract.findings())
    # A run without results was not made; one that found nothing has an empty list (3.14.23).
    return framed(frame, [("results", results)], keep_empty=True)


def _rule(extract: Extract, rule: Rule) -> dict[str, Any]:
    rule_id, found = rule.id, rule.mappings
    tags = ["security", *(f"ENS/{code}" for code in found.ens), *(f"external/cwe/{code.lower()}" for code in found.cwe)]
    return {
        "id": rule_id,
        "shortDescription": {"text": extract.text(rule_id, "title")},
        "fullDescription": {"text": extract.text(rule_id, "rationale")},
        "help": {"text": extract.text(rule_id, "remediation")},
        "helpUri": extract.page("rules", rule_id),
        "defaultConfiguration": {"level": _LEVELS[rule.severity.value]},
        "properties": {"tags": tags, "security-severity": f"{rule.base / 10:.1f}"},
    }


def _result(extract: Extract, row: Row[Any], numbers: Mapping[str, int]) -> dict[str, Any]:
    failing = row.state != "resolved"
    place = f"{row.asset_id}/{row.place}" if row.place else row.asset_id
    told = _plain(f"{extract.text(row.rule, 'title')}: {place_of(row)}")
    result: dict[str, Any] = {
        "ruleId": row.rule,
        "guid": row.id,
        "kind": "fail" if failing else "pass" if row.resolved_because == "passed" else "notApplicable",
        "level": _LEVELS[row.severity] if failing else "none",
        "message": {"text": told},
        "locations": [
            {"logicalLocations": [{"name": place_of(row), "fullyQualifiedName": clean_text(place, 400), "kind": "resource"}]}
        ],
        "partialFingerprints": {"talaiaFindingId/v1": row.id},
        "baselineState": "absent" if not failing else "new" if row.opened_at == row.last_seen else "unchanged",
        "rank": round(min(100.0, max(0.0, row.risk)), 1),
        "hostedViewerUri": extract.page("findings", row.id),
        "properties": {
            "state": row.state,
            "security-severity": f"{row.base / 10:.1f}",
            "department": row.department_id,
            "service": row.service_id,
            "due": row.due.isoformat() if row.due else None,
        },
    }
    if row.rule in numbers:
        result["ruleIndex"] = numbers[row.rule]
    if row.state == "waived":
        result["suppressions"] = [{"kind": "external", "status": "accepted", **_why(extract, row.exception_id)}]
    return result


def _why(extract: Extract, exception_id: str | None) -> dict[str, Any]:
    excused = extract.exception(exception_id)
    if excused is None:
        return {}
    until = excused.until.isoformat()
    return {"guid": excused.id, "justification": clean_text(excused.reason, 2_000), "properties": {"until": until}}


def _plain(text: str) -> str:
    """Text without links: a square bracket begins one (3.11.6)."""
    return clean_text(text, 2_000).replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
