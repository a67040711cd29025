"""Rows as people and programs are shown them: the same for the API and the dashboard."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from api.parts import AppParts, Rules
from api.texts import name_of, rule_text
from collector.grants import reaches
from collector.queries import assets as asset_queries
from collector.queries import findings as finding_queries
from collector.queries import risk as risk_queries
from collector.queries.findings import FindingFilter
from collector.score import VERSION, Level, asset_risk, band
from collector.threats import Vulnerability, known_of
from rules.flaws import shown_cves
from scanners.clean_text import clean_text

VULNERABILITIES_SHOWN = 100


@dataclass(frozen=True)
class Standing:
    """A score as it stands. ``value`` is None when nothing was evaluated."""

    level: str
    key: str
    value: float | None
    low: float | None
    high: float | None
    coverage: float
    version: int
    at: datetime | None
    factors: Sequence[Mapping[str, Any]]

    @property
    def band(self) -> str | None:
        return band(self.value) if self.value is not None else None


@dataclass(frozen=True)
class Unit:
    """A department or service and what is to be said of it in a list."""

    row: Row[Any]
    standing: Standing
    assets: int
    open_findings: int
    overdue: int


def standing(connection: Connection, level: str, key: str = "") -> Standing:
    """The latest score of the city, a department or a service."""
    return _standing(level, key, risk_queries.latest_score(connection, level, key))


def _standing(level: str, key: str, row: Row[Any] | None) -> Standing:
    if row is None:
        return Standing(level, key, None, None, None, 0.0, VERSION, None, ())
    return Standing(level, key, row.value, row.low, row.high, row.coverage, row.version, row.at, factors_of(row.factors))


def asset_standing(asset: Row[Any]) -> Standing:
    """An asset's score as its row says it: unknown until it was evaluated."""
    coverage = asset.conclusive / asset.expected if asset.expected else 0.0
    factors = factors_of(asset.risk_factors)
    return Standing("asset", asset.id, asset.risk, asset.risk, asset.risk, coverage, VERSION, asset.last_evaluated, factors)


def factors_of(stored: Any) -> list[dict[str, Any]]:
    """Factors as stored, whatever their form: a list of factors, such a list under ``factors``, or a mapping of values."""
    if isinstance(stored, Mapping):
        inner = stored.get("factors")
        if isinstance(inner, list):
            return factors_of(inner)
        stored = [{"name": str(name), "value": value, "source": ""} for name, value in stored.items()]
    if not isinstance(stored, list):
        return []
    return [
        {"name": str(one.get("name", "")), "value": float(one["value"]), "source": str(one.get("source", ""))}
        for one in stored
        if isinstance(one, Mapping) and isinstance(one.get("value"), int | float)
    ]


def feeds_of(stored: Any) -> dict[str, str]:
    """The versions of the vulnerability feeds that a finding's score stands on, by the feed's name."""
    kept = stored.get("feeds") if isinstance(stored, Mapping) else None
    return {str(name): str(version) for name, version in kept.items()} if isinstance(kept, Mapping) else {}


def vulnerabilities(connection: Connection, rules: Rules, finding: Row[Any]) -> list[Vulnerability]:
    """The CVEs that a finding shows, with what the loaded feeds say of each: the gravest first, and no more than are read."""
    rule = rules.rules.get(finding.rule) or rules.disabled.get(finding.rule)
    shown = shown_cves(rule, finding.observed, finding.expected) if rule is not None else None
    if shown is None:
        return []
    known = known_of(connection, shown.cves)
    found = [known.get(cve) or Vulnerability(cve=cve) for cve in shown.cves]
    return sorted(found, key=lambda one: (not one.known_exploited, -(one.epss or 0.0), one.cve))[:VULNERABILITIES_SHOWN]


def contributors(
    connection: Connection,
    parts: AppParts,
    level: str,
    key: str,
    language: str,
    *,
    within: frozenset[str] | None = None,
    count: int = 5,
) -> list[dict[str, Any]]:
    """The findings to fix first, and what each gains; of a service that others have a part in, those ``within``."""
    gains = risk_queries.best_fixes(connection, level, key, count) if level != "asset" else _asset_gains(connection, key, count)
    return [
        {
            "finding": gain.finding.id,
            "rule": gain.finding.rule,
            "title": rule_text(parts.rules, gain.finding.rule, "title", language),
            "asset": gain.finding.asset_id,
            "asset_name": gain.finding.asset_name,
            "gain": gain.gain,
            "score_after": gain.score_after,
        }
        for gain in gains
        if reaches(within, gain.finding.department_id)
    ]


def _asset_gains(connection: Connection, asset_id: str, count: int) -> list[risk_queries.Gain]:
    left = risk_queries.top_findings(connection, asset_id)
    gains: list[risk_queries.Gain] = []
    while len(gains) < count and (found := risk_queries.worst_open(left)) is not None:
        fixed, others = found
        before, after = asset_risk(row.risk for row in left), asset_risk(row.risk for row in others)
        gains.append(risk_queries.Gain(fixed, before - after, after))
        left = others
    return gains


def departments(connection: Connection, now: datetime, within: frozenset[str] | None = None) -> list[Unit]:
    """Every department (``within`` those of a reach), worst first; those without a score last."""
    return _units(connection, Level.DEPARTMENT, asset_queries.list_departments(connection, within), now)


def services(
    connection: Connection, now: datetime, department: str | None = None, within: frozenset[str] | None = None
) -> list[Unit]:
    return _units(connection, Level.SERVICE, asset_queries.list_services(connection, department, within), now)


def unit(connection: Connection, level: Level, row: Row[Any], now: datetime) -> Unit:
    return _units(connection, level, [row], now)[0]


def _units(connection: Connection, level: Level, rows: list[Row[Any]], now: datetime) -> list[Unit]:
    column, keys = f"{level.value}_id", [row.id for row in rows]
    counted = asset_queries.assets_by(connection, column, keys)
    opened = finding_queries.counts_by(connection, column, FindingFilter(state=("open",)), keys)
    late = finding_queries.overdue_by(connection, column, keys, now)
    scores = risk_queries.scores_at(connection, level, keys)
    found = [
        Unit(row, _standing(level, row.id, scores.get(row.id)), counted.get(row.id, 0), opened.get(row.id, 0), late[row.id])
        for row in rows
    ]
    return sorted(found, key=lambda one: (one.standing.value is None, -(one.standing.value or 0.0), one.row.id))


def unit_name(one: Row[Any], language: str) -> str:
    return name_of(one.names, one.id, language)


def shown_value(value: Any, limit: int = 600) -> str:
    """A JSON value as a person reads it: lists with commas, nothing quoted that needs no quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "–"
    if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
        return clean_text(", ".join(shown_value(one, limit) for one in value), limit)
    if isinstance(value, dict | list):
        return clean_text(json.dumps(value, ensure_ascii=False), limit)
    return clean_text(str(value), limit)
