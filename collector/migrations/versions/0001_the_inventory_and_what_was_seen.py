"""the inventory and what was seen"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "coverage",
        sa.Column("asset_id", sa.String(length=36), nullable=False),
        sa.Column("place", sa.String(length=300), nullable=False),
        sa.Column("vantage", sa.String(length=16), nullable=False),
        sa.Column("scanner", sa.String(length=32), nullable=False),
        sa.Column("rule", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=True),
        sa.Column("result", sa.String(length=16), nullable=False),
        sa.Column("last_conclusive", sa.String(length=16), nullable=True),
        sa.Column("evaluated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("conclusive_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("observation_id", sa.String(length=36), nullable=True),
        sa.Column("department_id", sa.String(length=64), nullable=True),
        sa.Column("service_id", sa.String(length=64), nullable=True),
        sa.Column("observed", sa.JSON(), nullable=True),
        sa.Column("expected", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("asset_id", "place", "vantage", "scanner", "rule", name=op.f("pk_coverage")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_coverage_rule", "coverage", ["rule", "result"], unique=False)
    op.create_table(
        "department",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("inventory_size", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_department")),
    )
    op.create_table(
        "event",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("finding_id", sa.String(length=36), nullable=True),
        sa.Column("asset_id", sa.String(length=36), nullable=True),
        sa.Column("department_id", sa.String(length=64), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_event")),
        sa.UniqueConstraint("id", name=op.f("uq_event_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_event_asset", "event", ["asset_id", "seq"], unique=False)
    op.create_index("ix_event_finding", "event", ["finding_id", "seq"], unique=False)
    op.create_table(
        "finding",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("rule", sa.String(length=16), nullable=False),
        sa.Column("asset_id", sa.String(length=36), nullable=False),
        sa.Column("place", sa.String(length=300), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("severity", sa.String(length=16), nullable=False),
        sa.Column("confidence", sa.String(length=16), nullable=False),
        sa.Column("base", sa.Float(), nullable=False),
        sa.Column("risk", sa.Float(), nullable=False),
        sa.Column("band", sa.String(length=16), nullable=False),
        sa.Column("factors", sa.JSON(), nullable=False),
        sa.Column("observed", sa.JSON(), nullable=False),
        sa.Column("expected", sa.JSON(), nullable=False),
        sa.Column("observation_id", sa.String(length=36), nullable=True),
        sa.Column("asset_name", sa.String(length=253), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=True),
        sa.Column("port", sa.Integer(), nullable=True),
        sa.Column("transport", sa.String(length=8), nullable=True),
        sa.Column("name", sa.String(length=253), nullable=True),
        sa.Column("vantage", sa.String(length=16), nullable=False),
        sa.Column("exposure", sa.String(length=16), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("department_id", sa.String(length=64), nullable=True),
        sa.Column("service_id", sa.String(length=64), nullable=True),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_evaluated", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_result", sa.String(length=16), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_because", sa.String(length=32), nullable=True),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
        sa.UniqueConstraint("rule", "asset_id", "place", name=op.f("uq_finding_rule_asset_id_place")),
    )
    op.create_index("ix_finding_address", "finding", ["address", "state", "risk"], unique=False)
    op.create_index("ix_finding_asset", "finding", ["asset_id", "state", "risk"], unique=False)
    op.create_index("ix_finding_band_page", "finding", ["state", "band", "risk", "id"], unique=False)
    op.create_index("ix_finding_department_due", "finding", ["department_id", "state", "due"], unique=False)
    op.create_index("ix_finding_department_page", "finding", ["department_id", "state", "risk", "id"], unique=False)
    op.create_index("ix_finding_due", "finding", ["state", "due", "id"], unique=False)
    op.create_index("ix_finding_page", "finding", ["state", "risk", "id"], unique=False)
    op.create_index("ix_finding_rule_page", "finding", ["rule", "state", "risk", "id"], unique=False)
    op.create_index("ix_finding_seen", "finding", ["state", "last_seen", "id"], unique=False)
    op.create_index("ix_finding_service_due", "finding", ["service_id", "state", "due"], unique=False)
    op.create_index("ix_finding_service_page", "finding", ["service_id", "state", "risk", "id"], unique=False)
    op.create_index("ix_finding_severity_page", "finding", ["state", "severity", "risk", "id"], unique=False)
    op.create_index("ix_finding_vantage_page", "finding", ["vantage", "state", "risk", "id"], unique=False)
    op.create_index("ix_finding_zone_page", "finding", ["zone", "state", "risk", "id"], unique=False)
    op.create_table(
        "ingested",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ingested")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_ingested_at", "ingested", ["at"], unique=False)
    op.create_table(
        "observation",
        sa.Column("asset_id", sa.String(length=36), nullable=False),
        sa.Column("place", sa.String(length=300), nullable=False),
        sa.Column("scanner", sa.String(length=32), nullable=False),
        sa.Column("vantage", sa.String(length=16), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("outcome", sa.String(length=24), nullable=False),
        sa.Column("detail", sa.String(length=400), nullable=False),
        sa.Column("scanner_version", sa.String(length=32), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=True),
        sa.Column("evidence", sa.LargeBinary(), nullable=True),
        sa.Column("evidence_sha256", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("asset_id", "place", "scanner", "vantage", name=op.f("pk_observation")),
        sa.UniqueConstraint("id", name=op.f("uq_observation_id")),
    )
    op.create_table(
        "score_history",
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("low", sa.Float(), nullable=True),
        sa.Column("high", sa.Float(), nullable=True),
        sa.Column("coverage", sa.Float(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("factors", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("level", "key", "at", name=op.f("pk_score_history")),
    )
    op.create_table(
        "tally",
        sa.Column("department_id", sa.String(length=64), nullable=False),
        sa.Column("service_id", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("band", sa.String(length=16), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("department_id", "service_id", "rule", "state", "band", name=op.f("pk_tally")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "service",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("department_id", sa.String(length=64), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("audience", sa.String(length=32), nullable=True),
        sa.Column("plan", sa.String(length=32), nullable=True),
        sa.Column("strategic_line", sa.String(length=64), nullable=True),
        sa.Column("project", sa.String(length=64), nullable=True),
        sa.Column("supplier", sa.String(length=200), nullable=True),
        sa.Column("ens", sa.JSON(), nullable=False),
        sa.Column("ens_category", sa.String(length=16), nullable=True),
        sa.Column("exposure", sa.String(length=16), nullable=True),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("inventory_size", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_service_department_id_department")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service")),
    )
    op.create_table(
        "asset",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=253), nullable=False),
        sa.Column("namespace", sa.String(length=64), nullable=False),
        sa.Column("declared", sa.Boolean(), nullable=False),
        sa.Column("catalogue_id", sa.String(length=128), nullable=True),
        sa.Column("department_id", sa.String(length=64), nullable=True),
        sa.Column("service_id", sa.String(length=64), nullable=True),
        sa.Column("owner", sa.String(length=200), nullable=True),
        sa.Column("ens_category", sa.String(length=16), nullable=True),
        sa.Column("exposure", sa.String(length=16), nullable=True),
        sa.Column("authorised_ports", sa.String(length=2000), nullable=True),
        sa.Column("addresses", sa.JSON(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("os", sa.String(length=200), nullable=True),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_evaluated", sa.DateTime(timezone=True), nullable=True),
        sa.Column("gone_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("risk", sa.Float(), nullable=True),
        sa.Column("risk_factors", sa.JSON(), nullable=True),
        sa.Column("open_findings", sa.Integer(), nullable=False),
        sa.Column("worst", sa.String(length=36), nullable=True),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("conclusive", sa.Integer(), nullable=False),
        sa.Column("silent_rounds", sa.Integer(), nullable=False),
        sa.Column("silent_in", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_asset_department_id_department")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_asset_service_id_service")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset")),
        sa.UniqueConstraint("catalogue_id", name=op.f("uq_asset_catalogue_id")),
    )
    op.create_index("ix_asset_department_page", "asset", ["department_id", "risk", "id"], unique=False)
    op.create_index("ix_asset_name", "asset", ["name"], unique=False)
    op.create_index("ix_asset_page", "asset", ["risk", "id"], unique=False)
    op.create_index("ix_asset_service_page", "asset", ["service_id", "risk", "id"], unique=False)
    op.create_table(
        "asset_service",
        sa.Column("asset_id", sa.String(length=36), nullable=False),
        sa.Column("service_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_asset_service_asset_id_asset"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_asset_service_service_id_service")),
        sa.PrimaryKeyConstraint("asset_id", "service_id", name=op.f("pk_asset_service")),
    )
    op.create_index("ix_asset_service_service", "asset_service", ["service_id"], unique=False)
    op.create_table(
        "endpoint",
        sa.Column("asset_id", sa.String(length=36), nullable=False),
        sa.Column("place", sa.String(length=300), nullable=False),
        sa.Column("vantage", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("port", sa.Integer(), nullable=True),
        sa.Column("transport", sa.String(length=8), nullable=True),
        sa.Column("name", sa.String(length=253), nullable=True),
        sa.Column("service", sa.String(length=64), nullable=True),
        sa.Column("product", sa.String(length=200), nullable=True),
        sa.Column("version", sa.String(length=100), nullable=True),
        sa.Column("tls", sa.Boolean(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("closed_looks", sa.Integer(), nullable=False),
        sa.Column("closed_in", sa.String(length=64), nullable=True),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_endpoint_asset_id_asset"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("asset_id", "place", "vantage", name=op.f("pk_endpoint")),
    )
    op.create_index("ix_endpoint_address", "endpoint", ["address", "port"], unique=False)
    op.create_table(
        "identifier",
        sa.Column("namespace", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("value", sa.String(length=300), nullable=False),
        sa.Column("asset_id", sa.String(length=36), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_identifier_asset_id_asset"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("namespace", "kind", "value", name=op.f("pk_identifier")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_identifier_asset", "identifier", ["asset_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_identifier_asset", table_name="identifier")
    op.drop_table("identifier")
    op.drop_index("ix_endpoint_address", table_name="endpoint")
    op.drop_table("endpoint")
    op.drop_index("ix_asset_service_service", table_name="asset_service")
    op.drop_table("asset_service")
    op.drop_index("ix_asset_service_page", table_name="asset")
    op.drop_index("ix_asset_page", table_name="asset")
    op.drop_index("ix_asset_name", table_name="asset")
    op.drop_index("ix_asset_department_page", table_name="asset")
    op.drop_table("asset")
    op.drop_table("service")
    op.drop_table("tally")
    op.drop_table("score_history")
    op.drop_table("observation")
    op.drop_index("ix_ingested_at", table_name="ingested")
    op.drop_table("ingested")
    op.drop_index("ix_finding_zone_page", table_name="finding")
    op.drop_index("ix_finding_vantage_page", table_name="finding")
    op.drop_index("ix_finding_severity_page", table_name="finding")
    op.drop_index("ix_finding_service_page", table_name="finding")
    op.drop_index("ix_finding_service_due", table_name="finding")
    op.drop_index("ix_finding_seen", table_name="finding")
    op.drop_index("ix_finding_rule_page", table_name="finding")
    op.drop_index("ix_finding_page", table_name="finding")
    op.drop_index("ix_finding_due", table_name="finding")
    op.drop_index("ix_finding_department_page", table_name="finding")
    op.drop_index("ix_finding_department_due", table_name="finding")
    op.drop_index("ix_finding_band_page", table_name="finding")
    op.drop_index("ix_finding_asset", table_name="finding")
    op.drop_index("ix_finding_address", table_name="finding")
    op.drop_table("finding")
    op.drop_index("ix_event_finding", table_name="event")
    op.drop_index("ix_event_asset", table_name="event")
    op.drop_table("event")
    op.drop_table("department")
    op.drop_index("ix_coverage_rule", table_name="coverage")
    op.drop_table("coverage")
