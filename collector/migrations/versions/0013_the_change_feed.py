"""the change feed is read department by department"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_event_department", "event", ["department_id", "seq"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_event_department", table_name="event")
