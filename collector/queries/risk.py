"""Scores as they stand and as they moved, and what would help most."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Integer, Row, func, select, true

from collector import tables
from collector.queries.assets import in_service
from collector.score import Level, asset_risk, group_risk

_HISTORY = tables.score_history.c
_ASSET = tables.asset.c
_FINDING = tables.finding.c
_WORST_ASSETS = 16  # an asset behind the sixteenth moves a group's score by less than is shown
_FINDINGS_EACH = 30


@dataclass(frozen=True)
class Gain:
    """One finding of a list that is worth fixing together: what the score is once it and those before it are fixed."""

    finding: Row[Any]
    gain: float  # by how much this one lowers what the ones before it left
    score_after: float


def latest_score(connection: Connection, level: str, key: str = "") -> Row[Any] | None:
    """The last row of ``score_history`` of a city, department or service; None when none was ever made."""
    query = select(tables.score_history).where(_HISTORY.level == level, _HISTORY.key == key).order_by(_HISTORY.at.desc()).limit(1)
    return connection.execute(query).first()


def latest_scores(connection: Connection, level: str, keys: Iterable[str]) -> dict[str, Row[Any]]:
    found = {key: latest_score(connection, level, key) for key in keys}
    return {key: row for key, row in found.items() if row is not None}


def score_at(connection: Connection, level: str, key: str, at: datetime) -> Row[Any] | None:
    """The score that stood at ``at``."""
    query = (
        select(tables.score_history)
        .where(_HISTORY.level == level, _HISTORY.key == key, _HISTORY.at <= at)
        .order_by(_HISTORY.at.desc())
        .limit(1)
    )
    return connection.execute(query).first()


def daily_scores(
    connection: Connection, level: str, key: str = "", *, now: datetime, days: int, zone: tzinfo, limit: int = 20_000
) -> list[Row[Any]]:
    """The last score of each local day of the last ``days`` days, oldest first; days without a score are left out."""
    query = (
        select(tables.score_history)
        .where(_HISTORY.level == level, _HISTORY.key == key, _HISTORY.at > now - timedelta(days=days), _HISTORY.at <= now)
        .order_by(_HISTORY.at.desc())
        .limit(limit)
    )
    by_day: dict[Any, Row[Any]] = {}
    for row in connection.execute(query):
        by_day.setdefault(row.at.astimezone(zone).date(), row)
    return [by_day[day] for day in sorted(by_day)]


def top_assets(connection: Connection, level: str, key: str = "", limit: int = 10) -> list[Row[Any]]:
    """The assets that weigh most, worst first."""
    query = select(tables.asset).where(*_members(level, key), _ASSET.risk > 0).order_by(_ASSET.risk.desc(), _ASSET.id.desc())
    return list(connection.execute(query.limit(limit)))


def top_findings(connection: Connection, asset_id: str, limit: int = _FINDINGS_EACH) -> list[Row[Any]]:
    """Open findings of an asset, worst first."""
    open_here = (_FINDING.asset_id == asset_id, _FINDING.state == "open")
    return list(connection.execute(select(tables.finding).where(*open_here).order_by(_FINDING.risk.desc()).limit(limit)))


def inventory_size(connection: Connection, level: str, key: str = "") -> int:
    """The frozen N that the latest score of a group was made with; its present size when none was made yet."""
    latest = latest_score(connection, level, key)
    kept = latest.factors.get("inventory_size") if latest is not None and isinstance(latest.factors, Mapping) else None
    return int(kept) if isinstance(kept, int) else asset_evaluations(connection, level, key)[0]


class Evaluations(NamedTuple):
    """Assets that are not gone, how many of them were ever evaluated, how many have open findings, and the latest evaluation."""

    present: int
    evaluated: int
    faulty: int
    latest: datetime | None


def asset_evaluations(connection: Connection, level: str, key: str = "") -> Evaluations:
    """How much of a group was evaluated."""
    faulty = func.coalesce(func.sum((_ASSET.open_findings > 0).cast(Integer)), 0)
    latest = func.max(_ASSET.last_evaluated)
    query = select(func.count(), func.count(_ASSET.last_evaluated), faulty, latest).where(*_members(level, key))
    row = connection.execute(query).one()
    return Evaluations(int(row[0]), int(row[1]), int(row[2]), row[3])


def best_fixes(connection: Connection, level: str, key: str = "", count: int = 5) -> list[Gain]:
    """The findings to fix first: each time the one whose removal lowers the group's score most, by remove and recompute."""
    assets = top_assets(connection, level, key, _WORST_ASSETS)
    if not assets:
        return []
    held = _findings_of(connection, [row.id for row in assets])
    total = connection.execute(select(func.sum(_ASSET.risk * _ASSET.risk)).where(*_members(level, key))).scalar_one() / 10_000.0
    size = inventory_size(connection, level, key)
    risks = {row.id: float(row.risk) for row in assets}
    rest = max(0.0, total - sum((risk / 100.0) ** 2 for risk in risks.values()))
    floor = min(risks.values()) if len(risks) == _WORST_ASSETS else 0.0
    return _greedy(_Group(Level(level), size, risks, rest, floor), held, count)


@dataclass
class _Group:
    """A group while its findings are taken away: ``rest`` and ``floor`` stand for the assets outside ``risks``."""

    level: Level
    size: int
    risks: dict[str, float]
    rest: float
    floor: float

    def score(self, asset_id: str = "", risk: float = 0.0) -> float:
        """The score now, or as it were if one asset had another risk."""
        risks = {**self.risks, asset_id: risk} if asset_id else self.risks
        squares = self.rest + sum((value / 100.0) ** 2 for value in risks.values())
        return group_risk(self.level, max(self.floor, *risks.values()), squares, self.size)


def _greedy(group: _Group, held: Mapping[str, list[Row[Any]]], count: int) -> list[Gain]:
    """An asset's worst finding is always the one whose removal helps it most: only those are tried."""
    left = {asset_id: list(findings) for asset_id, findings in held.items() if findings}
    gains: list[Gain] = []
    while left and len(gains) < count:
        before = group.score()
        options = []
        for asset_id, findings in left.items():
            risk = min(group.risks[asset_id], asset_risk(finding.risk for finding in findings[1:]))
            options.append((group.score(asset_id, risk), -findings[0].risk, asset_id, risk))
        after, _, best, risk = min(options)
        gains.append(Gain(left[best].pop(0), before - after, after))
        group.risks[best] = risk
        left = {asset_id: findings for asset_id, findings in left.items() if findings}
    return gains


def _findings_of(connection: Connection, asset_ids: Sequence[str]) -> dict[str, list[Row[Any]]]:
    return {asset_id: top_findings(connection, asset_id) for asset_id in asset_ids}


def _members(level: str, key: str) -> tuple[ColumnElement[bool], ...]:
    present = _ASSET.gone_since.is_(None)
    if level == Level.CITY:
        return (present, true())
    if level == Level.DEPARTMENT:
        return (present, _ASSET.department_id == key)
    return (present, in_service(key))
