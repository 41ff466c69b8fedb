"""May a contract start, or change, like this? Refused with the field and the fix."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from invoicing.contract.ending import month_start
from invoicing.contract.error import ContractError
from invoicing.contract.event import Contract, ContractEvent, Life, lives
from invoicing.contract.fee import monthly_fee
from invoicing.contract.term import A_DAY, fixed_end, term_on, term_rule
from invoicing.terms import Terms
from metering.month import BillingMonth


def check_start(
    events: Sequence[ContractEvent], start: Contract, terms: Terms, billed_through: date | None
) -> date | None:
    """Return the last day of a contract that ends by itself; raise ContractError unless it may start like this.

    One contract at a time, and no month billed twice. A new one starts in a new month; or on the day after the last
    one, under the same terms, where parts of a month are charged by the day.

    Contract: fluks AGB 5.2, cunio AGB 8.4, Connectavo AGB II 9.2
    """
    starts_on = start.starts_on
    _check_package(start.package, terms)
    _check_known("addons", start.addons, terms)
    _check_prices(start.prices, terms)
    _check_trial(start, terms)
    _check_agreed_term(start, terms)
    for life in lives(events):
        _check_free(life, start, terms)
    if billed_through and starts_on <= billed_through:
        free = billed_through + A_DAY
        raise ContractError("starts_on", f"{BillingMonth.of(starts_on)} is already invoiced: start on {free}")
    return fixed_end(terms, start)


def check_change(
    events: Sequence[ContractEvent], change: ContractEvent, terms: Terms, billed_through: date | None, agreed_on: date
) -> None:
    """Raise ContractError unless a change may take effect then: on a day the terms allow, in a month not yet billed.

    Contract: fluks AGB 13.1, cunio AGB 8.2, cunio AGB 8.3
    """
    add, remove = frozenset(change.add_addons), frozenset(change.remove_addons)
    life, state = _meets(events, change.effective_on)
    if change.package is not None:
        _check_package(change.package, terms)
    _check_known("add_addons", add, terms)
    _check_known("remove_addons", remove, terms)
    if booked := add & state.addons:
        raise ContractError("add_addons", f"already booked: {_names(booked)}; leave it out")
    if absent := remove - state.addons:
        raise ContractError("remove_addons", f"not booked: {_names(absent)}; leave it out")
    if not add and not remove and change.package in {None, state.package}:
        raise ContractError("package", "this changes nothing: name another package, or add-ons to add or remove")
    after = Life(state, (change,)).on(change.effective_on)
    _check_term(terms, state, after)
    _check_day(terms, life, change.effective_on, billed_through, agreed_on, is_less=is_less(terms, state, after))


def is_less(terms: Terms, before: Contract, after: Contract) -> bool:
    """Tell whether a change is a downgrade: a module less, or a smaller monthly fee; what a package includes is there.

    Contract: cunio AGB 8.3
    """
    has = after.addons.union(terms.packages[after.package].includes)
    return not before.addons <= has or monthly_fee(terms, after) < monthly_fee(terms, before)


def _check_day(
    terms: Terms, life: Contract, on: date, billed_through: date | None, agreed_on: date, *, is_less: bool
) -> None:
    rule = (terms.rules.downgrade if is_less else None) or terms.rules.change
    earliest = max(life.starts_on, billed_through or life.starts_on) + A_DAY
    if is_less and terms.rules.downgrade:
        earliest = max(earliest, agreed_on, _open_again(terms, life, agreed_on, rule.value.days_before_term_end))
    if rule.value.on == "month_start":
        earliest = month_start(earliest)
        possible = max(month_start(on), earliest)
    else:
        possible = max(on, earliest)
    if on == possible:
        return
    if life.ends_on and possible > life.ends_on:
        raise ContractError("effective_on", f"no change is possible before the contract ends on {life.ends_on}")
    why = _why_not(on, life, billed_through, earliest)
    cited = f" ({terms.cited(rule.clause)})" if is_less and terms.rules.downgrade else ""
    raise ContractError("effective_on", f"{why}{cited}: choose {possible}")


def _open_again(terms: Terms, life: Contract, agreed_on: date, days: int) -> date:
    """Return from when on a downgrade agreed on a day may take effect: in this term, or in the next if it is late.

    Contract: cunio AGB 8.3
    """
    term = term_on(terms, life, agreed_on)
    if term is None or agreed_on <= term.last - timedelta(days=days):
        return date.min
    return term.last + A_DAY


def _meets(events: Sequence[ContractEvent], on: date) -> tuple[Contract, Contract]:
    """Return the contract that a change is of, and its state on the day; raise ContractError when there is none."""
    running = [each for each in lives(events) if not each.start.ends_on or each.start.is_active(each.start.ends_on)]
    if not running:
        raise ContractError("effective_on", "there is no contract to change: start one")
    life = next((each for each in running if each.start.is_active(on)), running[-1])
    start = life.start
    if start.ends_on and on > start.ends_on:
        raise ContractError("effective_on", f"the contract ends on {start.ends_on}: a change must come before")
    return start, life.on(on)


def _why_not(on: date, life: Contract, billed_through: date | None, earliest: date) -> str:
    if on <= life.starts_on:
        return f"the contract starts on {life.starts_on} and can change only after that"
    if billed_through and on <= billed_through:
        return f"{BillingMonth.of(on)} is already invoiced"
    if on < earliest:
        return "it is too late to agree on less for this term, and for days that have passed"
    return f"{on} is not the first day of a month"


def _check_free(before: Life, start: Contract, terms: Terms) -> None:
    """Raise ContractError unless a contract starts after another: in a new month, or where days count the day after.

    Contract: fluks AGB 5.2, Connectavo AGB II 9.2
    """
    ends_on = before.start.ends_on
    if ends_on is None:
        raise ContractError("starts_on", f"a contract runs since {before.start.starts_on}: change or end it instead")
    if not before.start.is_active(ends_on):
        return
    free = BillingMonth.of(ends_on).next().first_day
    may_follow = terms.rules.proration.value != "none" and before.on(ends_on).terms == start.terms
    if start.starts_on < free and not (may_follow and start.starts_on == ends_on + A_DAY):
        choice = f"{ends_on + A_DAY}, or on {free}" if may_follow else f"{free}"
        raise ContractError("starts_on", f"a contract runs until {ends_on}: start on {choice} or later")


def _check_agreed_term(start: Contract, terms: Terms) -> None:
    """Raise ContractError unless a term, or its last day, may be agreed.

    Contract: cunio AGB 13.1, Cloudeteer AGB 13(1), Connectavo AGB II 9.1
    """
    for name in ("term_months", "term_ends_on"):
        if getattr(start, name) is not None and term_rule(terms, start) is None:
            raise ContractError(name, f"{terms.id} know no minimum term: leave it out")
    if start.term_ends_on and start.term_months is not None:
        raise ContractError("term_ends_on", "the term has term_months already: leave one of them out")
    rule = term_rule(terms, start)
    if start.term_ends_on and rule and rule.value.renewal == "same_term" and not rule.value.renew_months:
        raise ContractError("term_ends_on", "the term is renewed by its own length: agree on term_months instead")
    if start.term_ends_on and start.term_ends_on < start.starts_on:
        raise ContractError(
            "term_ends_on", f"must not be before the contract starts: choose {start.starts_on} or later"
        )


def _check_trial(start: Contract, terms: Terms) -> None:
    """Raise ContractError unless a free trial may be agreed.

    Contract: cunio AGB 8.4
    """
    if start.trial_ends_on is None:
        return
    if terms.rules.trial is None:
        raise ContractError("trial_ends_on", f"{terms.id} know no free trial: leave it out")
    if start.trial_ends_on < start.starts_on:
        raise ContractError(
            "trial_ends_on", f"must not be before the contract starts: choose {start.starts_on} or later"
        )


def _check_prices(prices: Mapping[str, Decimal], terms: Terms) -> None:
    tables = (("packages", terms.packages), ("addons", terms.addons))
    known = {f"{table}.{key}" for table, items in tables for key, offer in items.items() if offer.is_monthly}
    if unknown := sorted(prices.keys() - known):
        raise ContractError(
            "prices", f"{', '.join(unknown)}: has no monthly price in {terms.id}, choose from {_names(known)}"
        )


def _check_term(terms: Terms, before: Contract, after: Contract) -> None:
    """Raise ContractError when another package binds for another term: a change leaves the term as it is.

    Contract: cunio AGB 13.1, Connectavo AGB II 9.2
    """
    was, rule = term_rule(terms, before), term_rule(terms, after)
    if (was and was.value) != (rule and rule.value):
        cited = f" ({terms.cited(rule.clause)})" if rule else ""
        raise ContractError("package", f"{after.package} has a term of its own{cited}: start a new contract with it")


def _check_package(package: str, terms: Terms) -> None:
    if package not in terms.packages:
        raise ContractError("package", f"{package!r} is no package of {terms.id}: one of {_names(terms.packages)}")


def _check_known(field: str, addons: Iterable[str], terms: Terms) -> None:
    if unknown := set(addons) - terms.addons.keys():
        known = ", ".join(terms.addons)
        raise ContractError(field, f"{_names(unknown)}: no add-on of {terms.id}, choose from {known}")


def _names(keys: Collection[str] | Iterable[str]) -> str:
    return ", ".join(sorted(keys))
