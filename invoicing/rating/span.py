"""Spans: the days of a month on which a package or an add-on was booked at one price, and which share they are.

What shares the month is the package, whichever it is, and each add-on for itself: the shares of one that was there all
month add up to the month.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

import msgspec

from invoicing.contract.parts import Proration
from invoicing.prices import WHOLE, Share
from metering.month import BillingMonth

_THIRTY = 30


class Booked(NamedTuple):
    """What is booked: a key of the terms, the price agreed for it, and the package that includes it."""

    key: str
    agreed: Decimal | None = None
    within: str = ""


class Phase(msgspec.Struct, frozen=True):
    """Consecutive days on which what is agreed stays as it is; ``began`` tells the contracts of a month apart."""

    first: date
    last: date
    package: str
    addons: frozenset[str]
    prices: tuple[tuple[str, Decimal], ...]
    began: date


Piece = tuple[Phase, Booked]  # what is booked on the days of a phase


class Span(NamedTuple):
    """Consecutive days on which the same is booked, and their share of the month."""

    booked: Booked
    first: date
    last: date
    share: Share


def spans(pieces: Sequence[Piece], month: BillingMonth, proration: Proration) -> list[Span]:
    """Return the spans of one thing in a month, in order.

    Contract: cunio AGB 8.1
    """
    if proration == "none" or (len(pieces) == 1 and _covers(pieces, month)):
        newest, booked = pieces[-1]
        return [Span(booked, pieces[0][0].first, newest.last, WHOLE)]
    joined = [
        list(group) for _, group in groupby(enumerate(pieces), key=lambda each: (each[1][1], _gap(pieces, each[0])))
    ]
    days = [(group[0][1][0].first, group[-1][1][0].last) for group in joined]
    parts, whole = _shares(days, month, proration)
    found: list[Span] = []
    for group, (first, last), part in zip(joined, days, parts, strict=True):
        booked = group[0][1][1]
        before = sum(each.share.part for each in found if each.booked == booked)
        found.append(Span(booked, first, last, Share(part, whole, before)))
    return found


def _shares(days: Sequence[tuple[date, date]], month: BillingMonth, proration: Proration) -> tuple[list[int], int]:
    """Return how many days of the month each span is charged, and how many make the whole month.

    Thirtieths: each day is one. Spans that make up the whole month are thirty: the longest of them (of two the later)
    has the 31st for nothing, or makes up for the days that February has not; every other costs its days.

    Contract: cunio AGB 8.1
    """
    lengths = [(last - first).days + 1 for first, last in days]
    if proration == "calendar_days":
        return lengths, month.last_day.day
    if sum(lengths) == month.last_day.day:
        longest = max(range(len(lengths)), key=lambda at: (lengths[at], at))
        lengths[longest] += _THIRTY - sum(lengths)
    return lengths, _THIRTY


def _gap(pieces: Sequence[Piece], at: int) -> int:
    """Return how many days without it lie before a piece: what is interrupted is not one span."""
    gaps = (pieces[n][0].first.toordinal() - pieces[n - 1][0].last.toordinal() - 1 for n in range(1, at + 1))
    return sum(gaps)


def _covers(pieces: Iterable[Piece], month: BillingMonth) -> bool:
    return sum((part.last - part.first).days + 1 for part, _ in pieces) == month.last_day.day
