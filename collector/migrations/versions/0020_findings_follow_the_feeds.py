"""findings follow the feeds: known to be exploited, and why a deadline is what it is"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("finding", sa.Column("known_exploited", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("finding", sa.Column("deadline", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("finding", "deadline")
    op.drop_column("finding", "known_exploited")
