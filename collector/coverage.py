"""Which rules were really evaluated where, when and from which vantage; and so whether a finding still stands.

A finding is open for as long as one row here says ``last_conclusive == "fail"`` for its rule and place. A row says so until the
same scanner, from the same vantage, sees the rule pass or no longer apply, or the place is proved gone from there.
"""

import msgspec

from collector.batch import Batch, is_conclusive, is_expected
from collector.occasion import Seen
from collector.records import AssetRecord, CoverageRecord
from rules.verdict import Result, Verdict

_encode = msgspec.json.Encoder(decimal_format="number").encode


def put_down(batch: Batch, asset: AssetRecord, seen: Seen, verdict: Verdict) -> None:
    """Note one evaluation. A failure at one address of an asset is not undone by what another address shows."""
    key = (seen.place, seen.vantage, seen.scanner, verdict.rule)
    row = batch.coverage[asset.id].get(key)
    result = verdict.result
    word = str(result)  # an enum's value is found the slow way, and this runs for every verdict
    new = row is None
    if row is None:
        row = CoverageRecord(
            asset_id=asset.id,
            place=seen.place,
            vantage=seen.vantage,
            scanner=seen.scanner,
            rule=verdict.rule,
            result=str(Result.NOT_APPLICABLE),
            evaluated_at=seen.at,
        )
    elif _speaks_for_another_address(row, asset, seen, result):
        if seen.at > row.evaluated_at:
            row.evaluated_at = seen.at
            batch.change_coverage(row)
        return
    told = verdict.result in (Result.PASS, Result.FAIL)  # an empty explanation of a verdict is still one
    observed = msgspec.Raw(_encode(verdict.observed)) if told or verdict.observed else None
    expected = msgspec.Raw(_encode(verdict.expected)) if told or verdict.expected else None
    conclusive = row.last_conclusive
    if result is Result.PASS or result is Result.FAIL:
        conclusive = word
        row.conclusive_at = seen.at if row.conclusive_at is None else max(seen.at, row.conclusive_at)
    elif result is Result.NOT_APPLICABLE:
        conclusive = None
    row.evaluated_at = max(seen.at, row.evaluated_at)
    row.observation_id = seen.cause
    before = (row.result, row.last_conclusive, row.address, row.department_id, row.service_id, row.observed, row.expected)
    now = (word, conclusive, seen.address, asset.department_id, asset.service_id, observed, expected)
    if not new and before == now:
        batch.see_coverage_again(row)
        return
    if row.result != word:
        _count(batch, asset, row.result, word)
    row.result, row.last_conclusive, row.address, row.department_id, row.service_id, row.observed, row.expected = now
    batch.change_coverage(row)


def _speaks_for_another_address(row: CoverageRecord, asset: AssetRecord, seen: Seen, result: Result) -> bool:
    if row.address == seen.address or row.address is None:
        return False
    if row.last_conclusive == "fail" and result is not Result.FAIL:
        return row.address in asset.addresses
    # An older look at another address that comes late: it may add a failure, nothing else.
    return seen.at < row.evaluated_at and not (result is Result.FAIL and row.last_conclusive != "fail")


def _count(batch: Batch, asset: AssetRecord, before: str, after: str) -> None:
    asset.expected += is_expected(after) - is_expected(before)
    asset.conclusive += is_conclusive(after) - is_conclusive(before)
    batch.touched.add(asset.id)
