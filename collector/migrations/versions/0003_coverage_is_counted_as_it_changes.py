"""coverage is counted as it changes"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "coverage_tally",
        sa.Column("department_id", sa.String(length=64), nullable=False),
        sa.Column("service_id", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=16), nullable=False),
        sa.Column("result", sa.String(length=16), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("department_id", "service_id", "rule", "result", name=op.f("pk_coverage_tally")),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO coverage_tally (department_id, service_id, rule, result, count) "
        "SELECT coalesce(department_id, ''), coalesce(service_id, ''), rule, result, count(*) FROM coverage "
        "GROUP BY coalesce(department_id, ''), coalesce(service_id, ''), rule, result"
    )
    op.create_index(
        "ix_asset_standing",
        "asset",
        ["gone_since", "department_id", "risk", "last_evaluated", "open_findings", "expected", "conclusive"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index("ix_asset_standing", table_name="asset")
    op.drop_table("coverage_tally")
