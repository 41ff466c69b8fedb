"""The command ``explain``: from an amount back to clause, formula, daily counts and events."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from api.cli.terminal import AsJson, console, day_of, opened, print_json
from api.explained import events_behind, invoice_behind
from api.workplace import Workplace
from invoicing.document.explanation_pdf import render_explanation
from invoicing.explain import explain as explain_invoice
from invoicing.explain import render
from invoicing.invoice import Invoice
from metering.evidence import CountedEvent

app = typer.Typer()
_AT_ONCE = 10_000


@app.command()
def explain(
    what: Annotated[str, typer.Argument(metavar="INVOICE|END_TO_END_ID")],
    line: Annotated[int | None, typer.Option(min=1, help="only this line")] = None,
    day: Annotated[date | None, typer.Option(parser=day_of, metavar="DATE", help="only events of this day")] = None,
    pdf: Annotated[Path | None, typer.Option(metavar="FILE", help="write it as a PDF for the customer")] = None,
    *,
    events: Annotated[bool, typer.Option("--events", help="list the events behind the line, too")] = False,
    as_json: AsJson = False,
) -> None:
    """From an amount back to clause, formula, daily counts and, with --events, every event."""
    if (events or day) and line is None:
        raise typer.BadParameter("name the line whose events you want, for example --line 2", param_hint="--line")
    with opened() as work:
        invoice = invoice_behind(work, what)
        explained = explain_invoice(invoice, line)
        found = list(_events(work, invoice, line, day)) if line and (events or day) else None
    if pdf:
        pdf.write_bytes(render_explanation(invoice, explained))
    if as_json:
        print_json(explained if found is None else {"explanation": explained, "events": found})
        return
    told = render(explained, console.width) if console.is_terminal else render(explained)
    console.print(told, markup=False, highlight=False, soft_wrap=True)
    if found is not None:
        _print_events(found)
    if pdf:
        console.print(f"\n{pdf}", markup=False, highlight=False)


def _events(work: Workplace, invoice: Invoice, line: int, day: date | None) -> Iterator[CountedEvent]:
    offset, more = 0, True
    while more:
        found = events_behind(work, invoice, line, day, offset, _AT_ONCE)
        yield from found.events
        offset, more = offset + len(found.events), found.more


def _print_events(events: list[CountedEvent]) -> None:
    width = max((len(each.id) for each in events), default=0)
    console.print(f"\n{len(events)} Ereignisse im Journal:")
    for each in events:
        told = [f"{each.time:%Y-%m-%dT%H:%M:%S.%f}Z", f"{each.id:<{width}}", each.meter, f"{each.quantity:>6}"]
        where = [text for text in (each.workflow, each.connector) if text]
        console.print("  ".join([*told, *where]), markup=False, highlight=False, soft_wrap=True)
