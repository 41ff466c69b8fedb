"""Tiers of a price: up to which quantity which price holds."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from invoicing.values import CLOSED, Positive, Price


@dataclass(frozen=True, slots=True)
class Tier:
    """Up to and including ``up_to`` units the unit costs ``price`` euro; the last tier has no bound."""

    __pydantic_config__ = CLOSED

    price: Price
    up_to: Positive | None = None


Tiers = Annotated[tuple[Tier, ...], Field(min_length=1)]


def bounds(tiers: tuple[Tier, ...]) -> list[tuple[int, int | None]]:
    """Return each tier's bounds: above the first number, up to and including the second (None: without end)."""
    ends = [tier.up_to for tier in tiers]
    return list(zip([0, *(end or 0 for end in ends)], ends, strict=False))


def ascend(tiers: tuple[Tier, ...]) -> bool:
    """Tell whether bounds rise and only the last tier has none."""
    *inner, last = [tier.up_to for tier in tiers]
    known = [end for end in inner if end is not None]
    return last is None and len(known) == len(inner) and known == sorted(set(known))
