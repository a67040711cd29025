"""providers are asked again, tries are counted in one place"""

import sqlalchemy as sa
from alembic import op

import collector.columns

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "provider_session",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("refresh", sa.Text(), nullable=False),
        sa.Column("checked_at", collector.columns.UtcTime(), nullable=False),
        sa.Column("claimed_at", collector.columns.UtcTime(), nullable=True),
        sa.Column("retry_at", collector.columns.UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["digest"], ["web_session.digest"], name=op.f("fk_provider_session_digest_web_session"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_provider_session")),
    )
    op.create_table(
        "throttle",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("moments", sa.JSON(), nullable=False),
        sa.Column("ends_at", collector.columns.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_throttle")),
    )
    op.create_index(op.f("ix_throttle_ends_at"), "throttle", ["ends_at"], unique=False)


def downgrade() -> None:
    op.drop_table("throttle")
    op.drop_table("provider_session")
