"""The month's commands: close, assign, notify, collect."""

from typing import Annotated

import typer
from rich.table import Table

from api import monthly
from api.cli.terminal import WHO, AsJson, Month, Today, amount, console, opened, print_json
from api.forms import DecisionForm
from sepa.collection import Waiting

app = typer.Typer()


@app.command()
def close(
    month: Month,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show what would happen, store nothing")] = False,
    today: Today = None,
    as_json: AsJson = False,
) -> None:
    """Close a month: recount it, bill every sound customer, park the others with the reason."""
    with opened(today) as work:
        if dry_run:
            preview = monthly.preview_month(work, month)
            rows = [(each.customer, each.buyer.name, each.net_cents, each.gross_cents) for each in preview.invoices]
            problems = preview.problems
            print_json(preview) if as_json else _print_drafts(rows)
        else:
            result = monthly.close_month(work, WHO, month)
            problems = result.problems
            if as_json:
                print_json(result)
            else:
                console.print(
                    f"{result.month} is {result.state}: {result.invoices} invoices, "
                    f"net {amount(result.net_cents)} €, gross {amount(result.gross_cents)} €"
                )
    if not as_json:
        for problem in problems:
            console.print(f"parked: {problem.customer} [{problem.rule}] {problem.message}", markup=False)
    raise typer.Exit(1 if problems else 0)


@app.command()
def assign(
    month: Month,
    customer: Annotated[str, typer.Argument(help="the customer id that events came with")],
    reason: Annotated[str, typer.Option(help="why; kept in the audit log")],
    to: Annotated[str | None, typer.Option(help="the customer it belongs to; left out: set aside")] = None,
) -> None:
    """Decide about a month's usage of an unknown customer: assign it, or set it aside with a reason.

    What changed after it was billed, and was settled elsewhere, is set aside in the same way.
    """
    with opened() as work:
        monthly.decide_usage(work, WHO, month, customer, DecisionForm(reason=reason, assign_to=to))
    console.print(f"decided; run `zaehlwerk close {month}` again", markup=False)


@app.command()
def notify(today: Today = None, *, as_json: AsJson = False) -> None:
    """Send what is to be announced: invoices and debits."""
    with opened(today) as work:
        result = monthly.notify(work, WHO)
    if as_json:
        print_json(result)
    else:
        console.print(f"{len(result.sent)} mails sent")
        _print_waiting((*result.failed, *result.waiting))
    raise typer.Exit(1 if result.failed or result.waiting else 0)


@app.command()
def collect(today: Today = None, *, as_json: AsJson = False) -> None:
    """Write the pain.008 files that may leave today."""
    with opened(today) as work:
        result = monthly.collect(work, WHO)
        folder = work.settings.data_dir / "sepa"
    if as_json:
        files = [record.model_dump(mode="json") for record in result.files]
        print_json({"files": files, "held": result.held})
    else:
        for record in result.files:
            total = amount(record.control_sum_cents)
            console.print(f"{folder / record.file_name}: {record.scheme}, {record.count} collections, {total} €")
        if not result.files:
            console.print("nothing may leave today")
        _print_waiting(result.held)
    raise typer.Exit(1 if result.held else 0)


def _print_drafts(rows: list[tuple[str, str, int, int]]) -> None:
    table = Table("customer", "name", box=None)
    for heading in ("net €", "gross €"):
        table.add_column(heading, justify="right")
    for customer, name, net, gross in rows:
        table.add_row(customer, name, amount(net), amount(gross))
    console.print(table)


def _print_waiting(rows: tuple[Waiting, ...]) -> None:
    for each in rows:
        console.print(f"waiting: {each.customer} {each.invoice}: {each.reason}", markup=False)
