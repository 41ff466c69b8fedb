"""Amendments of a running contract: new terms, price rises, prepayment; one use case, one transaction, one audit entry.

The very same event again changes nothing and is answered as before.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlmodel import Session

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
from api.customers import terms_of
from api.errors import FieldError
from api.forms import ObjectionForm, PrepaymentForm, PriceRiseForm, TermsChangeForm, WaiverForm
from api.workplace import Workplace
from invoicing import contract as rules
from invoicing import history
from invoicing.contract import Contract, ContractEvent, Kind, Rise, TermsChange
from invoicing.invoice import from_json
from invoicing.records import InvoiceRecord
from invoicing.rights import Claim, may_ask_prepayment
from invoicing.terms import Terms


def change_terms(work: Workplace, who: str, key: str, form: TermsChangeForm) -> TermsChange:
    """Record that new terms were announced; they hold from the computed day unless the customer objects."""
    new = terms_of(work, form.terms)
    with changing(work, key, form.received_on) as session:
        events = events_of(session, key)
        check_signed(events, form.received_on)
        terms, told = _announcement(work, events, form)
        event = ContractEvent(
            "terms_changed", told.effective_on, work.clock(), terms=form.terms, received_on=form.received_on
        )
        if not repeats(events, event):
            through = history.billed_through(session, key)
            check_kind(history.customer(session, key), new)
            rules.check_terms_change(events, terms, new, form.received_on, told.effective_on, through)
            pin(work, session, new)
            record(work, session, who, key, events, event, "terms_changed", form)
        return told


def _announcement(work: Workplace, events: Sequence[ContractEvent], form: TermsChangeForm) -> tuple[Terms, TermsChange]:
    """Return the terms by which new ones are announced, and when these take effect."""
    running = terms_on(work, events, form.received_on)
    first = rules.terms_change(running, form.received_on, form.effective_on).effective_on
    own = _announced_under(work, events, form.received_on, first)
    alone = rules.terms_change(own, form.received_on, form.effective_on).effective_on
    return own, rules.terms_change(own, form.received_on, max(first, alone))


def _announced_under(work: Workplace, events: Sequence[ContractEvent], received_on: date, effective_on: date) -> Terms:
    """Return the terms, on the day of an announcement, of the contract that runs when it takes effect."""
    lives = rules.lives(events)
    life = next((each for each in lives if each.start.is_active(effective_on)), lives[-1])
    return terms_of(work, life.on(max(received_on, life.start.starts_on)).terms)


def object_to_terms(work: Workplace, who: str, key: str, form: ObjectionForm) -> date:
    """Record an objection to announced terms; return the day from which they would have held."""
    with changing(work, key, form.received_on) as session:
        events = events_of(session, key)
        if said := _said(events, "terms_objected", form.received_on, "terms_changed"):
            return said.effective_on
        check_signed(events, form.received_on)
        told = rules.announced(events)
        received_on, effective_on = (told.received_on, told.effective_on) if told else (None, form.received_on)
        terms = _announced_under(work, events, received_on or form.received_on, effective_on)
        through = history.billed_through(session, key)
        effective_on = rules.check_objection(events, terms, form.received_on, through)
        event = ContractEvent("terms_objected", effective_on, work.clock(), received_on=form.received_on)
        record(work, session, who, key, events, event, "terms_objected", form)
        return effective_on


def raise_prices(work: Workplace, who: str, key: str, form: PriceRiseForm) -> Rise:
    """Record an announced price rise; return from when it holds, and whether it lets the customer go."""
    if (form.percent is None) == (not form.prices):
        raise FieldError("percent", "give either percent, or the new prices")
    with changing(work, key, form.received_on) as session:
        events = events_of(session, key)
        check_signed(events, form.received_on)
        terms = newest_terms(work, events, form.received_on)
        held = rules.holding(events)
        before = [each for each in held if each.kind != "price_raised" or each.received_on != form.received_on]
        state = rules.lives(before)[-1].on(form.effective_on or date.max)
        prices: Mapping[str, Decimal] = form.prices or rules.raised(terms, state, form.percent or Decimal())
        rise = rules.check_rise(
            before, terms, form.received_on, prices, form.effective_on, history.billed_through(session, key)
        )
        event = ContractEvent(
            "price_raised", rise.effective_on, work.clock(), received_on=form.received_on, prices=dict(prices)
        )
        if not repeats(events, event):
            rules.check_rise(events, terms, form.received_on, prices, rise.effective_on)
            record(work, session, who, key, events, event, "price_raised", form)
        return rise


def waive_rise(work: Workplace, who: str, key: str, form: WaiverForm) -> date:
    """Record that the newest price rise is waived; a termination for it falls away."""
    with changing(work, key, form.waived_on) as session:
        events = events_of(session, key)
        if said := _said(events, "price_waived", form.waived_on, "price_raised"):
            return said.effective_on
        check_signed(events, form.waived_on, "waived_on")
        effective_on = rules.check_waiver(events, form.waived_on, history.billed_through(session, key))
        event = ContractEvent("price_waived", effective_on, work.clock(), received_on=form.waived_on)
        record(work, session, who, key, events, event, "price_waived", form)
        return effective_on


def prepay(work: Workplace, who: str, key: str, form: PrepaymentForm) -> Contract:
    """Ask for base prices in advance after a late payment, or lift that again.

    Contract: Connectavo AGB I 2.4
    """
    kind: Any = "prepayment_lifted" if form.lifted else "prepayment_asked"
    event = ContractEvent(kind, form.effective_on, work.clock())
    with changing(work, key, form.effective_on) as session:
        events = events_of(session, key)
        state = state_of(events, form.effective_on)
        if state.prepaid == form.lifted:
            if (through := history.billed_through(session, key)) and form.effective_on <= through:
                first = through + rules.A_DAY
                raise FieldError("effective_on", f"it is invoiced until {through}: choose {first} or later")
            if not form.lifted:
                terms = terms_on(work, events, form.effective_on)
                claims = [_late_claim(session, key, form)] if terms.rules.prepayment else []
                if not (right := may_ask_prepayment(terms, claims, form.effective_on)).allowed:
                    raise FieldError("effective_on", right.why)
            events = record(work, session, who, key, events, event, kind, form)
    return state_of(events, form.effective_on)


def _said(events: Sequence[ContractEvent], kind: Kind, received_on: date, of: Kind) -> ContractEvent | None:
    """Return the answer to an announcement when it was given before, on the same day, and is the last word on it."""
    newest = next((each for each in reversed(events) if each.kind in {kind, of}), None)
    return newest if newest and newest.kind == kind and newest.received_on == received_on else None


def _late_claim(session: Session, key: str, form: PrepaymentForm) -> Claim:
    """Return the invoice that finance says was not paid in time."""
    record = session.get(InvoiceRecord, form.invoice)
    if record is None or record.customer != key:
        raise FieldError("invoice", f"name the invoice of {key} that was not paid in time")
    invoice = from_json(record.document)
    due_on = invoice.payment.due_on if invoice.payment else invoice.transfer.due_on if invoice.transfer else None
    if due_on is None:
        raise FieldError("invoice", f"{record.number} is not due yet: it waits for a mandate")
    return Claim(record.number, record.gross_cents, due_on)
