"""The tables of people: their accounts, what they were made, where they signed in from, how they set a password."""

from sqlalchemy import Column, ForeignKey, String, Table, UniqueConstraint

from collector.columns import UtcTime, metadata

account = Table(
    "account",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(100), nullable=False, unique=True),  # what a person signs in with, in small letters
    Column("display_name", String(200), nullable=False),
    Column("email", String(254)),
    Column("language", String(2)),
    Column("password", String(300)),  # argon2id, with its parameters; None = none was set yet
    Column("issuer", String(300)),  # the identity provider that knows this person, and its name for them
    Column("subject", String(255)),
    Column("created_at", UtcTime, nullable=False),
    Column("disabled_at", UtcTime),
    UniqueConstraint("issuer", "subject"),
)

account_grant = Table(
    "account_grant",
    metadata,
    Column("account_id", ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("role", String(16), primary_key=True),
    Column("department", String(64), primary_key=True),  # empty: the whole city
)

# A link with which a person sets a password, once.
account_link = Table(
    "account_link",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("account_id", ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)

# Devices and addresses that signed in before: they keep a budget of tries that nobody else can use up.
account_place = Table(
    "account_place",
    metadata,
    Column("account_id", ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("seen_at", UtcTime, nullable=False),
)
