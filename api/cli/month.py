"""The month's commands: close, assign, notify, collect."""

from typing import Annotated

import typer
from rich.table import Table

from api import monthly
from api.cli.terminal import WHO, AsJson, Month, Today, amount, console, opened, print_json
from api.forms import DecisionForm
from sepa.collection import Waiting

app = typer.Typer()
_SHOWN = 20


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
            problems = preview.problems
            print_json(preview) if as_json else _print_preview(preview)
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


def _print_preview(preview: monthly.Preview) -> None:
    """Print how the month differs from the one before, the largest differences first, and what it comes to."""
    names = {each.customer: each.buyer.name for each in preview.invoices}
    parked = {each.customer for each in preview.problems}
    table = Table("customer", "name", box=None)
    for heading in ("net €", "month before €", "difference €"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for each in preview.differences[:_SHOWN]:
        sums = ("" if cents is None else amount(cents) for cents in (each.net_cents, each.before_cents))
        name, mark = names.get(each.customer, ""), "parked" if each.customer in parked else each.mark
        table.add_row(each.customer, name, *sums, amount(each.difference_cents), mark)
    if preview.differences:
        console.print(table)
    if (more := len(preview.differences) - _SHOWN) > 0:
        console.print(f"and {more:,} more that differ; all with --json")
    net, gross = (sum(getattr(each, name) for each in preview.invoices) for name in ("net_cents", "gross_cents"))
    same = len(preview.invoices) - sum(each.customer in names for each in preview.differences)
    console.print(
        f"{preview.month} would have {len(preview.invoices):,} invoices, net {amount(net)} €, gross {amount(gross)} €; "
        f"{same:,} are as in the month before"
    )


def _print_waiting(rows: tuple[Waiting, ...]) -> None:
    for each in rows:
        console.print(f"waiting: {each.customer} {each.invoice}: {each.reason}", markup=False)
