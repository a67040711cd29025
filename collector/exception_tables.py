"""The table of exceptions. Others import it from :mod:`collector.tables`."""

from sqlalchemy import CheckConstraint, Column, Float, Index, String, Table, Text

from collector.columns import UtcTime, metadata

exception = Table(
    "exception",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("state", String(16), nullable=False),  # requested, approved, refused, withdrawn, ended, expired, void
    Column("rule", String(16), nullable=False),
    Column("kind", String(16), nullable=False),  # finding, asset, service, department
    Column("key", String(64), nullable=False),  # the id of that
    Column("reason", Text, nullable=False),
    Column("control", Text, nullable=False),  # the compensating control; "" = none
    Column("strength", Float, nullable=False),  # k of scoring.md, 0-0.8
    Column("department_id", String(64)),  # whose the thing is
    Column("requested_by", String(200), nullable=False),
    Column("requested_by_id", String(100), nullable=False),
    Column("requested_at", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
    Column("decided_by", String(200)),
    Column("decided_by_id", String(100)),
    Column("decided_at", UtcTime),
    Column("closed_at", UtcTime),
    Column("closed_by", String(200)),  # a person; None = the clock or what was observed
    CheckConstraint(
        "decided_by IS NULL OR (decided_by <> requested_by AND decided_by_id <> requested_by_id)", name="another_person_decides"
    ),
    Index("ix_exception_page", "state", "until", "id"),
    Index("ix_exception_department", "department_id", "state", "until", "id"),
)
