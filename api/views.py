"""Rows as people and programs are shown them: the same for the API and the dashboard."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from api.parts import AppParts
from api.texts import name_of, rule_text
from collector.grants import reaches
from collector.queries import assets as asset_queries
from collector.queries import findings as finding_queries
from collector.queries import risk as risk_queries
from collector.queries.findings import FindingFilter
from collector.score import VERSION, Level, asset_risk, band


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
    row = risk_queries.latest_score(connection, level, key)
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
    while left and len(gains) < count:
        before, after = asset_risk(row.risk for row in left), asset_risk(row.risk for row in left[1:])
        gains.append(risk_queries.Gain(left.pop(0), before - after, after))
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
    column = f"{level.value}_id"
    counted = asset_queries.assets_by(connection, column)
    opened = finding_queries.counts_by(connection, column, FindingFilter(state=("open",)))
    late = finding_queries.overdue_by(connection, column, [row.id for row in rows], now)
    found = [
        Unit(row, standing(connection, level, row.id), counted.get(row.id, 0), opened.get(row.id, 0), late[row.id])
        for row in rows
    ]
    return sorted(found, key=lambda one: (one.standing.value is None, -(one.standing.value or 0.0), one.row.id))


def unit_name(one: Row[Any], language: str) -> str:
    return name_of(one.names, one.id, language)
