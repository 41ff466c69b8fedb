"""What has been billed of each month, so that later counts are a difference."""

import sqlalchemy as sa
from alembic import op

from invoicing.ledger import Instant
from migrations.append_only import guard

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "billed_usage",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invoice", sa.String(), nullable=True),
        sa.Column("customer", sa.String(length=64), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["invoice"], ["invoice.number"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_billed_usage_month_customer", "billed_usage", ["month", "customer"], unique=False)
    guard("billed_usage")
