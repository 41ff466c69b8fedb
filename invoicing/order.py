"""Orders that are invoiced at once, not with the month."""

from sqlmodel import Session

from invoicing import booked, history
from invoicing.booking import Booking, charge
from invoicing.check import Case, Problem, examine
from invoicing.contract.event import Contract
from invoicing.issue import Run, issue
from invoicing.ledger import serialize
from invoicing.terms import Terms
from metering.usage import Usage


def invoice_order(session: Session, run: Run, booking: Booking, contract: Contract, terms: Terms) -> Problem | None:
    """Issue the invoice of an order, in the caller's transaction; return why it cannot be. What is free has none.

    Contract: KLUGO AGB 8, 10.3
    """
    serialize(session, "invoice numbers")
    if booked.settlement(session, [booking.id]):
        return None
    case = Case(
        customer=booking.customer,
        master=history.customer(session, booking.customer),
        contract=contract,
        terms=terms,
        usage=Usage(booking.customer, run.month),
        booked=(charge(booking, terms),),
    )
    if problem := examine(case):
        return problem
    if not case.bill.is_free:
        issue(session, run, case, occasion=f"order-{booking.id}")
    return None
