"""A vendor's terms as data: price list and contract rules, each value beside the clause it comes from.

A value is allowed here only when the rules can compute it: a file never promises what no code does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BeforeValidator, ConfigDict, Field, Strict

T = TypeVar("T")
_CLOSED = ConfigDict(extra="forbid")


def _whole_to_decimal(value: object) -> object:
    return Decimal(value) if type(value) is int else value


Text = Annotated[str, Strict(), Field(min_length=1)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+([-_][a-z0-9]+)*$")]
Flag = Annotated[bool, Strict()]
Count = Annotated[int, Strict(), Field(ge=0)]
Price = Annotated[Decimal, BeforeValidator(_whole_to_decimal), Strict(), Field(ge=0, max_digits=12, decimal_places=6)]
Percent = Annotated[Decimal, BeforeValidator(_whole_to_decimal), Strict(), Field(ge=0, le=100, decimal_places=2)]


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """A rule's value and its clause; ``silent`` marks our default where the text says nothing."""

    __pydantic_config__ = _CLOSED

    value: T
    clause: Text
    silent: Flag = False


@dataclass(frozen=True, slots=True)
class Rules:
    """How a contract under these terms is billed, paid, changed and ended."""

    __pydantic_config__ = _CLOSED

    billing: Setting[Literal["arrears"]]
    prices: Setting[Literal["net"]]
    vat_percent: Setting[Percent]
    proration: Setting[Literal["none"]]
    carry_over: Setting[Literal[False]]
    payment: Setting[Literal["direct_debit"]]
    prenotification_days: Setting[Count]
    third_party_fees: Setting[Literal[False]]
    notice_months: Setting[Count]
    notice_to: Setting[Literal["month_end"]]
    notice_form: Setting[Literal["text"]]
    change_on: Setting[Literal["month_start"]]


@dataclass(frozen=True, slots=True)
class Meter:
    """Something that is counted, and whether it uses up the package's allowance."""

    __pydantic_config__ = _CLOSED

    label: Text
    plural: Text
    against_allowance: Flag
    clause: Text


@dataclass(frozen=True, slots=True)
class Package:
    """A package: base price per month, allowance, price of each unit above it, add-ons it includes."""

    __pydantic_config__ = _CLOSED

    label: Text
    price: Price
    included: Count
    clause: Text
    overage_price: Price
    overage_clause: Text
    includes: tuple[Text, ...]
    includes_clause: Text


@dataclass(frozen=True, slots=True)
class Addon:
    """A module with a price per month."""

    __pydantic_config__ = _CLOSED

    label: Text
    price: Price
    clause: Text


@dataclass(frozen=True, slots=True)
class Terms:
    """One version of one vendor's terms. ``clauses`` maps a clause to its meaning in one German sentence."""

    __pydantic_config__ = _CLOSED

    id: Slug
    title: Text
    vendor: Text
    cite: Text
    currency: Literal["EUR"]
    rules: Rules
    meters: Annotated[Mapping[Slug, Meter], Field(min_length=1)]
    packages: Annotated[Mapping[Slug, Package], Field(min_length=1)]
    addons: Mapping[Slug, Addon]
    clauses: Mapping[Text, Text]

    def __hash__(self) -> int:
        return hash(self.id)

    def cited(self, clause: str) -> str:
        """Return a clause as it is cited outside the file: ``fluks AGB 13.3``; a law speaks for itself."""
        return clause if clause.startswith("§") else f"{self.cite} {clause}"

    def meaning(self, citation: str) -> str:
        """Return what a cited clause means, in one German sentence; nothing for a clause of others."""
        return next((says for clause, says in self.clauses.items() if self.cited(clause) == citation), "")

    @property
    def counting(self) -> tuple[str, ...]:
        """The meters that use up the allowance; all others are statistics.

        Contract: fluks AGB 1.2
        """
        return tuple(key for key, meter in self.meters.items() if meter.against_allowance)

    @property
    def unit(self) -> str:
        """One counted unit, in German: ``Auslöser/Aktion``."""
        return "/".join(self.meters[key].label for key in self.counting)

    @property
    def units(self) -> str:
        """Many counted units, in German: ``Auslöser/Aktionen``."""
        return "/".join(self.meters[key].plural for key in self.counting)
