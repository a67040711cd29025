"""The tables of signing in: second steps, and sign-ins that are under way."""

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from collector.columns import UtcTime, metadata

# One for an account that enrolled a device. The secret is sealed (collector.sealing).
account_totp = Table(
    "account_totp",
    metadata,
    Column("account_id", ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("secret", String(200), nullable=False),
    Column("confirmed_at", UtcTime),  # None: no code of it was given yet, it is not asked for
    Column("last_counter", BigInteger, nullable=False),  # of the latest code that was taken: none is taken twice
)

account_recovery = Table(
    "account_recovery",
    metadata,
    Column("account_id", ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("digest", String(64), primary_key=True),
)

# A sign-in between two requests: what the browser holds is a secret, of which this is the digest.
sign_in_attempt = Table(
    "sign_in_attempt",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("account_id", ForeignKey("account.id", ondelete="CASCADE")),
    Column("kept", JSON, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Index("ix_sign_in_attempt_kind", "kind", "expires_at"),
)

# What belongs to a session that the city's identity provider opened: how to ask it again whether it still stands.
provider_session = Table(
    "provider_session",
    metadata,
    Column("digest", ForeignKey("web_session.digest", ondelete="CASCADE"), primary_key=True),
    Column("refresh", Text, nullable=False),  # sealed (collector.sealing)
    Column("checked_at", UtcTime, nullable=False),  # when the provider last said that it stands
    Column("claimed_at", UtcTime),  # one process is asking
    Column("retry_at", UtcTime),  # the provider did not answer: not before this
)

# When something that may be tried so often a minute was tried: one row for each of a bounded number of keys.
throttle = Table(
    "throttle",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("moments", JSON, nullable=False),  # seconds since the epoch
    Column("ends_at", UtcTime, nullable=False, index=True),  # what is older counts for nothing
)
