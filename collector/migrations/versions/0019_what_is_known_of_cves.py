"""what is known of CVEs: the feeds that an administrator loads"""

import sqlalchemy as sa
from alembic import op

import collector.columns

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "vulnerability_feed",
        sa.Column("name", sa.String(length=8), nullable=False),
        sa.Column("version", sa.String(length=100), nullable=False),
        sa.Column("published", collector.columns.UtcTime(), nullable=False),
        sa.Column("loaded_at", collector.columns.UtcTime(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("pending", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_vulnerability_feed")),
    )
    op.create_table(
        "cve_kev",
        sa.Column("cve", sa.String(length=32), nullable=False),
        sa.Column("listed", collector.columns.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("cve", name=op.f("pk_cve_kev")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "cve_epss",
        sa.Column("cve", sa.String(length=32), nullable=False),
        sa.Column("probability", sa.Float(), nullable=False),
        sa.Column("percentile", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("cve", name=op.f("pk_cve_epss")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "cve_ssvc",
        sa.Column("cve", sa.String(length=32), nullable=False),
        sa.Column("exploitation", sa.String(length=8), nullable=True),
        sa.Column("automatable", sa.Boolean(), nullable=True),
        sa.Column("total_impact", sa.Boolean(), nullable=True),
        sa.Column("at", collector.columns.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("cve", name=op.f("pk_cve_ssvc")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    for table in ("cve_ssvc", "cve_epss", "cve_kev", "vulnerability_feed"):
        op.drop_table(table)
