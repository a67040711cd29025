"""mail digests: what each recipient was told"""

import sqlalchemy as sa
from alembic import op

import collector.columns

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "digest",
        sa.Column("recipient", sa.String(length=400), nullable=False),
        sa.Column("since", collector.columns.UtcTime(), nullable=False),
        sa.Column("place", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("told_at", collector.columns.UtcTime(), nullable=True),
        sa.Column("slot", sa.String(length=32), nullable=True),
        sa.Column("tried", sa.String(length=32), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("next_at", collector.columns.UtcTime(), nullable=True),
        sa.Column("last_error", sa.String(length=300), nullable=True),
        sa.PrimaryKeyConstraint("recipient", name=op.f("pk_digest")),
    )


def downgrade() -> None:
    op.drop_table("digest")
