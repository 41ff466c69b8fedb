"""Long work beside the requests: one piece at a time, nothing waits twice, and a failure is logged."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

_log = logging.getLogger(__name__)


class Background:
    """A single worker; it starts its thread when there is something to do."""

    def __init__(self) -> None:
        """Wait for work."""
        self._worker = ThreadPoolExecutor(1, "background")
        self._waiting: set[str] = set()
        self._lock = threading.Lock()

    def submit(self, name: str, run: Callable[[], object]) -> None:
        """Run it after what was submitted before; what already waits under this name will do."""
        with self._lock:
            if name in self._waiting:
                return
            self._waiting.add(name)
        self._worker.submit(self._run, name, run)

    def waits(self, name: str) -> bool:
        """Tell whether work of this name was submitted and has not begun."""
        return name in self._waiting

    def stop(self) -> None:
        """Finish what has begun, give up what has not."""
        self._worker.shutdown(cancel_futures=True)

    def _run(self, name: str, run: Callable[[], object]) -> None:
        with self._lock:
            self._waiting.discard(name)
        try:
            run()
        except Exception:  # noqa: BLE001 - nobody waits for its answer
            _log.exception("%s failed", name)
