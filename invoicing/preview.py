"""Looking ahead: what other packages would have cost, and how a month differs from the one before. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from invoicing.contract import Contract, fixed_end
from invoicing.contract.parts import Part
from invoicing.rating import rate
from invoicing.terms import Terms
from metering.month import BillingMonth
from metering.usage import Usage


@dataclass(frozen=True, slots=True)
class Month:
    """A customer's month: its terms, what the contract was on which days, and what was used."""

    terms: Terms
    parts: tuple[Part, ...]
    usage: Usage

    @property
    def month(self) -> BillingMonth:
        """Which month it is."""
        return self.usage.month

    def cents_on(self, package: str | None = None, addons: frozenset[str] | None = None) -> int:
        """Return what the month costs, as the terms' prices are: as it was, or on a package and with add-ons."""
        parts = self.parts if package is None else tuple(_on(part, package, addons) for part in self.parts)
        return sum(each.cents for each in rate(self.terms, parts, self.usage))


@dataclass(frozen=True, slots=True)
class Option:
    """What some months would have cost on a package, net or gross as the terms' prices are, each and together.

    ``difference_cents`` is to what they cost as they were.
    """

    package: str
    label: str
    cents: tuple[int, ...]
    total_cents: int
    difference_cents: int
    is_current: bool


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What some months cost, and would have cost on each package, the cheapest first.

    ``left_out`` says why of other packages, ``skipped`` of other months.
    """

    months: tuple[str, ...]
    cents: tuple[int, ...]
    total_cents: int
    prices: Literal["net", "gross"]
    options: tuple[Option, ...]
    left_out: Mapping[str, str]
    skipped: Mapping[str, str] = field(default_factory=dict)

    @property
    def cheapest(self) -> Option | None:
        """The cheapest; None when no package can be compared."""
        return self.options[0] if self.options else None

    def only(self, package: str) -> "WhatIf":
        """Return the same of one package alone, beside the one that is booked."""
        options = tuple(each for each in self.options if each.is_current or each.package == package)
        return replace(self, options=options, left_out={k: why for k, why in self.left_out.items() if k == package})


def what_if(months: Sequence[Month], addons: frozenset[str] | None = None) -> WhatIf:
    """Return what some months, at least one, would have cost on each package that can be booked.

    With the same add-ons, unless others are named; what they did cost is as it was booked.

    Of equally cheap packages the one that is booked goes first, then the order of the price list.
    """
    newest = months[-1]
    current, terms = newest.parts[-1].contract, newest.terms
    left_out = {key: why for key in terms.packages if (why := _left_out(months, current, key))}
    was = tuple(each.cents_on() for each in months)
    options = []
    for key, package in terms.packages.items():
        if key not in left_out:
            cents = tuple(each.cents_on(key, addons) for each in months)
            total = sum(cents)
            options.append(Option(key, package.label, cents, total, total - sum(was), key == current.package))
    ordered = sorted(options, key=lambda each: (each.total_cents, not each.is_current))
    named = tuple(str(each.month) for each in months)
    return WhatIf(named, was, sum(was), terms.rules.prices.value, tuple(ordered), left_out)


@dataclass(frozen=True, slots=True)
class MonthDifference:
    """What a customer's month comes to beside the one before, net in cents; None where there is no invoice."""

    customer: str
    net_cents: int | None
    before_cents: int | None

    @property
    def difference_cents(self) -> int:
        """How much more it is."""
        return (self.net_cents or 0) - (self.before_cents or 0)

    @property
    def mark(self) -> Literal["new", "gone", ""]:
        """Whether there was no invoice before, or is none any more."""
        return "new" if self.before_cents is None else "gone" if self.net_cents is None else ""


def differences(now: Mapping[str, int], before: Mapping[str, int]) -> tuple[MonthDifference, ...]:
    """Return how a month's net sums differ from those of the month before, by customer, the largest first."""
    found = [MonthDifference(key, now.get(key), before.get(key)) for key in now.keys() | before.keys()]
    changed = [each for each in found if each.net_cents != each.before_cents]
    return tuple(sorted(changed, key=lambda each: (-abs(each.difference_cents), each.customer)))


def _on(part: Part, package: str, addons: frozenset[str] | None) -> Part:
    booked = part.contract.addons if addons is None else addons
    return replace(part, contract=replace(part.contract, package=package, addons=booked))


def _left_out(months: Sequence[Month], current: Contract, package: str) -> str:
    """Say why a package cannot be compared; nothing when it can."""
    return next(_reasons(months, current, package), "")


def _reasons(months: Sequence[Month], current: Contract, package: str) -> Iterator[str]:
    terms = months[-1].terms
    if package != current.package and fixed_end(terms, replace(current, package=package)):
        yield "läuft von selbst aus und kann nicht gewechselt werden"
    if missing := [str(each.month) for each in months if package not in each.terms.packages]:
        yield f"gab es nicht in {', '.join(missing)}"
