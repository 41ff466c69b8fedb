"""``/v1/customers/{customer}/contract``: what happens in a contract's life, and which clause gives which date."""

from datetime import date
from decimal import Decimal

from fastapi import APIRouter
from pydantic import BaseModel

from api import amendments, contracts
from api.access import Finance, Work
from api.customers import today
from api.errors import NotFound
from api.forms import (
    ChangeForm,
    ContractForm,
    Day,
    Moment,
    ObjectionForm,
    PrepaymentForm,
    PriceRiseForm,
    TerminationForm,
    TermsChangeForm,
    WaiverForm,
)
from api.routes.customers import Customer
from invoicing.contract import Contract

router = APIRouter(prefix="/v1/customers/{customer}/contract", tags=["contracts"])


class ContractAnswer(BaseModel):
    """What the contract is on a day; ``prices`` are monthly prices agreed or raised, by item of the terms."""

    customer: str
    terms: str
    package: str
    addons: list[str]
    starts_on: date
    ends_on: date | None
    trial_ends_on: date | None
    term_months: int | None
    term_ends_on: date | None
    prices: dict[str, Decimal]
    prepaid: bool


class TerminationAnswer(BaseModel):
    """The computed end of a contract and why."""

    customer: str
    received_on: date
    ends_on: date
    why: str


class TermsChangeAnswer(BaseModel):
    """From when new terms hold, until when the customer may object, and why."""

    customer: str
    terms: str
    effective_on: date
    object_until: date
    why: str


class PriceRiseAnswer(BaseModel):
    """From when which monthly prices hold; ``exit_until``: until when the customer may end the contract for it."""

    customer: str
    effective_on: date
    percent: str
    prices: dict[str, Decimal]
    exit_until: date | None
    why: str


class EffectiveAnswer(BaseModel):
    """The day on which what was announced would have taken effect."""

    customer: str
    effective_on: date


class MilestoneAnswer(BaseModel):
    """A day and what happens on it, in German."""

    day: date
    text: str


@router.post("", status_code=201)
def post_contract(work: Work, who: Finance, customer: Customer, form: ContractForm) -> ContractAnswer:
    """Start a contract."""
    return _contract(customer, contracts.start(work, who.name, customer, form))


@router.get("")
def get_contract(
    work: Work, _: Finance, customer: Customer, on: Day | None = None, known_at: Moment | None = None
) -> ContractAnswer:
    """Show what the contract is on a day (default today), as it was known at an instant (default now)."""
    day = on or today(work)
    contract = contracts.contract_on(work, customer, day, known_at)
    if contract is None:
        raise NotFound(f"Customer {customer!r} has no contract on {day.isoformat()}.")
    return _contract(customer, contract)


@router.get("/timeline")
def get_timeline(work: Work, _: Finance, customer: Customer) -> list[MilestoneAnswer]:
    """Show what happens to the newest contract when, and by which clause: past and to come."""
    found = contracts.milestones(work, customer)
    return [MilestoneAnswer(day=each.day, text=each.text) for each in found]


@router.post("/changes", status_code=201)
def post_change(work: Work, who: Finance, customer: Customer, form: ChangeForm) -> ContractAnswer:
    """Change package or add-ons from a day on that the terms allow."""
    return _contract(customer, contracts.change(work, who.name, customer, form))


@router.post("/termination", status_code=201)
def post_termination(work: Work, who: Finance, customer: Customer, form: TerminationForm) -> TerminationAnswer:
    """Record a termination; the end is computed from the terms."""
    end = contracts.terminate(work, who.name, customer, form)
    return TerminationAnswer(customer=customer, received_on=form.received_on, ends_on=end.ends_on, why=end.why)


@router.post("/terms-changes", status_code=201)
def post_terms_change(work: Work, who: Finance, customer: Customer, form: TermsChangeForm) -> TermsChangeAnswer:
    """Record that new terms were announced; they hold unless the customer objects in time."""
    told = amendments.change_terms(work, who.name, customer, form)
    return TermsChangeAnswer(
        customer=customer,
        terms=form.terms,
        effective_on=told.effective_on,
        object_until=told.object_until,
        why=told.why,
    )


@router.post("/terms-changes/objection", status_code=201)
def post_objection(work: Work, who: Finance, customer: Customer, form: ObjectionForm) -> EffectiveAnswer:
    """Record an objection: the contract keeps its terms."""
    effective_on = amendments.object_to_terms(work, who.name, customer, form)
    return EffectiveAnswer(customer=customer, effective_on=effective_on)


@router.post("/price-rises", status_code=201)
def post_price_rise(work: Work, who: Finance, customer: Customer, form: PriceRiseForm) -> PriceRiseAnswer:
    """Record an announced price rise."""
    rise = amendments.raise_prices(work, who.name, customer, form)
    return PriceRiseAnswer(
        customer=customer,
        effective_on=rise.effective_on,
        percent=f"{round(rise.percent, 4).normalize():f}",
        prices=dict(rise.prices),
        exit_until=rise.exit_until,
        why=rise.why,
    )


@router.post("/price-rises/waiver", status_code=201)
def post_waiver(work: Work, who: Finance, customer: Customer, form: WaiverForm) -> EffectiveAnswer:
    """Record that the newest price rise is waived; a termination for it falls away."""
    return EffectiveAnswer(customer=customer, effective_on=amendments.waive_rise(work, who.name, customer, form))


@router.post("/prepayment", status_code=201)
def post_prepayment(work: Work, who: Finance, customer: Customer, form: PrepaymentForm) -> ContractAnswer:
    """Ask for base prices in advance after a late payment, or lift that again."""
    return _contract(customer, amendments.prepay(work, who.name, customer, form))


def _contract(customer: str, contract: Contract) -> ContractAnswer:
    return ContractAnswer(
        customer=customer,
        terms=contract.terms,
        package=contract.package,
        addons=sorted(contract.addons),
        starts_on=contract.starts_on,
        ends_on=contract.ends_on,
        trial_ends_on=contract.trial_ends_on,
        term_months=contract.term_months,
        term_ends_on=contract.term_ends_on,
        prices=dict(contract.prices),
        prepaid=contract.prepaid,
    )
