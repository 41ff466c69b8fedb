"""Bookings as recorded, and which of them are settled: billed by an invoice, or taken back."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

from sqlmodel import Session, col, select

from invoicing.booking import Booking
from invoicing.records import BilledBooking, BookingRecord

_PLAIN = ("customer", "kind", "day", "quantity", "terms", "service", "role", "text", "clause", "formula", "damages")


def add(session: Session, booking: Booking, who: str, at: datetime) -> BookingRecord:
    """Record a booking and return it with its id."""
    record = BookingRecord(
        **{name: getattr(booking, name) for name in _PLAIN},
        price=None if booking.price is None else str(booking.price),
        reference=booking.reference,
        recorded_at=at,
        recorded_by=who,
    )
    session.add(record)
    session.flush()
    return record


def referred(session: Session, customer: str, reference: str | None) -> BookingRecord | None:
    """Return the booking that a customer's reference names, if there is one."""
    if reference is None:
        return None
    query = select(BookingRecord).where(BookingRecord.customer == customer, BookingRecord.reference == reference)
    return session.exec(query).first()


def unsettled(session: Session, until: date) -> dict[str, tuple[Booking, ...]]:
    """Return what is to be billed of every customer up to a day, in order of the days."""
    query = (
        select(BookingRecord)
        .join(BilledBooking, col(BilledBooking.booking) == col(BookingRecord.id), isouter=True)
        .where(BookingRecord.day <= until, col(BilledBooking.booking).is_(None))
        .order_by(col(BookingRecord.day), col(BookingRecord.id))
    )
    found: dict[str, list[Booking]] = defaultdict(list)
    for record in session.exec(query):
        found[record.customer].append(booking_of(record))
    return {key: tuple(each) for key, each in found.items()}


def settlement(session: Session, ids: Iterable[int]) -> Sequence[BilledBooking]:
    """Return how some bookings were settled; nothing for those that are open."""
    return session.exec(select(BilledBooking).where(col(BilledBooking.booking).in_(list(ids)))).all()


def settle(session: Session, ids: Iterable[int], invoice: str | None, at: datetime, reason: str = "") -> None:
    """Record that an invoice bills these bookings; without one they are taken back for a reason."""
    for each in ids:
        session.add(BilledBooking(booking=each, invoice=invoice, recorded_at=at, reason=reason))
    session.flush()


def booking_of(record: BookingRecord) -> Booking:
    """Return a record as the value that rules work on."""
    return Booking(
        **{name: getattr(record, name) for name in _PLAIN},
        price=None if record.price is None else Decimal(record.price),
        reference=record.reference,
        id=record.id or 0,
    )
