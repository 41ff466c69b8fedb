"""The journal's commands: recount, void, correct, rebuild."""

from typing import Annotated

import typer
from rich.table import Table

from api import corrections
from api.cli.terminal import WHO, AsJson, Month, console, opened, print_json
from metering.month import BillingMonth
from metering.rebuild import rebuild as rebuild_months
from metering.recount import Recount

_SHOWN = 1_000
app = typer.Typer()
Customer = Annotated[str, typer.Argument(help="the customer's id, as events name it")]
Reason = Annotated[str, typer.Option(help="why; kept in the audit log")]


@app.command()
def recount(month: Month, *, as_json: AsJson = False) -> None:
    """Count a month again from the journal and list where the counter differs, and ids that came with other content."""
    with opened() as work:
        found = corrections.recount_month(work, month)
    if as_json:
        told = {"month": str(month), "events": found.events, "differences": found.differences}
        print_json({**told, "other_content": found.other_content})
    else:
        _print_recount(found)
    raise typer.Exit(1 if found.differences else 0)


@app.command()
def void(
    month: Month,
    customer: Customer,
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="ids of the events")],
    reason: Reason,
    *,
    as_json: AsJson = False,
) -> None:
    """Take events back that should never have been sent; before or after the month was closed."""
    with opened() as work:
        done = corrections.void_events(work, WHO, month, customer, ids, reason)
    if as_json:
        print_json({"voided": len(done.voided), "problems": done.problems})
    else:
        console.print(f"{len(done.voided)} events voided")
        for problem in done.problems:
            console.print(f"not voided: {problem.id} {problem.message}", markup=False)
    raise typer.Exit(1 if done.problems else 0)


@app.command()
def correct(month: Month, customer: Customer, reason: Reason, *, as_json: AsJson = False) -> None:
    """Make a customer's counter again from the journal, after a recount found a difference."""
    with opened() as work:
        done = corrections.correct_usage(work, WHO, month, customer, reason)
    if as_json:
        print_json(done)
    else:
        console.print(f"corrected: {len(done.differences)} differences of {customer} in {month}", markup=False)


@app.command()
def rebuild(
    months: Annotated[
        list[BillingMonth] | None,
        typer.Argument(parser=BillingMonth.parse, metavar="[MONTH]...", help="YYYY-MM; none: all"),
    ] = None,
) -> None:
    """Make the counters again from the journal, after the store was lost; harmless at any other time."""
    with opened() as work:
        rows = rebuild_months(work.journal, work.counter, months or ())
    console.print(f"{rows:,} rows counted again")


def _print_recount(found: Recount) -> None:
    table = Table("customer", "day", "meter", box=None)
    for heading in ("counter", "journal"):
        table.add_column(heading, justify="right")
    for each in found.differences:
        table.add_row(each.customer, str(each.day), each.meter, f"{each.counter:,}", f"{each.journal:,}")
    if found.differences:
        console.print(table)
    for other in found.other_content[:_SHOWN]:
        text = (
            f"other content: {other.customer} {other.id}: {other.field} {other.counted!r}, again {other.came_again!r}"
        )
        console.print(text, markup=False)
    if (more := len(found.other_content) - _SHOWN) > 0:
        console.print(f"and {more:,} more; all with --json")
    console.print(
        f"{found.month}: {found.events:,} events in the journal, {len(found.usages):,} customers, "
        f"{len(found.differences):,} differences, {len(found.other_content):,} ids with other content"
    )
