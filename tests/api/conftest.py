"""The running service: one for each test, or one for a whole file whose tests keep to customers of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.running import Service, running, settings_in


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """Embedded counter, SQLite, for one test."""
    with running(settings_in(tmp_path)) as started:
        yield started


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Embedded counter, SQLite, for a file of tests."""
    with running(settings_in(tmp_path_factory.mktemp("service"))) as started:
        yield started


@pytest.fixture
def each_service(tmp_path: Path, ledger_url: str) -> Iterator[Service]:
    """The same test on SQLite and on PostgreSQL."""
    with running(settings_in(tmp_path, database_url=ledger_url)) as started:
        yield started
