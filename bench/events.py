"""Bodies for ``open_loop``: the mix of ``load.lua``, with ids and customers as a benchmark wants them."""

import random
from collections.abc import Callable, Iterator

DAYS = 31
Ids = Callable[[int], str]


def random_ids(seed: int) -> Ids:
    """Return ids without any order, as UUIDs of version 4 are."""
    source = random.Random(seed)  # noqa: S311 - a benchmark's ids are no secret
    return lambda _number: f"{source.getrandbits(128):032x}"


def ordered_ids(seed: int) -> Ids:
    """Return ids that begin with the time, as ULIDs do."""
    source = random.Random(seed)  # noqa: S311 - a benchmark's ids are no secret
    return lambda number: f"01JB{number:010d}{source.getrandbits(48):012x}"


def bodies(events: int, batch: int, customers: int, ids: Ids) -> Iterator[bytes]:
    """Yield requests: runs of three events of one customer; the days follow each other through the month."""
    for first in range(0, events, batch):
        texts = (_event(number, events, customers, ids(number)) for number in range(first, min(first + batch, events)))
        yield b"[%b]" % ",".join(texts).encode()


def _event(number: int, events: int, customers: int, identity: str) -> str:
    visit = number // 3
    kind, day = "action" if number % 3 else "trigger", 1 + number * DAYS // events
    return (
        f'{{"id":"{identity}","customer":"k-{visit % customers}","type":"{kind}",'
        f'"time":"2026-10-{day:02}T12:{visit % 60:02}:{number % 60:02}.123Z",'
        f'"workflow":"wf-{visit % 10}","connector":"c-{number % 3}"}}'
    )
