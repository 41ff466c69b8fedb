"""Withdrawals: what a consumer's withdrawal from an order would lead to; nothing is recorded."""

from typing import Annotated

from pydantic import Field

from api.customers import terms_of
from api.errors import Conflict, NotFound
from api.forms import Day, Form
from api.invoices import newest_collection
from api.workplace import Workplace
from invoicing import history
from invoicing.invoice import from_json
from invoicing.records import MONTHLY, InvoiceRecord
from invoicing.rights import Order, Withdrawal, shipped_figures, withdraw

Share = Annotated[int, Field(ge=0, le=10**9)]


class WithdrawalForm(Form):
    """A withdrawal as it came: ``rendered`` of ``total`` was rendered when it was sent."""

    sent_on: Day
    received_on: Day
    told_on: Day | None = Field(None, description="when the consumer was told of the right; left out: never")
    rendered: Share = 0
    total: Annotated[Share, Field(ge=1)] = 1
    begun_at_request: bool = Field(default=False, description="the consumer asked for an early begin")
    paid: bool = Field(default=False, description="it was paid by transfer")


def withdrawal_of(work: Workplace, number: str, form: WithdrawalForm) -> Withdrawal:
    """Return what a withdrawal from the order of an invoice leads to: until when, what is kept, what goes back.

    Contract: KLUGO AGB 9.1
    """
    with work.ledger.read() as session:
        if (record := session.get(InvoiceRecord, number)) is None:
            raise NotFound(f"There is no invoice {number}.")
        collection = newest_collection(session, number)
        customer = history.customer(session, record.customer, record.issued_at)
    if record.occasion == MONTHLY:
        raise Conflict(f"{number} is a month's invoice: withdraw from an order, or end the contract.")
    invoice = from_json(record.document)
    taken = form.paid or (collection is not None and collection.state == "exported")
    order = Order(
        price_cents=record.gross_cents,
        paid_by="direct_debit" if invoice.payment and not form.paid else "bank_transfer",
        concluded_on=invoice.period_from,
        is_consumer=customer is not None and customer.kind == "consumer",
        told_on=form.told_on,
        open_cents=0 if taken else record.gross_cents,
        rendered=form.rendered,
        total=form.total,
        begun_at_request=form.begun_at_request,
    )
    return withdraw(terms_of(work, invoice.terms), order, form.sent_on, form.received_on, shipped_figures())
