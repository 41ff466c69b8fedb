"""The monthly remuneration of a contract: what "a monthly fee" means where a rule is measured in them."""

from collections.abc import Mapping
from decimal import Decimal

from invoicing.contract.event import Contract
from invoicing.money import percent_of, to_cents
from invoicing.terms import Terms


def monthly_prices(terms: Terms, contract: Contract, agreed: Mapping[str, Decimal] | None = None) -> dict[str, Decimal]:
    """Return the monthly prices of the package and of add-ons that it does not include; agreed ones go first."""
    package = terms.packages[contract.package]
    paid = [key for key in terms.addons if key in contract.addons and key not in package.includes]
    booked = {f"packages.{contract.package}": package, **{f"addons.{key}": terms.addons[key] for key in paid}}
    prices = contract.prices if agreed is None else agreed
    return {key: prices.get(key, offer.price) for key, offer in booked.items() if offer.is_monthly}


def monthly_fee(terms: Terms, contract: Contract) -> int:
    """Return base price and add-ons of a month in whole cents, as the terms' prices are; included add-ons cost nothing.

    Contract: cunio AGB 8.4, fluks AGB Anlage 3 §2
    """
    return to_cents(sum(monthly_prices(terms, contract).values(), Decimal()))


def gross_fee(terms: Terms, contract: Contract) -> int:
    """Return the monthly fee with VAT: what is overdue is gross, and only like is compared with like.

    Contract: cunio AGB 8.4
    """
    fee = monthly_fee(terms, contract)
    return fee if terms.rules.prices.value == "gross" else fee + percent_of(fee, terms.rules.vat_percent.value)
