"""A rise of monthly prices: from when on, by how much, and whether it lets the customer go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

from invoicing.contract.ending import Termination, month_start, unless_ended
from invoicing.contract.error import ContractError
from invoicing.contract.event import Contract, ContractEvent, Life, holding, lives
from invoicing.contract.fee import monthly_prices
from invoicing.contract.term import A_DAY, month_end
from invoicing.money import euro, german_date, german_number, to_cents
from invoicing.terms import Setting, Terms
from invoicing.terms.rules import PriceRise
from invoicing.workday import last_day_to_act

_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Rise:
    """A rise: its first day, the new monthly prices, until when the customer may end the contract for it."""

    effective_on: date
    prices: Mapping[str, Decimal]
    percent: Decimal
    exit_until: date | None
    why: str


class Announced(NamedTuple):
    """A rise of which the customer was told, and the clause that allows it, as cited."""

    told: date
    rise: Rise
    clause: str


def check_rise(
    events: Sequence[ContractEvent],
    terms: Terms,
    received_on: date,
    prices: Mapping[str, Decimal],
    effective_on: date | None = None,
    billed_through: date | None = None,
) -> Rise:
    """Return what a rise does; raise ContractError with the earliest day when it comes too early.

    Contract: cunio AGB 8.8
    """
    rule = _rule(terms)
    life = _running(events)
    earliest = _earliest(life, rule.value, received_on, billed_through)
    first = effective_on or earliest
    if first < earliest or first != month_start(first):
        possible = max(earliest, month_start(first))
        raise ContractError(
            "effective_on", f"prices may rise from {possible} at the earliest ({terms.cited(rule.clause)})"
        )
    if not life.start.is_active(first):
        raise ContractError("effective_on", f"the contract ends on {life.start.ends_on}: no price rises after that")
    state = life.on(first)
    _check_higher(terms, state, prices)
    percent = _percent(terms, state, prices, state.prices)
    beyond = _beyond(terms, life, state, rule.value, first, prices)
    runs_out = received_on + relativedelta(months=rule.value.exit_months)
    until = last_day_to_act(runs_out, terms.place) if beyond else None
    return Rise(first, prices, percent, until, _why(terms, rule, received_on, first, percent, beyond, until))


def raised(terms: Terms, contract: Contract, percent: Decimal) -> dict[str, Decimal]:
    """Return the contract's monthly prices raised by so many percent; none by more, so a part of a cent is dropped.

    Contract: cunio AGB 8.8
    """
    cents = {key: to_cents(price) for key, price in monthly_prices(terms, contract).items()}
    risen = {key: int(now * (_HUNDRED + percent) / _HUNDRED) for key, now in cents.items()}
    return {key: euro(then) for key, then in risen.items() if then > cents[key]}


def check_exit(events: Sequence[ContractEvent], terms: Mapping[str, Terms], received_on: date) -> Termination:
    """Return the end of a contract for a price rise: with the day before it; raise ContractError without that right.

    Several may be announced: each gives a right of its own, and the first that is open counts. What was waived raised
    nothing.

    Contract: cunio AGB 8.8
    """
    life = _running(events)
    announced = [each for each in announced_rises(events, terms, life) if each.rise.effective_on > received_on]
    if not announced:
        raise ContractError("cause", "no price rise is announced: end the contract by notice")
    rights = [(told, rise, rise.exit_until, clause) for told, rise, clause in announced if rise.exit_until]
    if not rights:
        raise ContractError("cause", f"this rise gives no right to end the contract ({announced[0].clause})")
    told, rise, until, clause = next((each for each in rights if each[0] <= received_on <= each[2]), rights[0])
    if received_on < told:
        raise ContractError("received_on", f"the rise was announced on {told}: not before")
    if received_on > until:
        raise ContractError("received_on", f"the contract could be ended for this rise until {until}")
    ends_on = rise.effective_on - A_DAY
    end = Termination(
        ends_on,
        f"Kündigung wegen Preiserhöhung eingegangen am {german_date(received_on)}, rechtzeitig bis "
        f"{german_date(until)} ({clause}): Der Vertrag endet mit Ablauf des "
        f"{german_date(ends_on)}, bevor die Erhöhung wirksam wird.",
        "price_rise",
    )
    return unless_ended(life.start, end)


def announced_rises(events: Sequence[ContractEvent], terms: Mapping[str, Terms], life: Life) -> list[Announced]:
    """Return the rises of a contract that hold, each by its terms on the day on which the customer was told.

    Contract: cunio AGB 8.8
    """
    held = holding(events)
    return [
        Announced(
            told,
            check_rise(held[: held.index(each)], own, told, each.prices, each.effective_on),
            own.cited(_rule(own).clause),
        )
        for each in life.changes
        if each.kind == "price_raised" and (told := each.received_on) and (own := terms.get(life.on(told).terms))
    ]


def check_waiver(events: Sequence[ContractEvent], waived_on: date, billed_through: date | None = None) -> date:
    """Return the day of the rise that is waived: of that for which the contract was ended, else the last one announced.

    With it fall those that were announced on top of it. Raise ContractError when none is announced.

    Contract: cunio AGB 8.8
    """
    rises = [(life, each) for life in lives(events) for each in life.changes if each.kind == "price_raised"]
    pending = [(life, each) for life, each in rises if each.effective_on > waived_on]
    if not pending:
        raise ContractError("waived_on", "no price rise is announced that has not taken effect yet")
    life = pending[-1][0]
    own = [each for its, each in pending if its is life]
    rise = next((each for each in own if each.effective_on - A_DAY == life.start.ends_on), own[-1])
    if rise.received_on and waived_on < rise.received_on:
        raise ContractError("waived_on", f"the rise was announced on {rise.received_on}: not before")
    if billed_through and rise.effective_on <= billed_through:
        raise ContractError("waived_on", f"invoiced at the raised prices until {billed_through}: credit the difference")
    if (newest := lives(events)[-1].start.starts_on) > life.start.starts_on:
        raise ContractError("waived_on", f"another contract was signed for {newest}: the old one cannot come back")
    return rise.effective_on


def _rule(terms: Terms) -> Setting[PriceRise]:
    if terms.rules.price_rise is None:
        raise ContractError("percent", f"{terms.id} know no price rise: announce new terms instead")
    return terms.rules.price_rise


def _running(events: Sequence[ContractEvent]) -> Life:
    found = [each for each in lives(events) if each.start.is_active(each.start.starts_on)]
    if not found:
        raise ContractError("received_on", "there is no contract")
    return found[-1]


def _earliest(life: Life, rule: PriceRise, received_on: date, billed_through: date | None) -> date:
    """Return the first day of the first month in which prices may rise.

    Contract: cunio AGB 8.8
    """
    told = month_end(received_on + relativedelta(months=rule.notice_months)) + A_DAY
    first = life.start.starts_on + relativedelta(months=rule.first_after_months)
    rises = [each.effective_on for each in life.changes if each.kind == "price_raised"]
    again = rises[-1] + relativedelta(months=rule.every_months) if rises else date.min
    return max(told, month_start(first), month_start(again), (billed_through or date.min) + A_DAY)


def _check_higher(terms: Terms, state: Contract, prices: Mapping[str, Decimal]) -> None:
    now = monthly_prices(terms, state)
    if unknown := sorted(prices.keys() - now.keys()):
        raise ContractError("prices", f"{', '.join(unknown)} is not paid for: choose from {', '.join(now)}")
    if not prices or any(price <= now[key] for key, price in prices.items()):
        raise ContractError("prices", "a rise makes every price that it names higher: leave out what stays as it is")


def _percent(terms: Terms, state: Contract, prices: Mapping[str, Decimal], former: Mapping[str, Decimal]) -> Decimal:
    """Return by how many percent the whole remuneration rises over what it was at former prices."""
    before = sum(monthly_prices(terms, state, former).values(), Decimal())
    after = sum(monthly_prices(terms, state, {**state.prices, **prices}).values(), Decimal())
    return (after - before) * _HUNDRED / before if before else _HUNDRED


def _beyond(
    terms: Terms, life: Life, state: Contract, rule: PriceRise, first: date, prices: Mapping[str, Decimal]
) -> tuple[Decimal, int, Decimal] | None:
    """Return the first limit that a rise goes beyond: percent within months, and the percent it comes to.

    What is compared is the price of the same modules then and now: an upgrade is no rise.

    Contract: cunio AGB 8.8
    """
    for each in rule.exits:
        then = max(life.start.starts_on, first - relativedelta(months=each.months))
        percent = _percent(terms, state, prices, life.on(then).prices)
        if percent > each.over_percent:
            return each.over_percent, each.months, percent
    return None


def _why(
    terms: Terms,
    rule: Setting[PriceRise],
    received_on: date,
    first: date,
    percent: Decimal,
    beyond: tuple[Decimal, int, Decimal] | None,
    until: date | None,
) -> str:
    text = (
        f"Preiserhöhung um {_percent_text(percent)} %, angekündigt am {german_date(received_on)} mit einer Frist von "
        f"{rule.value.notice_months} Monaten zum Monatsende: wirksam ab {german_date(first)} "
        f"({terms.cited(rule.clause)})."
    )
    if beyond is None or until is None:
        return f"{text} Ein Recht zur Kündigung entsteht nicht."
    limit, months, total = beyond
    return (
        f"{text} Sie übersteigt {german_number(limit)} % innerhalb von {months} Monaten ({_percent_text(total)} %): "
        f"Der Kunde kann bis {german_date(until)} zum {german_date(first - A_DAY)} kündigen."
    )


def _percent_text(percent: Decimal) -> str:
    return german_number(percent.quantize(Decimal("0.0001")).normalize())
