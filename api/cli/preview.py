"""The commands that look ahead and back: ``preview``, ``what-if`` and ``rerate``."""

from typing import Annotated

import typer
from rich.table import Table

from api.cli.terminal import AsJson, Month, Today, console, opened, print_json
from api.preview import preview_customer, what_if_customer
from api.rerated import Rerated, rerate_month
from invoicing.invoice import Invoice
from invoicing.money import german_amount, german_date, german_number
from invoicing.preview import WhatIf
from metering.month import BillingMonth

app = typer.Typer()
_LEAST_TEXT = 18
_MOST_MONTHS = 3
Customer = Annotated[str, typer.Argument(metavar="CUSTOMER")]


@app.command()
def preview(
    customer: Customer,
    month: Annotated[
        BillingMonth | None, typer.Option(parser=BillingMonth.parse, metavar="MONTH", help="left out: the running one")
    ] = None,
    today: Today = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show what a customer's invoice would be if the month were closed now; exit 1 when a problem would park it."""
    with opened(today) as work:
        found = preview_customer(work, customer, month)
    if as_json:
        print_json(found)
    elif found.invoice:
        _print_invoice(found.invoice)
    else:
        console.print(found.why_not, markup=False)
    raise typer.Exit(1 if found.rule else 0)


@app.command("what-if")
def what_if(
    customer: Customer,
    months: Annotated[int, typer.Option(min=1, max=12, help="how many full months to look back")] = 3,
    package: Annotated[str | None, typer.Option(help="only this one beside the booked one")] = None,
    addon: Annotated[list[str] | None, typer.Option(help="instead of the booked ones; may be given again")] = None,
    today: Today = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Tell what the last full months would have cost on each package, the cheapest first."""
    with opened(today) as work:
        found = what_if_customer(work, customer, months, package, addon)
    print_json(found) if as_json else _print_options(found)


@app.command()
def rerate(month: Month, *, as_json: AsJson = False) -> None:
    """Rate a month's issued invoices again from what was recorded when they were issued; exit 1 on a difference."""
    with opened() as work:
        found = rerate_month(work, month)
    print_json(found) if as_json else _print_rerated(found)
    raise typer.Exit(1 if found.disagreements else 0)


def _print_invoice(invoice: Invoice) -> None:
    is_gross = any(line.gross_cents is not None for line in invoice.lines)
    console.print(
        f"Vorschau {invoice.month} für {invoice.customer}, "
        f"{german_date(invoice.period_from)} – {german_date(invoice.period_to)} (nichts davon ist gespeichert)\n",
        markup=False,
        highlight=False,
    )
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("Leistung", min_width=_LEAST_TEXT)
    table.add_column("Menge", justify="right", no_wrap=True)
    table.add_column("Einheit", overflow="fold")
    for heading in ("Preis €", f"{'brutto' if is_gross else 'netto'} €"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("Grundlage", overflow="fold")
    for line in invoice.lines:
        table.add_row(
            line.text,
            german_number(line.quantity),
            line.unit,
            german_number(line.unit_price, 2),
            german_amount(line.cents),
            line.clause,
        )
    table.add_section()
    for label, cents in (
        ("Netto", invoice.net_cents),
        ("Umsatzsteuer", invoice.vat_cents),
        ("Rechnungsbetrag", invoice.gross_cents),
    ):
        table.add_row(label, "", "", "", german_amount(cents), "")
    console.print(table)


def _print_options(found: WhatIf) -> None:
    """Print each package with its sum; and with its months, where they are few enough for columns of their own."""
    table = Table("Paket", box=None, padding=(0, 2, 0, 0))
    unit = "brutto" if found.prices == "gross" else "netto"
    shown = len(found.months) if len(found.months) <= _MOST_MONTHS else 0
    for heading in (*found.months[:shown], f"Summe {unit} €", "Unterschied €"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_row("wie gebucht", *map(german_amount, (*found.cents[:shown], found.total_cents)), "")
    for each in found.options:
        name = f"{each.label} (gebucht)" if each.is_current else each.label
        amounts = (*each.cents[:shown], each.total_cents, each.difference_cents)
        table.add_row(name, *map(german_amount, amounts))
    console.print(f"{', '.join(found.months)}:\n", highlight=False)
    console.print(table)
    for package, why in found.left_out.items():
        console.print(f"ohne {package}: {why}", markup=False)
    for month, why in found.skipped.items():
        console.print(f"ohne {month}: {why}", markup=False, highlight=False)
    console.print(f"\n{_best(found)}", markup=False)


def _best(found: WhatIf) -> str:
    if (best := found.cheapest) is None:
        return "Kein Paket gab es in allen diesen Monaten."
    return "Das gebuchte Paket ist das günstigste." if best.is_current else f"Am günstigsten: {best.label}."


def _print_rerated(found: Rerated) -> None:
    for each in found.disagreements:
        for problem in each.problems:
            console.print(f"{each.invoice} {each.customer}: {problem}", markup=False, highlight=False)
    invoices = "1 Rechnung" if found.invoices == 1 else f"{german_number(found.invoices)} Rechnungen"
    wrong = f"{german_number(len(found.disagreements))} davon anders" if found.disagreements else "alle gleich"
    console.print(f"{found.month}: {invoices} nachberechnet, {wrong}", highlight=False)
