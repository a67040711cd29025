"""The ledger of mail digests. Others import it from :mod:`collector.tables`."""

from sqlalchemy import Column, Integer, String, Table

from collector.columns import Counter, UtcTime, metadata

digest = Table(
    "digest",
    metadata,
    Column("recipient", String(400), primary_key=True),  # an address and a department's id, "" for the whole city
    Column("since", UtcTime, nullable=False),  # slots count from here
    Column("place", Counter, nullable=False),  # of the feed: what lies up to there was told
    Column("told_at", UtcTime),  # until when; None: nothing was told yet, the first mail says how things stand
    Column("slot", String(32)),  # the last one dealt with, on the local clock
    Column("tried", String(32)),  # the slot that a mail was handed over for without knowing how it ended,
    Column("tries", Integer, nullable=False, default=0),  # and how often
    Column("failures", Integer, nullable=False, default=0),  # in a row
    Column("next_at", UtcTime),  # not before then
    Column("last_error", String(300)),
    Column("urgent_place", Counter),  # of the feed: what is exploited was told at once up to there; None: begins now
    Column("urgent_until", Counter),  # up to where a mail was handed over without knowing how it ended,
    Column("urgent_tries", Integer, nullable=False, server_default="0"),  # and how often
    Column("urgent_at", UtcTime),  # when the last one was sent
)
