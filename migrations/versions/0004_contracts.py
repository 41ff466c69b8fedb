"""What a contract event says beyond package and add-ons, and the terms as they were when a contract first used them."""

import sqlalchemy as sa
from alembic import op

from invoicing.ledger import Instant
from migrations.append_only import guard

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contract_event", sa.Column("details", sa.JSON(), nullable=True))
    op.create_table(
        "terms_version",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    guard("terms_version")
