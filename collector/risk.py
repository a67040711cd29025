"""The score applied to the store: of assets in the transaction that changes them, of groups from assets by aggregates.

Service, department and city are computed from assets, in closed form (the worst and a sum of squares), so that 50,000 assets
cost one pass of the database and nothing is rounded twice.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, case, func, select, true

from collector import tables
from collector.batch import Batch
from collector.bulk import Bulk
from collector.findings import State
from collector.inventory_size import city_size
from collector.records import AssetRecord, FindingRecord, ScoreRecord
from collector.score import VERSION, Level, asset_risk, contributions, group_factors, group_interval, group_risk

CONTRIBUTIONS_KEPT = 5
CONTRIBUTIONS_OVER = 25  # findings beyond the 25 worst weigh less than 0.5^25


def rescore(batch: Batch) -> list[AssetRecord]:
    """Score again every asset of the batch whose findings changed or that was never scored; returns those whose risk changed."""
    changed = []
    for asset_id in sorted(batch.rescore | {key for key in batch.touched if batch.assets[key].risk is None}):
        asset = batch.assets.get(asset_id)
        if asset is None:
            continue
        before = asset.risk
        score_asset(asset, batch.findings[asset_id].values())
        batch.change_asset(asset)
        if asset.risk is not None and (before is None or abs(asset.risk - before) > 1e-9):
            changed.append(asset)
    return changed


def score_asset(asset: AssetRecord, findings: Iterable[FindingRecord]) -> None:
    """Set risk, factors, worst finding and count from the open findings. An asset that nobody ever evaluated has no risk."""
    standing = [finding for finding in findings if finding.state != State.RESOLVED]
    risks = {finding.id: finding.risk for finding in standing}  # a waived one weighs what its control leaves (k)
    asset.open_findings = sum(finding.state == State.OPEN for finding in standing)
    if not risks and asset.last_evaluated is None:
        asset.risk = asset.risk_factors = asset.worst = None
        return
    asset.risk = asset_risk(risks.values())
    worst = sorted(risks, key=lambda key: (-risks[key], key))[:CONTRIBUTIONS_OVER]
    asset.worst = worst[0] if worst else None
    top = contributions({key: risks[key] for key in worst})[:CONTRIBUTIONS_KEPT]
    asset.risk_factors = {"version": VERSION, "contributions": [{"finding": key, "points": points} for key, points in top]}


def group_score(connection: Connection, level: Level, key: str, at: datetime) -> ScoreRecord:
    """The score of a service, a department or (``key`` empty) the city as the store is now, with interval and coverage.

    ``value`` is None when none of its assets was ever evaluated. Assets proved gone do not count.
    """
    asset = tables.asset.c
    condition = _members(level, key) & asset.gone_since.is_(None)
    risk = func.coalesce(asset.risk, 0.0)
    unscanned = case((asset.last_evaluated.is_(None), 1), else_=0)
    row = connection.execute(
        select(
            func.count(),
            func.sum(unscanned),
            func.max(risk),
            func.sum(risk * risk / 10_000.0),
            func.sum(asset.open_findings),
            func.sum(case((asset.last_evaluated.is_(None), 0), else_=asset.expected)),
            func.sum(case((asset.last_evaluated.is_(None), 0), else_=asset.conclusive)),
        ).where(condition)
    ).one()
    count, unseen, worst, squares, findings, expected, conclusive = (value or 0 for value in row)
    size = _inventory_size(connection, level, key) or count
    scanned = count - unseen
    low, high = group_interval(
        level, worst, squares, size, unscanned=unseen, scanned_p75=_third_quartile(connection, condition, scanned)
    )
    factors = {
        "factors": msgspec.to_builtins(group_factors(level, worst, squares, size)),
        "assets": count,
        "unscanned": unseen,
        "open_findings": int(findings),
        "inventory_size": size,
        "top": _top(connection, condition, _Group(level, worst, squares, size)),
    }
    return ScoreRecord(
        level=level.value,
        key=key,
        at=at,
        value=low if scanned else None,
        low=low if count else None,
        high=high if count else None,
        coverage=_coverage(int(expected), int(conclusive), scanned, unseen),
        version=VERSION,
        factors=factors,
    )


def asset_score(asset: AssetRecord, at: datetime) -> ScoreRecord:
    """The asset's score as a history row."""
    return ScoreRecord(
        level=Level.ASSET.value,
        key=asset.id,
        at=at,
        value=asset.risk,
        low=asset.risk,
        high=asset.risk,
        coverage=asset.conclusive / asset.expected if asset.expected else 0.0,
        version=VERSION,
        factors=asset.risk_factors or {},
    )


def write_history(connection: Connection, scores: Iterable[ScoreRecord]) -> tuple[ScoreRecord, ...]:
    """Keep scores: one row an hour for each level and key, the hour's last value. Returns the rows as written."""
    rows = [msgspec.structs.replace(score, at=score.at.replace(minute=0, second=0, microsecond=0)) for score in scores]
    latest = {(row.level, row.key, row.at): row for row in rows}
    written = [latest[key] for key in sorted(latest)]
    Bulk(tables.score_history, ScoreRecord, connection.dialect.name).upsert(connection, written)
    return tuple(written)


def all_groups(connection: Connection, at: datetime) -> list[ScoreRecord]:
    """The city, every department and every service."""
    departments = connection.execute(select(tables.department.c.id).order_by(tables.department.c.id)).scalars().all()
    services = connection.execute(select(tables.service.c.id).order_by(tables.service.c.id)).scalars().all()
    wanted = [(Level.CITY, ""), *((Level.DEPARTMENT, key) for key in departments), *((Level.SERVICE, key) for key in services)]
    return [group_score(connection, level, key, at) for level, key in wanted]


class _Group(NamedTuple):
    level: Level
    worst: float
    squares: float
    size: int


def _members(level: Level, key: str) -> ColumnElement[bool]:
    asset = tables.asset.c
    if level is Level.CITY:
        return true()
    if level is Level.DEPARTMENT:
        return asset.department_id == key
    link = tables.asset_service.c
    return asset.id.in_(select(link.asset_id).where(link.service_id == key))


def _inventory_size(connection: Connection, level: Level, key: str) -> int:
    if level is Level.CITY:
        return city_size(connection)
    table = tables.department if level is Level.DEPARTMENT else tables.service
    return int(connection.execute(select(table.c.inventory_size).where(table.c.id == key)).scalar() or 0)


def _third_quartile(connection: Connection, condition: ColumnElement[bool], scanned: int) -> float | None:
    """Nearest rank: the smallest risk that three quarters of the scanned assets do not exceed."""
    if not scanned:
        return None
    asset = tables.asset.c
    rank = -(-3 * scanned // 4)  # rounded up
    risks = select(asset.risk).where(condition, asset.last_evaluated.is_not(None), asset.risk.is_not(None))
    found: float | None = connection.execute(risks.order_by(asset.risk.desc()).offset(scanned - rank).limit(1)).scalar()
    return found


def _coverage(expected: int, conclusive: int, scanned: int, unscanned: int) -> float:
    """Conclusive evaluations over expected ones; an asset that nobody looked at is expected to have as many as its peers."""
    if not scanned or not expected:
        return 0.0
    return conclusive / (expected * (scanned + unscanned) / scanned)


def _top(connection: Connection, condition: ColumnElement[bool], group: _Group) -> list[dict[str, object]]:
    """The assets whose cleaning lowers the score most. The worst ones are enough: a lesser risk lowers it less."""
    asset = tables.asset.c
    rows = connection.execute(
        select(asset.id, asset.name, asset.risk)
        .where(condition, asset.risk > 0)
        .order_by(asset.risk.desc(), asset.id)
        .limit(CONTRIBUTIONS_KEPT + 1)
    ).all()
    whole = group_risk(group.level, group.worst, group.squares, group.size)
    found: list[dict[str, object]] = []
    for row in rows[:CONTRIBUTIONS_KEPT]:
        rest = next((other.risk for other in rows if other.id != row.id), 0.0)
        without = group_risk(group.level, rest, max(0.0, group.squares - (row.risk / 100.0) ** 2), group.size)
        found.append({"asset": row.id, "name": row.name, "risk": row.risk, "points": whole - without})
    return found
