"""Post a file of events to ``POST /v1/events``: in batches, a few at a time, again when the service is busy.

Sending is safe to repeat: the service counts an event once, however often it arrives. So a batch whose answer
got lost is simply posted again, and a run that gave up, or was interrupted, is repeated from the start.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import msgspec

from api.event_client import NOTHING, Answer, EventClient, SendError
from api.event_file import Line, Unreadable, read_events

Progress = Callable[[int], object]
_BODY_LIMIT = 7 * 1024 * 1024
_EXAMPLES, _KINDS = 5, 50


class SendStoppedError(SendError):
    """A run that stopped half-way; ``summary`` says how far it came."""

    def __init__(self, reason: str, summary: "Summary") -> None:
        done = summary.accepted + summary.duplicates
        super().__init__(
            f"{reason}. Until then {summary.sent:,} events were answered, {done:,} of them counted or known. "
            "Sending the whole file again is harmless: nothing is counted twice."
        )
        self.summary = summary


@dataclass(frozen=True, slots=True)
class Rejected:
    """All events of a run that were refused for the same reason, with the lines of the first few."""

    field: str
    message: str
    count: int
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """What became of a file: ``sent`` = accepted + duplicates + refused by the service.

    ``unreadable`` lines were never sent; they stand among the ``rejected`` with the others.
    """

    sent: int = 0
    accepted: int = 0
    duplicates: int = 0
    unreadable: int = 0
    rejected: tuple[Rejected, ...] = ()
    batches: int = 0
    retries: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class _Batch:
    lines: list[int]
    body: bytes
    unreadable: list[tuple[int, Unreadable]]
    answer: Answer = NOTHING


def send(
    file: Path,
    url: str,
    key: str,
    mapping: Sequence[str] = (),
    shift_months: int = 0,
    *,
    batch_size: int = 1_000,
    concurrency: int = 4,
    progress: Progress | None = None,
    compress: bool = False,
    patience: float = 120.0,
    wait: Callable[[float], object] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Summary:
    """Post every event of a file and say what became of them.

    ``progress`` is told, after each batch, how many further lines are done. Raises EventFileError or
    MappingError for a file that cannot be read, SendStoppedError when the service refuses or stays away.
    """
    tally, began = _Tally(), clock()
    with EventClient(url, key, compress=compress, patience=patience, wait=wait, clock=clock) as client:

        def summary() -> Summary:
            return replace(tally.summary(), retries=client.retries, seconds=clock() - began)

        try:
            batches = _batches(read_events(file, mapping, shift_months), batch_size)
            for batch in _posted(client, batches, concurrency):
                tally.add(batch)
                if progress:
                    progress(len(batch.lines) + len(batch.unreadable))
        except SendError as error:
            raise SendStoppedError(str(error), summary()) from error
        return summary()


def _batches(lines: Iterator[Line], batch_size: int) -> Iterator[_Batch]:
    """Cut lines into batches of at most ``batch_size`` lines and of less than the body limit."""
    while taken := list(islice(lines, batch_size)):
        unreadable = [(number, event) for number, event in taken if isinstance(event, Unreadable)]
        numbers = [number for number, event in taken if not isinstance(event, Unreadable)]
        texts = [msgspec.json.encode(event) for _, event in taken if not isinstance(event, Unreadable)]
        for start, end in _parts(texts):
            yield _Batch(numbers[start:end], b"[%b]" % b",".join(texts[start:end]), unreadable)
            unreadable = []
        if unreadable:
            yield _Batch([], b"", unreadable)


def _parts(texts: list[bytes]) -> Iterator[tuple[int, int]]:
    start = size = 0
    for place, text in enumerate(texts):
        if size + len(text) > _BODY_LIMIT and place > start:
            yield start, place
            start, size = place, 0
        size += len(text) + 1
    if start < len(texts):
        yield start, len(texts)


def _posted(client: EventClient, batches: Iterable[_Batch], concurrency: int) -> Iterator[_Batch]:
    """Yield batches with their answers, in the order of the file, while the next ones are under way."""

    def post(batch: _Batch) -> _Batch:
        return replace(batch, answer=client.post(batch.body)) if batch.lines else batch

    with ThreadPoolExecutor(concurrency) as pool:
        waiting: deque[Future[_Batch]] = deque()
        try:
            for batch in batches:
                waiting.append(pool.submit(post, batch))
                if len(waiting) >= 2 * concurrency:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BaseException:
            client.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


class _Tally:
    """The running sums of one run."""

    def __init__(self) -> None:
        self._sum = Summary()
        self._kinds: dict[tuple[str, str], tuple[int, tuple[int, ...]]] = {}

    def add(self, batch: _Batch) -> None:
        so_far, answer = self._sum, batch.answer
        self._sum = replace(
            so_far,
            sent=so_far.sent + len(batch.lines),
            accepted=so_far.accepted + answer.accepted,
            duplicates=so_far.duplicates + answer.duplicates,
            unreadable=so_far.unreadable + len(batch.unreadable),
            batches=so_far.batches + bool(batch.lines),
        )
        for number, problem in batch.unreadable:
            self._reject(problem.field, problem.message, number)
        for refused in answer.rejected:
            self._reject(refused.field, refused.message, batch.lines[refused.index])

    def _reject(self, field: str, message: str, line: int) -> None:
        reason = field, message
        if reason not in self._kinds and len(self._kinds) >= _KINDS:
            reason = "", "other reasons"
        count, lines = self._kinds.get(reason, (0, ()))
        self._kinds[reason] = count + 1, lines if len(lines) == _EXAMPLES else (*lines, line)

    def summary(self) -> Summary:
        ranked = sorted(self._kinds.items(), key=lambda kind: -kind[1][0])
        return replace(self._sum, rejected=tuple(Rejected(*reason, *counted) for reason, counted in ranked))
