"""Golden files: compared as they are, written anew when ZAEHLWERK_REWRITE_GOLDEN is set. Read the difference then."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from invoicing.ledger import Ledger
from tests.ledgers import empty_sqlite
from tests.sepa.office import Office

FOLDER = Path(__file__).parent / "golden"


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compare a text with the golden file of a name."""

    def compare(name: str, text: str) -> None:
        file = FOLDER / name
        if os.environ.get("ZAEHLWERK_REWRITE_GOLDEN"):
            file.write_text(text, encoding="utf-8")
        assert file.read_text(encoding="utf-8") == text

    return compare


@pytest.fixture
def office(ledger: Ledger, tmp_path: Path) -> Office:
    """An office on each of the two databases."""
    return Office(ledger, tmp_path)


@pytest.fixture
def quick_office(tmp_path: Path) -> Iterator[Office]:
    """An office on SQLite, for long tables."""
    ledger = Ledger(empty_sqlite(tmp_path / "ledger.db"))
    yield Office(ledger, tmp_path)
    ledger.close()
