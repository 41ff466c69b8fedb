"""Does a written pain.008 file collect exactly what was to be collected? Counted again from its bytes."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from lxml import etree

from invoicing.money import euro
from sepa.account_id import parse_iban
from sepa.debit import Debit
from sepa.pain008_tree import NAMESPACE

Batches = dict[tuple[str, str, str], list[tuple[str, str, str, str]]]


def recount(xml: bytes, debits: Sequence[Debit]) -> list[str]:
    """Return where a file's numbers, sums and collections differ from the collections; empty when nowhere.

    DK: GBIC_5 (CtrlSum and NbOfTxs at both levels)
    """
    root = etree.fromstring(xml)
    batches = root.findall(_path("CstmrDrctDbtInitn/PmtInf"))
    found = [line for batch in batches for line in _batch_differences(batch)]
    header = (_text(root, "CstmrDrctDbtInitn/GrpHdr/NbOfTxs"), _text(root, "CstmrDrctDbtInitn/GrpHdr/CtrlSum"))
    wanted = (str(len(debits)), str(euro(sum(debit.amount_cents for debit in debits))))
    if header != wanted:
        found.append(f"GrpHdr says {header}, the collections are {wanted}")
    if _read(batches) != _meant(debits):
        found.append("the collections in the file are not those that were to be collected")
    return found


def _batch_differences(batch: etree._Element) -> list[str]:
    amounts = [Decimal(_text(node, "InstdAmt")) for node in batch.findall(_path("DrctDbtTxInf"))]
    stated = (_text(batch, "NbOfTxs"), _text(batch, "CtrlSum"))
    counted = (str(len(amounts)), f"{sum(amounts):.2f}")
    return [] if stated == counted else [f"{_text(batch, 'PmtInfId')} says {stated}, it holds {counted}"]


def _read(batches: Iterable[etree._Element]) -> Batches:
    read: Batches = defaultdict(list)
    for batch in batches:
        key = (
            _text(batch, "PmtTpInf/LclInstrm/Cd"),
            _text(batch, "PmtTpInf/SeqTp"),
            _text(batch, "ReqdColltnDt"),
        )
        read[key] += [
            (
                _text(node, "PmtId/EndToEndId"),
                _text(node, "InstdAmt"),
                _text(node, "DbtrAcct/Id/IBAN"),
                _text(node, "DrctDbtTx/MndtRltdInf/MndtId"),
            )
            for node in batch.findall(_path("DrctDbtTxInf"))
        ]
    return {key: sorted(collections) for key, collections in read.items()}


def _meant(debits: Iterable[Debit]) -> Batches:
    meant: Batches = defaultdict(list)
    for debit in debits:
        facts = (
            debit.end_to_end_id,
            str(euro(debit.amount_cents)),
            parse_iban(debit.iban),
            debit.mandate_reference,
        )
        meant[debit.scheme, debit.sequence, debit.due_on.isoformat()].append(facts)
    return {key: sorted(collections) for key, collections in meant.items()}


def _path(names: str) -> str:
    return "/".join(f"{{{NAMESPACE}}}{name}" for name in names.split("/"))


def _text(node: etree._Element, path: str) -> str:
    return node.findtext(_path(path)) or ""
