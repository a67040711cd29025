"""Two assets that turn out to be one machine become one, with everything that was known of either."""

from datetime import datetime

from collector.batch import Batch
from collector.events import Action
from collector.findings import finding_id
from collector.records import AssetRecord, CoverageRecord, EndpointRecord, FindingRecord


def merge(batch: Batch, source: AssetRecord, target: AssetRecord, at: datetime, cause: str) -> None:
    """Give all of ``source`` to ``target`` and forget ``source``; where both have a row, the newer one stays.

    A finding whose rule failed on either stays open; its history goes on under the id that it has on ``target``.
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
    for finding in list(batch.findings[source.id].values()):
        _move_finding(batch, finding, target, at, cause)
    batch.move_looks(source.id, target.id)
    _facts(source, target)
    batch.memberships[target.id] |= batch.memberships.pop(source.id, set())
    detail = {"from": source.id, "addresses": list(source.addresses)}
    batch.happened(Action.ASSET_MERGED, at, cause, target, detail=detail)
    batch.drop_asset(source)
    batch.change_asset(target)
    batch.rescore.add(target.id)


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


def _move_finding(batch: Batch, row: FindingRecord, target: AssetRecord, at: datetime, cause: str) -> None:
    mine = batch.findings[target.id].get((row.rule, row.place))
    old_id = row.id
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
            for name in (
                "last_seen",
                "observed",
                "expected",
                "address",
                "observation_id",
                "zone",
                "base",
                "severity",
                "confidence",
            ):
                setattr(mine, name, getattr(row, name))
        row = mine
    if row.state == "waived":  # what was approved was another machine's
        row.state = "open"
    row.exception_id = row.waiver = None
    row.asset_name, row.department_id, row.service_id = target.name, target.department_id, target.service_id
    _agree_with_coverage(batch, row, target, at)
    batch.change_finding(row)
    batch.happened(Action.FINDING_MOVED, at, cause, target, finding_id=row.id, detail={"from": old_id, "rule": row.rule})


def _agree_with_coverage(batch: Batch, row: FindingRecord, target: AssetRecord, at: datetime) -> None:
    """The newer of two evaluations decided; the finding follows it."""
    if batch.failing[target.id].get((row.rule, row.place)):
        if row.state == "resolved":
            row.state, row.opened_at = "open", at
            row.resolved_at = row.resolved_because = None
    elif row.state != "resolved":
        row.state, row.resolved_at, row.resolved_because = "resolved", at, "passed"


def _facts(source: AssetRecord, target: AssetRecord) -> None:
    target.addresses = sorted({*target.addresses, *source.addresses})[:16]
    target.names = sorted({*target.names, *source.names})[:64]
    target.os = target.os or source.os
    for name, better in (("first_seen", min), ("last_seen", max), ("last_evaluated", max)):
        mine, other = getattr(target, name), getattr(source, name)
        if other is not None:
            setattr(target, name, other if mine is None else better(mine, other))
