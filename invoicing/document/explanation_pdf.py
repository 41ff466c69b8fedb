"""The appendix to an invoice that shows how every line was reckoned: for a customer who asks, or disputes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from invoicing.document.lines import days_text, service_days
from invoicing.document.page import NO_BREAK, fill_pdf
from invoicing.explain import ExplainedLine, Explanation
from invoicing.invoice import Invoice
from invoicing.money import german_amount, german_date, german_number, with_minus


@dataclass(frozen=True, slots=True)
class _Section:
    """A line as it is printed: its amount, what it was reckoned from, and its table of days or where that stands."""

    line: ExplainedLine
    amount: str
    formula: str
    facts: tuple[tuple[str, str], ...]
    headings: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    same_days_as: int = 0


def render_explanation(invoice: Invoice, explained: Explanation) -> bytes:
    """Return the explanation as PDF; the same explanation gives the same bytes."""
    return fill_pdf(
        "explanation",
        invoice=invoice,
        explained=explained,
        days=days_text(*service_days(invoice)),
        sections=list(_sections(explained)),
        totals=[_typeset(text) for text in explained.totals],
    )


def _sections(explained: Explanation) -> Iterator[_Section]:
    seen: dict[tuple[object, ...], int] = {}
    for line in explained.lines:
        rows = tuple(_rows(line))
        said = seen.setdefault((_meters(line), rows), line.position) if rows else line.position
        cents = line.net_cents if line.gross_cents is None else line.gross_cents
        fresh = said == line.position
        yield _Section(
            line=line,
            amount=with_minus(f"{german_amount(cents)}{NO_BREAK}€"),
            formula=_typeset(line.formula),
            facts=tuple((label, _typeset(value)) for label, value in line.inputs.items()),
            headings=tuple(explained.labels[key] for key in _meters(line)) if fresh else (),
            rows=rows if fresh else (),
            same_days_as=0 if fresh else said,
        )


def _typeset(text: str) -> str:
    return with_minus(text).replace(" €", f"{NO_BREAK}€")


def _rows(line: ExplainedLine) -> Iterator[tuple[str, ...]]:
    """Yield each day with what its meters say."""
    for day in line.days:
        values = {key: value for key, value in day.items() if isinstance(value, int)}
        yield german_date(_date(day)), *(with_minus(german_number(values[key])) for key in _meters(line))


def _meters(line: ExplainedLine) -> tuple[str, ...]:
    return tuple(key for day in line.days[:1] for key in day if key != "date")


def _date(day: Mapping[str, date | int]) -> date:
    value = day["date"]
    return value if isinstance(value, date) else date.min
