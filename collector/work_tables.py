"""The tables of the work itself: scans, schedules, people, delivery. Others import them from :mod:`collector.tables`."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from collector.columns import Counter, UtcTime, metadata

# --- looking -------------------------------------------------------------------------------------------------------

scan = Table(
    "scan",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("zone", String(64), nullable=False),
    Column("targets", JSON),  # None = the whole zone
    Column("asked_by", String(200), nullable=False),  # a token's name, a schedule's id, the command line
    Column("schedule_id", String(64)),
    Column("state", String(16), nullable=False),  # waiting, running, finished, stopped, failed
    Column("created_at", UtcTime, nullable=False),
    Column("started_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("progress", JSON, nullable=False, default=dict),  # phase, hosts, ports, checks, rate, seconds_left
    Column("detail", String(400), nullable=False, default=""),
    Index("ix_scan_state", "state", "created_at"),
    Index("ix_scan_page", "created_at", "id"),
    Index("ix_scan_asked_by", "asked_by", "created_at", "id"),
    Index("ix_scan_zone", "zone", "state", "ended_at"),
)

unit = Table(
    "unit",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("scan_id", ForeignKey("scan.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(16), nullable=False),  # sweep, look
    Column("body", JSON, nullable=False),
    Column("state", String(16), nullable=False),  # waiting, running, finished, failed
    Column("attempts", Integer, nullable=False, default=0),
    Column("checkpoint", JSON),
    Column("leased_until", UtcTime),
    Column("detail", String(400), nullable=False, default=""),
    Index("ix_unit_scan", "scan_id", "state"),
)

schedule = Table(
    "schedule",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("zone", String(64), nullable=False),
    Column("cron", String(100)),  # five fields; exactly one of cron and interval_seconds
    Column("interval_seconds", Integer),
    Column("timezone", String(64), nullable=False),
    Column("enabled", Boolean, nullable=False, default=True),
    Column("from_settings", Boolean, nullable=False, default=False),
    Column("created_at", UtcTime, nullable=False),
)

due_run = Table(
    "due_run",
    metadata,
    Column("schedule_id", String(64), primary_key=True),
    Column("due_local", String(32), primary_key=True),  # wall-clock time of the slot: the same hour twice in autumn is one slot
    Column("scan_id", String(36)),
    Column("taken_at", UtcTime, nullable=False),
)

lease = Table(
    "lease",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("until", UtcTime, nullable=False),
)

control = Table(
    "control",
    metadata,
    Column("key", String(64), primary_key=True),  # "stop"
    Column("value", JSON),
    Column("at", UtcTime, nullable=False),
)

# A change of the zone file that one person proposes and another approves.
zone_change = Table(
    "zone_change",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("state", String(16), nullable=False),  # of collector.zone_changes
    Column("text", Text, nullable=False),  # the whole file as it would be
    Column("base", String(64), nullable=False),  # SHA-256 of the file it was made from
    Column("reason", String(400), nullable=False),
    Column("differences", JSON, nullable=False),
    Column("proposed_by", String(200), nullable=False),
    Column("proposed_by_id", String(100), nullable=False),
    Column("proposed_at", UtcTime, nullable=False),
    Column("decided_by", String(200)),
    Column("decided_by_id", String(100)),
    Column("decided_at", UtcTime),
    Index("ix_zone_change_state", "state", "proposed_at"),
)

# --- people and delivery -------------------------------------------------------------------------------------------

token = Table(
    "token",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("digest", String(64), nullable=False, unique=True),  # SHA-256 of a 256-bit random secret
    Column("role", String(16), nullable=False, server_default="viewer"),  # of collector.grants
    Column("departments", JSON(none_as_null=True)),  # ids; None = the whole city
    Column("permissions", JSON(none_as_null=True)),  # a narrower set than its role's; None = all of them
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("revoked_at", UtcTime),
    Column("last_used_at", UtcTime),
)

# A browser that signed in with a token or as a person: what either loses, its sessions lose at once.
web_session = Table(
    "web_session",
    metadata,
    Column("digest", String(64), primary_key=True),  # SHA-256 of the cookie's 256-bit random secret
    Column("token_id", ForeignKey("token.id", ondelete="CASCADE")),
    Column("account_id", ForeignKey("account.id", ondelete="CASCADE"), index=True),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("used_at", UtcTime, nullable=False),  # to the minute; an idle session of a person ends
    Column("agent", String(200), nullable=False, server_default=""),  # what the browser calls itself
)

# A link that signs one browser in, once.
entry_code = Table(
    "entry_code",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("token_id", ForeignKey("token.id", ondelete="CASCADE"), nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)

# Who did what, and who was not let: rows are only ever added (triggers refuse the rest), each holds the digest before it.
audit = Table(
    "audit",
    metadata,
    Column("seq", Counter, primary_key=True, autoincrement=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("at", UtcTime, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("actor_id", String(100), nullable=False),
    Column("address", String(45), nullable=False),
    Column("action", String(100), nullable=False),  # an operation's id
    Column("outcome", String(16), nullable=False),  # done, denied, failed
    Column("subject", String(64), nullable=False),
    Column("subject_id", String(200), nullable=False),
    Column("department_id", String(64)),
    Column("detail", JSON, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    sqlite_autoincrement=True,
)

# A request that a program may send again: what was answered the first time.
repeated_request = Table(
    "repeated_request",
    metadata,
    Column("caller", String(100), primary_key=True),
    Column("key", String(255), primary_key=True),  # its Idempotency-Key
    Column("fingerprint", String(64), nullable=False),  # SHA-256 of what was asked
    Column("at", UtcTime, nullable=False),
    Column("status", Integer),  # None = not answered yet
    Column("media_type", String(100)),
    Column("body", LargeBinary),  # None = an answer that is shown once
    Index("ix_repeated_request_at", "at"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("seq", Counter, primary_key=True, autoincrement=True),
    Column("sink", String(32), nullable=False),
    Column("id", String(64), nullable=False),  # the document's _id: the same event never has two
    Column("stream", String(100), nullable=False),  # logs-posture.misconfiguration-vilamar
    Column("body", LargeBinary, nullable=False),  # the JSON document
    Column("created_at", UtcTime, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("last_error", String(400)),
    UniqueConstraint("sink", "id"),
    sqlite_autoincrement=True,  # a number is never given twice: the row that was sent is the row that is deleted
)
