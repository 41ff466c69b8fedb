"""What stands in a terms file, one after the other, each with its path: rules, prices, citations."""

from collections.abc import Iterator
from typing import Any

from invoicing.terms.locate import Path
from invoicing.terms.model import Addon, Package, Terms
from invoicing.terms.rules import ObjectionExit, Period, Term
from invoicing.values import Setting


def citations(terms: Terms) -> Iterator[tuple[Path, str]]:
    """Yield every clause that the file cites, and where."""
    for key, rule in rules_of(terms):
        yield (*key, "clause"), rule.clause
    for name, meter in terms.meters.items():
        yield ("meters", name, "clause"), meter.clause
    for name, package in terms.packages.items():
        if package.includes_clause:
            yield ("packages", name, "includes_clause"), package.includes_clause
    for key, price in prices_of(terms):
        yield (*key, "clause"), price.clause


def models(terms: Terms) -> tuple[str, ...]:
    """Return the price models that the file uses, each once."""
    return tuple(dict.fromkeys(price.model for _, price in prices_of(terms)))


def silent_rules(terms: Terms) -> tuple[str, ...]:
    """Return the rules on which the text is silent: their values are defaults."""
    return tuple(str(key[-1]) for key, rule in rules_of(terms) if rule.silent)


def rules_of(terms: Terms) -> Iterator[tuple[Path, Setting[Any]]]:
    """Yield every rule, and every package's own term, and where it stands."""
    for name in terms.rules.__dataclass_fields__:
        if rule := getattr(terms.rules, name):
            yield ("rules", name), rule
    for name, package in terms.packages.items():
        if package.term:
            yield ("packages", name, "term"), package.term


def periods_of(terms: Terms) -> Iterator[tuple[Path, Period]]:
    """Yield every period of time of the rules, and where it stands."""
    for key, rule in rules_of(terms):
        if isinstance(rule.value, Period):
            yield (*key, "value"), rule.value
        elif isinstance(rule.value, ObjectionExit):
            yield (*key, "value", "within"), rule.value.within
            yield (*key, "value", "notice"), rule.value.notice


def terms_of_packages(terms: Terms) -> Iterator[tuple[Path, Term | None]]:
    """Yield the term of each package: its own, or else that of the rules."""
    common = terms.rules.term.value if terms.rules.term else None
    for name, package in terms.packages.items():
        yield (("packages", name, "term"), package.term.value) if package.term else (("rules", "term"), common)


def offers_of(terms: Terms) -> Iterator[tuple[Path, Package | Addon]]:
    """Yield every package and every add-on, and where it stands."""
    yield from ((("packages", name), package) for name, package in terms.packages.items())
    yield from ((("addons", name), addon) for name, addon in terms.addons.items())


def prices_of(terms: Terms) -> Iterator[tuple[Path, Any]]:
    """Yield every price, and every service, and where it stands."""
    for key, offer in offers_of(terms):
        yield from (((*key, "prices", number), price) for number, price in enumerate(offer.prices))
    yield from ((("services", name), service) for name, service in terms.services.items())


def meters_of(price: Any) -> tuple[str, ...]:
    """Return the meters that a price names."""
    return getattr(price, "meters", ())
