"""Golden files: compared as they are, written anew when ZAEHLWERK_REWRITE_GOLDEN is set. Read the difference then."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

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
