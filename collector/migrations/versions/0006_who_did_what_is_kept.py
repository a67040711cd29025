"""who did what is kept"""

import sqlalchemy as sa
from alembic import op

import collector.columns

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _audit()
    _tokens()


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("at", collector.columns.UtcTime(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("actor_id", sa.String(length=100), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("action", sa.String(length=100), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("subject_id", sa.String(length=200), nullable=False),
        sa.Column("department_id", sa.String(length=64), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
        sa.UniqueConstraint("id", name=op.f("uq_audit_id")),
        sqlite_autoincrement=True,
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_no_{change.lower()} BEFORE {change} ON audit "
            "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
        )


def _tokens() -> None:
    """Scopes become roles: read → viewer, scan → analyst, admin → administrator."""
    op.add_column("token", sa.Column("role", sa.String(length=16), nullable=False, server_default="viewer"))
    op.add_column("token", sa.Column("departments", sa.JSON(), nullable=True))
    op.add_column("token", sa.Column("permissions", sa.JSON(), nullable=True))
    said = "CAST(scopes AS VARCHAR) LIKE "
    op.execute(f"UPDATE token SET role = 'analyst' WHERE {said}'%\"scan\"%'")  # noqa: S608 - no value from outside
    op.execute(f"UPDATE token SET role = 'administrator' WHERE {said}'%\"admin\"%'")  # noqa: S608
    with op.batch_alter_table("token") as batch:
        batch.drop_column("scopes")


def downgrade() -> None:
    op.drop_table("audit")
