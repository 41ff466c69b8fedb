"""Customers, mandates, contracts: one use case, one transaction, one audit entry."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from api.audit import note
from api.errors import Conflict, FieldError, NotFound
from api.forms import ChangeForm, ContractForm, CustomerForm, MandateForm
from api.workplace import Workplace
from invoicing import history
from invoicing.contract import (
    Contract,
    ContractEvent,
    Termination,
    check_change,
    check_start,
    check_termination,
    state_on,
    termination_end,
)
from invoicing.ledger import serialize
from invoicing.records import CustomerVersion
from invoicing.terms import Terms
from metering.month import local_day
from sepa.debit_rules import MAX_NAME, name_faults
from sepa.grant import Grant, record
from sepa.records import MandateVersion

_HOLDER = (
    f"must be readable by banks, at most {MAX_NAME} characters once ä is written ae; "
    "give the holder of the account as the bank knows it (left out, it is the customer's name)"
)


def register(work: Workplace, who: str, key: str, form: CustomerForm) -> CustomerVersion:
    """Record a customer's master data; the same data again change nothing."""
    with work.ledger.write() as session:
        mandate = newest_mandate(session, key)
        if form.kind == "consumer" and mandate and mandate.scheme == "B2B":
            raise FieldError("kind", "the customer's mandate is B2B, which a consumer cannot grant; record CORE first")
        fresh = CustomerVersion(customer=key, recorded_at=work.clock(), **form.model_dump())
        current = history.customer(session, key)
        if current and _same(current, fresh):
            return current
        session.add(fresh)
        changed = sorted(form.model_fields_set) if current is None else _changed(current, fresh)
        note(session, work.clock(), who, "customer.recorded", key, fields=changed)
        return fresh


def known(session: Session, key: str) -> CustomerVersion:
    """Return a customer or raise NotFound."""
    if (found := history.customer(session, key)) is None:
        raise NotFound(f"There is no customer {key!r}; create it with PUT /v1/customers/{key}.")
    return found


def set_mandate(work: Workplace, who: str, key: str, form: MandateForm) -> MandateVersion:
    """Record a mandate version; a broken IBAN or BIC is refused with the field's name."""
    with work.ledger.write() as session:
        customer = known(session, key)
        if customer.kind == "consumer" and form.scheme == "B2B":
            raise FieldError("scheme", "a consumer cannot grant a B2B mandate; use CORE")
        holder = form.account_holder or customer.name
        if any(name_faults("account_holder", holder)):
            raise FieldError("account_holder", _HOLDER)
        before = newest_mandate(session, key)
        version = record(
            session,
            work.vault,
            Grant(
                customer=key,
                iban=form.iban,
                bic=form.bic,
                reference=form.reference,
                signed_on=form.signed_on,
                scheme=form.scheme,
                account_holder=holder,
                notice_days=form.prenotification_days,
            ),
            work.clock(),
        )
        if before is None or before.id != version.id:
            shown = {"reference": version.reference, "iban": version.iban_masked}
            note(session, work.clock(), who, "mandate.recorded", key, **shown)
        return version


def newest_mandate(session: Session, key: str) -> MandateVersion | None:
    """Return a customer's mandate as recorded last."""
    query = select(MandateVersion).where(MandateVersion.customer == key)
    return session.exec(query.order_by(col(MandateVersion.id).desc()).limit(1)).first()


def start_contract(work: Workplace, who: str, key: str, form: ContractForm) -> Contract:
    """Start a contract; the very same start again changes nothing."""
    event = ContractEvent(
        kind="started",
        effective_on=form.starts_on,
        recorded_at=work.clock(),
        terms=form.terms,
        package=form.package,
        addons=tuple(sorted(set(form.addons))),
    )
    terms = terms_of(work, form.terms)
    with _changing(work, key, form.starts_on) as session:
        known(session, key)
        events = history.contract(session, key)
        if not (_repeats(events, event) and state_on(events, event.effective_on)):
            billed = history.billed_through(session, key)
            check_start(events, event.effective_on, form.package, event.addons, terms, billed)
            history.record(session, key, event)
            note(session, work.clock(), who, "contract.started", key, **form.model_dump(mode="json"))
            events = (*events, event)
    return _state(events, form.starts_on)


def change_contract(work: Workplace, who: str, key: str, form: ChangeForm) -> Contract:
    """Change package or add-ons from a month's first day on."""
    event = ContractEvent(
        kind="changed",
        effective_on=form.effective_on,
        recorded_at=work.clock(),
        package=form.package,
        add_addons=tuple(sorted(set(form.add_addons))),
        remove_addons=tuple(sorted(set(form.remove_addons))),
    )
    with _changing(work, key, form.effective_on) as session:
        events = _contract(session, key)
        if not (_repeats(events, event) and _holds(state_on(events, event.effective_on), event)):
            terms = terms_of(work, _latest_terms(events))
            billed = history.billed_through(session, key)
            check_change(
                events, event.effective_on, event.package, event.add_addons, event.remove_addons, terms, billed
            )
            history.record(session, key, event)
            note(session, work.clock(), who, "contract.changed", key, **form.model_dump(mode="json"))
            events = (*events, event)
    return _state(events, form.effective_on)


def terminate(work: Workplace, who: str, key: str, received_on: date) -> Termination:
    """Record a notice of termination and return the computed end with its reason."""
    with _changing(work, key, received_on) as session:
        events = _contract(session, key)
        terms = terms_of(work, _latest_terms(events))
        end = termination_end(terms, received_on)
        event = ContractEvent(
            kind="terminated", effective_on=end.ends_on, recorded_at=work.clock(), received_on=received_on
        )
        if _repeats(_newest_life(events), event):
            return end
        check_termination(events, received_on, terms)
        history.record(session, key, event)
        days = {"received_on": received_on.isoformat(), "ends_on": end.ends_on.isoformat()}
        note(session, work.clock(), who, "contract.terminated", key, **days)
        return end


def contract_on(work: Workplace, key: str, day: date, known_at: datetime | None = None) -> Contract | None:
    """Return what a customer's contract was on a day, as known at an instant."""
    with work.ledger.read() as session:
        known(session, key)
        return state_on(history.contract(session, key), day, known_at)


def terms_of(work: Workplace, name: str) -> Terms:
    """Return terms by id or refuse with those that exist."""
    if name not in work.terms:
        raise FieldError("terms", f"there are no terms {name!r}; choose one of {', '.join(sorted(work.terms))}")
    return work.terms[name]


def today(work: Workplace) -> date:
    """Return today's date in Berlin."""
    return local_day(work.clock())


@contextmanager
def _changing(work: Workplace, key: str, day: date) -> Iterator[Session]:
    """Give the transaction of a contract change: one at a time per customer, and none behind a running close's back.

    A close reads each contract once; a change that reaches into a month before this one waits until it has ended.
    """
    reaches_back = day < today(work).replace(day=1)
    with work.alone("close") if reaches_back else nullcontext(), work.ledger.write() as session:
        serialize(session, f"contract {key}")
        yield session


def _contract(session: Session, key: str) -> tuple[ContractEvent, ...]:
    known(session, key)
    if not (events := history.contract(session, key)):
        raise Conflict(f"Customer {key!r} has no contract; start one with POST /v1/customers/{key}/contract.")
    return events


def _latest_terms(events: tuple[ContractEvent, ...]) -> str:
    return next(event.terms for event in reversed(events) if event.terms)


def _state(events: tuple[ContractEvent, ...], day: date) -> Contract:
    state = state_on(events, day)
    if state is None:
        raise Conflict(f"The contract does not run on {day.isoformat()}.")
    return state


def _repeats(events: Sequence[ContractEvent], new: ContractEvent) -> bool:
    return any(_meaning(old) == _meaning(new) for old in events)


def _holds(state: Contract | None, change: ContractEvent) -> bool:
    """Tell whether a change is still in force: a later one may have undone it."""
    return (
        state is not None
        and change.package in {None, state.package}
        and state.addons.issuperset(change.add_addons)
        and state.addons.isdisjoint(change.remove_addons)
    )


def _newest_life(events: Sequence[ContractEvent]) -> Sequence[ContractEvent]:
    starts = [number for number, event in enumerate(events) if event.kind == "started"]
    return events[starts[-1] :]


def _meaning(event: ContractEvent) -> tuple[Any, ...]:
    """Return everything an event says except when it was recorded."""
    return (
        event.kind,
        event.effective_on,
        event.terms,
        event.package,
        event.addons,
        event.add_addons,
        event.remove_addons,
        event.received_on,
    )


def _changed(old: CustomerVersion, new: CustomerVersion) -> list[str]:
    return [name for name in CustomerForm.model_fields if getattr(old, name) != getattr(new, name)]


def _same(old: CustomerVersion, new: CustomerVersion) -> bool:
    return not _changed(old, new)
