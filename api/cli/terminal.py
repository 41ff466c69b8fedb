"""What the commands share: options, the opened workplace, printing."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.console import Console

from api.forms import written_day
from api.logs import configure
from api.settings import Settings
from invoicing.money import euro
from metering.month import BillingMonth

if TYPE_CHECKING:
    from api.workplace import Workplace

WHO = "cli"
_PIPED_WIDTH = 132
console = Console(width=None if sys.stdout.isatty() else _PIPED_WIDTH)


def day_of(text: str) -> date:
    """Return the day of an option."""
    try:
        return written_day(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r}: {error}") from error


def _month(text: str) -> BillingMonth:
    try:
        return BillingMonth.parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


Today = Annotated[date | None, typer.Option(parser=day_of, metavar="DATE", help="stands in for the clock")]
Month = Annotated[BillingMonth, typer.Argument(parser=_month, metavar="MONTH", help="YYYY-MM")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]


@contextmanager
def opened(today: date | None = None) -> Iterator["Workplace"]:
    """Open the workplace."""
    from api.workplace import clock_from, open_workplace  # noqa: PLC0415 - loaded only to work on data

    settings = Settings()
    configure(settings.log_level)
    with open_workplace(settings, clock_from(today)) as work:
        yield work


def print_json(value: Any) -> None:
    """Print a value as indented JSON."""
    typer.echo(msgspec.json.format(msgspec.json.encode(value, enc_hook=str)).decode())


def amount(cents: int) -> str:
    """Write an amount the English way: ``1,234.56``."""
    return f"{euro(cents):,.2f}"
