"""assets are searched by their words"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "asset_words",
        sa.Column("asset_id", sa.String(length=36), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_asset_words_asset_id_asset"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("asset_id", name=op.f("pk_asset_words")),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO asset_words (asset_id, words) SELECT id, lower(name) || ' ' || lower(CAST(addresses AS VARCHAR)) FROM asset"
    )


def downgrade() -> None:
    op.drop_table("asset_words")
