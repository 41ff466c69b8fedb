"""The kinds of values that a terms file holds, checked when it is read: never a float, never a coerced text."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Generic, TypeVar

from pydantic import BeforeValidator, ConfigDict, Field, Strict, StringConstraints

T = TypeVar("T")
CLOSED = ConfigDict(extra="forbid")


def _whole_to_decimal(value: object) -> object:
    return Decimal(value) if type(value) is int else value


Text = Annotated[str, Strict(), StringConstraints(strip_whitespace=True, min_length=1)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+([-_][a-z0-9]+)*$")]
Flag = Annotated[bool, Strict()]
Count = Annotated[int, Strict(), Field(ge=0)]
Positive = Annotated[int, Strict(), Field(ge=1)]
Price = Annotated[Decimal, BeforeValidator(_whole_to_decimal), Strict(), Field(ge=0, max_digits=12, decimal_places=6)]
Meters = Annotated[tuple[Slug, ...], Field(min_length=1)]
Percent = Annotated[Decimal, BeforeValidator(_whole_to_decimal), Strict(), Field(ge=0, le=100, decimal_places=2)]


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """A rule's value and its clause; ``silent`` marks our default where the text says nothing."""

    __pydantic_config__ = CLOSED

    value: T
    clause: Text
    silent: Flag = False
