"""The tables of webhooks. Others import them from :mod:`collector.tables`."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Integer, String, Table, Text

from collector.columns import Counter, UtcTime, metadata

webhook = Table(
    "webhook",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("url", String(2000), nullable=False),
    Column("kinds", JSON),  # words of event.action; None = all
    Column("departments", JSON),  # None = the whole city
    Column("secret", Text, nullable=False),  # sealed (collector.sealing)
    Column("state", String(16), nullable=False),  # active, paused (by a person), disabled (it failed for days, or is gone)
    Column("place", Counter, nullable=False),  # of the feed: what lies up to there has been dealt with
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),  # in a row that failed
    Column("failing_since", UtcTime),
    Column("next_at", UtcTime),  # not before then
    Column("last_error", String(300)),
    Column("delivered_at", UtcTime),
)

# Events that a receiver would not take as they are, kept until they are sent again and taken.
webhook_letter = Table(
    "webhook_letter",
    metadata,
    Column("webhook_id", ForeignKey("webhook.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", Counter, primary_key=True, autoincrement=False),  # of the event
    Column("event_id", String(36), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("reason", String(300), nullable=False),
    Column("again", Boolean, nullable=False, default=False),  # a person asked to send it again
)
