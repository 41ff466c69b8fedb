"""Alembic's entry: runs on the connection that the ledger hands over."""

import importlib

from alembic import context
from sqlmodel import SQLModel

for room in ("invoicing", "sepa", "api"):
    importlib.import_module(f"{room}.records")

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    compare_type=True,
    render_as_batch=False,
    transaction_per_migration=False,
)
context.run_migrations()
