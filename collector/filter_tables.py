"""The table of saved filters. Others import it from :mod:`collector.tables`."""

from sqlalchemy import JSON, Column, Index, String, Table, UniqueConstraint

from collector.columns import UtcTime, metadata

saved_filter = Table(
    "saved_filter",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("owner_id", String(100), nullable=False),  # account:…, token:…
    Column("owner", String(200), nullable=False),
    Column("name", String(100), nullable=False),
    Column("audience", String(16), nullable=False),  # me, department, city
    Column("department_id", String(64)),  # of the audience; None otherwise
    Column("query", JSON, nullable=False),  # as it was validated when it was saved
    Column("changed_at", UtcTime, nullable=False),
    UniqueConstraint("owner_id", "name"),
    Index("ix_saved_filter_audience", "audience", "department_id"),
)
