"""Wait for something outside this process: ask again until it is so, and fail after a deadline."""

import time
from collections.abc import Callable

_PAUSE = 0.01


def until(holds: Callable[[], object], what: str, seconds: float = 20.0) -> None:
    """Return as soon as ``holds`` does; fail with ``what`` after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain: {what}"
        time.sleep(_PAUSE)
