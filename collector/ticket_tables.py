"""Tables of the tickets that follow findings in the city's ticket system (:mod:`collector.tickets`)."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, text

from collector.columns import Counter, UtcTime, metadata

# One remedy (rule) for one owner (department and service), in both systems.
ticket = Table(
    "ticket",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("external_id", String(140), nullable=False, unique=True),  # posture:<city>:<id>: how it is found over there
    Column("live_key", String(200), unique=True),  # rule, department and service while it is followed: one at a time
    Column("rule", String(16), nullable=False),
    Column("department_id", String(64)),
    Column("service_id", String(64)),
    Column("state", String(16), nullable=False),  # of collector.tickets
    Column("review", String(32)),  # why a person has to look at it
    Column("closed_because", String(16)),  # proved, excepted, moved, dropped
    Column("subject", String(200), nullable=False, default=""),
    Column("opened_by", String(200), nullable=False),
    Column("opened_by_id", String(100), nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("closed_at", UtcTime),
    Column("wanted", JSON, nullable=False, default=dict),  # priority, due and owner as they shall be over there
    Column("written", JSON, nullable=False, default=dict),  # as Talaia wrote them last
    Column("kept", JSON, nullable=False, default=list),  # those that a person set otherwise: left alone
    Column("remote_id", String(100)),
    Column("remote_url", String(500)),
    Column("remote", JSON(none_as_null=True)),  # as it was over there when it was read last
    Column("gone", Boolean, nullable=False, default=False),  # it is not there any more
    Column("read_at", UtcTime),  # None = what was read is older than what was written: read again before deciding
    Column("reopened", Integer, nullable=False, default=0),
    Column("tests", JSON, nullable=False, default=list),  # the scans that test it again
    Column("tested_from", UtcTime),
    Column("test_tries", Integer, nullable=False, default=0),
    Column("next_test_at", UtcTime),
    Index("ix_ticket_page", "state", "opened_at", "id"),
    Index("ix_ticket_department_page", "department_id", "opened_at", "id"),
    Index("ix_ticket_remote", "remote_id"),
    Index("ix_ticket_opened", "opened_at", "id"),
    Index("ix_ticket_closed", "closed_at"),
)

ticket_finding = Table(
    "ticket_finding",
    metadata,
    Column("ticket_id", ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True),
    Column("finding_id", String(36), primary_key=True),
    Column("joined_at", UtcTime, nullable=False),
    Column("told", Boolean, nullable=False, default=False),  # the ticket over there names it
    Column("outcome", String(16)),  # resolved, waived, moved; None = open
    Index("ix_ticket_finding_finding", "finding_id"),
    Index("ix_ticket_finding_outcome", "ticket_id", "outcome"),
)

# What is to be done over there, in order: kept until it is done.
ticket_step = Table(
    "ticket_step",
    metadata,
    Column("seq", Counter, primary_key=True, autoincrement=True),
    Column("ticket_id", ForeignKey("ticket.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(16), nullable=False),  # create, update, comment, reopen, resolve
    Column("text", Text, nullable=False, default=""),
    Column("made_at", UtcTime, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("tried_at", UtcTime),
    Column("next_at", UtcTime),  # None = waits for a person, or done
    Column("trouble", String(400)),
    Column("done_at", UtcTime),
    Index("ix_ticket_step_next", "next_at", "seq"),
    Index("ix_ticket_step_ticket", "ticket_id", "seq"),
    Index(
        "ix_ticket_step_left", "ticket_id", "seq", postgresql_where=text("done_at IS NULL"), sqlite_where=text("done_at IS NULL")
    ),
    sqlite_autoincrement=True,
)

# What people wrote on the ticket over there.
ticket_remark = Table(
    "ticket_remark",
    metadata,
    Column("ticket_id", ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True),
    Column("digest", String(64), primary_key=True),  # SHA-256 of author, time and text: read twice, it is one
    Column("author", String(200), nullable=False),
    Column("text", Text, nullable=False),
    Column("written_at", UtcTime, nullable=False),
)
