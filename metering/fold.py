"""Fold the members of a customer's month into counts per day and meter: each id once, voided ones never.

An id that came again with another content still counts once: of its contents the earliest day counts, of these a
trigger before an action before other meters by name, of these the smallest quantity. So the result is the same
whatever the order in which events came.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metering.batch import FINGERPRINT_BITS, METERS, PIECES
from metering.keys import key_of
from metering.month import BillingMonth

Cells = Counter[tuple[date, str]]
_Members = NDArray[np.int64]
_FINGERPRINT = (1 << FINGERPRINT_BITS) - 1
_CODES = 64
_INTSET = 0x0B  # what the server's own format calls a set of integers
_INTSET_HEADER = 8


def keys_of(customer: str, month: BillingMonth) -> list[str]:
    """Return every key that a customer's month may have."""
    key = key_of(customer, month)
    return [*(f"{key}:{piece}" for piece in range(PIECES)), f"{key}:more", f"{key}:void"]


def read_cells(client: Any, customers: Iterable[str], month: BillingMonth) -> Iterator[tuple[str, Cells]]:
    """Yield each customer's counts, all of them read in one trip."""
    wanted = list(customers)
    with client.pipeline(transaction=False) as pipe:
        for customer in wanted:
            *pieces, more, void = keys_of(customer, month)
            for piece in pieces:
                pipe.dump(piece)
            pipe.smembers(more)
            pipe.smembers(void)
        answers = iter(pipe.execute())
    for customer in wanted:
        *pieces, _, _ = keys_of(customer, month)
        members = [_members(client, piece, next(answers)) for piece in pieces]
        yield customer, _fold(np.concatenate(members), month, next(answers), next(answers))


def _fold(members: _Members, month: BillingMonth, more: set[bytes], void: set[bytes]) -> Cells:
    marks, first = np.unique(members & _FINGERPRINT, return_index=True)
    codes = members[first] >> FINGERPRINT_BITS & _CODES - 1
    voided = {int(each) for each in void}
    cells: Cells = Counter()
    gone = set(voided)
    for mark, (day, meter, units) in _said_more(more, month).items():
        at = int(np.searchsorted(marks, mark))
        known = at < len(marks) and int(marks[at]) == mark
        if not known or (day, *_rank(meter)) < (_day(month, codes[at]), *_rank(METERS[codes[at] & 1])):
            gone.add(mark)
            if mark not in voided:
                cells[day, meter] += units
    if gone:
        codes = codes[~np.isin(marks, np.fromiter(gone, np.int64))]
    for code, units in enumerate(np.bincount(codes, minlength=_CODES).tolist()):
        if units:
            cells[_day(month, code), METERS[code & 1]] += units
    return cells


def _said_more(more: set[bytes], month: BillingMonth) -> dict[int, tuple[date, str, int]]:
    """Return day, meter and quantity by fingerprint; of several the smallest."""
    found: dict[int, tuple[date, str, int]] = {}
    for text in more:
        mark, day, meter, units = text.decode().split(" ")
        said = month.first_day.replace(day=int(day)), meter, int(units)
        found[int(mark)] = min(found.get(int(mark), said), said, key=lambda each: (each[0], *_rank(each[1]), each[2]))
    return found


def _rank(meter: str) -> tuple[int, str]:
    return (METERS.index(meter), "") if meter in METERS else (len(METERS), meter)


def _day(month: BillingMonth, code: int) -> date:
    return month.first_day.replace(day=int(code) >> 1)


def _members(client: Any, key: str, dumped: bytes | None) -> _Members:
    """Return a set's members in order: read as an array where the server keeps it as one, else one by one."""
    if dumped is None:
        return np.empty(0, np.int64)
    if dumped[0] == _INTSET and (start := _text_start(dumped)):
        count = int.from_bytes(dumped[start + 4 : start + _INTSET_HEADER], "little")
        return np.frombuffer(dumped, "<i8", count, start + _INTSET_HEADER)
    return np.sort(np.array([int(each) for each in client.smembers(key)], np.int64))


def _text_start(dumped: bytes) -> int:
    """Return where the text begins whose length stands in byte 1 and after it; 0 when it is compressed."""
    return {0: 2, 1: 3, 2: 6 if dumped[1] == 0x80 else 10}.get(dumped[1] >> 6, 0)  # noqa: PLR2004 - the format's numbers
