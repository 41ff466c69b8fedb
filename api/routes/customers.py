"""``/v1/customers``: master data, mandate, usage, entitlement."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel

from api import customers
from api.access import Engine, Finance, Work
from api.entitlement import Entitlement
from api.errors import NotFound
from api.forms import CUSTOMER_PATTERN, MONTH_PATTERN, CustomerForm, MandateForm, Moment
from api.page import Cursor, Limit, Page, page
from api.usage import UsageAnswer, usage_answer
from invoicing import history
from invoicing.records import CustomerVersion
from metering.month import BillingMonth
from sepa.records import MandateVersion

router = APIRouter(prefix="/v1/customers", tags=["customers"])
Customer = Annotated[str, Path(pattern=CUSTOMER_PATTERN)]
Month = Annotated[str, Path(pattern=MONTH_PATTERN, description="YYYY-MM")]


class CustomerAnswer(CustomerForm):
    """A customer's newest master data."""

    customer: str
    recorded_at: datetime


class MandateAnswer(BaseModel):
    """A mandate as people may see it: the IBAN masked."""

    customer: str
    reference: str
    scheme: str
    signed_on: date
    iban: str
    account_holder: str
    prenotification_days: int | None


@router.get("")
def list_customers(work: Work, _: Finance, cursor: Cursor = None, limit: Limit = 100) -> Page[CustomerAnswer]:
    """List customers by id."""
    with work.ledger.read() as session:
        everyone = sorted(history.customers(session).items())
    after = [(key, _customer(row)) for key, row in everyone if cursor is None or key > cursor]
    return page(after[: limit + 1], limit)


@router.get("/{customer}")
def get_customer(work: Work, _: Finance, customer: Customer, known_at: Moment | None = None) -> CustomerAnswer:
    """Show a customer's master data, as they were known at an instant (default now)."""
    with work.ledger.read() as session:
        customers.known(session, customer)
        if (found := history.customer(session, customer, known_at)) is None:
            raise NotFound(f"Customer {customer!r} was not known then.")
        return _customer(found)


@router.put("/{customer}")
def put_customer(work: Work, who: Finance, customer: Customer, form: CustomerForm) -> CustomerAnswer:
    """Create a customer or record new master data."""
    return _customer(customers.register(work, who.name, customer, form))


@router.put("/{customer}/mandate")
def put_mandate(work: Work, who: Finance, customer: Customer, form: MandateForm) -> MandateAnswer:
    """Record a SEPA mandate; the IBAN is kept encrypted and never shown again."""
    return _mandate(customers.set_mandate(work, who.name, customer, form))


@router.get("/{customer}/mandate")
def get_mandate(work: Work, _: Finance, customer: Customer) -> MandateAnswer:
    """Show the current mandate."""
    with work.ledger.read() as session:
        if (found := customers.newest_mandate(session, customer)) is None:
            raise NotFound(f"Customer {customer!r} has no mandate; record one with PUT.")
        return _mandate(found)


@router.get("/{customer}/usage/{month}")
def get_usage(work: Work, _: Engine, customer: Customer, month: Month) -> UsageAnswer:
    """Show what was counted in a month, against the allowance of the package."""
    return usage_answer(work, customer, BillingMonth.parse(month))


@router.get("/{customer}/entitlement")
def get_entitlement(work: Work, _: Engine, customer: Customer) -> Entitlement:
    """Tell whether the customer may run workflows now; asked by the engine before it runs one."""
    return work.entitlements.of(customer, customers.today(work))


def _customer(row: CustomerVersion) -> CustomerAnswer:
    return CustomerAnswer.model_validate(row, from_attributes=True)


def _mandate(row: MandateVersion) -> MandateAnswer:
    return MandateAnswer(
        customer=row.customer,
        reference=row.reference,
        scheme=row.scheme,
        signed_on=row.signed_on,
        iban=row.iban_masked,
        account_holder=row.account_holder,
        prenotification_days=row.prenotification_days,
    )
