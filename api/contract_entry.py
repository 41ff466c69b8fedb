"""One entry in a contract's history: read what stands, check, append, and note it in the audit log."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import fields
from datetime import date

from pydantic import BaseModel
from sqlmodel import Session

from api.audit import note
from api.customers import known, terms_of, today
from api.errors import Conflict, FieldError
from api.workplace import Workplace
from invoicing import contract as rules
from invoicing import history
from invoicing.contract import Contract, ContractEvent, state_on
from invoicing.ledger import serialize
from invoicing.records import CustomerVersion
from invoicing.terms import Terms
from metering.month import local_day


def pin(work: Workplace, session: Session, terms: Terms) -> None:
    """Keep the terms' text with the first contract that uses them; refuse a file that changed since it was read."""
    text = work.terms_text(terms.id)
    if terms.id in history.pinned_terms(session):
        return
    if text is None or history.read_terms(terms.id, text) != terms:
        raise Conflict(f"The file of {terms.id} has changed since the service started; start it again.")
    history.pin_terms(session, terms, text, work.clock())


def record(
    work: Workplace,
    session: Session,
    who: str,
    key: str,
    events: Sequence[ContractEvent],
    event: ContractEvent,
    what: str,
    form: BaseModel,
) -> tuple[ContractEvent, ...]:
    """Append an event, note it, and return the history with it."""
    history.record(session, key, event)
    said = form.model_dump(mode="json", exclude_defaults=True)
    note(session, work.clock(), who, f"contract.{what}", key, **said, holds_from=event.effective_on.isoformat())
    return (*events, event)


@contextmanager
def changing(work: Workplace, key: str, day: date) -> Iterator[Session]:
    """Give the transaction of a contract change: one at a time per customer, and none behind a running close's back.

    A close reads each contract once; a change that reaches into a month before this one waits until it has ended.
    """
    reaches_back = day < today(work).replace(day=1)
    with work.alone("close") if reaches_back else nullcontext(), work.ledger.write() as session:
        serialize(session, f"contract {key}")
        yield session


def events_of(session: Session, key: str) -> tuple[ContractEvent, ...]:
    """Return a customer's contract history; raise Conflict when it is empty."""
    known(session, key)
    if not (events := history.contract(session, key)):
        raise Conflict(f"Customer {key!r} has no contract; start one with POST /v1/customers/{key}/contract.")
    return events


def check_signed(events: Sequence[ContractEvent], day: date, field: str = "received_on") -> None:
    """Refuse what would have been received before the contract was signed that it is about."""
    ends = [(life.start.starts_on, life.start.ends_on or date.max) for life in rules.lives(events)]
    running = {starts_on for starts_on, ends_on in ends if ends_on >= day}
    starts = [each for each in events if each.kind == "started" and each.effective_on in running]
    signed_on = min((min(each.effective_on, local_day(each.recorded_at)) for each in starts), default=date.min)
    if day < signed_on:
        raise FieldError(field, f"the contract was signed on {signed_on}: not before")


def terms_on(work: Workplace, events: Sequence[ContractEvent], day: date) -> Terms:
    """Return the terms of a day: those of the contract that runs on it, else of the newest one."""
    state = state_on(events, day)
    return terms_of(work, state.terms) if state else newest_terms(work, events, day)


def newest_terms(work: Workplace, events: Sequence[ContractEvent], day: date) -> Terms:
    """Return the terms of the contract that begins last, on a day or on its first one."""
    newest = rules.lives(events)[-1]
    return terms_of(work, newest.on(max(day, newest.start.starts_on)).terms)


def state_of(events: Sequence[ContractEvent], day: date) -> Contract:
    """Return what the contract is on a day; raise Conflict when it does not run on it."""
    state = state_on(events, day)
    if state is None:
        raise Conflict(f"The contract does not run on {day.isoformat()}.")
    return state


def repeats(events: Sequence[ContractEvent], new: ContractEvent, but: set[str] | None = None) -> bool:
    """Tell whether an event was recorded before and still holds: it says the same, whenever it was said."""
    ignored = {"recorded_at", *(but or ())}
    names = [each.name for each in fields(ContractEvent) if each.name not in ignored]
    return any(all(getattr(old, name) == getattr(new, name) for name in names) for old in rules.holding(events))


def check_kind(customer: CustomerVersion | None, terms: Terms) -> None:
    """Refuse a consumer under terms for businesses.

    Contract: fluks AGB 1.10
    """
    if customer and customer.kind == "consumer" and terms.rules.customers.value == "business":
        clause = terms.cited(terms.rules.customers.clause)
        raise FieldError("terms", f"{terms.id} are for businesses only ({clause}), and the customer is a consumer")
