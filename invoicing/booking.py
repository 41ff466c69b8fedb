"""Bookings: what is billed one by one beside packages. Work, expenses, orders, credits. Pure.

Work and orders cost what the terms say that were pinned when it was done, or what was agreed for it alone.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Literal

from invoicing.contract.event import Contract, ContractEvent, lives, state_on
from invoicing.money import euro, german_date
from invoicing.prices import Basis, Booked, Expenses, Words, Work, cents_text
from invoicing.rating import Charge
from invoicing.rights.answer import Credit
from invoicing.terms import Terms

Kind = Literal["work", "expense", "order", "credit"]
_BOOKINGS = "bookings."
_UNTAXED = Decimal()


@dataclass(frozen=True, slots=True)
class Booking:
    """One thing to bill on a day. ``quantity``: minutes of work, cents of an expense or a credit, pieces of an order.

    ``service`` is a key of the terms' services, ``role`` who worked or what kind of expense it is, ``price`` what was
    agreed for it alone, in euro per hour or piece. Of a credit, ``clause`` is the cited agreement, ``formula`` how it
    was reckoned, and ``damages`` says that it makes good for something and is no part of a price.
    """

    customer: str
    kind: Kind
    day: date
    quantity: int
    terms: str
    service: str = ""
    role: str = ""
    text: str = ""
    price: Decimal | None = None
    clause: str = ""
    formula: str = ""
    damages: bool = False
    reference: str | None = None
    id: int = 0


_UNSAID = {each.name: each.default for each in fields(Booking)}


@dataclass(frozen=True, slots=True)
class TimesheetRow:
    """Who worked on a day, at what, for how many minutes: sent with the invoice."""

    day: date
    role: str
    text: str
    minutes: int


class BookingError(ValueError):
    """A booking is refused; names the field and says the fix."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


def check(booking: Booking, terms: Terms) -> None:
    """Raise BookingError for what the terms cannot bill.

    Contract: cunio AGB 4.2
    """
    if booking.quantity < 1:
        raise BookingError("quantity", "must be above zero")
    if booking.kind == "credit":
        _check_credit(booking)
        return
    service = _service(booking, terms)
    _check_role(booking, service)
    if booking.kind != "order" and not booking.text:
        raise BookingError("text", "is missing: say what was done; it is printed on the invoice")
    if isinstance(service, Expenses) and booking.price is not None:
        raise BookingError("price", "expenses are charged at cost: write the cents as quantity")
    if isinstance(service, Work) and booking.price is None and not service.roles[booking.role].price:
        raise BookingError(
            "price", f"is missing: {booking.terms} name no rate for it; write the one that holds per hour"
        )
    _refuse(booking, ("clause", "damages"), "belongs to a credit")


def contract_of(events: Sequence[ContractEvent], day: date) -> Contract | None:
    """Return the contract under which something of a day is billed: the one that runs, else the one that ended last."""
    if running := state_on(events, day):
        return running
    ended = [(life.start.ends_on, life) for life in lives(events) if life.start.ends_on and life.start.ends_on < day]
    last, life = max(ended, key=lambda each: each[0], default=(None, None))
    return life.on(last) if life and last else None


def charge(booking: Booking, terms: Terms) -> Charge:
    """Return what a booking costs, or gives back, under the terms it was booked under.

    Contract: Cloudeteer AGB 6(3), 6(4), KLUGO AGB 10.3
    """
    if booking.kind == "credit":
        return _credit(booking, terms)
    price = terms.services[booking.service]
    basis = Basis(booking.quantity, agreed=_agreed(booking, price))
    (amount,) = price.amounts(basis)
    wording = price.wording(amount, basis, Words())
    return Charge(
        kind=price.kind,
        text=_named(booking, price) + (f": {booking.text}" if booking.text else ""),
        quantity=amount.quantity,
        unit=wording.unit,
        unit_price=amount.unit_price,
        cents=amount.cents,
        vat_rate=terms.rules.vat_percent.value,
        clause=terms.cited(price.clause),
        formula=wording.formula,
        item=f"{_BOOKINGS}{booking.id}",
        first=booking.day,
        last=booking.day,
        used=price.billed(booking.quantity) if isinstance(price, Work) else 0,
        gross=terms.rules.prices.value == "gross",
    )


def credited(
    customer: str, day: date, terms: Terms, owed: Credit, *, damages: bool = False, reference: str | None = None
) -> Booking:
    """Return the booking of a credit that the terms owe, with its reason; the clause stands on the line beside it.

    Contract: Cloudeteer AGB 5(3), fluks AGB 12.4, Connectavo AGB I 4.4
    """
    return Booking(
        customer=customer,
        kind="credit",
        day=day,
        quantity=owed.cents,
        terms=terms.id,
        text=owed.why.replace(f" ({owed.clause})", ""),
        clause=owed.clause,
        formula=owed.formula,
        damages=damages,
        reference=reference,
    )


def timesheet(bookings: Iterable[Booking], terms: Mapping[str, Terms]) -> tuple[TimesheetRow, ...]:
    """Return the record of kind and duration of the work, as it was done: not rounded to steps.

    Contract: Connectavo AGB I 2.1
    """
    return tuple(
        TimesheetRow(each.day, _role(each, terms[each.terms].services[each.service]), each.text, each.quantity)
        for each in bookings
        if each.kind == "work"
    )


def ids_of(items: Iterable[str]) -> list[int]:
    """Return which bookings some lines or charges bill, by what they are for."""
    return [int(item.removeprefix(_BOOKINGS)) for item in items if item.startswith(_BOOKINGS)]


def _credit(booking: Booking, terms: Terms) -> Charge:
    """Give back what was agreed; damages are paid for no service, so no VAT is taken off.

    Law: § 10 Abs. 1, § 17 Abs. 1 UStG; UStAE 1.3 Abs. 3
    """
    cents = -booking.quantity
    name, unit = ("Schadenersatz", "pauschal") if booking.damages else ("Gutschrift", "Gutschrift")
    formula = f"{booking.formula}; " if booking.formula else ""
    return Charge(
        kind="damages" if booking.damages else "credit",
        text=booking.text,
        quantity=Decimal(1),
        unit=unit,
        unit_price=euro(cents),
        cents=cents,
        vat_rate=_UNTAXED if booking.damages else terms.rules.vat_percent.value,
        clause=booking.clause,
        formula=f"{formula}{name} = {cents_text(cents)}",
        item=f"{_BOOKINGS}{booking.id}",
        first=booking.day,
        last=booking.day,
        gross=terms.rules.prices.value == "gross",
    )


def _agreed(booking: Booking, price: Booked) -> Decimal | None:
    """Return what was agreed for this booking, else its role's rate: the one of the terms that the contract pins.

    Contract: Cloudeteer AGB 6(3)
    """
    if booking.price is None and isinstance(price, Work):
        return price.roles[booking.role].price
    return booking.price


def _named(booking: Booking, price: Booked) -> str:
    """Say what it is, when, and who worked: ``Beratung, 05.10.2026, Fachkraft``."""
    day, role = german_date(booking.day), _role(booking, price)
    if isinstance(price, Expenses):
        return f"{role}, {day}"
    return f"{price.label}, {day}" + (f", {role}" if role else "")


def _role(booking: Booking, price: Booked) -> str:
    return price.roles[booking.role].label if isinstance(price, Work) else booking.role


def _check_credit(booking: Booking) -> None:
    """Refuse a credit that nothing agreed owes.

    Contract: cunio AGB 4.2
    """
    if not booking.clause:
        raise BookingError("clause", "is missing: cite the agreement that owes the credit; it is printed")
    if not booking.text:
        raise BookingError("text", "is missing: say what the credit is for; it is printed")
    _refuse(booking, ("service", "role", "price"), "does not belong to a credit")


def _service(booking: Booking, terms: Terms) -> Booked:
    """Return the service that is booked; the terms must have it, and it must be of the booking's kind."""
    offered = {key: each for key, each in terms.services.items() if each.kind == booking.kind}
    if booking.service not in offered:
        known = f"choose one of {', '.join(offered)}" if offered else "these terms have none"
        raise BookingError(
            "service", f"{booking.service!r} is no {booking.kind} that can be booked under {terms.id}: {known}"
        )
    return offered[booking.service]


def _check_role(booking: Booking, service: Booked) -> None:
    known: Collection[str] = ()
    if isinstance(service, Work):
        known = service.roles
    elif isinstance(service, Expenses):
        known = service.categories
    if known and booking.role not in known:
        raise BookingError("role", f"{booking.role!r} is not one of {', '.join(known)}")
    if booking.role and not known:
        raise BookingError("role", "does not belong to an order")


def _refuse(booking: Booking, fields: Iterable[str], why: str) -> None:
    for field in fields:
        if getattr(booking, field) != _UNSAID[field]:
            raise BookingError(field, why)
