"""Coverage that a look confirms: only its times and the look change, which one statement says of all the rules judged on it."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection

from collector.bulk import Bulk, time_as_stored
from collector.records import CoverageRecord

_COLUMNS = ("evaluated_at", "conclusive_at", "observation_id")
_CONCLUSIVE = "CASE WHEN result IN ('pass', 'fail') THEN {at} ELSE conclusive_at END"
_SQLITE = (
    f"UPDATE coverage SET evaluated_at = ?5, observation_id = ?6, conclusive_at = {_CONCLUSIVE.format(at='?5')} "  # noqa: S608
    "WHERE asset_id = ?1 AND place = ?2 AND vantage = ?3 AND scanner = ?4"
)
_POSTGRESQL = (
    "UPDATE coverage SET evaluated_at = look.at, observation_id = look.id, "  # noqa: S608 - nothing in it comes from outside
    f"conclusive_at = {_CONCLUSIVE.format(at='look.at')} "
    "FROM json_to_recordset(%s::json) AS look (asset text, place text, vantage text, scanner text, at timestamptz, id text) "
    "WHERE asset_id = look.asset AND coverage.place = look.place AND coverage.vantage = look.vantage "
    "AND coverage.scanner = look.scanner"
)


def confirm(
    connection: Connection, bulk: Bulk[CoverageRecord], rows: Iterable[CoverageRecord], stored: Iterable[tuple[str, ...]]
) -> None:
    """Write the times of ``rows``. ``stored`` are the primary keys of all rows that the store has of their assets."""
    looks: dict[tuple[str, ...], list[CoverageRecord]] = defaultdict(list)
    for row in rows:
        looks[row.asset_id, row.place, row.vantage, row.scanner].append(row)
    if not looks:
        return
    rules = Counter(key[:4] for key in stored)
    whole = {key: found[0] for key, found in looks.items() if len(found) == rules[key] and _one_time(found)}
    rest = [row for key in sorted(looks) if key not in whole for row in looks[key]]
    bulk.update(connection, sorted(rest, key=_key), _COLUMNS)
    if not whole:
        return
    if connection.dialect.name == "sqlite":
        marks = [(*key, time_as_stored(row.evaluated_at), row.observation_id) for key, row in sorted(whole.items(), key=_first)]
        connection.exec_driver_sql(_SQLITE, marks)
        return
    names = ("asset", "place", "vantage", "scanner", "at", "id")
    given = [
        dict(zip(names, (*key, row.evaluated_at, row.observation_id), strict=True))
        for key, row in sorted(whole.items(), key=_first)
    ]
    connection.exec_driver_sql(_POSTGRESQL, (msgspec.json.encode(given).decode(),))


def _one_time(rows: list[CoverageRecord]) -> bool:
    first = rows[0]
    return all(
        row.evaluated_at == first.evaluated_at
        and row.observation_id == first.observation_id
        and (row.conclusive_at == row.evaluated_at or row.result not in {"pass", "fail"})
        for row in rows
    )


def _key(row: CoverageRecord) -> tuple[str, ...]:
    return (row.asset_id, row.place, row.vantage, row.scanner, row.rule)


def _first(item: tuple[tuple[str, ...], Any]) -> tuple[str, ...]:
    return item[0]
