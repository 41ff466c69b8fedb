"""A vendor's terms as data: price list and contract rules, each value beside the clause it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from invoicing.prices import Allowance, BookedPrice, Flat, MonthlyPrice
from invoicing.terms.rules import Rules, Term
from invoicing.values import CLOSED, Flag, Setting, Slug, Text
from invoicing.workday import State

Prices = Annotated[tuple[MonthlyPrice, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Meter:
    """Something that is measured: how its events become one number a month, and how its units are called.

    ``sum`` adds up quantities, ``max`` takes the highest, ``last`` the newest, ``unique`` counts the different values
    of the event's field ``of``. Alerts and entitlements look at what is added up only: the others are read from the
    journal, by the close and by whoever asks for the usage.
    """

    __pydantic_config__ = CLOSED

    label: Text
    plural: Text
    clause: Text
    aggregate: Literal["sum", "max", "last", "unique"] = "sum"
    of: Literal["workflow", "connector"] | None = None


@dataclass(frozen=True, slots=True)
class _Offer:
    __pydantic_config__ = CLOSED

    label: Text
    prices: Prices

    @property
    def is_monthly(self) -> bool:
        """Whether it has a price per month, which a contract may agree otherwise."""
        return any(isinstance(each, Flat) for each in self.prices)

    @property
    def price(self) -> Decimal:
        """The price per month, in euro."""
        return sum((each.price for each in self.prices if isinstance(each, Flat)), Decimal())


@dataclass(frozen=True, slots=True)
class Package(_Offer):
    """A package: its prices, the add-ons it includes, and a term of its own where it has one."""

    includes: tuple[Text, ...] = ()
    includes_clause: Text | None = None
    term: Setting[Term] | None = None

    @property
    def allowance(self) -> Allowance | None:
        """The price that has an allowance, if there is one."""
        return next((each for each in self.prices if isinstance(each, Allowance)), None)

    @property
    def included(self) -> int:
        """The units of the allowance per month; 0 without one."""
        return self.allowance.included if self.allowance else 0


@dataclass(frozen=True, slots=True)
class Addon(_Offer):
    """A module that is booked beside a package."""


@dataclass(frozen=True, slots=True)
class Terms:
    """One version of one vendor's terms. ``clauses`` maps a clause to its meaning in one German sentence.

    ``services`` are what is booked one by one: work, expenses, orders. ``example_prices``: the text names no prices,
    they are agreed per contract; those in the file are examples.
    """

    __pydantic_config__ = CLOSED

    id: Slug
    title: Text
    vendor: Text
    cite: Text
    currency: Literal["EUR"]
    rules: Rules
    packages: Annotated[Mapping[Slug, Package], Field(min_length=1)]
    clauses: Mapping[Text, Text]
    meters: Mapping[Slug, Meter] = field(default_factory=dict)
    addons: Mapping[Slug, Addon] = field(default_factory=dict)
    services: Mapping[Slug, BookedPrice] = field(default_factory=dict)
    example_prices: Flag = False

    def __hash__(self) -> int:
        return hash(self.id)

    def cited(self, clause: str) -> str:
        """Return a clause as it is cited outside the file: ``fluks AGB 13.3``; a law speaks for itself."""
        return clause if clause.startswith("§") else f"{self.cite} {clause}"

    def label(self, item: str) -> str:
        """Return how a package or an add-on is called, by its key as prices are agreed: ``packages.basis``."""
        table, _, key = item.partition(".")
        return f"Paket {self.packages[key].label}" if table == "packages" else f"Zusatzmodul {self.addons[key].label}"

    def meaning(self, citation: str) -> str:
        """Return what a cited clause means, in one German sentence; nothing for a clause of others."""
        return next((says for clause, says in self.clauses.items() if self.cited(clause) == citation), "")

    @property
    def place(self) -> State | None:
        """The state in which declarations reach the provider; None where it is not said.

        Law: § 193 BGB
        """
        return self.rules.declarations.value if self.rules.declarations else None

    @property
    def counting(self) -> tuple[str, ...]:
        """The meters that use up an allowance; what no price names is statistics.

        Contract: fluks AGB 1.2
        """
        named = (each.allowance.meters for each in self.packages.values() if each.allowance)
        return tuple(dict.fromkeys(meter for meters in named for meter in meters))

    def counted_allowance(self, package: Package) -> Allowance | None:
        """Return the allowance that the counter can watch; None where there is none, or only of a level.

        Contract: Connectavo AGB II 2.6
        """
        found = (price for price in package.prices if isinstance(price, Allowance))
        return next(
            (price for price in found if all(self.meters[key].aggregate == "sum" for key in price.meters)), None
        )

    def unit(self, meters: tuple[str, ...]) -> str:
        """One measured unit, in German: ``Auslöser/Aktion``."""
        return "/".join(dict.fromkeys(self.meters[key].label for key in meters))

    def units(self, meters: tuple[str, ...]) -> str:
        """Many measured units, in German: ``Auslöser/Aktionen``."""
        return "/".join(dict.fromkeys(self.meters[key].plural for key in meters))
