"""The ledger: SQLite in WAL mode or PostgreSQL, the same results on both.

``read`` and ``write`` give a session; ``write`` commits at the end or rolls everything back.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Dialect, Engine, String, TypeDecorator, create_engine, event, text
from sqlmodel import Session

import migrations

_MIGRATION_LOCK = 0x5A57


class Instant(TypeDecorator[datetime]):
    """An aware instant, kept as sortable UTC text, so that both databases return what was stored."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """Store UTC with microseconds; a naive instant is refused."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs an offset before it is stored")
        return value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        """Return an aware instant."""
        del dialect
        return datetime.fromisoformat(value) if value else None


class Ledger:
    """Sessions on one database."""

    def __init__(self, url: str) -> None:
        """Connect lazily; ``url`` is ``sqlite:///…`` or ``postgresql://…``."""
        url = url.replace("postgresql://", "postgresql+psycopg://", 1)
        self.engine = create_engine(url, connect_args={"timeout": 60} if url.startswith("sqlite") else {})
        if self.engine.dialect.name == "sqlite":
            _prepare_sqlite(self.engine)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Give a session whose changes are never committed."""
        with Session(self.engine) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Give a session that commits when the block ends well; writers on SQLite queue up here."""
        engine = self.engine.execution_options(writes=True)
        with Session(engine, expire_on_commit=False) as session, session.begin():
            yield session

    def upgrade(self) -> None:
        """Bring the schema to the newest migration; several processes may ask at once."""
        with _rebuilding(self.engine) as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
            command.upgrade(alembic_config(connection), "head")

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()


def serialize(session: Session, what: str) -> None:
    """Let only one transaction at a time do ``what``; writers on SQLite already queue."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:what))"), {"what": what})


def alembic_config(connection: Connection) -> Config:
    """Return alembic's configuration for an open connection; the migrations travel in the package."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.attributes["connection"] = connection
    return config


@contextmanager
def _rebuilding(engine: Engine) -> Iterator[Connection]:
    """Give a transaction that may rebuild a table to which others refer: SQLite allows it without foreign keys."""
    with engine.execution_options(writes=True).connect() as connection:
        if engine.dialect.name != "sqlite":
            with connection.begin():
                yield connection
            return
        raw: Any = connection.connection.driver_connection
        raw.execute("PRAGMA foreign_keys=OFF")  # without effect once a transaction has begun
        try:
            with connection.begin():
                yield connection
        finally:
            raw.execute("PRAGMA foreign_keys=ON")


def _prepare_sqlite(engine: Engine) -> None:
    """Durable WAL, foreign keys, and transactions that begin where SQLAlchemy says so."""

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _: object) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
