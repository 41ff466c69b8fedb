"""What is billed beside packages; and more than one invoice in a month, each for its own occasion."""

import sqlalchemy as sa
from alembic import op

from invoicing.ledger import Instant
from migrations.append_only import guard

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_NAMES = {"uq": "%(table_name)s_%(column_0_N_name)s_key"}  # as PostgreSQL names what has no name
_MONTHLY = ["customer", "month"]


def upgrade() -> None:
    op.create_table(
        "booking",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("terms", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("price", sa.String(), nullable=True),
        sa.Column("clause", sa.String(), nullable=False),
        sa.Column("formula", sa.String(), nullable=False),
        sa.Column("damages", sa.Boolean(), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=True),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("customer", "reference"),
    )
    op.create_index("ix_booking_customer", "booking", ["customer"], unique=False)
    guard("booking")
    _give_invoices_an_occasion()
    op.create_table(
        "billed_booking",
        sa.Column("booking", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("invoice", sa.String(), nullable=True),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["booking"], ["booking.id"]),
        sa.ForeignKeyConstraint(["invoice"], ["invoice.number"]),
        sa.PrimaryKeyConstraint("booking"),
    )
    guard("billed_booking")
    for table in ("billed_booking", "billed_usage"):
        op.create_index(f"ix_{table}_invoice", table, ["invoice"], unique=False)


def _give_invoices_an_occasion() -> None:
    """Widen the constraint (customer, month). SQLite rebuilds the table: its guards go with it, and come back."""
    with op.batch_alter_table("invoice", naming_convention=_NAMES) as table:
        table.add_column(sa.Column("occasion", sa.String(), nullable=False, server_default="month"))
        table.drop_constraint(f"invoice_{'_'.join(_MONTHLY)}_key", type_="unique")
        table.create_unique_constraint(f"invoice_{'_'.join(_MONTHLY)}_occasion_key", [*_MONTHLY, "occasion"])
    if op.get_bind().dialect.name == "sqlite":
        guard("invoice")
        if broken := op.get_bind().exec_driver_sql("PRAGMA foreign_key_check").all():
            raise RuntimeError(f"rows refer to what is not there: {broken[:3]}")
