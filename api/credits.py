"""Credits that the terms owe: computed, and booked with their reckoning."""

from datetime import date
from decimal import Decimal

from sqlmodel import Session

from api import customers
from api.booking_forms import DelayForm, ReductionForm, SuspensionForm
from api.bookings import Agreed, Entry, agreed_on, record
from api.errors import Conflict, FieldError
from api.workplace import Workplace
from invoicing.booking import credited
from invoicing.rights import (
    Credit,
    Delay,
    Reduction,
    Remedy,
    delay_credit,
    monthly_fee,
    reduction_credit,
    shipped_figures,
    suspension_credit,
)
from metering.month import BillingMonth


def suspend(work: Workplace, who: str, key: str, form: SuspensionForm) -> Entry:
    """Give back what is not owed for a suspended service; once for a month, unless the reference is another.

    Contract: Cloudeteer AGB 5(3)
    """
    month = BillingMonth.parse(form.month)
    for number, each in enumerate(form.suspensions):
        if each.end and each.end < each.start:
            raise FieldError(f"suspensions.{number}.end", "must not be before start; leave it out while it lasts")
    with work.ledger.write() as session:
        agreed = _month(work, session, key, month)
        price = monthly_fee(agreed.terms, agreed.contract) if form.price_cents is None else form.price_cents
        times = [(each.start, each.end) for each in form.suspensions]
        credit = suspension_credit(agreed.terms, month, price, times)
        reference = form.reference or f"suspension-{month}"
        return _book(work, session, who, key, agreed, credit, _day(agreed, month), reference)


def delay(work: Workplace, who: str, key: str, form: DelayForm) -> Entry:
    """Pay the lump-sum damages for what was delivered late; once for a price and its day, unless the reference differs.

    Contract: Connectavo AGB I 4.4
    """
    if form.claimed_on < form.agreed_on:
        raise FieldError("claimed_on", f"nothing was late before {form.agreed_on}: write a later day")
    late = Delay(form.price_cents, form.agreed_on, form.until, form.claimed_on, form.completed_on)
    day, field = max((form.claimed_on, "claimed_on"), (form.completed_on, "completed_on"))
    with work.ledger.write() as session:
        agreed = agreed_on(work, session, key, day, field=field, is_credit=True)
        credit = delay_credit(agreed.terms, late)
        reference = form.reference or f"delay-{form.agreed_on}-{form.price_cents}"
        return _book(work, session, who, key, agreed, credit, day, reference, damages=True)


def reduce(work: Workplace, who: str, key: str, form: ReductionForm) -> Entry:
    """Give back a month's part of an agreed price reduction; once for a month, unless the reference is another.

    Contract: fluks AGB 12.4
    """
    month = BillingMonth.parse(form.month)
    if form.last < form.first:
        raise FieldError("last", f"must not be before first, {form.first}")
    with work.ledger.write() as session:
        agreed = _month(work, session, key, month)
        price = monthly_fee(agreed.terms, agreed.contract)
        reduction = Reduction(price, Decimal(form.percent), form.first, form.last)
        remedies = [Remedy(each.deadline, each.mended_on) for each in form.remedies]
        today = customers.today(work)
        credit = reduction_credit(agreed.terms, reduction, month, remedies, today, shipped_figures())
        reference = form.reference or f"reduction-{month}"
        return _book(work, session, who, key, agreed, credit, _day(agreed, month), reference)


def _book(
    work: Workplace,
    session: Session,
    who: str,
    key: str,
    agreed: Agreed,
    credit: Credit,
    day: date,
    reference: str | None,
    *,
    damages: bool = False,
) -> Entry:
    """Book a computed credit; what is not owed is refused with the reason."""
    if not (credit.allowed and credit.cents):
        raise Conflict(credit.why)
    booking = credited(key, day, agreed.terms, credit, damages=damages, reference=reference)
    return record(work, session, who, booking)


def _month(work: Workplace, session: Session, key: str, month: BillingMonth) -> Agreed:
    """Return what a month that has ended was billed under."""
    if month.last_day >= customers.today(work):
        raise FieldError("month", f"has not ended: a credit for {month} can be reckoned from {month.next()} on")
    agreed = agreed_on(work, session, key, month.last_day, field="month", is_credit=True)
    if agreed.contract.ends_on and agreed.contract.ends_on < month.first_day:
        raise FieldError("month", f"customer {key!r} has no contract in {month}")
    return agreed


def _day(agreed: Agreed, month: BillingMonth) -> date:
    """Return the last day of a month on which the contract runs."""
    return min(month.last_day, agreed.contract.ends_on or month.last_day)
