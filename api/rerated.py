"""A month's issued invoices rated again from what was recorded when they were issued."""

from dataclasses import dataclass

from sqlmodel import col, select

from api.workplace import Workplace
from invoicing import history
from invoicing.records import InvoiceRecord
from invoicing.rerate import rerated
from metering.month import BillingMonth

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Disagreement:
    """An invoice that does not come out again, and how it differs."""

    invoice: str
    customer: str
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rerated:
    """How many invoices of a month were rated again, and which do not come out again."""

    month: str
    invoices: int
    disagreements: tuple[Disagreement, ...]


def rerate_month(work: Workplace, month: BillingMonth) -> Rerated:
    """Rate every invoice of a month again; nothing is stored."""
    with work.ledger.read() as session:
        known = {**work.terms, **history.pinned_terms(session)}
        query = select(InvoiceRecord).where(InvoiceRecord.month == str(month))
        records = session.exec(query.order_by(col(InvoiceRecord.number)).execution_options(yield_per=_AT_ONCE))
        found = [Disagreement(each.number, each.customer, tuple(rerated(session, known, each))) for each in records]
    return Rerated(str(month), len(found), tuple(each for each in found if each.problems))
