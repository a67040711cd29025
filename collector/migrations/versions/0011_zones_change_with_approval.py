"""zones change with approval"""

import sqlalchemy as sa
from alembic import op

import collector.columns

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "zone_change",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("base", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("differences", sa.JSON(), nullable=False),
        sa.Column("proposed_by", sa.String(length=200), nullable=False),
        sa.Column("proposed_by_id", sa.String(length=100), nullable=False),
        sa.Column("proposed_at", collector.columns.UtcTime(), nullable=False),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.Column("decided_by_id", sa.String(length=100), nullable=True),
        sa.Column("decided_at", collector.columns.UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_zone_change")),
    )
    op.create_index("ix_zone_change_state", "zone_change", ["state", "proposed_at"], unique=False)


def downgrade() -> None:
    op.drop_table("zone_change")
