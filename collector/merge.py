"""Two assets that turn out to be one machine become one, with everything that was known of either."""

from datetime import datetime
from typing import Any

from sqlalchemy import update

from collector.batch import Batch
from collector.events import Action
from collector.findings import finding_id
from collector.records import AssetRecord, CoverageRecord, EndpointRecord, FindingRecord
from collector.tables import exception
from collector.waiving import exceeds, still_covers

_When = tuple[datetime, str]  # and the cause
_NEWER = ("last_seen", "observed", "expected", "address", "observation_id", "zone", "base", "severity", "confidence")


def merge(batch: Batch, source: AssetRecord, target: AssetRecord, at: datetime, cause: str) -> None:
    """Give all of ``source`` to ``target`` and forget ``source``; where both have a row, the newer one stays.

    A finding whose rule failed on either stays open; its history goes on under the id that it has on ``target``. One that was
    waived stays so when all that is observed of the two is what was approved, and its exception then names the new id.
    """
    for key in sorted(batch.identifiers_of[source.id]):
        row = batch.identifiers[key]
        row.asset_id = target.id
        batch.identifiers_of[target.id].add(key)
        batch.change_identifier(row)
    batch.identifiers_of.pop(source.id, None)
    for endpoint in list(batch.endpoints[source.id].values()):
        _move_endpoint(batch, endpoint, target)
    for pair in list(batch.coverage[source.id].values()):
        _move_coverage(batch, pair, target)
    moved = [_move_finding(batch, finding, source, target, (at, cause)) for finding in list(batch.findings[source.id].values())]
    for finding in batch.findings[target.id].values():
        _agree_with_coverage(batch, finding, target, (at, cause))
    for finding, old_id in moved:
        told = {"from": old_id, "rule": finding.rule, "state": finding.state}
        batch.happened(Action.FINDING_MOVED, at, cause, target, finding_id=finding.id, detail=told)
    batch.move_looks(source.id, target.id)
    _rekey_exceptions(batch, "asset", source.id, target, target.id)
    _facts(source, target)
    batch.memberships[target.id] |= batch.memberships.pop(source.id, set())
    detail = {"from": source.id, "addresses": list(source.addresses)}
    batch.happened(Action.ASSET_MERGED, at, cause, target, detail=detail)
    batch.drop_asset(source)
    batch.change_asset(target)
    batch.rescore.add(target.id)
    batch.moved.add(target.id)


def _move_endpoint(batch: Batch, row: EndpointRecord, target: AssetRecord) -> None:
    mine = batch.endpoints[target.id].get((row.place, row.vantage))
    batch.drop_endpoint(row)
    if mine is not None:
        row.first_seen = min(row.first_seen, mine.first_seen)
        if mine.last_seen > row.last_seen:
            mine.first_seen = row.first_seen
            batch.change_endpoint(mine)
            return
    row.asset_id = target.id
    batch.change_endpoint(row)


def _move_coverage(batch: Batch, row: CoverageRecord, target: AssetRecord) -> None:
    mine = batch.coverage[target.id].get((row.place, row.vantage, row.scanner, row.rule))
    batch.drop_coverage(row)
    if mine is not None:
        if mine.evaluated_at > row.evaluated_at:
            return
        batch.drop_coverage(mine)
    row.asset_id = target.id
    row.department_id, row.service_id = target.department_id, target.service_id
    target.expected += int(row.result != "not_applicable")
    target.conclusive += int(row.result in {"pass", "fail"})
    batch.change_coverage(row)


def _move_finding(
    batch: Batch, row: FindingRecord, source: AssetRecord, target: AssetRecord, when: _When
) -> tuple[FindingRecord, str]:
    """Returns the finding that goes on, and the id that ``row`` had."""
    at, cause = when
    mine = batch.findings[target.id].get((row.rule, row.place))
    old_id = row.id
    waiving = next((one for one in (mine, row) if one is not None and one.state == "waived"), None)
    waiver = (waiving.exception_id, waiving.waiver) if waiving is not None else (None, None)
    seen = [_weighed(one) for one in (mine, row) if one is not None]
    if row.state != "resolved" and source.department_id != target.department_id:
        batch.happened(Action.FINDING_HANDED_OVER, at, cause, source, finding_id=old_id, detail={"rule": row.rule})
    batch.drop_finding(row)
    if mine is None:
        row.id = finding_id(row.rule, target.id, row.place)
        row.asset_id = target.id
    else:
        mine.first_seen = min(mine.first_seen, row.first_seen)
        mine.last_evaluated = max(mine.last_evaluated, row.last_evaluated)
        if row.state != "resolved" and mine.state == "resolved":
            mine.state, mine.opened_at = "open", row.opened_at
            mine.resolved_at = mine.resolved_because = None
        if row.last_seen > mine.last_seen:
            for name in _NEWER:
                setattr(mine, name, getattr(row, name))
        row = mine
    row.exception_id, row.waiver = waiver
    row.asset_name, row.department_id, row.service_id = target.name, target.department_id, target.service_id
    if (void := _stay_waived(batch, row, seen)) is not None:
        detail = {"rule": row.rule, "because": "void", "exception": void}
        batch.happened(Action.FINDING_UNWAIVED, at, cause, target, finding_id=row.id, detail=detail)
    _rekey_exceptions(batch, "finding", old_id, target, row.id)
    batch.change_finding(row)
    return row, old_id


def _weighed(row: FindingRecord) -> dict[str, Any]:
    """What an approval is compared with."""
    return {"base": row.base, "confidence": row.confidence, "exposure": row.exposure, "observed": row.observed}


def _stay_waived(batch: Batch, row: FindingRecord, seen: list[dict[str, Any]]) -> str | None:
    """Waived for as long as everything that was ``seen`` of the two is what was approved, for whom it was; else open, and the
    exception's id."""
    if row.waiver is not None and row.state != "resolved":
        if not any(exceeds(row, **one) for one in seen) and still_covers(batch.connection, row):
            row.state = "waived"
            return None
        row.state = "open"
    void = row.exception_id if row.state == "open" else None
    row.exception_id = row.waiver = None
    return void


def _rekey_exceptions(batch: Batch, kind: str, old: str, target: AssetRecord, new: str) -> None:
    """What was asked for or approved under an id that is gone goes on under the one that stays."""
    of = exception.c
    wanted = {"key": new, "department_id": target.department_id}
    batch.connection.execute(update(exception).where(of.kind == kind, of.key == old).values(wanted))


def _agree_with_coverage(batch: Batch, row: FindingRecord, target: AssetRecord, when: _When) -> None:
    """The newer of two evaluations decided; the finding follows it."""
    at, cause = when
    if bool(batch.failing[target.id].get((row.rule, row.place))) == (row.state != "resolved"):
        return
    if row.state == "resolved":
        row.state, row.opened_at = "open", at
        row.resolved_at = row.resolved_because = None
    else:
        row.state, row.resolved_at, row.resolved_because = "resolved", at, "passed"
        row.exception_id = row.waiver = None
        detail = {"rule": row.rule, "because": row.resolved_because}
        batch.happened(Action.FINDING_RESOLVED, at, cause, target, finding_id=row.id, detail=detail)
    batch.change_finding(row)


def _facts(source: AssetRecord, target: AssetRecord) -> None:
    target.addresses = sorted({*target.addresses, *source.addresses})[:16]
    target.names = sorted({*target.names, *source.names})[:64]
    target.os = target.os or source.os
    for name, better in (("first_seen", min), ("last_seen", max), ("last_evaluated", max)):
        mine, other = getattr(target, name), getattr(source, name)
        if other is not None:
            setattr(target, name, other if mine is None else better(mine, other))
