"""Collections to a pain.008.001.08 file: the only module that knows sepaxml.

sepaxml writes the frame; what it makes up (ids, the clock) is replaced, what it lacks (amendments, purpose,
ultimate debtor, structured reference) is added. The same collections give the same bytes. A file that the
bank would refuse, or that differs from the collections by a cent, is never returned.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from lxml import etree
from sepaxml import SepaDD

from metering.month import local_day
from sepa.account_id import parse_bic, parse_creditor_id, parse_iban
from sepa.charset import id_problem, to_sepa
from sepa.debit import Address, Amendment, Creditor, Debit, ExportProblem, Scheme
from sepa.pain008_check import check_file
from sepa.pain008_recount import recount
from sepa.pain008_tree import DECLARATION, NAMESPACE, findings

__all__ = [
    "Address",
    "Amendment",
    "Creditor",
    "Debit",
    "ExportProblem",
    "Pain008Error",
    "Pain008File",
    "split",
    "write",
]

_ORDER = attrgetter("scheme", "due_on", "sequence", "end_to_end_id")
_DIGEST = 16


class Pain008Error(ValueError):
    """A file that may not be written; ``problems`` says why."""

    def __init__(self, problems: Sequence[ExportProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(_line(problem) for problem in self.problems))


@dataclass(frozen=True, slots=True)
class Pain008File:
    """A file as it goes to the bank, with what its routing slip states."""

    message_id: str
    scheme: Scheme
    count: int
    control_sum_cents: int
    due_dates: tuple[date, ...]
    xml: bytes
    sha256: str


def split(debits: Iterable[Debit], max_per_file: int) -> list[list[Debit]]:
    """Return the collections of each file: one scheme, at most so many, by due date; any order in, one order out.

    DK: GBIC_5 (one scheme per message)
    """
    if max_per_file < 1:
        raise ValueError(f"max_per_file is {max_per_file}: a file holds at least one collection")
    files = []
    for _, group in groupby(sorted(debits, key=_ORDER), key=attrgetter("scheme")):
        same = list(group)
        files += [same[start : start + max_per_file] for start in range(0, len(same), max_per_file)]
    return files


def write(
    creditor: Creditor,
    debits: Sequence[Debit],
    created_at: datetime,
    message_id: str | None = None,
    *,
    batch_booking: bool = True,
) -> Pain008File:
    """Return the file for collections of one scheme; raise Pain008Error before anything wrong leaves.

    DK: GBIC_5; Scheme: EPC130-08, EPC131-08
    """
    _refuse(check_file(creditor, debits, local_day(created_at)))
    ordered = sorted(debits, key=_ORDER)
    name = message_id or _message_id(ordered, created_at)
    _refuse(_message_id_problems(name, ordered))
    root = etree.fromstring(_frame(creditor, ordered))
    _restate(root, name, created_at, batch_booking=batch_booking)
    for node, debit in zip(root.iter(_tag("DrctDbtTxInf")), ordered, strict=True):
        _complete(node, debit)
    etree.cleanup_namespaces(root)
    xml = DECLARATION + etree.tostring(root, encoding="UTF-8", xml_declaration=False)
    _refuse(ExportProblem("", "", "pain.008", each) for each in (*findings(xml), *recount(xml, ordered)))
    return Pain008File(
        message_id=name,
        scheme=ordered[0].scheme,
        count=len(ordered),
        control_sum_cents=sum(debit.amount_cents for debit in ordered),
        due_dates=tuple(sorted({debit.due_on for debit in ordered})),
        xml=xml,
        sha256=hashlib.sha256(xml).hexdigest(),
    )


def _refuse(problems: Iterable[ExportProblem]) -> None:
    if found := list(problems):
        raise Pain008Error(found)


def _line(problem: ExportProblem) -> str:
    return " ".join(part for part in (problem.invoice, problem.customer, f"{problem.field}:", problem.message) if part)


def _message_id(ordered: Sequence[Debit], created_at: datetime) -> str:
    """Name a file after its day, scheme and collections, so that the same run names it the same."""
    ids = "\n".join(sorted(debit.end_to_end_id for debit in ordered))
    digest = hashlib.sha256(ids.encode()).hexdigest()[:_DIGEST]
    return f"{local_day(created_at):%Y%m%d}-{ordered[0].scheme}-{digest}"


def _message_id_problems(name: str, ordered: Sequence[Debit]) -> Iterator[ExportProblem]:
    """Look at the id of the last batch too: it is the message id and a number."""
    batches = len({(debit.due_on, debit.sequence) for debit in ordered})
    if problem := id_problem(name) or id_problem(f"{name}-{batches}"):
        yield ExportProblem("", "", "message_id", f"Die Nachrichten-ID {problem}")


def _frame(creditor: Creditor, ordered: Sequence[Debit]) -> bytes:
    """Let sepaxml write the frame from values made for it alone, because it changes what it is given."""
    try:
        frame = SepaDD(_config(creditor, ordered[0].scheme), schema="pain.008.001.08", clean=False)
        for debit in ordered:
            frame.add_payment(_payment(debit))
        xml: bytes = frame.export(validate=False)
    except Exception as error:  # sepaxml raises nothing narrower
        raise Pain008Error([ExportProblem("", "", "pain.008", f"sepaxml: {error}")]) from error
    return xml


def _config(creditor: Creditor, scheme: Scheme) -> dict[str, Any]:
    config: dict[str, Any] = {
        "name": to_sepa(creditor.name),
        "IBAN": parse_iban(creditor.iban),
        "creditor_id": parse_creditor_id(creditor.creditor_id),
        "instrument": scheme,
        "currency": "EUR",
        "batch": True,
    }
    return config | _bank(creditor.bic) | _place(creditor.address)


def _payment(debit: Debit) -> dict[str, Any]:
    payment: dict[str, Any] = {
        "name": to_sepa(debit.debtor_name),
        "IBAN": parse_iban(debit.iban),
        "amount": debit.amount_cents,
        "type": debit.sequence,
        "collection_date": debit.due_on,
        "mandate_id": debit.mandate_reference,
        "mandate_date": debit.mandate_signed_on,
        "description": to_sepa(debit.remittance),
        "endtoend_id": debit.end_to_end_id,
    }
    return payment | _bank(debit.bic) | _place(debit.address)


def _bank(bic: str | None) -> dict[str, str]:
    return {"BIC": parse_bic(bic)} if bic else {}


def _place(address: Address | None) -> dict[str, dict[str, str]]:
    if address is None:
        return {}
    parts = {
        "street_name": address.street,
        "building_number": address.building,
        "postcode": address.postcode,
        "town": address.city,
        "country": address.country,
    }
    return {"address": {name: to_sepa(part) for name, part in parts.items() if part}}


def _restate(root: etree._Element, name: str, created_at: datetime, *, batch_booking: bool) -> None:
    """Replace what sepaxml made up."""
    header = _find(root, "CstmrDrctDbtInitn/GrpHdr")
    _find(header, "MsgId").text = name
    _find(header, "CreDtTm").text = f"{created_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    for number, batch in enumerate(root.iter(_tag("PmtInf")), start=1):
        _find(batch, "PmtInfId").text = f"{name}-{number}"
        _find(batch, "BtchBookg").text = str(batch_booking).lower()


def _complete(node: etree._Element, debit: Debit) -> None:
    """Add to one collection what sepaxml cannot write, in the order the schema wants."""
    remittance = _find(node, "RmtInf")
    if debit.ultimate_debtor:
        party = etree.Element(_tag("UltmtDbtr"))
        _add(party, "Nm", to_sepa(debit.ultimate_debtor))
        remittance.addprevious(party)
    if debit.purpose:
        purpose = etree.Element(_tag("Purp"))
        _add(purpose, "Cd", debit.purpose)
        remittance.addprevious(purpose)
    if debit.structured_reference:
        remittance.clear()
        _add(remittance, "Strd/CdtrRefInf/Tp/CdOrPrtry/Cd", "SCOR")
        _add(_find(remittance, "Strd/CdtrRefInf"), "Ref", debit.structured_reference)
    if debit.amendment:
        _amend(_find(node, "DrctDbtTx/MndtRltdInf"), debit.amendment)


def _amend(mandate: etree._Element, change: Amendment) -> None:
    """Tell the bank what a mandate said before.

    DK: GBIC_5 (AmdmntInfDtls)
    """
    _add(mandate, "AmdmntInd", "true")
    details = _add(mandate, "AmdmntInfDtls")
    if change.original_reference:
        _add(details, "OrgnlMndtId", change.original_reference)
    if change.original_creditor_id or change.original_creditor_name:
        creditor = _add(details, "OrgnlCdtrSchmeId")
        if change.original_creditor_name:
            _add(creditor, "Nm", to_sepa(change.original_creditor_name))
        if change.original_creditor_id:
            identifier = _add(creditor, "Id/PrvtId/Othr")
            _add(identifier, "Id", parse_creditor_id(change.original_creditor_id))
            _add(identifier, "SchmeNm/Prtry", "SEPA")
    if change.original_iban:
        _add(details, "OrgnlDbtrAcct/Id/IBAN", parse_iban(change.original_iban))
    if change.smnda:
        _add(details, "OrgnlDbtrAcct/Id/Othr/Id", "SMNDA")


def _add(parent: etree._Element, path: str, text: str | None = None) -> etree._Element:
    """Append a chain of elements and return the innermost."""
    for name in path.split("/"):
        parent = etree.SubElement(parent, _tag(name))
    parent.text = text
    return parent


def _find(node: etree._Element, path: str) -> etree._Element:
    found = node.find("/".join(map(_tag, path.split("/"))))
    if found is None:
        raise Pain008Error([ExportProblem("", "", "pain.008", f"sepaxml wrote no {path}")])
    return found


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
