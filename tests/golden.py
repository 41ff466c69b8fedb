"""Golden files: compared as they are, written anew when ZAEHLWERK_REWRITE_GOLDEN is set. Read the difference then."""

import os
from pathlib import Path


def assert_golden(file: Path, text: str) -> None:
    """Compare a text with its golden file."""
    if os.environ.get("ZAEHLWERK_REWRITE_GOLDEN"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == text
