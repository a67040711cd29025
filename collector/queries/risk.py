"""Scores as they stand and as they moved, and what would help most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any, NamedTuple

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    DateTime,
    FromClause,
    Integer,
    Row,
    and_,
    cast,
    func,
    literal,
    select,
    true,
)

from collector import tables
from collector.queries.assets import in_service
from collector.queries.findings import get_findings
from collector.score import Level, asset_risk, group_risk

_HISTORY = tables.score_history.c
_ASSET = tables.asset.c
_FINDING = tables.finding.c
_WEIGHED: Sequence[ColumnElement[Any]] = (_FINDING.id, _FINDING.asset_id, _FINDING.risk, _FINDING.state)
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


def score_at(connection: Connection, level: str, key: str, at: datetime) -> Row[Any] | None:
    """The score that stood at ``at``."""
    query = (
        select(tables.score_history)
        .where(_HISTORY.level == level, _HISTORY.key == key, _HISTORY.at <= at)
        .order_by(_HISTORY.at.desc())
        .limit(1)
    )
    return connection.execute(query).first()


def scores_at(connection: Connection, level: Level, keys: Sequence[str], at: datetime | None = None) -> dict[str, Row[Any]]:
    """The scores of departments or services that stood at ``at`` (None: the latest), by key; what had none is left out."""
    group = tables.department if level is Level.DEPARTMENT else tables.service
    earlier = tables.score_history.alias()
    until = () if at is None else (earlier.c.at <= at,)
    last = select(func.max(earlier.c.at)).where(earlier.c.level == level, earlier.c.key == group.c.id, *until).scalar_subquery()
    its = and_(_HISTORY.level == level, _HISTORY.key == group.c.id, _HISTORY.at == last)
    query = select(tables.score_history).select_from(group.join(tables.score_history, its)).where(group.c.id.in_(keys))
    return {row.key: row for row in connection.execute(query)}


def daily_scores(connection: Connection, level: str, key: str = "", *, now: datetime, days: int, zone: tzinfo) -> list[Row[Any]]:
    """The last score of each local day of the last ``days`` days, oldest first; days without a score are left out."""
    since, today = now - timedelta(days=days), now.astimezone(zone).date()
    nights = (datetime.combine(today - timedelta(days=back), time(), zone).astimezone(UTC) for back in range(days))
    each, end = _each(connection, [*(night for night in nights if night > since), now + timedelta(microseconds=1)])
    of = tables.score_history.alias()
    last = select(func.max(of.c.at)).where(of.c.level == level, of.c.key == key, of.c.at > since, of.c.at < end)
    moments = select(last.correlate(each).scalar_subquery()).select_from(each)
    query = select(tables.score_history).where(_HISTORY.level == level, _HISTORY.key == key, _HISTORY.at.in_(moments))
    return list(connection.execute(query.order_by(_HISTORY.at)))


def _each(connection: Connection, moments: Sequence[datetime]) -> tuple[FromClause, ColumnElement[datetime]]:
    """A table of these times, handed to the database as one list, and its column."""
    if connection.dialect.name == "sqlite":
        texts = [moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f") for moment in moments]  # as it keeps times
        each = func.json_each(literal(texts, JSON)).table_valued("value")
        return each, each.c.value
    each = func.json_array_elements_text(literal([moment.isoformat() for moment in moments], JSON)).table_valued("value")
    return each, cast(each.c.value, DateTime(timezone=True))


def top_assets(connection: Connection, level: str, key: str = "", limit: int = 10) -> list[Row[Any]]:
    """The assets that weigh most, worst first."""
    query = select(tables.asset).where(*_members(level, key), _ASSET.risk > 0).order_by(_ASSET.risk.desc(), _ASSET.id.desc())
    return list(connection.execute(query.limit(limit)))


def top_findings(connection: Connection, asset_id: str, limit: int = _FINDINGS_EACH) -> list[Row[Any]]:
    """The findings that stand on an asset and weigh most, worst first: open ones, and waived ones, which nobody is to fix but
    which weigh what their control leaves."""
    here = (_FINDING.asset_id == asset_id, _FINDING.state != "resolved")
    query = select(tables.finding).where(*here).order_by(_FINDING.risk.desc(), _FINDING.id)
    return list(connection.execute(query.limit(limit)))


def worst_open(standing: Sequence[Row[Any]]) -> tuple[Row[Any], list[Row[Any]]] | None:
    """Of findings, worst first, the first that is open, and the others; None when none is."""
    place = next((place for place, found in enumerate(standing) if found.state == "open"), None)
    return None if place is None else (standing[place], [*standing[:place], *standing[place + 1 :]])


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
    chosen = _greedy(_Group(Level(level), size, risks, rest, floor), held, count)
    whole = get_findings(connection, [gain.finding.id for gain in chosen])
    return [replace(gain, finding=whole[gain.finding.id]) for gain in chosen]


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
    """An asset's worst open finding is always the one whose removal helps it most: only those are tried."""
    left = {asset_id: found for asset_id, findings in held.items() if (found := worst_open(findings))}
    gains: list[Gain] = []
    while left and len(gains) < count:
        before = group.score()
        options = []
        for asset_id, (worst, others) in left.items():
            risk = min(group.risks[asset_id], asset_risk(finding.risk for finding in others))
            options.append((group.score(asset_id, risk), -worst.risk, asset_id, risk))
        after, _, best, risk = min(options)
        fixed, others = left.pop(best)
        gains.append(Gain(fixed, before - after, after))
        group.risks[best] = risk
        if (following := worst_open(others)) is not None:
            left[best] = following
    return gains


def _findings_of(connection: Connection, asset_ids: Sequence[str]) -> dict[str, list[Row[Any]]]:
    """The first open findings of each of the assets, worst first: only what weighing them needs, there are hundreds."""
    place = func.row_number().over(partition_by=_FINDING.asset_id, order_by=(_FINDING.risk.desc(), _FINDING.id)).label("place")
    numbered = select(_FINDING.id, place).where(_FINDING.asset_id.in_(asset_ids), _FINDING.state == "open").subquery()
    first = select(*_WEIGHED).join(numbered, numbered.c.id == _FINDING.id).where(numbered.c.place <= _FINDINGS_EACH)
    held: dict[str, list[Row[Any]]] = {asset_id: [] for asset_id in asset_ids}
    for row in connection.execute(first.order_by(numbered.c.place)):
        held[row.asset_id].append(row)
    return held


def _members(level: str, key: str) -> tuple[ColumnElement[bool], ...]:
    present = _ASSET.gone_since.is_(None)
    if level == Level.CITY:
        return (present, true())
    if level == Level.DEPARTMENT:
        return (present, _ASSET.department_id == key)
    return (present, in_service(key))
