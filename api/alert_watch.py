"""The sweep: raise what is due, send what is queued; in the service again and again, by command once."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from api.alert_delivery import Told, deliver
from api.alerts import raise_alerts
from api.records import AllowanceAlert
from api.workplace import Workplace

LOCK = "alerts"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a sweep raised, and what became of every attempt to tell it."""

    raised: tuple[AllowanceAlert, ...]
    attempts: tuple[Told, ...]

    @property
    def failed(self) -> tuple[Told, ...]:
        """What did not go out and stays queued."""
        return tuple(each for each in self.attempts if not each.ok)


def sweep(work: Workplace, *, patient: bool = True, stopping: Callable[[], bool] = lambda: False) -> Sweep:
    """Raise what is due and send what is queued; also when the counter is away, what was raised before goes out."""
    raised: tuple[AllowanceAlert, ...] = ()
    try:
        raised = raise_alerts(work)
    finally:
        attempts = deliver(work, patient=patient, stopping=stopping)
    return Sweep(raised, attempts)


class AlertWatch:
    """Sweeps every so many seconds in a thread of its own; where another process is at it, it lets that one do."""

    def __init__(self, work: Workplace, seconds: float) -> None:
        """Watch over ``work``; with 0 seconds never."""
        self._work, self._seconds = work, seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)

    def start(self) -> None:
        """Begin; the first sweep comes after the first pause."""
        if self._seconds:
            self._thread.start()

    def stop(self) -> None:
        """Let the attempts under way end, begin no other."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(self._seconds):
            try:
                self.sweep_if_free()
            except Exception:  # noqa: BLE001 - the next sweep tries again
                _log.exception("the sweep for alerts failed")

    def sweep_if_free(self) -> Sweep | None:
        """Sweep unless another process is at it."""
        if self._work.is_busy(LOCK):
            return None
        with self._work.alone(LOCK):
            return sweep(self._work, stopping=self._stopping.is_set)
