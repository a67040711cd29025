"""exceptions"""

import sqlalchemy as sa
from alembic import op

from collector.columns import UtcTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exception",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("rule", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("control", sa.Text(), nullable=False),
        sa.Column("strength", sa.Float(), nullable=False),
        sa.Column("department_id", sa.String(length=64), nullable=True),
        sa.Column("requested_by", sa.String(length=200), nullable=False),
        sa.Column("requested_by_id", sa.String(length=100), nullable=False),
        sa.Column("requested_at", UtcTime(), nullable=False),
        sa.Column("until", UtcTime(), nullable=False),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.Column("decided_by_id", sa.String(length=100), nullable=True),
        sa.Column("decided_at", UtcTime(), nullable=True),
        sa.Column("closed_at", UtcTime(), nullable=True),
        sa.Column("closed_by", sa.String(length=200), nullable=True),
        sa.CheckConstraint(
            "decided_by IS NULL OR (decided_by <> requested_by AND decided_by_id <> requested_by_id)",
            name="another_person_decides",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exception")),
    )
    op.create_index("ix_exception_state", "exception", ["state", "until"], unique=False)
    op.add_column("finding", sa.Column("exception_id", sa.String(length=36), nullable=True))
    op.add_column("finding", sa.Column("waiver", sa.JSON(), nullable=True))
    op.create_index("ix_finding_exception", "finding", ["exception_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_finding_exception", table_name="finding")
    op.drop_column("finding", "waiver")
    op.drop_column("finding", "exception_id")
    op.drop_index("ix_exception_state", table_name="exception")
    op.drop_table("exception")
