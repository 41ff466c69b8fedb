"""Who is to be billed in a month, and with what: master data, contract, usage, and what earlier months still owe."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session, select

from invoicing import billed, booked, history
from invoicing.bill import Advance, billed_in_advance, is_prepaid
from invoicing.billed import Billed
from invoicing.booking import Booking, charge, contract_of, timesheet
from invoicing.check import Case
from invoicing.contract.event import Contract, ContractEvent, known_by
from invoicing.contract.parts import Part, in_month, parts_of
from invoicing.difference import Earlier
from invoicing.invoice import from_json
from invoicing.issue import Run
from invoicing.ledger import Ledger
from invoicing.records import MONTHLY, CustomerVersion, InvoiceRecord, UsageDecision
from invoicing.recounts import Counts
from invoicing.terms import Terms
from metering.month import BillingMonth
from metering.recount import Recount
from metering.usage import Usage, merge


@dataclass(frozen=True, slots=True)
class _Books:
    """What the ledger says about everyone who may be billed, by customer."""

    masters: Mapping[str, CustomerVersion]
    events: Mapping[str, Sequence[ContractEvent]]
    contracts: Mapping[str, Contract]
    joining: Mapping[str, Contract]
    bookings: Mapping[str, tuple[Booking, ...]]
    advances: Mapping[str, Mapping[str, Advance]]
    billed_ahead: Collection[str]
    late: Mapping[str, tuple[Earlier, ...]]
    decisions: Mapping[str, str | None]


def cases(ledger: Ledger, run: Run, counts: Counts, only: str | None = None) -> Iterator[Case]:
    """Gather everyone with a contract, usage, bookings or a debt in the month who is neither billed nor set aside.

    A contract that covers the month outweighs a decision to set the usage aside; assigned usage stays assigned. What of
    customers and contracts is recorded after the run's instant is left out: an invoice says what was known by then.
    ``only``: nobody but this customer.
    """
    month, recounted = run.month, counts.month
    with ledger.read() as session:
        recorded = history.contracts(session) if only is None else {only: history.contract(session, only)}
        events = {key: known_by(each, run.now) for key, each in recorded.items()}
        done, billed_ahead = _invoiced(session, month), _invoiced(session, month.next())
        decisions = decided(session, month)
        grown = _grown(session, recounted, [key for key, target in decisions.items() if target is None])
        late = arrears(session, run, events, counts.earlier)
        contracts = {key: contract for key, each in events.items() if (contract := in_month(each, month))}
        books = _Books(
            masters=history.customers(session, run.now),
            events=events,
            contracts=contracts,
            joining=dict(_joining(run, events, contracts.keys() | billed_ahead)),
            bookings=booked.unsettled(session, month.last_day),
            advances=_advances(session, run, events),
            billed_ahead=billed_ahead,
            late=late,
            decisions=decisions,
        )
    used = {key for key, usage in recounted.usages.items() if usage.days} | recounted.differing.keys()
    owing = {key for key, months in late.items() if any(map(_is_told, months))} | books.bookings.keys()
    owing |= {key for key, paid in books.advances.items() if any(each.cents for each in paid.values())}
    assigned: dict[str | None, list[str]] = defaultdict(list)
    for source, target in sorted(decisions.items()):
        assigned[target].append(source)
    settled = decisions.keys() - contracts.keys() - owing - grown
    wanted = (contracts.keys() | books.joining.keys() | used | owing) - done - settled
    for key in sorted(wanted if only is None else wanted & {only}):
        yield _case(books, run, recounted, key, assigned.get(key, ()))


def _case(books: _Books, run: Run, recounted: Recount, key: str, assigned: Sequence[str]) -> Case:
    """Gather one customer; ``assigned`` are the unknown ids whose usage is his."""
    month, events, bookings = run.month, books.events.get(key, ()), books.bookings.get(key, ())
    own = (key,) if books.decisions.get(key) is None else ()
    sources = (*own, *assigned)
    readings = tuple(recounted.usages.get(source, Usage(source, month)) for source in sources)
    usage, earlier = merge(Usage(key, month), *readings), books.late.get(key, ())
    contract = books.contracts.get(key)
    in_advance = books.advances.get(key, {})
    if contract is None and not (usage.days or earlier):
        contract = contract_of(events, month.first_day) if bookings or in_advance else books.joining.get(key)
    is_known = contract and {contract.terms, *(each.terms for each in bookings)} <= run.terms.keys()
    terms = run.terms[contract.terms] if contract and is_known else None
    next_terms = None if key in books.billed_ahead else _terms_in(run.terms, events, month.next())
    return Case(
        customer=key,
        master=books.masters.get(key),
        contract=contract,
        terms=terms,
        parts=_parts(terms, events, month),
        next_terms=next_terms,
        next_parts=_parts(next_terms, events, month.next()),
        in_advance=in_advance,
        booked=tuple(charge(each, run.terms[each.terms]) for each in bookings) if terms else (),
        timesheet=timesheet(bookings, run.terms) if terms else (),
        usage=usage,
        readings=readings,
        differences=tuple(each for source in sources for each in recounted.differing.get(source, ())),
        earlier=earlier,
    )


def _parts(terms: Terms | None, events: Sequence[ContractEvent], month: BillingMonth) -> tuple[Part, ...]:
    return parts_of(events, month, terms.rules.proration.value) if terms else ()


def _terms_in(known: Mapping[str, Terms], events: Sequence[ContractEvent], month: BillingMonth) -> Terms | None:
    """Return the terms of a customer's month."""
    return known.get(contract.terms) if (contract := in_month(events, month)) else None


def _invoiced(session: Session, month: BillingMonth) -> set[str]:
    """Return who has an invoice of a month."""
    query = select(InvoiceRecord.customer).where(InvoiceRecord.month == str(month), InvoiceRecord.occasion == MONTHLY)
    return set(session.exec(query))


def _joining(
    run: Run, events: Mapping[str, Sequence[ContractEvent]], others: Collection[str]
) -> Iterator[tuple[str, Contract]]:
    """Yield who joins next month and pays base prices in advance: the first of them is billed with this month.

    Contract: Cloudeteer AGB 6(1)
    """
    for key in events.keys() - set(others):
        if (contract := in_month(events[key], run.month.next())) and _prepays(run, contract):
            yield key, contract


def _advances(
    session: Session, run: Run, events: Mapping[str, Sequence[ContractEvent]]
) -> dict[str, dict[str, Advance]]:
    """Return what the last month's invoices billed of this month's base prices, by customer who prepays."""
    months = (run.month.previous(), run.month)
    agreed = {
        key: [contract for month in months if (contract := in_month(each, month))] for key, each in events.items()
    }
    prepaid = {key for key, each in agreed.items() if any(_prepays(run, contract) for contract in each)}
    query = select(InvoiceRecord.customer, InvoiceRecord.document).where(
        InvoiceRecord.month == str(run.month.previous()), InvoiceRecord.occasion == MONTHLY
    )
    found: dict[str, dict[str, Advance]] = {}
    for key, document in session.exec(query) if prepaid else ():
        if key in prepaid:
            found[key] = billed_in_advance(from_json(document).lines, run.month)
    return found


def _prepays(run: Run, contract: Contract) -> bool:
    return contract.terms in run.terms and is_prepaid(run.terms[contract.terms], contract)


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
    invoice, terms, parts = billed_under(session, run.terms, events, owner, month)
    return Earlier(
        invoice=invoice,
        terms=terms,
        parts=parts,
        billed=merge(Usage(owner, month), *(each.usage for each in known.values())),
        readings=tuple(recounted.usages.get(key, each.usage) for key, each in sorted(known.items())),
        differences=tuple(each for key in sorted(known) for each in recounted.differing.get(key, ())),
    )


def billed_under(
    session: Session, known: Mapping[str, Terms], events: Sequence[ContractEvent], owner: str, month: BillingMonth
) -> tuple[str, Terms | None, tuple[Part, ...]]:
    """Return the invoice of a customer's month, and the terms and parts as they were recorded when it was issued."""
    query = select(InvoiceRecord).where(
        InvoiceRecord.customer == owner, InvoiceRecord.month == str(month), InvoiceRecord.occasion == MONTHLY
    )
    if (invoice := session.exec(query).first()) is None:
        return "", None, ()
    then = known_by(events, invoice.issued_at)
    contract = in_month(then, month)
    terms = known.get(contract.terms) if contract else None
    return invoice.number, terms, _parts(terms, then, month)


def _is_told(earlier: Earlier) -> bool:
    """Tell whether a customer without a contract must hear of an earlier month: something is owed, or is not clear."""
    return bool(earlier.charges or earlier.differences or not earlier.is_known)
