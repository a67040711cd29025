"""CSAF 2.0 in its profile VEX (OASIS): where the CVEs that findings show stand.

A product is a place of the city. Where the flaw was seen in behaviour it is *known affected*, where it was read from a version
*under investigation*; once that is resolved, *fixed*, or *known not affected* where the place is gone. Findings that show no CVE
are not in it, and without any there is no document: CSAF knows no empty one.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from sqlalchemy import Row

from api.exports.extract import Extract, place_of
from api.exports.oscal_parts import identity
from api.exports.pieces import framed
from collector.refusal import ActionRefused
from rules.flaws import shown_flaws
from rules.rule import Rule

_BYTES = 16  # of a UUID
_NOT_AFFECTED = "known_not_affected"
_WAIVED = "Waived by an exception that another person approved, until its end."


class NothingToSay(ActionRefused):
    """No finding that was asked for shows a CVE."""


@dataclass
class _Ids:
    """Ids of findings, kept small: there may be a million."""

    kept: bytearray = field(default_factory=bytearray)

    def add(self, finding_id: str) -> None:
        self.kept += uuid.UUID(finding_id).bytes

    def __bool__(self) -> bool:
        return bool(self.kept)

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self.kept), _BYTES):
            yield str(uuid.UUID(bytes=bytes(self.kept[start : start + _BYTES])))


def write(extract: Extract) -> Iterator[str]:
    """Raises :class:`NothingToSay` before the first piece."""
    rules = _flawed_rules(extract)
    products = _products(extract, rules)
    first = next(products, None)
    if first is None:
        raise NothingToSay("no-cve", "no finding here shows a CVE, and a CSAF document tells of at least one")
    frame = {"document": _document(extract), "product_tree": {"full_product_names": []}, "vulnerabilities": []}
    lists = [("full_product_names", chain([first], products)), ("vulnerabilities", _vulnerabilities(extract, rules))]
    yield from framed(frame, lists)


def _flawed_rules(extract: Extract) -> list[Rule]:
    known = {**extract.rules.disabled, **extract.rules.rules}
    asked = extract.wanted.rule
    return [rule for rule in known.values() if rule.flaws and (not asked or rule.id in asked)]


def _rows(extract: Extract, rules: list[Rule]) -> Iterator[tuple[Row[Any], set[str]]]:
    """The findings of the rules that show a CVE, each with its CVEs."""
    by_id = {rule.id: rule for rule in rules}
    if not by_id:
        return
    for row in replace(extract, wanted=replace(extract.wanted, rule=tuple(by_id))).findings():
        shown = {flaw.cve for flaw in shown_flaws(by_id[row.rule], row.observed)}
        if shown:
            yield row, shown


def _products(extract: Extract, rules: list[Rule]) -> Iterator[dict[str, str]]:
    for row, _ in _rows(extract, rules):
        yield {"product_id": row.id, "name": place_of(row)}


def _vulnerabilities(extract: Extract, rules: list[Rule]) -> Iterator[Iterator[str]]:
    for cve in sorted({flaw.cve for rule in rules for flaw in rule.flaws}):
        showing = [rule for rule in rules if any(flaw.cve == cve for flaw in rule.flaws)]
        standing = _Standing()
        for row, shown in _rows(extract, showing):
            if cve in shown:
                standing.add(row)
        if any(standing.by_status.values()):
            yield _vulnerability(extract, cve, showing[0], standing)


class _Standing:
    """Which products stand how towards one CVE."""

    def __init__(self) -> None:
        self.by_status = {name: _Ids() for name in ("fixed", "known_affected", _NOT_AFFECTED, "under_investigation")}
        self.by_state = {"open": _Ids(), "waived": _Ids()}

    def add(self, row: Row[Any]) -> None:
        self.by_status[_status_of(row)].add(row.id)
        if row.state in self.by_state:
            self.by_state[row.state].add(row.id)


def _status_of(row: Row[Any]) -> str:
    if row.state == "resolved":
        return "fixed" if row.resolved_because == "passed" else _NOT_AFFECTED
    return "known_affected" if row.confidence == "confirmed" else "under_investigation"


def _vulnerability(extract: Extract, cve: str, rule: Rule, standing: _Standing) -> Iterator[str]:
    statuses = [(name, ids) for name, ids in standing.by_status.items() if ids]
    frame: dict[str, Any] = {
        "cve": cve,
        "notes": [{"category": "description", "text": extract.text(rule.id, "rationale")}],
        "references": [{"category": "external", "summary": cve, "url": f"https://www.cve.org/CVERecord?id={cve}"}],
        "product_status": {name: [] for name, _ in statuses},
    }
    lists = list(statuses)
    gone = standing.by_status[_NOT_AFFECTED]
    if gone:
        frame["flags"] = [{"label": "component_not_present", "product_ids": []}]
        lists.append(("product_ids", gone))
    actions = {"open": ("vendor_fix", extract.text(rule.id, "remediation")), "waived": ("no_fix_planned", _WAIVED)}
    remediations = [(state, ids) for state, ids in standing.by_state.items() if ids]
    if remediations:
        told = [actions[state] for state, _ in remediations]
        frame["remediations"] = [{"category": category, "details": text, "product_ids": []} for category, text in told]
        lists += [("product_ids", ids) for _, ids in remediations]
    return framed(frame, lists)


def _document(extract: Extract) -> dict[str, Any]:
    at, url = extract.at.isoformat(), extract.publisher.url
    return {
        "category": "csaf_vex",
        "csaf_version": "2.0",
        "title": f"{extract.city}: {extract.at.date().isoformat()}",
        "lang": extract.language,
        "publisher": {"category": "user", "name": extract.city, "namespace": url},
        "tracking": {
            "id": f"talaia-{identity(url, 'csaf', at, sorted(extract.wanted.named().items()))}",
            "status": "final",
            "version": "1",
            "initial_release_date": at,
            "current_release_date": at,
            "revision_history": [{"number": "1", "date": at, "summary": "As it stood at this moment"}],
            "generator": {"engine": {"name": "Talaia", "version": extract.publisher.version}},
        },
    }
