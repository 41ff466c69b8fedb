"""``zaehlwerk``: the same use cases from a terminal. Exit codes: 0 done, 1 done with problems listed, 2 bad use."""

import sys
from collections.abc import Mapping
from typing import Any, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from api.cli import alert, explain, journal, month, preview, run, setup, terms
from api.demo.process import DemoError
from api.errors import STATUS
from api.event_client import SendError
from api.event_file import EventFileError
from api.event_mapping import MappingError
from api.logs import blot
from api.refusal import said
from api.settings import Settings, refusals
from invoicing.terms import TermsError

_FOR_PEOPLE: tuple[type[Exception], ...] = (*STATUS, TermsError, SendError, EventFileError, MappingError, DemoError)

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False, help=__doc__)
for part in (run, month, preview, explain, journal, alert, terms, setup):
    app.add_typer(part.app)


def main() -> None:
    """Run the command line; an error meant for people is one line, not a traceback."""
    try:
        app(args=spread(sys.argv[1:]))
    except ValidationError as error:
        _refuse(*(refusals(error) if error.title == Settings.__name__ else map(_field, error.errors())))
    except _FOR_PEOPLE as error:
        # a database error's other lines are the statement and its values
        _refuse(str(error).splitlines()[0] if isinstance(error, SQLAlchemyError) else str(error))


def _refuse(*lines: str) -> NoReturn:
    console = Console(stderr=True, soft_wrap=True)
    for line in lines:
        console.print(f"zaehlwerk: {blot(line)}", style="red", markup=False, highlight=False)
    sys.exit(2)


def _field(found: Mapping[str, Any]) -> str:
    return f"{'.'.join(str(part) for part in found['loc'])}: {said(found)}"


def spread(arguments: list[str]) -> list[str]:
    """Give each value after ``--map`` an option of its own: ``--map a=b c=d`` is ``--map a=b --map c=d``."""
    spreaded: list[str] = []
    mapping = False
    for each in arguments:
        if mapping and "=" in each and not each.startswith("-") and spreaded[-1] != "--map":
            spreaded.append("--map")
        mapping = each == "--map" or (mapping and not each.startswith("-"))
        spreaded.append(each)
    return spreaded
