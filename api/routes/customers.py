"""``/v1/customers``: master data, mandate, contract, usage, entitlement."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel

from api import customers
from api.access import Engine, Finance, Work
from api.entitlement import Entitlement
from api.errors import NotFound
from api.forms import (
    CUSTOMER_PATTERN,
    MONTH_PATTERN,
    ChangeForm,
    ContractForm,
    CustomerForm,
    Day,
    MandateForm,
    Moment,
    TerminationForm,
)
from api.page import Cursor, Limit, Page, page
from api.usage import UsageAnswer, usage_answer
from invoicing import history
from invoicing.contract import Contract
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


class ContractAnswer(BaseModel):
    """What the contract is on a day."""

    customer: str
    terms: str
    package: str
    addons: list[str]
    starts_on: date
    ends_on: date | None


class TerminationAnswer(BaseModel):
    """The computed end of a contract and why."""

    customer: str
    received_on: date
    ends_on: date
    why: str


@router.get("")
def list_customers(work: Work, _: Finance, cursor: Cursor = None, limit: Limit = 100) -> Page[CustomerAnswer]:
    """List customers by id."""
    with work.ledger.read() as session:
        everyone = sorted(history.customers(session).items())
    after = [(key, _customer(row)) for key, row in everyone if cursor is None or key > cursor]
    return page(after[: limit + 1], limit)


@router.get("/{customer}")
def get_customer(work: Work, _: Finance, customer: Customer) -> CustomerAnswer:
    """Show a customer's newest master data."""
    with work.ledger.read() as session:
        return _customer(customers.known(session, customer))


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


@router.post("/{customer}/contract", status_code=201)
def post_contract(work: Work, who: Finance, customer: Customer, form: ContractForm) -> ContractAnswer:
    """Start a contract."""
    return _contract(customer, customers.start_contract(work, who.name, customer, form))


@router.get("/{customer}/contract")
def get_contract(
    work: Work, _: Finance, customer: Customer, on: Day | None = None, known_at: Moment | None = None
) -> ContractAnswer:
    """Show what the contract is on a day (default today), as it was known at an instant (default now)."""
    day = on or customers.today(work)
    contract = customers.contract_on(work, customer, day, known_at)
    if contract is None:
        raise NotFound(f"Customer {customer!r} has no contract on {day.isoformat()}.")
    return _contract(customer, contract)


@router.post("/{customer}/contract/changes", status_code=201)
def post_change(work: Work, who: Finance, customer: Customer, form: ChangeForm) -> ContractAnswer:
    """Change package or add-ons from the first day of a month on."""
    return _contract(customer, customers.change_contract(work, who.name, customer, form))


@router.post("/{customer}/contract/termination", status_code=201)
def post_termination(work: Work, who: Finance, customer: Customer, form: TerminationForm) -> TerminationAnswer:
    """Record a notice of termination; the end is computed from the terms."""
    end = customers.terminate(work, who.name, customer, form.received_on)
    return TerminationAnswer(customer=customer, received_on=form.received_on, ends_on=end.ends_on, why=end.why)


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


def _contract(customer: str, contract: Contract) -> ContractAnswer:
    return ContractAnswer(
        customer=customer,
        terms=contract.terms,
        package=contract.package,
        addons=sorted(contract.addons),
        starts_on=contract.starts_on,
        ends_on=contract.ends_on,
    )
