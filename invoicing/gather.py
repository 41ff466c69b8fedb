"""Who is to be billed in a month, and with what: master data, contract, usage, and what earlier months still owe."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlmodel import Session, select

from invoicing import billed, history
from invoicing.billed import Billed
from invoicing.check import Case
from invoicing.contract import ContractEvent, in_month
from invoicing.difference import Earlier
from invoicing.issue import Run
from invoicing.ledger import Ledger
from invoicing.records import InvoiceRecord, UsageDecision
from invoicing.recounts import Counts
from metering.month import BillingMonth
from metering.recount import Recount
from metering.usage import Usage, merge


def cases(ledger: Ledger, run: Run, counts: Counts) -> Iterator[Case]:
    """Gather everyone with a contract, usage or a debt in the month who is neither billed nor set aside.

    A contract that covers the month outweighs a decision to set the usage aside; assigned usage stays assigned.
    """
    month, recounted = run.month, counts.month
    with ledger.read() as session:
        masters = history.customers(session)
        events = history.contracts(session)
        query = select(InvoiceRecord.customer).where(InvoiceRecord.month == str(month))
        done = set(session.exec(query))
        decisions = decided(session, month)
        grown = _grown(session, recounted, [key for key, target in decisions.items() if target is None])
        late = arrears(session, run, events, counts.earlier)
    contracts = {key: contract for key, each in events.items() if (contract := in_month(each, month))}
    used = {key for key, usage in recounted.usages.items() if usage.days} | recounted.differing.keys()
    owing = {key for key, months in late.items() if any(map(_is_told, months))}
    assigned: dict[str | None, list[str]] = defaultdict(list)
    for source, target in sorted(decisions.items()):
        assigned[target].append(source)
    settled = decisions.keys() - contracts.keys() - owing - grown
    for key in sorted((contracts.keys() | used | owing) - done - settled):
        own = (key,) if decisions.get(key) is None else ()
        sources = (*own, *assigned.get(key, ()))
        readings = tuple(recounted.usages.get(source, Usage(source, month)) for source in sources)
        contract = contracts.get(key)
        yield Case(
            customer=key,
            master=masters.get(key),
            contract=contract,
            terms=run.terms.get(contract.terms) if contract else None,
            usage=merge(Usage(key, month), *readings),
            readings=readings,
            differences=tuple(each for source in sources for each in recounted.differing.get(source, ())),
            earlier=late.get(key, ()),
        )


def arrears(
    session: Session, run: Run, events: Mapping[str, Sequence[ContractEvent]], recounted: Iterable[Recount]
) -> dict[str, tuple[Earlier, ...]]:
    """Return what differs from what was billed, by the customer who was billed, oldest month first."""
    found: dict[str, tuple[Earlier, ...]] = defaultdict(tuple)
    for each in sorted(recounted, key=lambda one: one.month):
        known = billed.newest(session, each.month)
        owned: dict[str, dict[str, Billed]] = defaultdict(dict)
        for key, entry in known.items():
            owned[entry.owner or key][key] = entry
        for owner in sorted({known[key].owner or key for key in each.usages if key in known}):
            found[owner] += (_earlier(session, run, events.get(owner, ()), owner, owned[owner], each),)
    return dict(found)


def decided(session: Session, month: BillingMonth) -> dict[str, str | None]:
    """Return what was decided about a month's usage of unknown customers: to whom it goes, or None."""
    query = select(UsageDecision).where(UsageDecision.month == str(month))
    return {row.customer: row.assigned_to for row in session.exec(query)}


def _grown(session: Session, recounted: Recount, set_aside: Sequence[str]) -> set[str]:
    """Return whose usage is not any more as it was when it was set aside."""
    known = billed.newest(session, recounted.month, set_aside) if set_aside else {}
    nothing = Usage("", recounted.month)
    return {key for key, each in known.items() if recounted.usages.get(key, nothing).days != each.usage.days}


def _earlier(
    session: Session,
    run: Run,
    events: Sequence[ContractEvent],
    owner: str,
    known: Mapping[str, Billed],
    recounted: Recount,
) -> Earlier:
    """Return an earlier month under the contract as it was recorded when the month was invoiced."""
    month = recounted.month
    query = select(InvoiceRecord).where(InvoiceRecord.customer == owner, InvoiceRecord.month == str(month))
    invoice = session.exec(query).first()
    then = [event for event in events if invoice and event.recorded_at <= invoice.issued_at]
    contract = in_month(then, month)
    return Earlier(
        invoice=invoice.number if invoice else "",
        terms=run.terms.get(contract.terms) if contract else None,
        contract=contract,
        billed=merge(Usage(owner, month), *(each.usage for each in known.values())),
        readings=tuple(recounted.usages.get(key, each.usage) for key, each in sorted(known.items())),
        differences=tuple(each for key in sorted(known) for each in recounted.differing.get(key, ())),
    )


def _is_told(earlier: Earlier) -> bool:
    """Tell whether a customer without a contract must hear of an earlier month: something is owed, or is not clear."""
    return bool(earlier.charges or earlier.differences or not earlier.is_known)
