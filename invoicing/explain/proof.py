"""Everything on an issued invoice reckoned again: what does not add up is said in German."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date

from invoicing.explain.formula import Counted, counted, holds, monthly_share
from invoicing.invoice import Invoice, Line, nets_of, totals
from invoicing.money import german_amount, german_number, to_cents
from invoicing.prices import Share
from invoicing.rating import Days
from invoicing.statement import UsageStatement
from metering.gauge import Gauge, value_of


def problems(invoice: Invoice) -> Iterator[str]:
    """Yield what does not add up on an invoice; nothing when every cent can be reckoned again."""
    yield from _usage_problems(invoice)
    for line in invoice.lines:
        yield from _line_problems(invoice, line)
    yield from _tier_problems(invoice.lines)
    yield from _share_problems(invoice.lines)
    yield from _net_problems(invoice.lines)
    if totals(invoice.lines) != (invoice.vat, invoice.net_cents, invoice.vat_cents, invoice.gross_cents):
        yield "Die Summen ergeben sich nicht aus den Positionen."


def counted_days(invoice: Invoice, line: Line) -> Days:
    """Return what each day on which they counted says of a line's meters; none for one that counts nothing.

    Of what came late, or was voided, in an earlier month: what the days that changed say more, or less.
    """
    if line.days:
        return line.days
    if not line.first or not line.last:
        return ()
    days = _between(invoice.usage, line.first, line.last)
    says = ((day, {meter: counts.get(meter, 0) for meter in line.meters}) for day, counts in days)
    return tuple(each for each in says if any(each[1].values()))


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
    if not line.formula.endswith(f"= {amount}"):
        yield f"Position {line.position}: {line.formula} ergibt nicht {amount}."
    elif not holds(line.formula):
        yield f"Position {line.position}: {line.formula} geht nicht auf."
    if line.days and not (invoice.usage.gauges.keys() & set(line.meters)):
        yield from _day_problems(invoice.usage, f"Position {line.position}", line.days, line.meters, line.used)
    if _counts(line):
        days = counted_days(invoice, line)
        yield from _day_problems(invoice.usage, f"Position {line.position}", days, line.meters, line.used)
        if counted(line.formula) != Counted(line.used, line.allowed, line.quantity):
            yield f"Position {line.position}: {german_number(line.quantity)} passt nicht zu gemessen und enthalten."


def _tier_problems(lines: Iterable[Line]) -> Iterator[str]:
    """Yield tiers of a price that together are not all the units that were measured."""
    tiers: dict[tuple[object, ...], list[Line]] = defaultdict(list)
    for line in lines:
        if _counts(line) and ", davon " in line.formula:
            tiers[line.item, line.meters, line.first, line.last].append(line)
    for (*_, last), units in ((own, sum(each.quantity for each in own)) for own in tiers.values()):
        if units != last.used:
            what = f"Die Stufen ergeben {german_number(units)}, gemessen wurden {german_number(last.used)}"
            yield f"Position {last.position}: {what}."


def _share_problems(lines: Iterable[Line]) -> Iterator[str]:
    """Yield shares of a monthly price that, after those before them, are not to the cent what their days cost.

    Which of those before belong to it is not said: a price that was agreed anew begins anew, also of the same amount.
    """
    charged: dict[tuple[object, ...], set[int]] = defaultdict(lambda: {0})
    for line in lines:
        share = monthly_share(line.formula) if line.kind in {"base", "addon"} else None
        if share and line.first:
            price = (line.item, line.first.month, share.price)
            exact = {Share(share.part, share.whole, before).of_cents(share.price) for before in charged[price]}
            charged[price] |= {before + share.part for before in charged[price]}
            if line.cents not in exact:
                yield f"Position {line.position}: {line.formula} ist nicht der Anteil dieser Tage."


def _net_problems(lines: Iterable[Line]) -> Iterator[str]:
    """Yield lines under gross prices whose net is not what of them is no VAT."""
    gross = [(line, line.gross_cents) for line in lines if line.gross_cents is not None]
    nets = nets_of((cents, line.vat_rate) for line, cents in gross)
    for (line, cents), net in zip(gross, nets, strict=True):
        if line.net_cents != net:
            what = f"In {german_amount(cents)} € sind nicht {german_amount(line.net_cents)} € netto enthalten"
            yield f"Position {line.position}: {what}."


def _counts(line: Line) -> bool:
    return bool(line.meters) and line.kind != "late"


def _between(usage: UsageStatement, first: date, last: date) -> Days:
    return tuple(each for each in usage.days if first <= each[0] <= last)


def _day_problems(usage: UsageStatement, what: str, days: Days, meters: tuple[str, ...], says: int) -> Iterator[str]:
    if (found := _measured(usage, days, meters)) != says:
        yield f"{what}: Die Tage ergeben {german_number(found)}, berechnet wurden {german_number(says)}."


def _measured(usage: UsageStatement, days: Days, meters: tuple[str, ...]) -> int:
    """Return what some days say of meters together: added up, or read as the gauge is; a level of 0 is no reading."""
    if key := usage.gauges.get(meters[0]):
        levels = ((day, counts.get(meters[0], 0)) for day, counts in days)
        return value_of(Gauge.parse(key), tuple(each for each in levels if each[1]))
    return sum(counts.get(meter, 0) for _, counts in days for meter in meters)
