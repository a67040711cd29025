"""What is known of CVEs, from the feeds that an administrator loads. Others import it from :mod:`collector.tables`."""

from sqlalchemy import Boolean, Column, Float, Integer, String, Table

from collector.columns import UtcTime, metadata

vulnerability_feed = Table(
    "vulnerability_feed",
    metadata,
    Column("name", String(8), primary_key=True),  # kev, epss, ssvc
    Column("version", String(100), nullable=False),  # as the feed says it
    Column("published", UtcTime, nullable=False),  # the feed's own date
    Column("loaded_at", UtcTime, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("digest", String(64), nullable=False),  # of what it says, so that loading it again changes nothing
    Column("pending", Boolean, nullable=False),  # findings are still to be weighed by it
)

cve_kev = Table(
    "cve_kev",
    metadata,
    Column("cve", String(32), primary_key=True),
    Column("listed", UtcTime, nullable=False),
    sqlite_with_rowid=False,
)

cve_epss = Table(
    "cve_epss",
    metadata,
    Column("cve", String(32), primary_key=True),
    Column("probability", Float, nullable=False),
    Column("percentile", Float, nullable=False),
    sqlite_with_rowid=False,
)

cve_ssvc = Table(
    "cve_ssvc",
    metadata,
    Column("cve", String(32), primary_key=True),
    Column("exploitation", String(8)),  # none, poc, active; each is None where the record does not say it
    Column("automatable", Boolean),
    Column("total_impact", Boolean),
    Column("at", UtcTime, nullable=False),
    sqlite_with_rowid=False,
)
