"""What an earlier month costs now, less what was billed of it: events that came late, or were voided. Pure.

The difference of two reckonings of one month under one contract, each rounded as a bill is: however often something
changes afterwards, what was billed adds up to what a single bill of everything would have said.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from invoicing.contract import Contract
from invoicing.money import euro, german_amount, german_month, german_number, to_cents
from invoicing.rating import Charge, counted, rate
from invoicing.terms import Terms
from metering.recount import Difference
from metering.usage import Usage, merge


@dataclass(frozen=True, slots=True)
class Earlier:
    """A customer's earlier month: the invoice that billed it, what was billed so far, what its counters say now.

    ``terms`` and ``contract`` are those it was billed under, None when they are not known any more; ``invoice`` is
    empty when nobody was billed. ``differences`` are those between the counters and the journal.
    """

    invoice: str
    terms: Terms | None
    contract: Contract | None
    billed: Usage
    readings: tuple[Usage, ...]
    differences: tuple[Difference, ...] = ()

    @property
    def now(self) -> Usage:
        """What is counted now: all its counters together."""
        return merge(Usage(self.billed.customer, self.billed.month), *self.readings)

    @property
    def is_known(self) -> bool:
        """Tell whether the month can be rated again."""
        return bool(self.terms and self.contract and self.contract.package in self.terms.packages)

    @property
    def charges(self) -> tuple[Charge, ...]:
        """What is owed, or owed back, for what changed."""
        if self.terms is None or self.contract is None or not self.is_known:
            return ()
        return difference(self.terms, self.contract, self.billed, self.now, self.invoice)


def difference(terms: Terms, contract: Contract, billed: Usage, now: Usage, invoice: str) -> tuple[Charge, ...]:
    """Return one charge per clause whose amount is another now; nothing while the allowance still covers it.

    Contract: fluks AGB Anlage 3 fn 1
    """
    before, after = (_by_clause(rate(terms, contract, usage)) for usage in (billed, now))
    changed = [key for key in after | before if _net(after.get(key, ())) != _net(before.get(key, ()))]
    return tuple(
        _charge(
            text=_text(terms, billed, now, invoice),
            formula=_formula(terms, contract, (now, after.get(key, ())), (billed, before.get(key, ()))),
            unit=terms.unit,
            before=before.get(key, ()),
            after=after.get(key, ()),
        )
        for key in changed
    )


def _charge(text: str, formula: str, unit: str, before: Sequence[Charge], after: Sequence[Charge]) -> Charge:
    """Charge the difference as units × their price, or as one amount where that would not give it to the cent."""
    net = _net(after) - _net(before)
    quantity = sum((each.quantity for each in after), Decimal()) - sum((each.quantity for each in before), Decimal())
    prices = {each.unit_price for each in (*after, *before)}
    price = prices.pop()
    if prices or to_cents(quantity * price) != net:
        quantity, unit, price = Decimal(1), "Differenz", euro(net)
    like = (*after, *before)[0]
    return Charge("late", text, quantity, unit, price, net, like.vat_rate, like.clause, formula=formula)


def _text(terms: Terms, billed: Usage, now: Usage, invoice: str) -> str:
    units = counted(terms, now) - counted(terms, billed)
    named = terms.unit if abs(units) == 1 else terms.units
    what = "nachträglich gezählt" if units > 0 else "storniert"
    return f"Nachberechnung {german_month(now.month)} zu {invoice}: {german_number(abs(units))} {named} {what}"


def _formula(
    terms: Terms, contract: Contract, now: tuple[Usage, Sequence[Charge]], billed: tuple[Usage, Sequence[Charge]]
) -> str:
    """Show both reckonings and what is between them."""
    both = (f"{german_amount(_net(charges))} €" for _, charges in (now, billed))
    net = german_amount(_net(now[1]) - _net(billed[1]))
    reckoned = [_reckoning(terms, contract, usage, charges) for usage, charges in (now, billed)]
    return f"neu: {reckoned[0]}; berechnet: {reckoned[1]}; {' − '.join(both)} = {net} €"


def _reckoning(terms: Terms, contract: Contract, usage: Usage, charges: Sequence[Charge]) -> str:
    if charges:
        return " + ".join(each.formula for each in charges)
    included = german_number(terms.packages[contract.package].included)
    return f"{german_number(counted(terms, usage))} genutzt, {included} enthalten = 0,00 €"


def _by_clause(charges: Sequence[Charge]) -> dict[tuple[str, str, Decimal], tuple[Charge, ...]]:
    grouped: dict[tuple[str, str, Decimal], tuple[Charge, ...]] = defaultdict(tuple)
    for each in charges:
        grouped[each.kind, each.clause, each.vat_rate] += (each,)
    return grouped


def _net(charges: Sequence[Charge]) -> int:
    return sum(each.net_cents for each in charges)
