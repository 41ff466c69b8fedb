"""An invoice unfolded: each line with its clause, formula, inputs and the days that it was counted on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from invoicing.booking import TimesheetRow
from invoicing.explain.proof import counted_days, problems
from invoicing.invoice import Invoice, Line, VatTotal
from invoicing.money import german_amount, german_date, german_number
from invoicing.rating import PACKAGES

_MANY = {"Auftrag": "Aufträge", "Block": "Blöcke", "Stunde": "Stunden"}


class UnknownLineError(ValueError):
    """The invoice has no line with this position; the message names those it has."""


@dataclass(frozen=True, slots=True)
class ExplainedLine:
    """One line: what it is, the clause that owes it, how it was reckoned and from what, and the days it counts.

    ``days`` are like ``{"date": …, "trigger": 3, "action": 7}``; ``gross_cents`` under gross prices only.
    """

    position: int
    kind: str
    text: str
    clause: str
    meaning: str
    formula: str
    inputs: Mapping[str, str]
    net_cents: int
    gross_cents: int | None
    days: tuple[Mapping[str, date | int], ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """An invoice, or one line of it, explained.

    ``days`` are those of all its lines; ``labels`` the German names of meters; ``totals`` German formulas of net, VAT,
    gross; ``problems`` what does not add up.
    """

    number: str
    customer: str
    month: str
    terms: str
    terms_title: str
    package: str
    used: int
    included: int
    overage: int
    lines: tuple[ExplainedLine, ...]
    days: tuple[Mapping[str, date | int], ...]
    labels: Mapping[str, str]
    timesheet: tuple[TimesheetRow, ...]
    totals: tuple[str, ...]
    clauses: Mapping[str, str]
    problems: tuple[str, ...]


def explain(invoice: Invoice, line: int | None = None) -> Explanation:
    """Explain an invoice, or the line with this position; raise UnknownLineError when it has none."""
    chosen = tuple(each for each in invoice.lines if line in {None, each.position})
    if not chosen:
        raise UnknownLineError(f"{invoice.number} has no line {line}: choose 1 to {len(invoice.lines)}")
    usage = invoice.usage
    lines = tuple(_explained(invoice, each) for each in chosen)
    return Explanation(
        number=invoice.number,
        customer=invoice.customer,
        month=invoice.month,
        terms=invoice.terms,
        terms_title=invoice.terms_title,
        package=invoice.package,
        used=usage.used,
        included=usage.included,
        overage=usage.overage,
        lines=lines,
        days=lines[0].days if line else tuple({"date": day, **counts} for day, counts in usage.days),
        labels=usage.labels,
        timesheet=invoice.timesheet if any(each.kind == "work" for each in chosen) else (),
        totals=() if line else tuple(_total_formulas(invoice)),
        clauses=invoice.clauses if line is None else _cited(invoice, chosen[0]),
        problems=tuple(problems(invoice)),
    )


def _explained(invoice: Invoice, line: Line) -> ExplainedLine:
    return ExplainedLine(
        position=line.position,
        kind=line.kind,
        text=line.text,
        clause=line.clause,
        meaning=invoice.clauses.get(line.clause, ""),
        formula=line.formula,
        inputs=dict(_inputs(invoice, line)),
        net_cents=line.net_cents,
        gross_cents=line.gross_cents,
        days=tuple({"date": day, **counts} for day, counts in counted_days(invoice, line)),
    )


def _inputs(invoice: Invoice, line: Line) -> Iterator[tuple[str, str]]:
    """Yield what a line was reckoned from, with German names and numbers."""
    yield "Menge", f"{german_number(line.quantity)} {_unit(invoice, line)}"
    yield "Einzelpreis", f"{german_number(line.unit_price, 2)} €" + (" brutto" if line.gross_cents is not None else "")
    if line.kind == "late":
        if line.days:
            yield "Unterschied", german_number(line.used)
        return
    if package := _package(invoice, line):
        yield "Paket", package
    if line.first and line.last:
        first, last = german_date(line.first), german_date(line.last)
        yield "Zeitraum", first if first == last else f"{first} – {last}"
    if line.meters:
        yield "Genutzt", german_number(line.used)
    if line.allowed:
        yield "Enthalten", german_number(line.allowed)


def _unit(invoice: Invoice, line: Line) -> str:
    """Return how so many of a line's units are called: ``Vorgang`` of one, ``Vorgänge`` of others."""
    if abs(line.quantity) == 1:
        return line.unit
    measured = "/".join(dict.fromkeys(filter(None, map(invoice.usage.labels.get, line.meters))))
    return _MANY.get(line.unit) or measured or line.unit


def _package(invoice: Invoice, line: Line) -> str:
    """Return the package that a line is of, which need not be the month's last one; nothing for what is of none."""
    if not line.item.startswith(f"{PACKAGES}."):
        return ""
    named = line.text.removeprefix("Paket ")
    return invoice.package if named.startswith(f"{invoice.package}, ") else named.partition(", ")[0]


def _cited(invoice: Invoice, line: Line) -> dict[str, str]:
    """Return the clauses behind one line: its own and, for counted units, the one that says what counts."""
    wanted = {line.clause, invoice.usage.clause} if line.meters else {line.clause}
    return {clause: says for clause, says in invoice.clauses.items() if clause in wanted}


def _total_formulas(invoice: Invoice) -> Iterator[str]:
    """Yield how the sums follow from the lines: net, tax, gross; of gross prices gross, tax out of it, net."""
    is_gross = any(line.gross_cents is not None for line in invoice.lines)
    parts = " + ".join(f"{german_amount(line.cents)} €" for line in invoice.lines).replace("+ -", "− ")
    net, gross = german_amount(invoice.net_cents), german_amount(invoice.gross_cents)
    vat = german_amount(invoice.vat_cents)
    yield f"{'Brutto' if is_gross else 'Netto'}: {parts} = {gross if is_gross else net} €"
    yield from (_vat_formula(each, is_gross=is_gross) for each in invoice.vat)
    yield f"Netto: {gross} € − {vat} € = {net} €" if is_gross else f"Brutto: {net} € + {vat} € = {gross} €"


def _vat_formula(vat: VatTotal, *, is_gross: bool) -> str:
    rate, tax = german_number(vat.rate), german_amount(vat.vat_cents)
    if is_gross:
        gross = german_amount(vat.net_cents + vat.vat_cents)
        whole = german_number(vat.rate + 100)
        return f"Enthaltene Umsatzsteuer: {rate}/{whole} von {gross} € = {tax} €"
    return f"Umsatzsteuer: {rate} % von {german_amount(vat.net_cents)} € = {tax} €"
