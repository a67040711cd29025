"""How many findings of each sort there are, kept in the transaction that changes a finding."""

from collections import Counter

from sqlalchemy import Connection, delete, func, insert, select

from collector import tables
from collector.records import FindingRecord, TallyRecord

Key = tuple[str, str, str, str, str]


def key_of(finding: FindingRecord) -> Key:
    """Department, service, rule, state, band; empty text for none."""
    return (finding.department_id or "", finding.service_id or "", finding.rule, finding.state, finding.band)


def write_differences(connection: Connection, differences: Counter[Key]) -> None:
    """Add the differences to the counters; a counter that comes to 0 leaves no row."""
    changed = [TallyRecord(**dict(zip(_NAMES, key, strict=True)), count=count) for key, count in differences.items() if count]
    if not changed:
        return
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    marks = ", ".join([mark] * 6)
    connection.exec_driver_sql(
        f"INSERT INTO tally ({', '.join(_NAMES)}, count) VALUES ({marks}) "  # noqa: S608 - names are ours
        f"ON CONFLICT ({', '.join(_NAMES)}) DO UPDATE SET count = tally.count + excluded.count",
        [(*(getattr(row, name) for name in _NAMES), row.count) for row in sorted(changed, key=_order)],
    )
    if any(row.count < 0 for row in changed):
        connection.execute(delete(tables.tally).where(tables.tally.c.count == 0))


def rebuild(connection: Connection) -> None:
    """Count again from the findings: after a change that moves many at once (the catalogue)."""
    finding = tables.finding.c
    groups = (
        func.coalesce(finding.department_id, ""),
        func.coalesce(finding.service_id, ""),
        finding.rule,
        finding.state,
        finding.band,
    )
    connection.execute(delete(tables.tally))
    counted = select(*groups, func.count()).group_by(*groups)
    connection.execute(insert(tables.tally).from_select([*_NAMES, "count"], counted))


_NAMES = ("department_id", "service_id", "rule", "state", "band")


def _order(row: TallyRecord) -> Key:
    """Writers touch rows in one order, so that two of them cannot wait for each other."""
    return (row.department_id, row.service_id, row.rule, row.state, row.band)
