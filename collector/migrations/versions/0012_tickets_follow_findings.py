"""tickets follow findings"""

import sqlalchemy as sa
from alembic import op

import collector.columns

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ticket",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("external_id", sa.String(length=140), nullable=False),
        sa.Column("live_key", sa.String(length=200), nullable=True),
        sa.Column("rule", sa.String(length=16), nullable=False),
        sa.Column("department_id", sa.String(length=64), nullable=True),
        sa.Column("service_id", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("review", sa.String(length=32), nullable=True),
        sa.Column("closed_because", sa.String(length=16), nullable=True),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("opened_by", sa.String(length=200), nullable=False),
        sa.Column("opened_by_id", sa.String(length=100), nullable=False),
        sa.Column("opened_at", collector.columns.UtcTime(), nullable=False),
        sa.Column("closed_at", collector.columns.UtcTime(), nullable=True),
        sa.Column("wanted", sa.JSON(), nullable=False),
        sa.Column("written", sa.JSON(), nullable=False),
        sa.Column("kept", sa.JSON(), nullable=False),
        sa.Column("remote_id", sa.String(length=100), nullable=True),
        sa.Column("remote_url", sa.String(length=500), nullable=True),
        sa.Column("remote", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("read_at", collector.columns.UtcTime(), nullable=True),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("tests", sa.JSON(), nullable=False),
        sa.Column("tested_from", collector.columns.UtcTime(), nullable=True),
        sa.Column("test_tries", sa.Integer(), nullable=False),
        sa.Column("next_test_at", collector.columns.UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket")),
        sa.UniqueConstraint("external_id", name=op.f("uq_ticket_external_id")),
        sa.UniqueConstraint("live_key", name=op.f("uq_ticket_live_key")),
    )
    op.create_index("ix_ticket_department_page", "ticket", ["department_id", "opened_at", "id"], unique=False)
    op.create_index("ix_ticket_page", "ticket", ["state", "opened_at", "id"], unique=False)
    op.create_index("ix_ticket_remote", "ticket", ["remote_id"], unique=False)
    op.create_table(
        "ticket_finding",
        sa.Column("ticket_id", sa.String(length=36), nullable=False),
        sa.Column("finding_id", sa.String(length=36), nullable=False),
        sa.Column("joined_at", collector.columns.UtcTime(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_finding_ticket_id_ticket"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("ticket_id", "finding_id", name=op.f("pk_ticket_finding")),
    )
    op.create_index("ix_ticket_finding_finding", "ticket_finding", ["finding_id"], unique=False)
    op.create_table(
        "ticket_remark",
        sa.Column("ticket_id", sa.String(length=36), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", collector.columns.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_remark_ticket_id_ticket"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("ticket_id", "digest", name=op.f("pk_ticket_remark")),
    )
    op.create_table(
        "ticket_step",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("ticket_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("made_at", collector.columns.UtcTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("tried_at", collector.columns.UtcTime(), nullable=True),
        sa.Column("next_at", collector.columns.UtcTime(), nullable=True),
        sa.Column("trouble", sa.String(length=400), nullable=True),
        sa.Column("done_at", collector.columns.UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_step_ticket_id_ticket"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_ticket_step")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_ticket_step_next", "ticket_step", ["next_at", "seq"], unique=False)
    op.create_index("ix_ticket_step_ticket", "ticket_step", ["ticket_id", "seq"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_ticket_step_ticket", table_name="ticket_step")
    op.drop_index("ix_ticket_step_next", table_name="ticket_step")
    op.drop_table("ticket_step")
    op.drop_table("ticket_remark")
    op.drop_index("ix_ticket_finding_finding", table_name="ticket_finding")
    op.drop_table("ticket_finding")
    op.drop_index("ix_ticket_remote", table_name="ticket")
    op.drop_index("ix_ticket_page", table_name="ticket")
    op.drop_index("ix_ticket_department_page", table_name="ticket")
    op.drop_table("ticket")
