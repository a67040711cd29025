"""lists of a large city: rare combinations of filters, tickets, exceptions, scans and verdicts are found in indexes"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_LEFT = sa.text("done_at IS NULL")
# Name, table, columns as they are now, columns as they were (None: it is new).
_INDEXES = (
    (
        "ix_finding_page",
        "finding",
        ["state", "risk", "id", "severity", "zone", "vantage", "department_id", "service_id"],
        ["state", "risk", "id"],
    ),
    (
        "ix_finding_department_page",
        "finding",
        ["department_id", "state", "risk", "id", "severity", "band", "zone", "vantage", "service_id"],
        ["department_id", "state", "risk", "id"],
    ),
    (
        "ix_asset_standing",
        "asset",
        ["gone_since", "department_id", "risk", "last_evaluated", "open_findings", "expected", "conclusive", "declared"],
        ["gone_since", "department_id", "risk", "last_evaluated", "open_findings", "expected", "conclusive"],
    ),
    (
        "ix_coverage_rule",
        "coverage",
        ["rule", "asset_id", "place", "vantage", "scanner", "result", "department_id", "service_id"],
        ["rule", "result"],
    ),
    (
        "ix_coverage_department",
        "coverage",
        ["department_id", "asset_id", "place", "vantage", "scanner", "rule", "result", "service_id"],
        None,
    ),
    ("ix_exception_page", "exception", ["state", "until", "id"], None),
    ("ix_exception_department", "exception", ["department_id", "state", "until", "id"], None),
    ("ix_ticket_opened", "ticket", ["opened_at", "id"], None),
    ("ix_ticket_closed", "ticket", ["closed_at"], None),
    ("ix_ticket_finding_outcome", "ticket_finding", ["ticket_id", "outcome"], None),
    ("ix_scan_page", "scan", ["created_at", "id"], None),
    ("ix_scan_asked_by", "scan", ["asked_by", "created_at", "id"], None),
    ("ix_scan_zone", "scan", ["zone", "state", "ended_at"], None),
)


def upgrade() -> None:
    for name, table, columns, before in _INDEXES:
        if before is not None:
            op.drop_index(name, table_name=table)
        op.create_index(name, table, columns)
    op.drop_index("ix_exception_state", table_name="exception")
    op.create_index("ix_ticket_step_left", "ticket_step", ["ticket_id", "seq"], postgresql_where=_LEFT, sqlite_where=_LEFT)


def downgrade() -> None:
    op.drop_index("ix_ticket_step_left", table_name="ticket_step")
    op.create_index("ix_exception_state", "exception", ["state", "until"])
    for name, table, _, before in reversed(_INDEXES):
        op.drop_index(name, table_name=table)
        if before is not None:
            op.create_index(name, table, before)
