"""From the amount back to the contract: clause, formula and daily counts of an issued invoice.

Works from the frozen invoice alone, and reckons everything again: ``problems`` is empty when it adds up.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from invoicing.invoice import Invoice, Line, VatTotal, totals
from invoicing.money import german_amount, german_date, german_number, to_cents


class UnknownLineError(ValueError):
    """The invoice has no line with this position; the message names those it has."""


@dataclass(frozen=True, slots=True)
class ExplainedLine:
    """One line: what it is, the clause that owes it, how it was reckoned and from what."""

    position: int
    kind: str
    text: str
    clause: str
    meaning: str
    formula: str
    inputs: Mapping[str, str]
    net_cents: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """An invoice, or one line of it, explained.

    ``days`` are like ``{"date": …, "trigger": 3, "action": 7}``; ``totals`` German formulas of net, VAT, gross.
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
    totals: tuple[str, ...]
    clauses: Mapping[str, str]
    problems: tuple[str, ...]


def explain(invoice: Invoice, line: int | None = None) -> Explanation:
    """Explain an invoice, or the line with this position; raise UnknownLineError when it has none."""
    chosen = tuple(each for each in invoice.lines if line in {None, each.position})
    if not chosen:
        raise UnknownLineError(f"{invoice.number} has no line {line}: choose 1 to {len(invoice.lines)}")
    usage = invoice.usage
    counts_matter = line is None or chosen[0].kind == "overage"
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
        lines=tuple(_explained(invoice, each) for each in chosen),
        days=tuple({"date": day, **counts} for day, counts in usage.days) if counts_matter else (),
        totals=() if line else tuple(_total_formulas(invoice)),
        clauses=invoice.clauses if line is None else _cited(invoice, chosen[0]),
        problems=tuple(problems(invoice)),
    )


def problems(invoice: Invoice) -> Iterator[str]:
    """Yield what does not add up on an invoice, in German; nothing when every cent can be reckoned again."""
    usage = invoice.usage
    if (counted := sum(sum(counts.values()) for _, counts in usage.days)) != usage.used:
        yield f"Die Tage ergeben {german_number(counted)}, berechnet wurden {german_number(usage.used)}."
    if usage.overage != max(0, usage.used - usage.included):
        yield f"{german_number(usage.overage)} über dem Kontingent passt nicht zu genutzt und enthalten."
    if usage.overage != sum(line.quantity for line in invoice.lines if line.kind == "overage"):
        yield f"Die Menge über dem Kontingent ({german_number(usage.overage)}) steht so in keiner Position."
    for line in invoice.lines:
        if to_cents(line.quantity * line.unit_price) != line.net_cents or not _ends_in_net(line):
            yield f"Position {line.position}: {line.formula} ergibt nicht {german_amount(line.net_cents)} €."
    if totals(invoice.lines) != (invoice.vat, invoice.net_cents, invoice.vat_cents, invoice.gross_cents):
        yield "Die Summen ergeben sich nicht aus den Positionen."


def render(explained: Explanation) -> str:
    """Write an explanation as German text for a terminal or a letter."""
    blocks = [
        f"{explained.number} · {explained.customer} · {explained.month} · Paket {explained.package}",
        *("\n".join(_line_text(line)) for line in explained.lines),
        "\n".join(explained.totals),
        "\n".join(_day_text(day) for day in explained.days),
        "\n".join(explained.problems) or "Alles nachgerechnet: jeder Betrag stimmt.",
    ]
    return "\n\n".join(block for block in blocks if block)


def _line_text(line: ExplainedLine) -> Iterator[str]:
    yield f"{line.position}. {line.text}"
    yield f"   {line.formula}"
    yield f"   {line.clause}: {line.meaning}"


def _day_text(day: Mapping[str, date | int]) -> str:
    counts = [f"{german_number(value):>9} {key}" for key, value in day.items() if isinstance(value, int)]
    days = [german_date(value) for value in day.values() if isinstance(value, date)]
    return "  ".join([*days, *counts])


def _explained(invoice: Invoice, line: Line) -> ExplainedLine:
    return ExplainedLine(
        position=line.position,
        kind=line.kind,
        text=line.text,
        clause=line.clause,
        meaning=invoice.clauses.get(line.clause, ""),
        formula=line.formula,
        inputs=_inputs(invoice, line),
        net_cents=line.net_cents,
    )


def _inputs(invoice: Invoice, line: Line) -> dict[str, str]:
    """Return what a line was reckoned from, with German names and numbers."""
    inputs = {
        "Menge": f"{german_number(line.quantity)} {line.unit}",
        "Einzelpreis": f"{german_number(line.unit_price, 2)} €",
    }
    if line.kind != "late":
        inputs["Paket"] = invoice.package
    if line.kind == "overage":
        inputs["Genutzt"] = german_number(invoice.usage.used)
        inputs["Enthalten"] = german_number(invoice.usage.included)
    return inputs


def _cited(invoice: Invoice, line: Line) -> dict[str, str]:
    """Return the clauses behind one line: its own and, for counted units, the one that says what counts."""
    wanted = {line.clause, invoice.usage.clause} if line.kind in {"overage", "late"} else {line.clause}
    return {clause: says for clause, says in invoice.clauses.items() if clause in wanted}


def _total_formulas(invoice: Invoice) -> Iterator[str]:
    parts = " + ".join(f"{german_amount(line.net_cents)} €" for line in invoice.lines).replace("+ -", "− ")
    yield f"Netto: {parts} = {german_amount(invoice.net_cents)} €"
    yield from (_vat_formula(each) for each in invoice.vat)
    yield (
        f"Brutto: {german_amount(invoice.net_cents)} € + {german_amount(invoice.vat_cents)} € = "
        f"{german_amount(invoice.gross_cents)} €"
    )


def _vat_formula(vat: VatTotal) -> str:
    return (
        f"Umsatzsteuer: {german_number(vat.rate)} % von {german_amount(vat.net_cents)} € = "
        f"{german_amount(vat.vat_cents)} €"
    )


def _ends_in_net(line: Line) -> bool:
    return line.formula.endswith(f"= {german_amount(line.net_cents)} €")
