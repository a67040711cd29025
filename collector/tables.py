"""The store's tables. One description for SQLite and PostgreSQL; Alembic's migrations are made from it.

Conventions: ids are texts; times are aware and kept in UTC; JSON is text on SQLite and ``jsonb``-like on PostgreSQL;
closed sets are kept as the words of their enums. What the lists sort or filter by is a column of its own row, so that no list
needs a join to page through a million findings.
"""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from collector.columns import Counter, UtcTime, metadata
from collector.digest_tables import digest
from collector.exception_tables import exception
from collector.feed_tables import cve_epss, cve_kev, cve_ssvc, vulnerability_feed
from collector.filter_tables import saved_filter
from collector.people_tables import account, account_grant, account_link, account_place
from collector.sign_in_tables import account_recovery, account_totp, provider_session, sign_in_attempt, throttle
from collector.tally_tables import coverage_tally, tally
from collector.ticket_tables import ticket, ticket_finding, ticket_remark, ticket_step
from collector.webhook_tables import webhook, webhook_letter
from collector.work_tables import (
    audit,
    control,
    due_run,
    entry_code,
    lease,
    outbox,
    repeated_request,
    scan,
    schedule,
    token,
    unit,
    web_session,
    zone_change,
)

# --- the catalogue: what the city says of itself -------------------------------------------------------------------

department = Table(
    "department",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("names", JSON, nullable=False),  # {"ca": …, "es": …, "en": …}
    Column("inventory_size", Integer, nullable=False, default=0),  # N of scoring.md, frozen at the start of the period
)

service = Table(
    "service",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("department_id", ForeignKey("department.id"), nullable=False),
    Column("names", JSON, nullable=False),
    Column("audience", String(32)),
    Column("plan", String(32)),
    Column("strategic_line", String(64)),
    Column("project", String(64)),
    Column("supplier", String(200)),
    Column("ens", JSON, nullable=False),  # {"D": "medio", …}; "-" = the dimension is not affected
    Column("ens_category", String(16)),  # BASICA, MEDIA, ALTA; None = not valued
    Column("exposure", String(16)),  # overrides the vantage's
    Column("parameters", JSON, nullable=False, default=dict),  # rule id → {parameter: value}
    Column("inventory_size", Integer, nullable=False, default=0),
)

asset = Table(
    "asset",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(253), nullable=False),
    Column("namespace", String(64), nullable=False, default=""),
    Column("declared", Boolean, nullable=False, default=False),  # the catalogue names it (INV-001)
    Column("catalogue_id", String(128), unique=True),
    Column("department_id", ForeignKey("department.id")),
    Column("service_id", ForeignKey("service.id")),  # the most critical one; all are in asset_service
    Column("owner", String(200)),
    Column("ens_category", String(16)),
    Column("exposure", String(16)),
    Column("authorised_ports", String(2000)),  # text of scanners.ports; None = nobody said
    Column("addresses", JSON, nullable=False, default=list),
    Column("names", JSON, nullable=False, default=list),
    Column("os", String(200)),
    Column("first_seen", UtcTime),
    Column("last_seen", UtcTime),
    Column("last_evaluated", UtcTime),
    Column("gone_since", UtcTime),  # proved gone; None = not known to be gone
    Column("risk", Float),  # R of scoring.md; None = never evaluated
    Column("risk_factors", JSON),
    Column("open_findings", Integer, nullable=False, default=0),
    Column("worst", String(36)),  # id of the finding that weighs most
    Column("expected", Integer, nullable=False, default=0),  # rows of its coverage that apply
    Column("conclusive", Integer, nullable=False, default=0),  # those that passed or failed at the last look
    Column("silent_rounds", Integer, nullable=False, default=0),  # complete sweeps in a row without any answer
    Column("silent_in", String(64)),  # the scan of the last of them
    Index("ix_asset_page", "risk", "id"),
    Index("ix_asset_department_page", "department_id", "risk", "id"),
    Index("ix_asset_service_page", "service_id", "risk", "id"),
    Index("ix_asset_name", "name"),
    # What groups of assets add up, read without their rows.
    Index(
        "ix_asset_standing",
        *("gone_since", "department_id", "risk", "last_evaluated", "open_findings", "expected", "conclusive", "declared"),
    ),
)

asset_service = Table(
    "asset_service",
    metadata,
    Column("asset_id", ForeignKey("asset.id", ondelete="CASCADE"), primary_key=True),
    Column("service_id", ForeignKey("service.id"), primary_key=True),
    Index("ix_asset_service_service", "service_id"),
)

# What people search assets by, in a table narrow enough to be read whole at each search.
asset_words = Table(
    "asset_words",
    metadata,
    Column("asset_id", ForeignKey("asset.id", ondelete="CASCADE"), primary_key=True),
    Column("words", Text, nullable=False),  # name and addresses, in small letters
    sqlite_with_rowid=False,
)

identifier = Table(
    "identifier",
    metadata,
    Column("namespace", String(64), primary_key=True),
    Column("kind", String(16), primary_key=True),  # mac, ssh_host_key, certificate, name, address, catalogue
    Column("value", String(300), primary_key=True),
    Column("asset_id", ForeignKey("asset.id", ondelete="CASCADE"), nullable=False),
    Column("weight", Float, nullable=False),
    Column("first_seen", UtcTime, nullable=False),
    Column("last_seen", UtcTime, nullable=False),
    Index("ix_identifier_asset", "asset_id"),
    sqlite_with_rowid=False,
)

endpoint = Table(
    "endpoint",
    metadata,
    Column("asset_id", ForeignKey("asset.id", ondelete="CASCADE"), primary_key=True),
    Column("place", String(300), primary_key=True),  # tcp/443, tcp/443/sede.example
    Column("vantage", String(16), primary_key=True),  # closed to the internet is not closed to the inside
    Column("address", String(45), nullable=False),
    Column("port", Integer),
    Column("transport", String(8)),
    Column("name", String(253)),
    Column("service", String(64)),
    Column("product", String(200)),
    Column("version", String(100)),
    Column("tls", Boolean),
    Column("state", String(16), nullable=False, default="open"),  # open, closed
    Column("closed_looks", Integer, nullable=False, default=0),  # looks in a row that found it closed; two are proof
    Column("closed_in", String(64)),  # the scan that found it closed last: two looks of one scan are one
    Column("zone", String(64), nullable=False),
    Column("first_seen", UtcTime, nullable=False),
    Column("last_seen", UtcTime, nullable=False),
    Index("ix_endpoint_address", "address", "port"),
)

# --- what was seen -------------------------------------------------------------------------------------------------

observation = Table(
    "observation",
    metadata,
    Column("asset_id", String(36), primary_key=True),
    Column("place", String(300), primary_key=True),
    Column("scanner", String(32), primary_key=True),
    Column("vantage", String(16), primary_key=True),  # the latest look from each vantage; older ones are in Elasticsearch
    Column("id", String(36), nullable=False, unique=True),
    Column("zone", String(64), nullable=False),
    Column("observed_at", UtcTime, nullable=False),
    Column("address", String(45), nullable=False),
    Column("outcome", String(24), nullable=False),
    Column("detail", String(400), nullable=False, default=""),
    Column("scanner_version", String(32), nullable=False),
    Column("facts", JSON),
    Column("evidence", LargeBinary),
    Column("evidence_sha256", String(64)),
)

# Ids of observations taken in, so that one that comes twice counts once; pruned when no sender repeats that late.
ingested = Table(
    "ingested",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("at", UtcTime, nullable=False),
    Index("ix_ingested_at", "at"),
    sqlite_with_rowid=False,
)

coverage = Table(
    "coverage",
    metadata,
    Column("asset_id", String(36), primary_key=True),
    Column("place", String(300), primary_key=True),
    Column("vantage", String(16), primary_key=True),
    Column("scanner", String(32), primary_key=True),  # whose facts were judged: a rule may judge facts of several kinds
    Column("rule", String(16), primary_key=True),
    Column("address", String(45)),  # of the look that says so
    Column("result", String(16), nullable=False),  # of the last evaluation, unknown included
    Column("last_conclusive", String(16)),  # pass or fail; None = never
    Column("evaluated_at", UtcTime, nullable=False),  # the last evaluation of any result
    Column("conclusive_at", UtcTime),
    Column("observation_id", String(36)),
    Column("department_id", String(64)),
    Column("service_id", String(64)),
    Column("observed", JSON),  # what explains the last evaluation, passed ones too
    Column("expected", JSON),
    # In the order of the list of verdicts, with what it is narrowed to.
    Index("ix_coverage_rule", "rule", "asset_id", "place", "vantage", "scanner", "result", "department_id", "service_id"),
    Index("ix_coverage_department", "department_id", "asset_id", "place", "vantage", "scanner", "rule", "result", "service_id"),
    sqlite_with_rowid=False,
)

finding = Table(
    "finding",
    metadata,
    Column("id", String(36), primary_key=True),  # UUIDv5 of rule × asset × place
    Column("rule", String(16), nullable=False),
    Column("asset_id", String(36), nullable=False),
    Column("place", String(300), nullable=False),
    Column("state", String(16), nullable=False),  # open, resolved, waived
    Column("severity", String(16), nullable=False),
    Column("confidence", String(16), nullable=False),
    Column("base", Float, nullable=False),
    Column("risk", Float, nullable=False),  # r of scoring.md, 0-100
    Column("band", String(16), nullable=False),
    Column("factors", JSON, nullable=False),
    Column("observed", JSON, nullable=False),
    Column("expected", JSON, nullable=False),
    Column("observation_id", String(36)),
    Column("asset_name", String(253), nullable=False),
    Column("address", String(45)),
    Column("port", Integer),
    Column("transport", String(8)),
    Column("name", String(253)),
    Column("vantage", String(16), nullable=False),  # the most exposed one that sees it
    Column("exposure", String(16), nullable=False),
    Column("zone", String(64), nullable=False),
    Column("department_id", String(64)),
    Column("service_id", String(64)),
    Column("first_seen", UtcTime, nullable=False),
    Column("opened_at", UtcTime, nullable=False),  # when it last became open: deadlines run from here
    Column("last_seen", UtcTime, nullable=False),
    Column("last_evaluated", UtcTime, nullable=False),
    Column("last_result", String(16), nullable=False),  # unknown is possible while open
    Column("resolved_at", UtcTime),
    Column("resolved_because", String(32)),  # passed, endpoint_gone, asset_gone, not_applicable
    Column("reopened", Integer, nullable=False, default=0),
    Column("due", UtcTime),
    Column("exception_id", String(36)),  # the approved exception that waives it
    Column("waiver", JSON),  # what was approved (collector.waiving)
    Column("known_exploited", Boolean, nullable=False, server_default=false()),  # a CVE that it shows is
    Column("deadline", JSON),  # the row of the table that set `due` (collector.deadlines); None = the severity did
    UniqueConstraint("rule", "asset_id", "place"),
    # What stands behind the id lets rare combinations of filters be looked for in the index, without the rows.
    Index("ix_finding_page", "state", "risk", "id", "severity", "zone", "vantage", "department_id", "service_id"),
    Index(
        "ix_finding_department_page",
        *("department_id", "state", "risk", "id", "severity", "band", "zone", "vantage", "service_id"),
    ),
    Index("ix_finding_service_page", "service_id", "state", "risk", "id"),
    Index("ix_finding_rule_page", "rule", "state", "risk", "id"),
    Index("ix_finding_band_page", "state", "band", "risk", "id"),
    Index("ix_finding_exception", "exception_id"),
    Index("ix_finding_asset", "asset_id", "state", "risk"),
    Index("ix_finding_due", "state", "due", "id"),
    Index("ix_finding_seen", "state", "last_seen", "id"),
    Index("ix_finding_severity_page", "state", "severity", "risk", "id"),
    Index("ix_finding_zone_page", "zone", "state", "risk", "id"),
    Index("ix_finding_vantage_page", "vantage", "state", "risk", "id"),
    Index("ix_finding_address", "address", "state", "risk"),
    Index("ix_finding_department_due", "department_id", "state", "due"),
    Index(  # few, asked for often
        "ix_finding_exploited",
        "state",
        "risk",
        "id",
        sqlite_where=text("known_exploited = 1"),
        postgresql_where=text("known_exploited"),
    ),
    Index("ix_finding_service_due", "service_id", "state", "due"),
)

event = Table(
    "event",
    metadata,
    Column("seq", Counter, primary_key=True, autoincrement=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("at", UtcTime, nullable=False),
    Column("action", String(32), nullable=False),  # finding-opened, -resolved, -reopened, asset-new, asset-gone, port-new …
    Column("finding_id", String(36)),
    Column("asset_id", String(36)),
    Column("department_id", String(64)),
    Column("detail", JSON, nullable=False, default=dict),
    Index("ix_event_finding", "finding_id", "seq"),
    Index("ix_event_asset", "asset_id", "seq"),
    Index("ix_event_department", "department_id", "seq"),
    sqlite_autoincrement=True,  # whoever reads on from a number misses nothing and sees nothing twice
)

score_history = Table(
    "score_history",
    metadata,
    Column("level", String(16), primary_key=True),  # city, department, service, asset
    Column("key", String(64), primary_key=True),  # "" for the city
    Column("at", UtcTime, primary_key=True),
    Column("value", Float),  # None = nothing was evaluated
    Column("low", Float),
    Column("high", Float),
    Column("coverage", Float, nullable=False),  # 0-1: conclusive evaluations over expected ones
    Column("version", Integer, nullable=False),
    Column("factors", JSON, nullable=False),
)

__all__ = [
    "Counter",
    "UtcTime",
    "account",
    "account_grant",
    "account_link",
    "account_place",
    "account_recovery",
    "account_totp",
    "asset",
    "asset_service",
    "asset_words",
    "audit",
    "control",
    "coverage",
    "coverage_tally",
    "cve_epss",
    "cve_kev",
    "cve_ssvc",
    "department",
    "digest",
    "due_run",
    "endpoint",
    "entry_code",
    "event",
    "exception",
    "finding",
    "identifier",
    "ingested",
    "lease",
    "metadata",
    "observation",
    "outbox",
    "provider_session",
    "repeated_request",
    "saved_filter",
    "scan",
    "schedule",
    "score_history",
    "service",
    "sign_in_attempt",
    "tally",
    "throttle",
    "ticket",
    "ticket_finding",
    "ticket_remark",
    "ticket_step",
    "token",
    "unit",
    "vulnerability_feed",
    "web_session",
    "webhook",
    "webhook_letter",
    "zone_change",
]
