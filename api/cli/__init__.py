"""``zaehlwerk``: the same use cases from a terminal. Exit codes: 0 done, 1 done with problems listed, 2 bad use."""

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console
from typer.core import TyperGroup
from typer.main import get_group

from api.logs import blot
from api.refusal import said
from api.settings import Settings, refusals

MODULES = {
    "serve": "run",
    "send": "run",
    "demo": "run",
    "close": "month",
    "assign": "month",
    "notify": "month",
    "collect": "month",
    "preview": "preview",
    "what-if": "preview",
    "rerate": "preview",
    "explain": "explain",
    "archive": "archive",
    "recount": "journal",
    "void": "journal",
    "correct": "journal",
    "rebuild": "journal",
    "alert": "alert",
    "terms": "terms",
    "doctor": "setup",
    "key": "setup",
}


class _Commands(TyperGroup):
    """Commands by name; only the module of the one that is asked for is loaded."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.commands: Any = dict.fromkeys(MODULES)  # their names: for the list, and to tell what was meant

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        del ctx
        if module := MODULES.get(cmd_name):
            return get_group(import_module(f"api.cli.{module}").app).commands[cmd_name]
        return None


app = typer.Typer(
    cls=_Commands, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False, help=__doc__
)


@app.callback()  # what is no command by hand must be a group by hand
def _app() -> None: ...


def main() -> None:
    """Run the command line; an error meant for people is one line, not a traceback."""
    try:
        app(args=spread(sys.argv[1:]))
    except ValidationError as error:
        _refuse(*(refusals(error) if error.title == Settings.__name__ else map(_field, error.errors())))
    except Exception as error:
        if (line := import_module("api.cli.error").line_for_people(error)) is None:
            raise
        _refuse(line)


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
