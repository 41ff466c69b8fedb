"""New terms for a running contract: announced, not objected to, and then in force."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain

from invoicing.contract.ending import Termination, length, month_start, unless_ended
from invoicing.contract.error import ContractError
from invoicing.contract.event import Contract, ContractEvent, Life, lives
from invoicing.contract.fee import monthly_fee
from invoicing.contract.term import A_DAY, month_end, runs_out
from invoicing.money import german_amount, german_date
from invoicing.prices import Flat, MonthlyPrice
from invoicing.terms import Setting, Terms
from invoicing.terms.rules import Silence
from invoicing.workday import last_day_to_act


@dataclass(frozen=True, slots=True)
class TermsChange:
    """New terms: their first day, until when the customer may object, and one German sentence that says why."""

    effective_on: date
    object_until: date
    why: str


def terms_change(terms: Terms, received_on: date, effective_on: date | None = None) -> TermsChange:
    """Return when announced terms take effect: at a month's start after the time to object; silence is consent.

    Contract: fluks AGB 2.4, KLUGO AGB 22.2, cunio AGB 15.1; Law: § 193 BGB
    """
    rule = _rule(terms)
    until = last_day_to_act(runs_out(rule.value, received_on), terms.place)
    earliest = month_start(until + A_DAY)
    first = effective_on or earliest
    if first < earliest or first != month_start(first):
        possible = max(earliest, month_start(first))
        raise ContractError(
            "effective_on", f"the customer may object until {until}: choose {possible} or a later month"
        )
    return TermsChange(
        first,
        until,
        f"Neue Bedingungen angekündigt am {german_date(received_on)}, {length(rule.value)} zum Widerspruch "
        f"({terms.cited(rule.clause)}; §§ 187, 188, 193 BGB) bis {german_date(until)}: Ohne Widerspruch gelten sie ab "
        f"{german_date(first)}.",
    )


def check_terms_change(
    events: Sequence[ContractEvent],
    now: Terms,
    new: Terms,
    received_on: date,
    effective_on: date | None,
    billed_through: date | None,
) -> TermsChange:
    """Return when a contract moves to new terms; raise ContractError when they lack what is booked, or it is too early.

    Contract: fluks AGB 2.4
    """
    change = terms_change(now, received_on, effective_on)
    life = _life(events, change.effective_on)
    if new.id == now.id:
        raise ContractError("terms", f"the contract already has {new.id}: name other terms")
    if (pending := announced(events)) and pending.effective_on > received_on:
        why = f"{pending.terms} are announced already: announce others on {pending.effective_on} or later"
        raise ContractError("terms", why)
    if missing := _missing(life, change.effective_on, new):
        raise ContractError("terms", f"{new.id} have no {', '.join(missing)}: change the contract first")
    if billed_through and change.effective_on <= billed_through:
        raise ContractError("effective_on", f"already invoiced until {billed_through}: choose the month after")
    _check_prices(now, new, life.on(change.effective_on))
    return change


def _check_prices(now: Terms, new: Terms, state: Contract) -> None:
    """Raise ContractError when silence would raise what is booked, and may not.

    Contract: KLUGO AGB 22.2, cunio AGB 15.2
    """
    rule = _rule(now)
    if rule.value.prices:
        return
    why = f"silence raises no price ({now.cited(rule.clause)}): {new.id}"
    old, fee = monthly_fee(now, state), monthly_fee(new, state)
    if fee > old:
        raise ContractError("terms", f"{why} raise it from {german_amount(old)} to {german_amount(fee)} euro a month")
    if _usage_prices(now, state) != _usage_prices(new, state) or now.rules.prices.value != new.rules.prices.value:
        raise ContractError("terms", f"{why} have other prices for what is booked: leave them as they are")


def _usage_prices(terms: Terms, state: Contract) -> list[MonthlyPrice]:
    """Return what is booked costs beside its monthly price."""
    addons = [addon.prices for key, addon in terms.addons.items() if key in state.addons]
    prices = chain(terms.packages[state.package].prices, *addons)
    return [replace(each, clause="") for each in prices if not isinstance(each, Flat)]


def check_objection(
    events: Sequence[ContractEvent], now: Terms, received_on: date, billed_through: date | None = None
) -> date:
    """Return the first day of the terms that the customer objects to; raise ContractError when it is too late.

    ``now`` are the terms under which they were announced: these say how long he may object.

    Contract: fluks AGB 2.4
    """
    newest = announced(events)
    if newest is None or newest.received_on is None:
        raise ContractError("received_on", "no new terms are announced")
    until = last_day_to_act(runs_out(_rule(now).value, newest.received_on), now.place)
    if received_on > until:
        raise ContractError("received_on", f"an objection had to come until {until}: the new terms hold")
    if received_on < newest.received_on:
        raise ContractError("received_on", f"the new terms were announced on {newest.received_on}: not before")
    first = newest.effective_on
    if billed_through and first <= billed_through:
        why = f"invoiced under {newest.terms} until {billed_through}"
        raise ContractError("received_on", f"{why}: announce {now.id} anew, and credit the difference")
    if missing := _missing(_life(events, first), first, now):
        why = f"{now.id} have no {', '.join(missing)}, which is booked by now: change the contract first"
        raise ContractError("received_on", why)
    return first


def check_objection_exit(events: Sequence[ContractEvent], now: Terms, received_on: date) -> Termination:
    """Return when the provider may end a contract whose customer objected; raise ContractError without that right.

    Contract: cunio AGB 15.1
    """
    rule = now.rules.objection_exit
    objected = [each for each in events if each.kind == "terms_objected" and each.received_on]
    if rule is None or not objected or (at := objected[-1].received_on) is None:
        raise ContractError("cause", "no objection gives a right to end this contract: end it by notice")
    until = last_day_to_act(runs_out(rule.value.within, at))
    if received_on < at:
        raise ContractError("received_on", f"the objection came on {at}: not before")
    if received_on > until:
        raise ContractError("received_on", f"after the objection the contract could be ended until {until}")
    ends_on = month_end(runs_out(rule.value.notice, received_on))
    end = Termination(
        ends_on,
        f"Kündigung des Anbieters nach Widerspruch vom {german_date(at)}, zugegangen am {german_date(received_on)}, "
        f"rechtzeitig bis {german_date(until)}, {length(rule.value.notice)} zum Monatsende "
        f"({now.cited(rule.clause)}): Der Vertrag endet mit Ablauf des {german_date(ends_on)}.",
        "objection",
    )
    return unless_ended(_life(events, received_on).start, end)


def _rule(terms: Terms) -> Setting[Silence]:
    if terms.rules.terms_change is None:
        raise ContractError("terms", f"{terms.id} change by agreement only: end the contract and start a new one")
    return terms.rules.terms_change


def announced(events: Sequence[ContractEvent]) -> ContractEvent | None:
    """Return the newest announcement of new terms that was not taken back."""
    found = [each for life in lives(events) for each in life.changes if each.kind == "terms_changed"]
    return found[-1] if found else None


def _missing(life: Life, first: date, new: Terms) -> list[str]:
    """Return what new terms lack of all that is booked from their first day on, as it is agreed now."""
    days = {first, *(each.effective_on for each in life.changes if each.effective_on > first)}
    states = [life.on(day) for day in days if life.start.is_active(day)]
    packages, addons = {each.package for each in states}, {key for each in states for key in each.addons}
    return [*sorted(packages - new.packages.keys()), *sorted(addons - new.addons.keys())]


def _life(events: Sequence[ContractEvent], day: date) -> Life:
    life = next((each for each in lives(events) if each.start.is_active(day)), None)
    if life is None:
        raise ContractError("effective_on", f"there is no contract on {day}")
    return life
