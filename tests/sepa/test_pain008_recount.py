import pytest

from sepa.pain008 import Debit, write
from sepa.pain008_recount import recount
from tests.sepa.sample import CORE, CREDITOR, NOW, debit

GOOD = write(CREDITOR, CORE, NOW).xml
DIFFERENT = "the collections in the file are not those"


def test_a_file_that_holds_the_collections_has_no_differences() -> None:
    assert recount(GOOD, CORE) == []


@pytest.mark.clause("GBIC_5")
@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (b"<NbOfTxs>7<", b"<NbOfTxs>8<", "GrpHdr says ('8', "),
        (b">1000004269.70<", b">1000004269.71<", "GrpHdr says"),
        (b"<NbOfTxs>2<", b"<NbOfTxs>3<", "says ('3', "),
        (b"<CtrlSum>853.95<", b"<CtrlSum>853.96<", "says ('2', '853.96'), it holds ('2', '853.95')"),
        (b">0.01<", b">0.02<", "it holds ('2', '853.96')"),
        (b">0.01<", b">0.02<", DIFFERENT),
        (b"<EndToEndId>RE-2026-000002-1", b"<EndToEndId>RE-2026-000022-1", DIFFERENT),
        (b"DE89370400440532013000", b"DE02120300000000202051", DIFFERENT),
        (b"<MndtId>M-1<", b"<MndtId>M-9<", DIFFERENT),
        (b"<SeqTp>FNAL", b"<SeqTp>RCUR", DIFFERENT),
        (b"<ReqdColltnDt>2026-12-07", b"<ReqdColltnDt>2026-12-08", DIFFERENT),
        (b"<Cd>CORE", b"<Cd>B2B", DIFFERENT),
    ],
)
def test_every_difference_is_found(old: bytes, new: bytes, says: str) -> None:
    assert old in GOOD
    assert any(says in line for line in recount(GOOD.replace(old, new), CORE))


@pytest.mark.parametrize("debits", [CORE[1:], CORE[:-1], [*CORE, debit(8)], [*CORE[1:], debit(8)], []])
def test_a_collection_too_many_or_too_few_is_found(debits: list[Debit]) -> None:
    assert any(DIFFERENT in line for line in recount(GOOD, debits))
