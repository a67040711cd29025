"""How many findings and how many judged places of each sort there are, kept in the transaction that changes them."""

from collections import Counter

from sqlalchemy import Connection, Table, delete, func, insert, select

from collector import tables
from collector.records import CoverageRecord, FindingRecord

Key = tuple[str, ...]  # the primary key of ``tally`` or ``coverage_tally``


def key_of(finding: FindingRecord) -> Key:
    """Department, service, rule, state, band; empty text for none."""
    return (finding.department_id or "", finding.service_id or "", finding.rule, finding.state, finding.band)


def coverage_key_of(row: CoverageRecord) -> Key:
    """Department, service, rule, last result; empty text for none."""
    return (row.department_id or "", row.service_id or "", row.rule, row.result)


def write_differences(connection: Connection, table: Table, differences: Counter[Key]) -> None:
    """Add the differences to the counters of ``table``; a counter that comes to 0 leaves no row."""
    # Writers touch rows in one order, so that two of them cannot wait for each other.
    rows = [(*key, count) for key, count in sorted(differences.items()) if count]
    if not rows:
        return
    names = _names(table)
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    marks = ", ".join([mark] * (len(names) + 1))
    connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({', '.join(names)}, count) VALUES ({marks}) "  # noqa: S608 - names are ours
        f"ON CONFLICT ({', '.join(names)}) DO UPDATE SET count = {table.name}.count + excluded.count",
        rows,
    )
    if min(differences.values()) < 0:
        connection.execute(delete(table).where(table.c.count == 0))


def rebuild(connection: Connection) -> None:
    """Count again from findings and coverage: after a change that moves many at once (the catalogue)."""
    for table, counted in ((tables.tally, tables.finding), (tables.coverage_tally, tables.coverage)):
        names = _names(table)
        groups = [func.coalesce(counted.c[name], "") if name.endswith("_id") else counted.c[name] for name in names]
        connection.execute(delete(table))
        connection.execute(insert(table).from_select([*names, "count"], select(*groups, func.count()).group_by(*groups)))


def _names(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.primary_key.columns)
