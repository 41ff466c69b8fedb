"""Everything on an issued invoice reckoned again: what does not add up is said in German."""

from collections.abc import Iterator, Mapping
from datetime import date

from invoicing.explain.formula import holds, numbers
from invoicing.invoice import Invoice, Line, totals
from invoicing.money import euro, german_amount, german_number, to_cents
from invoicing.statement import UsageStatement
from metering.gauge import Gauge, value_of

Days = tuple[tuple[date, Mapping[str, int]], ...]


def problems(invoice: Invoice) -> Iterator[str]:
    """Yield what does not add up on an invoice; nothing when every cent can be reckoned again."""
    yield from _usage_problems(invoice)
    for line in invoice.lines:
        yield from _line_problems(invoice, line)
    if totals(invoice.lines) != (invoice.vat, invoice.net_cents, invoice.vat_cents, invoice.gross_cents):
        yield "Die Summen ergeben sich nicht aus den Positionen."


def counted_days(invoice: Invoice, line: Line) -> Days:
    """Return what each day on which they counted says of a line's meters; none for one that counts nothing here."""
    if not _counts(line) or not line.first or not line.last:
        return ()
    days = _between(invoice.usage, line.first, line.last)
    counted = ((day, {meter: counts.get(meter, 0) for meter in line.meters}) for day, counts in days)
    return tuple(each for each in counted if any(each[1].values()))


def _usage_problems(invoice: Invoice) -> Iterator[str]:
    usage = invoice.usage
    for meter, says in usage.measured:
        yield from _day_problems(usage, usage.labels[meter], usage.days, (meter,), says)
    for each in usage.allowances:
        yield from _day_problems(usage, "Kontingent", _between(usage, each.first, each.last), each.meters, each.used)
    drawn = [(each.used, each.included, each.overage) for each in usage.allowances]
    if (usage.used, usage.included, usage.overage) != tuple(map(sum, zip((0, 0, 0), *drawn, strict=True))):
        yield "Genutzt, enthalten und darüber passen nicht zu den Kontingenten."
    if usage.overage != sum(line.quantity for line in invoice.lines if line.kind == "overage"):
        yield f"Die Menge über dem Kontingent ({german_number(usage.overage)}) steht so in keiner Position."


def _line_problems(invoice: Invoice, line: Line) -> Iterator[str]:
    amount = f"{german_amount(line.cents)} €"
    if to_cents(line.quantity * line.unit_price) != line.cents:
        yield f"Position {line.position}: Menge mal Einzelpreis ergibt nicht {amount}."
    if not line.formula.endswith(f"= {amount}") or numbers(line.formula)[-1:] != [euro(line.cents)]:
        yield f"Position {line.position}: {line.formula} ergibt nicht {amount}."
    elif not holds(line.formula):
        yield f"Position {line.position}: {line.formula} geht nicht auf."
    if _counts(line):
        days = counted_days(invoice, line)
        yield from _day_problems(invoice.usage, f"Position {line.position}", days, line.meters, line.used)
    if line.kind == "overage" and line.quantity != max(0, line.used - line.allowed):
        yield f"Position {line.position}: {german_number(line.quantity)} passt nicht zu gemessen und enthalten."


def _counts(line: Line) -> bool:
    return bool(line.meters) and line.kind != "late"


def _between(usage: UsageStatement, first: date, last: date) -> Days:
    return tuple(each for each in usage.days if first <= each[0] <= last)


def _day_problems(usage: UsageStatement, what: str, days: Days, meters: tuple[str, ...], says: int) -> Iterator[str]:
    if (counted := _measured(usage, days, meters)) != says:
        yield f"{what}: Die Tage ergeben {german_number(counted)}, berechnet wurden {german_number(says)}."


def _measured(usage: UsageStatement, days: Days, meters: tuple[str, ...]) -> int:
    """Return what some days say of meters together: added up, or read as the gauge is; a level of 0 is no reading."""
    if key := usage.gauges.get(meters[0]):
        levels = ((day, counts.get(meters[0], 0)) for day, counts in days)
        return value_of(Gauge.parse(key), tuple(each for each in levels if each[1]))
    return sum(counts.get(meter, 0) for _, counts in days for meter in meters)
