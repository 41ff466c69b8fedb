"""The arithmetic of a printed formula, reckoned again.

A formula is a chain of equations: ``12.345 genutzt − 10.000 enthalten = 2.345 × 0,08 € = 187,60 €``. Each side gives
the first number of the next one. Several stand beside each other, parted by ``;`` or `` + ``. Words say what numbers
are; what stands before a colon or before ``davon`` is no part of the arithmetic.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from math import ceil
from typing import NamedTuple

from invoicing.money import to_cents

_NUMBER = re.compile(r"-?\d[\d.]*(?:,\d+)?")
_SHARE = re.compile(r"(\d[\d.]*(?:,\d+)?) € × (\d+)/([1-9]\d*)(?= −|$)")
_BLOCKS = re.compile(r"begonnener? Bl(?:ock|öcke) zu ([\d.]+)")
_TIME = re.compile(r"(\d[\d.]*) Std\.(?: (\d+) Min\.)?")
_COUNTED = re.compile(
    r"(?:Höchststand )?(?P<used>\d[\d.]*)(?: genutzt)?(?: − (?P<free>\d[\d.]*) enthalten)?"
    r"(?:(?:, davon| =) (?P<units>\d[\d.]*))?[^=]* × "
)
_ONE_CENT = Decimal("0.01")


class Counted(NamedTuple):
    """What a formula says of measured units: how many, how many of them are free, and the quantity that is charged."""

    used: int
    allowed: int
    quantity: Decimal


class MonthShare(NamedTuple):
    """What a formula takes of a monthly price in euro: ``part`` of ``whole`` days."""

    price: Decimal
    part: int
    whole: int


def holds(formula: str) -> bool:
    """Tell whether every equation in a formula is right.

    A share of a monthly price may be less than a cent off: what makes its parts add up to the month decides on it.
    """
    chains = (chain for part in formula.split(";") for chain in part.split(" + "))
    try:
        return all(_gives(left, right) for chain in chains for left, right in pairwise(chain.split(" = ")))
    except (IndexError, ArithmeticError):
        return False  # a number is missing, or nothing can be divided by it


def numbers(formula: str) -> list[Decimal]:
    """Return the numbers in a formula, in order, without those of its heading."""
    return [_number(each) for each in _NUMBER.findall(_spoken(formula))]


def counted(formula: str) -> Counted | None:
    """Return what a formula of metered units says of them; None when it is none. A share of a month is charged once."""
    says = _COUNTED.match(formula)
    if says is None:
        return None
    used, allowed, units = (
        _number(each) for each in (says["used"], says["free"] or "0", says["units"] or says["used"])
    )
    return Counted(int(used), int(allowed), Decimal(1) if monthly_share(formula) else units)


def monthly_share(formula: str) -> MonthShare | None:
    """Return the share of a monthly price that a formula ends with; None when it takes none."""
    _, _, reckoning = formula.rpartition(" = ")[0].rpartition(" = ")
    share = _SHARE.search(reckoning)
    return MonthShare(_number(share[1]), int(share[2]), int(share[3])) if share else None


def _gives(left: str, right: str) -> bool:
    """Tell whether one side gives the first number of the next."""
    target, said = numbers(right)[0], numbers(left)
    if blocks := _BLOCKS.search(right):
        return target == ceil(_value(left) / _number(blocks[1]))
    if not any(sign in left for sign in "×−%"):
        # without a reckoning a number is only repeated; units that cost nothing cost nothing
        return not said or target == said[0] or right.strip() == "0,00 €"
    value = _value(left)
    if _SHARE.search(left):
        return abs(value - target) < _ONE_CENT
    return to_cents(value) == to_cents(target) if "€" in right else value == target


def _value(side: str) -> Decimal:
    """Return what one side of an equation comes to: products, of which the first is taken and the others taken away."""
    counted = _BLOCKS.sub("", _spoken(side).rpartition("davon")[2])
    first, *others = (_product(each) for each in _TIME.sub(_hours, counted).split("−"))
    return first - sum(others)


def _product(text: str) -> Decimal:
    """Return a product, divided last, so that nothing is lost on the way; nothing at all is zero."""
    if not text.strip():
        return Decimal()
    value, divisor = Decimal(1), Decimal(1)
    for sign, number in _factors(text.replace("% von", "/ 100 ×").replace("%", "/ 100")):
        if sign == "/":
            divisor *= number
        else:
            value *= number
    return value / divisor


def _factors(text: str) -> Iterator[tuple[str, Decimal]]:
    for sign, factor in re.findall(r"([×/]?)([^×/]+)", text):
        yield sign, _number(_NUMBER.findall(factor)[0])


def _hours(spent: re.Match[str]) -> str:
    minutes = 60 * _number(spent[1]) + Decimal(spent[2] or 0)
    return f"{minutes} / 60"


def _spoken(text: str) -> str:
    """Return a side without what introduces it: ``Im Paket PREMIUM 50.000 enthalten: …``."""
    return text.rpartition(": ")[2]


def _number(text: str) -> Decimal:
    return Decimal(text.replace(".", "").replace(",", "."))
