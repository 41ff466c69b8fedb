"""Contracts: what happens in a contract's life; one use case, one transaction, one audit entry.

The very same event again changes nothing and is answered as before.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from api.contract_entry import (
    changing,
    check_kind,
    check_signed,
    events_of,
    newest_terms,
    pin,
    record,
    repeats,
    state_of,
    terms_on,
)
from api.customers import known, terms_of, today
from api.errors import FieldError
from api.forms import (
    ChangeForm,
    ContractForm,
    TerminationForm,
)
from api.workplace import Workplace
from invoicing import contract as rules
from invoicing import history
from invoicing.contract import Contract, ContractEvent, Milestone, Termination, state_on

_WHO = {"default": "provider", "price_rise": "customer", "objection": "provider"}


def start(work: Workplace, who: str, key: str, form: ContractForm) -> Contract:
    """Start a contract, and keep the terms that it is under."""
    terms = terms_of(work, form.terms)
    event = ContractEvent(
        kind="started",
        effective_on=form.starts_on,
        recorded_at=work.clock(),
        terms=form.terms,
        package=form.package,
        addons=tuple(sorted(set(form.addons))),
        trial_ends_on=form.trial_ends_on,
        term_months=form.term_months,
        term_ends_on=form.term_ends_on,
        prices=form.prices,
    )
    with changing(work, key, form.starts_on) as session:
        check_kind(known(session, key), terms)
        events = history.contract(session, key)
        if not (repeats(events, event, but={"ends_on"}) and state_on(events, event.effective_on)):
            (fresh,) = rules.lives([event])
            ends_on = rules.check_start(events, fresh.start, terms, history.billed_through(session, key))
            pin(work, session, terms)
            events = record(work, session, who, key, events, replace(event, ends_on=ends_on), "started", form)
    return state_of(events, form.starts_on)


def change(work: Workplace, who: str, key: str, form: ChangeForm) -> Contract:
    """Change package or add-ons from a day on."""
    event = ContractEvent(
        kind="changed",
        effective_on=form.effective_on,
        recorded_at=work.clock(),
        package=form.package,
        add_addons=tuple(sorted(set(form.add_addons))),
        remove_addons=tuple(sorted(set(form.remove_addons))),
    )
    with changing(work, key, form.effective_on) as session:
        events = events_of(session, key)
        if not (repeats(events, event) and _holds(state_on(events, event.effective_on), event)):
            terms = terms_on(work, events, form.effective_on)
            if form.agreed_on and form.agreed_on > today(work):
                raise FieldError("agreed_on", f"{form.agreed_on} lies in the future: leave it out")
            agreed_on = form.agreed_on or today(work)
            rules.check_change(events, event, terms, history.billed_through(session, key), agreed_on)
            events = record(work, session, who, key, events, event, "changed", form)
    return state_of(events, form.effective_on)


def terminate(work: Workplace, who: str, key: str, form: TerminationForm) -> Termination:
    """Record a termination and return the computed end with its reason."""
    with changing(work, key, form.received_on) as session:
        events = events_of(session, key)
        if said := _said(work, events, form):
            return said
        _check_form(form)
        check_signed(events, form.received_on)
        end, event = _ended(work, events, form, check=True)
        _refuse_billed(history.billed_through(session, key), end)
        record(work, session, who, key, events, event, "terminated", form)
        return end


def contract_on(work: Workplace, key: str, day: date, known_at: datetime | None = None) -> Contract | None:
    """Return what a customer's contract was on a day, as known at an instant."""
    with work.ledger.read() as session:
        known(session, key)
        return state_on(history.contract(session, key), day, known_at)


def milestones(work: Workplace, key: str) -> tuple[Milestone, ...]:
    """Return what happens to a customer's contract when, and why."""
    with work.ledger.read() as session:
        known(session, key)
        return rules.timeline(work.terms, history.contract(session, key), today(work))


def _ended(
    work: Workplace, events: Sequence[ContractEvent], form: TerminationForm, *, check: bool = False
) -> tuple[Termination, ContractEvent]:
    """Return how a contract, or some add-ons, end; ``check`` refuses what is not possible.

    By notice the newest contract ends, by its own terms, though another may still run; add-ons end under these, too.
    """
    received = form.received_on
    terms = newest_terms(work, events, received)
    state = rules.lives(events)[-1].on(date.max)
    if form.cause == "price_rise":
        end = rules.check_exit([each for each in events if each.cause != "price_rise"], work.terms, received)
    elif form.cause == "objection":
        end = rules.check_objection_exit(events, terms_on(work, events, received), received)
    elif form.addons and check and form.cause == "important_reason":
        end = rules.check_partial_at_once(events, received, form.addons, terms, form.ends_on, form.reason)
    elif form.cause in {"important_reason", "default"}:
        own = terms if form.addons else terms_on(work, events, received)
        end = rules.at_once(own, received, form.ends_on, form.cause, form.reason, form.addons)
        if check:
            end = rules.unless_ended(state, end)
    elif form.addons and check:
        end = rules.check_partial(events, received, form.addons, terms, form.by, form.ends_on)
    elif check:
        end = rules.check_termination(events, received, terms, form.by, form.ends_on)
    else:
        end = rules.termination_end(terms, state, received, form.by, form.addons, form.ends_on)
    if form.addons:
        first = end.ends_on + rules.A_DAY
        gone = tuple(sorted(set(form.addons)))
        event = ContractEvent("changed", first, work.clock(), remove_addons=gone, received_on=received, by=form.by)
    else:
        event = ContractEvent("terminated", end.ends_on, work.clock(), received_on=received, by=form.by)
    return end, replace(event, cause=end.cause, reason=form.reason)


def _said(work: Workplace, events: Sequence[ContractEvent], form: TerminationForm) -> Termination | None:
    """Return the answer to a termination that was recorded before and still holds, whatever was signed since."""
    held = rules.holding(events)
    kind, causes = "changed" if form.addons else "terminated", {form.cause, "trial"}
    for at, each in enumerate(held):
        if each.kind == kind and each.received_on == form.received_on and each.cause in causes:
            end, event = _ended(work, held[:at], form)
            if repeats([each], event):
                return end
    return None


def _check_form(form: TerminationForm) -> None:
    """Refuse a termination by the wrong party, in part for a cause, or to a day that the terms give.

    Contract: cunio AGB 8.4, 8.8, 15.1
    """
    party = _WHO.get(form.cause)
    if party and form.by != party:
        raise FieldError("by", f"only the {party} may end a contract for this cause: send {party}")
    if form.addons and form.cause not in {"notice", "important_reason"}:
        raise FieldError("addons", "add-ons alone end by notice or for an important reason: leave them out")
    if form.ends_on and form.cause in {"price_rise", "objection"}:
        raise FieldError("ends_on", "the terms say when it ends: leave it out")


def _refuse_billed(through: date | None, end: Termination) -> None:
    """Refuse an end within months that are invoiced: nothing would give back what was charged for the days after it."""
    if through is None or end.ends_on >= through:
        return
    fix = f"ends_on {through}, and credit the days after the real end"
    if end.cause in {"important_reason", "default"}:
        raise FieldError("ends_on", f"it is invoiced until {through}: give {fix}")
    why = f"the contract would have ended on {end.ends_on}, but it is invoiced until {through}"
    raise FieldError("received_on", f"{why}: end it with cause important_reason and {fix}")


def _holds(state: Contract | None, change: ContractEvent) -> bool:
    """Tell whether a change is still in force: a later one may have undone it."""
    return (
        state is not None
        and change.package in {None, state.package}
        and state.addons.issuperset(change.add_addons)
        and state.addons.isdisjoint(change.remove_addons)
    )
