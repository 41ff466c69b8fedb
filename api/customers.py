"""Customers, mandates, contracts: one use case, one transaction, one audit entry."""

from datetime import date

from sqlmodel import Session, col, select

from api.audit import note
from api.errors import FieldError, NotFound
from api.forms import CustomerForm, MandateForm
from api.workplace import Workplace
from invoicing import history
from invoicing.records import CustomerVersion
from invoicing.terms import Terms
from metering.month import local_day
from sepa.debit_rules import MAX_NAME, name_faults
from sepa.grant import Grant, record
from sepa.records import MandateVersion

_HOLDER = (
    f"must be readable by banks, at most {MAX_NAME} characters once ä is written ae; "
    "give the holder of the account as the bank knows it (left out, it is the customer's name)"
)


def register(work: Workplace, who: str, key: str, form: CustomerForm) -> CustomerVersion:
    """Record a customer's master data; the same data again change nothing."""
    with work.ledger.write() as session:
        mandate = newest_mandate(session, key)
        if form.kind == "consumer" and mandate and mandate.scheme == "B2B":
            raise FieldError("kind", "the customer's mandate is B2B, which a consumer cannot grant; record CORE first")
        fresh = CustomerVersion(customer=key, recorded_at=work.clock(), **form.model_dump())
        current = history.customer(session, key)
        if current and _same(current, fresh):
            return current
        session.add(fresh)
        changed = sorted(form.model_fields_set) if current is None else _changed(current, fresh)
        note(session, work.clock(), who, "customer.recorded", key, fields=changed)
        return fresh


def known(session: Session, key: str) -> CustomerVersion:
    """Return a customer or raise NotFound."""
    if (found := history.customer(session, key)) is None:
        raise NotFound(f"There is no customer {key!r}; create it with PUT /v1/customers/{key}.")
    return found


def set_mandate(work: Workplace, who: str, key: str, form: MandateForm) -> MandateVersion:
    """Record a mandate version; a broken IBAN or BIC is refused with the field's name."""
    with work.ledger.write() as session:
        customer = known(session, key)
        if customer.kind == "consumer" and form.scheme == "B2B":
            raise FieldError("scheme", "a consumer cannot grant a B2B mandate; use CORE")
        holder = form.account_holder or customer.name
        if any(name_faults("account_holder", holder)):
            raise FieldError("account_holder", _HOLDER)
        before = newest_mandate(session, key)
        version = record(
            session,
            work.vault,
            Grant(
                customer=key,
                iban=form.iban,
                bic=form.bic,
                reference=form.reference,
                signed_on=form.signed_on,
                scheme=form.scheme,
                account_holder=holder,
                notice_days=form.prenotification_days,
            ),
            work.clock(),
        )
        if before is None or before.id != version.id:
            shown = {"reference": version.reference, "iban": version.iban_masked}
            note(session, work.clock(), who, "mandate.recorded", key, **shown)
        return version


def newest_mandate(session: Session, key: str) -> MandateVersion | None:
    """Return a customer's mandate as recorded last."""
    query = select(MandateVersion).where(MandateVersion.customer == key)
    return session.exec(query.order_by(col(MandateVersion.id).desc()).limit(1)).first()


def terms_of(work: Workplace, name: str) -> Terms:
    """Return terms by id or refuse with those that exist."""
    if name not in work.terms:
        raise FieldError("terms", f"there are no terms {name!r}; choose one of {', '.join(sorted(work.terms))}")
    return work.terms[name]


def today(work: Workplace) -> date:
    """Return today's date in Berlin."""
    return local_day(work.clock())


def _changed(old: CustomerVersion, new: CustomerVersion) -> list[str]:
    return [name for name in CustomerForm.model_fields if getattr(old, name) != getattr(new, name)]


def _same(old: CustomerVersion, new: CustomerVersion) -> bool:
    return not _changed(old, new)
