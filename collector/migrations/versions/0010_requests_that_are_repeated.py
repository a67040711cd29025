"""requests that are repeated"""

import sqlalchemy as sa
from alembic import op

import collector.columns

revision = "0010"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "repeated_request",
        sa.Column("caller", sa.String(length=100), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("at", collector.columns.UtcTime(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("media_type", sa.String(length=100), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("caller", "key", name=op.f("pk_repeated_request")),
    )
    op.create_index("ix_repeated_request_at", "repeated_request", ["at"], unique=False)


def downgrade() -> None:
    op.drop_table("repeated_request")
