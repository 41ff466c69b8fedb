"""What a document says about lines and sums, in German: for which days, how reckoned, how added up."""

import re
from collections.abc import Iterator
from datetime import date
from itertools import groupby
from typing import NamedTuple

from invoicing.booking import TimesheetRow, ids_of
from invoicing.document.page import NO_BREAK
from invoicing.invoice import Invoice, Line, VatTotal
from invoicing.money import german_date, german_month, german_number, with_minus
from invoicing.prices import cents_text, euro_text
from metering.month import BillingMonth

_DASHED = re.compile(r"(\d{2}\.\d{2}\.\d{4}) – (\d{2}\.\d{2}\.\d{4})")
_GIVEN_BACK = {"credit", "damages"}  # the last step only turns the sign
_SUM = re.compile(r"(= )?−?[\d.,]+ €")
_MONTH = re.compile(r"\b([A-ZÄÖÜ][a-zä]{2,8}) (\d{4})\b")


class Sum(NamedTuple):
    """One row under the lines; ``mark`` is how it is set off: nothing, ``subtotal`` or ``total``."""

    label: str
    cents: int
    mark: str = ""


def service_days(invoice: Invoice) -> tuple[date, date]:
    """Return the first and the last day of what is billed: the invoice's own, and what lines of other months reach.

    What is billed late names its month itself.

    Law: § 14 Abs. 4 Nr. 6 UStG
    """
    first, last, month = invoice.period_from, invoice.period_to, BillingMonth.parse(invoice.month)
    for line in invoice.lines:
        if line.first and line.last and (line.first not in month or line.last not in month):
            first, last = min(first, line.first), max(last, line.last)
    return first, last


def days_text(first: date, last: date) -> str:
    """Write from when to when: ``01.10.2026 bis 31.10.2026``; of one day, the day."""
    return german_date(first) if first == last else f"{german_date(first)} bis {german_date(last)}"


def service_period(invoice: Invoice) -> str:
    """Say for which time something is billed, to stand after ``für``."""
    first, last = service_days(invoice)
    if first == last:
        return f"Leistungen vom {german_date(first)}"
    return f"den Leistungszeitraum vom {days_text(first, last)}"


def line_text(line: Line) -> str:
    """Return what a line is for; dates, months and percents are kept on one line."""
    dashed = _DASHED.sub(f"\\1{NO_BREAK}–{NO_BREAK}\\2", line.text)
    return _MONTH.sub(f"\\1{NO_BREAK}\\2", dashed).replace(" %", f"{NO_BREAK}%")


def line_days(invoice: Invoice, line: Line) -> str:
    """Return the days of a line where they are not all of the invoice's and its text does not say them, else nothing.

    Law: § 14 Abs. 4 Nr. 6 UStG
    """
    if not line.first or not line.last or (line.first, line.last) == service_days(invoice):
        return ""
    month = BillingMonth.of(line.first)
    is_month = (line.first, line.last) == (month.first_day, month.last_day)
    says_month = german_month(month) in line.text and (is_month or line.first == line.last)
    return "" if says_month or german_date(line.first) in line.text else days_text(line.first, line.last)


def reckoning(invoice: Invoice, line: Line) -> str:
    """Return how a line was reckoned where that is more than quantity × price, or what the box of usage says.

    Law: § 14 Abs. 4 Nr. 5, 7 UStG
    """
    price, quantity = euro_text(line.unit_price), german_number(line.quantity)
    at_sight = {f"{what} × {price} = {cents_text(line.cents)}" for what in (quantity, f"{quantity} {line.unit}")}
    in_box = line.kind == "overage" and (line.used, line.allowed) in {
        (0, 0),
        (invoice.usage.used, invoice.usage.included),
    }
    formula = line.formula.rpartition("; ")[0] if line.kind in _GIVEN_BACK and ids_of([line.item]) else line.formula
    return "" if line.included or in_box or formula in at_sight else _SUM.sub(_joined, with_minus(formula))


def _joined(found: re.Match[str]) -> str:
    return found[0].replace(" ", NO_BREAK)


def measured(invoice: Invoice) -> list[tuple[str, int]]:
    """Return what was measured where there is no allowance: each meter by its name, without those that say nothing."""
    usage = invoice.usage
    found = [] if usage.used or usage.included else usage.measured
    return [(usage.labels[meter], units) for meter, units in found if units]


def is_gross(invoice: Invoice) -> bool:
    """Tell whether the prices on the invoice are gross."""
    return any(line.gross_cents is not None for line in invoice.lines)


def sums(invoice: Invoice) -> Iterator[Sum]:
    """Yield the sums: net, VAT and total; under gross prices the total, and what it contains. Damages have no VAT.

    Law: § 14 Abs. 4 Nr. 7, 8 UStG, § 3 PAngV; UStAE 1.3 Abs. 3
    """
    total = Sum("Rechnungsbetrag EUR", invoice.gross_cents, "total")
    tax = "darin enthalten" if is_gross(invoice) else "zuzüglich"
    nets = [Sum(_net_label(invoice, each), each.net_cents) for each in invoice.vat]
    taxed = [each for each in invoice.vat if not _is_damages(invoice, each)]
    vats = [Sum(f"{tax} {german_number(each.rate)} % Umsatzsteuer", each.vat_cents) for each in taxed]
    if len(nets) != 1:
        nets.append(Sum("Summe netto", invoice.net_cents, "subtotal"))
    if len(vats) > 1:
        vats.append(Sum("Summe Umsatzsteuer", invoice.vat_cents, "subtotal"))
    yield from (total, *vats, *nets) if is_gross(invoice) else (*nets, *vats, total)


def _net_label(invoice: Invoice, vat: VatTotal) -> str:
    if _is_damages(invoice, vat):
        return "Schadenersatz, nicht steuerbar"
    return f"Nettobetrag zu {german_number(vat.rate)} % USt"


def _is_damages(invoice: Invoice, vat: VatTotal) -> bool:
    return {line.kind for line in invoice.lines if line.vat_rate == vat.rate} == {"damages"}


def hours(minutes: int) -> str:
    """Write a duration in hours and minutes: ``12:30``."""
    return f"{german_number(minutes // 60)}:{minutes % 60:02}"


def hours_by_role(timesheet: tuple[TimesheetRow, ...]) -> list[tuple[str, int]]:
    """Return the minutes that each role worked, in order of their names.

    Contract: Connectavo AGB I 2.1
    """
    ordered = sorted(timesheet, key=lambda row: row.role)
    return [(role, sum(row.minutes for row in rows)) for role, rows in groupby(ordered, key=lambda row: row.role)]


def is_rounded(invoice: Invoice) -> bool:
    """Tell whether other hours are billed than were worked: work is billed in steps."""
    billed = sum(line.used for line in invoice.lines if line.kind == "work")
    return billed != sum(row.minutes for row in invoice.timesheet)
