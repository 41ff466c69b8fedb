"""A contract's life written as lines of text."""

from datetime import UTC, date, datetime
from decimal import Decimal

from invoicing.contract import Contract, ContractEvent
from invoicing.terms import Terms, find

FLUKS, CLOUDETEER, KLUGO = find("fluks-2023-03"), find("cloudeteer-2023-12"), find("klugo")
CUNIO, CONNECTAVO = find("cunio-2020-02"), find("connectavo-2021-12")


def day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def event(text: str, terms: Terms = FLUKS) -> ContractEvent:
    """Read one event; what is told of it stands in words behind its day and kind.

    2026-10-01 changed premium-50000 +forms -emails @2026-09-20     ``@``: when it was recorded
    2026-10-01 started basis trial:2026-10-31 months:6 packages.basis=120.00
    2027-02-01 price_raised packages.basis=130.00 <2026-11-15      ``<``: when it was received
    """
    when, kind, *words = text.split()
    signed = {sign: [word[1:] for word in words if word[0] == sign] for sign in "+-@<"}
    named = dict(word.split(":") for word in words if ":" in word)
    prices = {key: Decimal(price) for key, _, price in (word.partition("=") for word in words if "=" in word)}
    plain = [word for word in words if word[0] not in "+-@<" and not {":", "="} & set(word)]
    started = kind == "started"
    return ContractEvent(
        kind=kind,  # type: ignore[arg-type]
        effective_on=date.fromisoformat(when),
        recorded_at=datetime.fromisoformat((signed["@"] or [when])[0]).replace(hour=12, tzinfo=UTC),
        terms=named.get("terms", terms.id if started else None),
        package=plain[0] if plain else None,
        addons=tuple(signed["+"]) if started else (),
        add_addons=() if started else tuple(signed["+"]),
        remove_addons=tuple(signed["-"]),
        received_on=day(next(iter(signed["<"]), None)),
        trial_ends_on=day(named.get("trial")),
        term_months=int(named["months"]) if "months" in named else None,
        term_ends_on=day(named.get("until")),
        prices=prices,
        cause=named.get("cause", "notice"),  # type: ignore[arg-type]
    )


def history(text: str, terms: Terms = FLUKS) -> list[ContractEvent]:
    return [event(line, terms) for line in text.strip().splitlines()]


def contract(terms: Terms, starts_on: str, package: str = "", **fields: object) -> Contract:
    """A contract under some terms: their first package, no add-ons."""
    which = package or next(iter(terms.packages))
    return Contract(terms.id, which, frozenset(), date.fromisoformat(starts_on), **fields)  # type: ignore[arg-type]
