"""Rating: what a month costs under a contract. Pure, and from zero every month.

A charge is one amount that is owed, with the clause that owes it; the invoice gives it a position.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from invoicing.contract import Contract
from invoicing.money import german_amount, german_number, to_cents
from invoicing.terms import Package, Terms
from metering.usage import Usage


@dataclass(frozen=True, slots=True)
class Charge:
    """Quantity × unit price, rounded once; ``formula`` shows the reckoning in German."""

    kind: Literal["base", "overage", "addon", "late"]
    text: str
    quantity: Decimal
    unit: str
    unit_price: Decimal
    net_cents: int
    vat_rate: Decimal
    clause: str
    included: bool = False
    formula: str = ""


def rate(terms: Terms, contract: Contract, usage: Usage) -> tuple[Charge, ...]:
    """Return what the month costs: base price, units above the allowance, booked add-ons; no carry-over.

    Contract: fluks AGB Anlage 3 fn 2
    """
    package = terms.packages[contract.package]
    return (_base(terms, package), *_overage(terms, package, usage), *_addons(terms, package, contract))


def counted(terms: Terms, usage: Usage) -> int:
    """Return the units that use up the allowance: triggers and actions, not what they start in connectors.

    Contract: fluks AGB 1.2
    """
    return usage.total(*terms.counting)


def above_allowance(used: int, included: int) -> int:
    """Return the units above the allowance.

    Contract: fluks AGB Anlage 3 fn 1
    """
    return max(0, used - included)


def _base(terms: Terms, package: Package) -> Charge:
    """Charge the package's full price with its full allowance, in a partial month too.

    Contract: fluks AGB Anlage 3 §1
    """
    net = to_cents(package.price)
    return Charge(
        kind="base",
        text=f"Paket {package.label}, Grundpreis inklusive {german_number(package.included)} {terms.units}",
        quantity=Decimal(1),
        unit="Monat",
        unit_price=package.price,
        net_cents=net,
        vat_rate=terms.rules.vat_percent.value,
        clause=terms.cited(package.clause),
        formula=f"1 Monat × {_price(package.price)} = {german_amount(net)} €",
    )


def _overage(terms: Terms, package: Package, usage: Usage) -> Iterator[Charge]:
    """Charge each unit above the allowance at the package's price.

    Contract: fluks AGB Anlage 3 §2
    """
    used = counted(terms, usage)
    if above := above_allowance(used, package.included):
        net = to_cents(above * package.overage_price)
        yield Charge(
            kind="overage",
            text=f"Paket {package.label}, {terms.units} über {german_number(package.included)} hinaus",
            quantity=Decimal(above),
            unit=terms.unit,
            unit_price=package.overage_price,
            net_cents=net,
            vat_rate=terms.rules.vat_percent.value,
            clause=terms.cited(package.overage_clause),
            formula=(
                f"{german_number(used)} genutzt − {german_number(package.included)} enthalten = "
                f"{german_number(above)} × {_price(package.overage_price)} = {german_amount(net)} €"
            ),
        )


def _addons(terms: Terms, package: Package, contract: Contract) -> Iterator[Charge]:
    """Charge each booked add-on, in the order of the price list; one that the package includes costs nothing.

    Contract: fluks AGB Anlage 3 §3
    """
    for key, addon in terms.addons.items():
        if key not in contract.addons:
            continue
        included = key in package.includes
        price = addon.price - addon.price if included else addon.price
        net = to_cents(price)
        yield Charge(
            kind="addon",
            text=f"Zusatzmodul {addon.label}" + (" (im Paket enthalten)" if included else ""),
            quantity=Decimal(1),
            unit="Monat",
            unit_price=price,
            net_cents=net,
            vat_rate=terms.rules.vat_percent.value,
            clause=terms.cited(package.includes_clause if included else addon.clause),
            included=included,
            formula=(f"Im Paket {package.label} enthalten: " if included else "")
            + f"1 Monat × {_price(price)} = {german_amount(net)} €",
        )


def _price(price: Decimal) -> str:
    return f"{german_number(price, 2)} €"
