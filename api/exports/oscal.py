"""OSCAL Assessment Results 1.2 over the measures of the ENS.

Each finding is an observation and a risk: *open*, *deviation-approved* while an exception waives it, *closed* once resolved.
Each measure of which a rule fails is an OSCAL finding, not satisfied, that names those risks. What is satisfied is said only of
what scanning can show of a measure, and only where all of it was looked at and passed. What no scan can see is listed as not
assessable, and nothing is said of it.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import Row

from api.exports import ens
from api.exports.extract import Extract, place_of, shown_values
from api.exports.oscal_parts import OSCAL_VERSION, identity, prop, prose
from api.exports.pieces import framed
from collector.queries.findings import NOBODY, each_asset_of, each_finding_key
from collector.queries.scans import coverage_by_rule
from scanners.clean_text import clean_text

_RISKS = {"open": "open", "waived": "deviation-approved", "resolved": "closed"}
_SCOPE = frozenset({"department", "service", "within"})
_SILENT = (
    "A measure under review without a finding below was not looked at, or only in part, or the export was narrowed: nothing is "
    "said of it. Measures that no scan can see are in the properties `not-assessable`."
)


def write(extract: Extract) -> Iterator[str]:
    url, at = extract.publisher.url, extract.at.isoformat()
    named = sorted(extract.wanted.named().items())
    plan = identity(url, "plan")
    result = {
        "uuid": identity(url, "result", at, named),
        "title": f"Findings of Talaia, {at}",
        "description": "What was found by scanning, as it stood at one moment."
        + (f" Narrowed to: {prose(str(dict(named)))}" if named else ""),
        "start": at,
        "end": at,
        "local-definitions": {"inventory-items": []},
        "reviewed-controls": _reviewed(extract),
        "observations": [],
        "risks": [],
        "findings": [],
        "remarks": _SILENT,
    }
    frame = {
        "assessment-results": {
            "uuid": identity(url, "assessment-results", at, named),
            "metadata": {
                "title": clean_text(f"{extract.city}: findings", 300),
                "last-modified": at,
                "version": at,
                "oscal-version": OSCAL_VERSION,
            },
            "import-ap": {"href": f"#{plan}"},
            "results": [result],
            "back-matter": {"resources": _resources(extract, plan)},
        }
    }
    counted: Counter[tuple[str, str]] = Counter()
    lists: dict[str, Any] = {
        "inventory-items": (_item(row) for row in each_asset_of(extract.connection, extract.wanted)),
        "observations": (_observation(extract, row) for row in extract.findings()),
        "risks": _risks(extract, counted),
        "findings": _findings(extract, counted),
    }
    return framed(frame, lists.items())


def _resources(extract: Extract, plan: str) -> list[dict[str, Any]]:
    url = extract.publisher.url
    return [
        {
            "uuid": plan,
            "title": "Zones and schedules",
            "description": "There is no assessment plan in OSCAL: what is looked at, and when, is in the zones and schedules.",
            "rlinks": [{"href": f"{url}/zones"}, {"href": f"{url}/schedules"}],
        },
        {
            "uuid": identity(url, "catalogue"),
            "title": "The measures of the ENS as an OSCAL catalogue",
            "rlinks": [{"href": f"{url}/api/v1/exports/ens-catalog", "media-type": "application/json"}],
        },
    ]


def _reviewed(extract: Extract) -> dict[str, Any]:
    rules = ens.rules_by_measure(extract.rules)
    seen = [{"control-id": code} for code, found in rules.items() if found]
    selection: dict[str, Any] = {"description": "Measures of which scanning can show some."}
    reviewed: dict[str, Any] = {"control-selections": [{**selection, "include-controls": seen}]}
    unseen = [prop("not-assessable", code) for code, found in rules.items() if not found]
    return {"props": unseen, **reviewed} if unseen else reviewed


def _item(row: Row[str, str, Any, Any]) -> dict[str, Any]:
    kinds = [("ipv6-address" if ":" in one else "ipv4-address", one) for one in row.addresses]
    props = [{"name": "asset-id", "value": row.id}]
    props += [{"name": name, "value": value} for name, value in kinds]
    props += [{"name": "fqdn", "value": shown} for one in row.names if (shown := clean_text(one, 253).strip())]
    return {"uuid": identity("asset", row.id), "description": prose(row.name or row.id, 253), "props": props}


def _observation(extract: Extract, row: Row[Any]) -> dict[str, Any]:
    seen = f"{place_of(row)}. Observed: {shown_values(row.observed)}. Expected: {shown_values(row.expected)}."
    return {
        "uuid": identity("observation", row.id),
        "title": prose(extract.text(row.rule, "title"), 300),
        "description": prose(seen),
        "props": [prop("rule-id", row.rule), prop("vantage", row.vantage), prop("confidence", row.confidence)],
        "links": [{"href": extract.page("findings", row.id), "rel": "reference"}],
        "methods": ["TEST"],
        "types": ["finding"],
        "subjects": [{"subject-uuid": identity("asset", row.asset_id), "type": "inventory-item"}],
        "collected": row.last_seen.isoformat(),
    }


def _risks(extract: Extract, counted: Counter[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    """The risks; how many of each rule and state there are is put down in ``counted`` on the way."""
    for row in extract.findings():
        counted[row.rule, row.state] += 1
        yield _risk(extract, row)


def _risk(extract: Extract, row: Row[Any]) -> dict[str, Any]:
    rule = extract.rule(row.rule)
    props = [
        prop("finding-id", row.id),
        prop("state", row.state),
        prop("severity", row.severity),
        prop("risk", round(row.risk, 1)),
    ]
    props += [prop("ens-measure", code) for code in (rule.mappings.ens if rule is not None else ())]
    props += [prop("resolved-because", row.resolved_because)] if row.resolved_because else []
    title = prose(f"{extract.text(row.rule, 'title')}: {place_of(row)}", 600)
    risk: dict[str, Any] = {
        "uuid": identity("risk", row.id),
        "title": title,
        "description": title,
        "statement": prose(extract.text(row.rule, "rationale") or row.rule),
        "props": props,
        "links": [{"href": extract.page("rules", row.rule), "rel": "reference"}],
        "status": _RISKS[row.state],
    }
    excused = extract.exception(row.exception_id) if row.state == "waived" else None
    if excused is not None:
        why = f"Waived until {excused.until.isoformat()}: {excused.reason}"
        control = f" Compensating control: {excused.control}" if excused.control else ""
        risk["mitigating-factors"] = [{"uuid": identity("exception", row.id, excused.id), "description": prose(why + control)}]
    if row.due is not None and row.state == "open":
        risk["deadline"] = row.due.isoformat()
    return {**risk, "related-observations": [{"observation-uuid": identity("observation", row.id)}]}


def _findings(extract: Extract, counted: Counter[tuple[str, str]]) -> Iterator[Any]:
    """What is said of the measures, once the risks are counted."""
    shown = _shown(extract)
    for code, rules in ens.rules_by_measure(extract.rules).items():
        standing = {state: sum(counted[rule, state] for rule in rules) for state in ("open", "waived")}
        if any(standing.values()):
            yield _not_satisfied(extract, code, rules, standing)
        elif shown is not None and _all_passed(rules, shown):
            passed = sum(shown.get(rule, {}).get("pass", 0) for rule in rules)
            told = f"All that scanning looked at passed ({passed} places). It says nothing of the rest of the measure."
            yield {**_finding(extract, code, told), "target": _target(code, "satisfied", "pass")}


def _shown(extract: Extract) -> dict[str, dict[str, int]] | None:
    """The last results of each rule in what the export is about; None where it is narrowed to less than that."""
    wanted = extract.wanted
    if not set(wanted.named()) <= _SCOPE or NOBODY in (wanted.department, wanted.service):
        return None
    return coverage_by_rule(extract.connection, wanted.department, wanted.service, wanted.within)


def _all_passed(rules: list[str], shown: dict[str, dict[str, int]]) -> bool:
    results: Counter[str] = Counter()
    for rule in rules:
        results.update(shown.get(rule, {}))
    return results["pass"] > 0 and results["fail"] == results["unknown"] == 0


def _not_satisfied(extract: Extract, code: str, rules: list[str], standing: dict[str, int]) -> Iterator[str]:
    told = f"{standing['open']} open and {standing['waived']} waived by an exception, of the rules {', '.join(rules)}."
    frame = {**_finding(extract, code, told), "related-risks": [], "target": _target(code, "not-satisfied", "fail")}
    return framed(frame, [("related-risks", _standing_risks(extract, rules))])


def _standing_risks(extract: Extract, rules: list[str]) -> Iterator[dict[str, str]]:
    wanted = extract.wanted
    states = tuple(state for state in ("open", "waived") if not wanted.state or state in wanted.state)
    for rule in rules:
        if not wanted.rule or rule in wanted.rule:
            for row in each_finding_key(extract.connection, replace(wanted, rule=(rule,), state=states)):
                yield {"risk-uuid": identity("risk", row.id)}


def _finding(extract: Extract, code: str, told: str) -> dict[str, Any]:
    titles = next(measure["title"] for measure in ens.annex()["measures"] if measure["code"] == code)
    return {
        "uuid": identity(extract.publisher.url, "measure", code, extract.at.isoformat(), sorted(extract.wanted.named().items())),
        "title": f"{code} {titles[extract.language]}",
        "description": prose(told),
    }


def _target(code: str, state: str, reason: str) -> dict[str, Any]:
    return {"type": "objective-id", "target-id": ens.objective_of(code), "status": {"state": state, "reason": reason}}
