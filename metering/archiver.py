"""The archiver: moves what the streams hold into the journal, in time, as long as it is let."""

import logging
from collections.abc import Callable
from threading import Event as Signal

from redis.exceptions import RedisClusterException, RedisError

from metering.journal import STRETCH_BYTES, Journal
from metering.redis import Connection, StoreError

_PAUSE_SECONDS = 1.0
_log = logging.getLogger(__name__)


class Archiver:
    """Looks each second: a stream that holds enough for a file is archived at once, everything else in time."""

    def __init__(self, journal: Journal, counter: Connection, seconds: float, clock: Callable[[], float]) -> None:
        """Let no event wait longer than ``seconds`` of a steady clock."""
        self._journal, self._counter, self._seconds, self._clock = journal, counter, seconds, clock
        self._stopping = Signal()
        self._emptied = -seconds

    def stop(self) -> None:
        """End after the file that is being written."""
        self._stopping.set()

    def run(self) -> None:
        """Archive until stopped; what fails is tried again."""
        while not self._stopping.is_set():
            try:
                self.look()
            except (RedisError, RedisClusterException, StoreError, OSError) as error:
                _log.warning("The journal has to wait: %s", error)
                self._bring_back()
            self._stopping.wait(_PAUSE_SECONDS)

    def look(self) -> int:
        """Archive what is due; return how many rows that took."""
        now = self._clock()
        if now - self._emptied < self._seconds:
            return self._journal.archive(self._counter.client, STRETCH_BYTES, self._stopping.is_set)
        rows = self._journal.archive(self._counter.client, stopping=self._stopping.is_set)
        self._emptied = now
        return rows

    def _bring_back(self) -> None:
        try:
            self._counter.ensure_running()
        except (StoreError, OSError) as error:
            _log.warning("The counter is away: %s", error)
