"""Do the migrations build what the models say? Run by `make check`; alembic prints what differs."""

import tempfile
from pathlib import Path

from alembic import command

from invoicing.ledger import Ledger, alembic_config


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(f"sqlite:///{Path(folder) / 'ledger.db'}")
        ledger.upgrade()
        with ledger.engine.begin() as connection:
            command.check(alembic_config(connection))
        ledger.close()


if __name__ == "__main__":
    main()
