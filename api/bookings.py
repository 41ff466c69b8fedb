"""Bookings: work, expenses, orders and credits beside the packages; one use case, one transaction, one audit entry."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlmodel import Session, col, select

from api import customers, monthly
from api.audit import note
from api.booking_forms import BookingForm, OrderForm
from api.errors import Conflict, FieldError, NotFound
from api.workplace import Workplace
from invoicing import booked, history
from invoicing.booking import Booking, check, contract_of
from invoicing.contract.event import Contract
from invoicing.ledger import serialize
from invoicing.order import invoice_order
from invoicing.records import BilledBooking, BookingRecord
from invoicing.rights import agreed_credit
from invoicing.terms import Terms
from metering.month import BillingMonth


class Entry(NamedTuple):
    """A booking as recorded, and how it was settled: billed, taken back, or not yet."""

    record: BookingRecord
    settled: BilledBooking | None = None


class Agreed(NamedTuple):
    """The contract of a day with the terms it pins."""

    contract: Contract
    terms: Terms


def book(work: Workplace, who: str, key: str, form: BookingForm) -> Entry:
    """Record a booking, to be billed with the month of its day; with the same reference again it is the same one."""
    with work.ledger.write() as session:
        agreed = agreed_on(work, session, key, form.day, is_credit=form.kind == "credit")
        price = None if form.price is None else Decimal(form.price)
        given = Booking(customer=key, terms=agreed.terms.id, **{**form.model_dump(), "price": price})
        return record(work, session, who, _owed(given, agreed.terms))


def order(work: Workplace, who: str, key: str, form: OrderForm) -> Entry:
    """Record an order and invoice it at once; with the same reference again it is the same one, invoiced once.

    Contract: KLUGO AGB 8, 10.3
    """
    with work.ledger.write() as session:
        before = booked.referred(session, key, form.reference)
        day = form.day or (before.day if before else customers.today(work))
        agreed = agreed_on(work, session, key, day)
        price = None if form.price is None else Decimal(form.price)
        values = {**form.model_dump(), "day": day, "price": price}
        given = Booking(customer=key, kind="order", terms=agreed.terms.id, **values)
        check(given, agreed.terms)
        entry = record(work, session, who, given)
        run = monthly.run_of(work, BillingMonth.of(day), key)
        if problem := invoice_order(session, run, booked.booking_of(entry.record), *agreed):
            raise Conflict(problem.message)
        return _entry(session, entry.record)


def cancel(work: Workplace, who: str, key: str, number: int, reason: str) -> Entry:
    """Take a booking back that is not billed yet; a running close, which reads each booking once, ends first."""
    with work.alone("close"), work.ledger.write() as session:
        serialize(session, "invoice numbers")
        found = session.get(BookingRecord, number)
        if found is None or found.customer != key:
            raise NotFound(f"Customer {key!r} has no booking {number}.")
        settled = session.get(BilledBooking, number)
        if settled and settled.invoice:
            raise Conflict(f"Booking {number} was billed by {settled.invoice}; give a credit instead.")
        if settled is None:
            booked.settle(session, [number], None, work.clock(), reason)
            note(session, work.clock(), who, "booking.cancelled", key, booking=number, reason=reason)
        return _entry(session, found)


def listed(work: Workplace, key: str, after: int, limit: int) -> Sequence[Entry]:
    """Return a customer's bookings in the order in which they were recorded."""
    query = (
        select(BookingRecord, BilledBooking)
        .join(BilledBooking, col(BilledBooking.booking) == col(BookingRecord.id), isouter=True)
        .where(BookingRecord.customer == key, col(BookingRecord.id) > after)
    )
    with work.ledger.read() as session:
        customers.known(session, key)
        return [Entry(*row) for row in session.exec(query.order_by(col(BookingRecord.id)).limit(limit))]


def agreed_on(
    work: Workplace, session: Session, key: str, day: date, *, field: str = "day", is_credit: bool = False
) -> Agreed:
    """Return what something of a day is billed under; a credit may be given when the contract has ended."""
    customers.known(session, key)
    if day > customers.today(work):
        raise FieldError(field, f"{day.isoformat()} lies in the future: book what has been done")
    contract = contract_of(history.contract(session, key), day)
    if contract is None or not (is_credit or contract.is_active(day)):
        raise FieldError(field, f"customer {key!r} has no contract on {day.isoformat()}")
    terms = {**work.terms, **history.pinned_terms(session)}.get(contract.terms)
    if terms is None:
        raise Conflict(
            f"The terms {contract.terms!r} of the contract are not here; put the file into the terms folder."
        )
    return Agreed(contract, terms)


def record(work: Workplace, session: Session, who: str, booking: Booking) -> Entry:
    """Record a booking, once for each reference; refuse a reference that was used for something else."""
    key = booking.customer
    serialize(session, f"bookings {key}")
    if before := booked.referred(session, key, booking.reference):
        if replace(booked.booking_of(before), id=0, terms=booking.terms) != booking:
            raise Conflict(
                f"Booking {before.id} has reference {booking.reference!r} and says something else; use another one."
            )
        return _entry(session, before)
    fresh = booked.add(session, booking, who, work.clock())
    said = fresh.model_dump(mode="json", exclude={"id", "customer", "recorded_at", "recorded_by"})
    note(session, work.clock(), who, "booking.recorded", key, booking=fresh.id, **said)
    return Entry(fresh)


def _owed(given: Booking, terms: Terms) -> Booking:
    """Return a booking as it is billed: a credit with the clause by which the cited agreement owes it.

    Contract: cunio AGB 4.2
    """
    check(given, terms)
    if given.kind != "credit":
        return given
    credit = agreed_credit(terms, given.quantity, given.clause)
    return replace(given, clause=credit.clause, formula=credit.formula)


def _entry(session: Session, found: BookingRecord) -> Entry:
    return Entry(found, session.get(BilledBooking, found.id))
