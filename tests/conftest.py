"""Fixtures for all rooms: the ledger on both databases, each test with a fresh one."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from hypothesis import settings

from invoicing.ledger import Ledger
from tests.ledgers import empty_sqlite, upgrade
from tests.postgres import Postgres, start_postgres

_NEWEST = "newest"
settings.register_profile("busy", deadline=None)  # how long an example takes says nothing on a busy machine
settings.load_profile("busy")
pytest_plugins = ["tests.redis_fixtures"]


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with start_postgres(tmp_path_factory.mktemp("postgres")) as server:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")  # no test cuts its power
            connection.execute("SELECT pg_reload_conf()")
            connection.execute(f"CREATE DATABASE {_NEWEST}")
        upgrade(server.url(_NEWEST))
        yield server


def _database(server: Postgres, template: str) -> str:
    name = f"t{uuid4().hex}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return server.url(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty ledger in a fresh database of each kind."""
    if request.param == "sqlite":
        return empty_sqlite(tmp_path / "ledger.db")
    return _database(request.getfixturevalue("postgres"), _NEWEST)


@pytest.fixture(params=["sqlite", "postgresql"])
def blank_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database of each kind, without a schema."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    return _database(request.getfixturevalue("postgres"), "template1")


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    opened = Ledger(ledger_url)
    yield opened
    opened.close()
