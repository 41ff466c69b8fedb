"""The commands for terms files: check one, make their reference and schema again."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from api.cli.terminal import AsJson, console, print_json
from invoicing.terms import Terms, TermsError, load
from invoicing.terms.reference import reference_text
from invoicing.terms.schema import schema_text
from invoicing.terms.walk import models, silent_rules

app = typer.Typer()
group = typer.Typer(no_args_is_help=True, help="Terms files: price lists and contract rules.")
app.add_typer(group, name="terms")


@group.command()
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="the terms file, called like the id in it")],
    *,
    as_json: AsJson = False,
) -> None:
    """Check a terms file: name its problems with file, line and key, or tell what it holds."""
    try:
        terms = load(file)
    except TermsError as error:
        _print_problems(file, error, as_json=as_json)
        raise typer.Exit(1 if error.is_readable else 2) from error
    summary = _summary(terms)
    if as_json:
        print_json({"file": str(file), "ok": True, **summary, "problems": []})
    else:
        _print_summary(summary)


@group.command()
def docs(
    folder: Annotated[
        Path, typer.Argument(exists=True, file_okay=False, help="where terms.md and terms.schema.json are written")
    ] = Path("docs"),
) -> None:
    """Make the reference of terms files and their JSON Schema again, from the code."""
    for name, text in (("terms.md", reference_text()), ("terms.schema.json", schema_text())):
        (folder / name).write_text(text, encoding="utf-8")
        console.print(f"{folder / name} written", markup=False)


def _summary(terms: Terms) -> dict[str, Any]:
    return {
        "id": terms.id,
        "title": terms.title,
        "packages": list(terms.packages),
        "addons": list(terms.addons),
        "services": list(terms.services),
        "meters": list(terms.meters),
        "models": models(terms),
        "silent": silent_rules(terms),
        "example_prices": terms.example_prices,
    }


def _print_summary(summary: dict[str, Any]) -> None:
    table = Table(box=None, show_header=False)
    named = {"addons": "add-ons", "models": "price models", "silent": "the text is silent on"}
    for key, value in summary.items():
        if key != "example_prices":
            told = value if isinstance(value, str) else ", ".join(value) or "none"
            table.add_row(named.get(key, key), told)
    examples = "yes: the text names no prices, replace them" if summary["example_prices"] else "no"
    table.add_row("example prices", examples)
    console.print(table, markup=False)


def _print_problems(file: Path, error: TermsError, *, as_json: bool) -> None:
    if as_json:
        problems = [{"line": each.line, "key": each.key, "message": each.says} for each in error.found]
        print_json({"file": str(file), "ok": False, "problems": problems})
    else:
        typer.echo(str(error), err=True)
