"""The mail that tells a customer how much of the allowance is used up: German plain text."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from invoicing.document.page import NO_BREAK, fill_text, plain
from invoicing.money import german_instant, german_month, german_number
from invoicing.party import Party
from invoicing.prices import Allowance
from invoicing.terms import Package, Terms
from metering.month import BillingMonth

_ALL = 100


@dataclass(frozen=True, slots=True)
class Reached:
    """A share of the allowance that is used up: how much of how much, and when that was seen."""

    month: BillingMonth
    percent: int
    used: int
    included: int
    seen_at: datetime


def alert_text(reached: Reached, terms: Terms, package: Package, seller: Party) -> tuple[str, str]:
    """Return subject and body: what is used, what further units cost, and whom to ask.

    Contract: fluks AGB Anlage 3 § 2
    """
    month, share = _month(reached), f"{reached.percent}{NO_BREAK}%"
    subject = plain(f"Sie haben {share} Ihres Kontingents genutzt ({month})")
    opening = (
        f"im {month} hat Ihre Nutzung {share} des Kontingents erreicht, das Ihr Paket"
        f" {package.label.replace(' ', NO_BREAK)} enthält."
    )
    told: tuple[str, ...] = ()
    if allowance := terms.counted_allowance(package):
        told = (_figures(reached, terms, allowance), _beyond(reached, terms, allowance))
    paragraphs = (opening, *told, *_ending(seller))
    return subject, fill_text("alert.txt", paragraphs=paragraphs, seller=seller)


def _figures(reached: Reached, terms: Terms, allowance: Allowance) -> str:
    used, included = german_number(reached.used), german_number(reached.included)
    seen_at = german_instant(reached.seen_at).replace(" ", NO_BREAK)
    return (
        f"Gezählt wurden für diesen Monat bis zum {seen_at}: {used}{NO_BREAK}{terms.units(allowance.meters)}."
        f" Enthalten sind {included}; {_rest(reached.included - reached.used)}."
    )


def _rest(free: int) -> str:
    if free > 0:
        return f"frei sind noch {german_number(free)}"
    return f"darüber liegen {german_number(-free)}" if free else "frei ist nichts mehr"


def _beyond(reached: Reached, terms: Terms, allowance: Allowance) -> str:
    """Say that use above the allowance is possible, and what it costs.

    Contract: fluks AGB Anlage 3 § 2
    """
    price = f"{german_number(allowance.price, 2)}{NO_BREAK}EUR"
    clause = terms.cited(allowance.clause).replace(" ", NO_BREAK)
    base = "netto" if terms.rules.prices.value == "net" else "brutto"
    cost = f"jede weitere ausgeführte Einheit ({terms.unit(allowance.meters)}) {price} {base} ({clause})"
    if reached.used < reached.included:
        return f"Sie können den Dienst auch über das Kontingent hinaus nutzen. Dann kostet {cost}."
    told = f"Ihr Kontingent für {_month(reached)} ist damit aufgebraucht."
    if reached.percent < _ALL:
        told = f"Inzwischen ist Ihr Kontingent für {_month(reached)} ganz aufgebraucht."
    return f"{told} Sie können den Dienst weiter nutzen; in diesem Monat kostet {cost}."


def _ending(seller: Party) -> Iterator[str]:
    phone = f" oder rufen Sie uns an: {seller.phone.replace(' ', NO_BREAK)}" if seller.phone else ""
    yield (
        "Diese Nachricht ist keine Rechnung. Die Zahlen sind ein Zwischenstand, der sich noch ändern kann;"
        " abgerechnet wird nach Ablauf des Monats."
    )
    yield f"Fragen zu Ihrem Verbrauch oder zu Ihrem Paket? Schreiben Sie uns an {seller.email}{phone}."


def _month(reached: Reached) -> str:
    return german_month(reached.month).replace(" ", NO_BREAK)
