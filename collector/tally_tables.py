"""The counters of findings and of judged places. Others import them from :mod:`collector.tables`."""

from sqlalchemy import Column, Integer, String, Table

from collector.columns import metadata

# How many findings of each sort there are; kept in the transaction that changes a finding, so that counters cost nothing
# and always add up to the lists.
tally = Table(
    "tally",
    metadata,
    Column("department_id", String(64), primary_key=True),  # "" = none
    Column("service_id", String(64), primary_key=True),
    Column("rule", String(16), primary_key=True),
    Column("state", String(16), primary_key=True),
    Column("band", String(16), primary_key=True),
    Column("count", Integer, nullable=False),
    sqlite_with_rowid=False,
)

# How many judged places (rows of ``coverage``) have each last result; kept in the same way.
coverage_tally = Table(
    "coverage_tally",
    metadata,
    Column("department_id", String(64), primary_key=True),  # "" = none
    Column("service_id", String(64), primary_key=True),
    Column("rule", String(16), primary_key=True),
    Column("result", String(16), primary_key=True),
    Column("count", Integer, nullable=False),
    sqlite_with_rowid=False,
)
