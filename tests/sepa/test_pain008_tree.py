import pytest

from sepa.pain008 import write
from sepa.pain008_tree import GBIC_5, findings
from tests.sepa.sample import CORE, CREDITOR, NOW

GOOD = write(CREDITOR, CORE, NOW).xml.decode()
SCHEME_ID = (
    "<CdtrSchmeId><Id><PrvtId><Othr><Id>DE98ZZZ09999999999</Id><SchmeNm><Prtry>SEPA</Prtry></SchmeNm>"
    "</Othr></PrvtId></Id></CdtrSchmeId>"
)
USTRD = "<Ustrd>Rechnung RE-2026-000123 vom 02.11.2026</Ustrd>"
NOBODY = "<FinInstnId><Othr><Id>NOTPROVIDED</Id></Othr></FinInstnId>"
TOWN = "<TwnNm>Koeln</TwnNm><Ctry>DE</Ctry>"

# which rule, what is replaced in a good file, by what
BROKEN: list[tuple[str, str, str]] = [
    ("ids have", "<MsgId>2", "<MsgId>ä2"),
    ("ids have", "<MndtId>M-1", "<MndtId>M&amp;1"),
    ("ids have", "<EndToEndId>RE-2026-000001-1", "<EndToEndId>/RE"),
    ("ids have", "<EndToEndId>RE-2026-000001-1", "<EndToEndId>RE/"),
    ("ids have", "<EndToEndId>RE-2026-000001-1", "<EndToEndId>R//E"),
    ("ids have", "<OrgnlMndtId>ALT/4", "<OrgnlMndtId>ALT_4"),
    ("ids have", "<EndToEndId>RE-2026-000001-1", "<InstrId>Ö</InstrId><EndToEndId>RE"),
    ("ids have", "<PmtInfId>", "<PmtInfId>" + "P" * 35),
    ("InstdAmt is", ">0.01<", ">0.00<"),
    ("InstdAmt is", ">0.01<", ">0.001<"),
    ("InstdAmt is", ">999999999.99<", ">1000000000.00<"),
    ("InstdAmt is", 'Ccy="EUR"', 'Ccy="CHF"'),
    ("CtrlSum and NbOfTxs", "<NbOfTxs>7</NbOfTxs>", ""),
    ("CtrlSum and NbOfTxs", "<CtrlSum>853.94</CtrlSum>", ""),
    ("CtrlSum and NbOfTxs", "<CtrlSum>853.94</CtrlSum>", "<CtrlSum>853.9</CtrlSum>"),
    ("InitgPty holds", "<InitgPty><Nm>", "<InitgPty><PstlAdr><Ctry>DE</Ctry></PstlAdr><Nm>"),
    ("SvcLvl is SEPA", "<SvcLvl><Cd>SEPA</Cd></SvcLvl>", ""),
    ("SvcLvl is SEPA", "<SvcLvl><Cd>SEPA</Cd>", "<SvcLvl><Cd>URGP</Cd>"),
    ("LclInstrm is CORE", "<LclInstrm><Cd>CORE</Cd>", "<LclInstrm><Cd>COR1</Cd>"),
    ("SeqTp is", "<SeqTp>FNAL</SeqTp>", "<SeqTp>RPRE</SeqTp>"),
    ("SeqTp is", "<SeqTp>FNAL</SeqTp>", ""),
    ("PmtTpInf stands", "<InstdAmt", "<PmtTpInf/><InstdAmt"),
    (
        "a message holds one scheme",
        "<LclInstrm><Cd>CORE</Cd></LclInstrm><SeqTp>RCUR",
        "<LclInstrm><Cd>B2B</Cd></LclInstrm><SeqTp>RCUR",
    ),
    ("Nm has 1 to 70", "<Nm>Hausverwaltung Nord GmbH", "<Nm>" + "N" * 71),
    ("no text consists of blanks", "<Nm>Hausverwaltung Nord GmbH", "<Nm>  "),
    ("no text consists of blanks", USTRD, "<Ustrd/>"),
    ("both agents are named", f"<DbtrAgt>{NOBODY}</DbtrAgt>", ""),
    ("an agent is", "<Id>NOTPROVIDED</Id>", "<Id>UNKNOWN</Id>"),
    ("an agent is", "<BICFI>COBADEFFXXX</BICFI>", "<BICFI>COBADEFFXXX</BICFI><Othr><Id>NOTPROVIDED</Id></Othr>"),
    ("accounts are IBANs", "<IBAN>DE89370400440532013000</IBAN>", "<Othr><Id>532013000</Id></Othr>"),
    ("ChrgBr is SLEV", "<ChrgBr>SLEV</ChrgBr>", ""),
    ("ChrgBr is SLEV", "<ChrgBr>SLEV", "<ChrgBr>SHAR"),
    ("CdtrSchmeId stands", SCHEME_ID, ""),
    ("CdtrSchmeId stands", "</MndtRltdInf></DrctDbtTx>", f"</MndtRltdInf>{SCHEME_ID}</DrctDbtTx>"),
    ("CdtrSchmeId is proprietary", "<SchmeNm><Prtry>SEPA</Prtry>", "<SchmeNm><Cd>SEPA</Cd>"),
    ("a mandate has", "<DtOfSgntr>2026-09-30</DtOfSgntr>", ""),
    ("a mandate has", "<MndtId>M-1</MndtId>", ""),
    ("AmdmntInd is true", "<AmdmntInd>true</AmdmntInd>", ""),
    ("AmdmntInd is true", "<AmdmntInd>true", "<AmdmntInd>false"),
    ("an amendment tells", "<OrgnlDbtrAcct>", "<OrgnlDbtr><Nm>Alt</Nm></OrgnlDbtr><OrgnlDbtrAcct>"),
    ("OrgnlDbtrAcct is", "SMNDA", "SMNDC"),
    (
        "OrgnlDbtrAgt does",
        "<OrgnlDbtrAcct><Id><Othr><Id>SMNDA</Id></Othr></Id></OrgnlDbtrAcct>",
        f"<OrgnlDbtrAcct><Id><Othr><Id>SMNDA</Id></Othr></Id></OrgnlDbtrAcct><OrgnlDbtrAgt>{NOBODY}</OrgnlDbtrAgt>",
    ),
    ("ultimate parties", "<UltmtDbtr>", "<UltmtDbtr><CtryOfRes>DE</CtryOfRes>"),
    ("UltmtCdtr stands", "</DrctDbtTx><DbtrAgt>", "</DrctDbtTx><UltmtCdtr><Nm>U</Nm></UltmtCdtr><DbtrAgt>"),
    ("RmtInf holds", USTRD, USTRD * 2),
    ("RmtInf holds", "<Strd>", f"{USTRD}<Strd>"),
    ("RmtInf holds", f"<RmtInf>{USTRD}</RmtInf>", "<RmtInf></RmtInf>"),
    ("Ustrd has at most 140", USTRD, f"<Ustrd>{'R' * 141}</Ustrd>"),
    ("Strd has at most 140", "<Ref>RF18539007547034", "<Ref>" + "R" * 60),
    ("Purp is a code", "<Purp><Cd>SCVE</Cd>", "<Purp><Prtry>SCVE</Prtry>"),
    ("UETR is not used", "</EndToEndId>", "</EndToEndId><UETR>00000000-0000-4000-8000-000000000000</UETR>"),
    ("an address has TwnNm", TOWN, "<Ctry>DE</Ctry>"),
    ("an address has TwnNm", TOWN, "<TwnNm>Koeln</TwnNm>"),
    ("an address has no AdrTp", TOWN, f"<AdrTp><Cd>ADDR</Cd></AdrTp>{TOWN}"),
    ("an address has no AdrTp", TOWN, TOWN + "<AdrLine>x</AdrLine>" * 3),
    ("XML does not begin", '<?xml version="1.0" encoding="UTF-8"?>', ""),
    ("XML does not begin", '<?xml version="1.0"', '\ufeff<?xml version="1.0"'),
    ("XML uses", "<Document ", '<Document xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '),
    ("XML uses", "<Purp>", '<Purp xmlns:x="urn:x">'),
    ("schema:", "<PmtMtd>DD</PmtMtd>", "<PmtMtd>TRF</PmtMtd>"),
    ("schema:", "<ReqdColltnDt>2026-12-03", "<ReqdColltnDt>03.12.2026"),
    ("not well-formed", "</Document>", ""),
]


def broken(old: str, new: str) -> bytes:
    assert old in GOOD
    xml = GOOD.replace(old, new)
    if new.startswith("</DrctDbtTx><UltmtCdtr>"):  # on the upper level too
        xml = xml.replace("<ChrgBr>", "<UltmtCdtr><Nm>U</Nm></UltmtCdtr><ChrgBr>")
    return xml.encode()


def test_a_good_file_has_no_findings() -> None:
    assert findings(GOOD.encode()) == []


@pytest.mark.clause("GBIC_5")
@pytest.mark.parametrize(("rule", "old", "new"), BROKEN)
def test_a_broken_file_is_found_out(rule: str, old: str, new: str) -> None:
    found = findings(broken(old, new))
    assert any(line.removeprefix("GBIC_5: ").startswith(rule) for line in found), found


@pytest.mark.clause("GBIC_5")
@pytest.mark.parametrize("says", [says for says, _ in GBIC_5])
def test_every_rule_of_the_banks_has_a_broken_file(says: str) -> None:
    assert any(says.startswith(rule) for rule, _, _ in BROKEN)


@pytest.mark.clause("GBIC_5")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (TOWN, TOWN + "<AdrLine>Hinterhaus</AdrLine><AdrLine>links</AdrLine>"),
        (">0.01<", ">0.1<"),
        ("<Nm>Hausverwaltung Nord GmbH", "<Nm>" + "N" * 70),
        (USTRD, f"<Ustrd>{'R' * 140}</Ustrd>"),
    ],
)
def test_what_the_banks_allow_is_not_found_fault_with(old: str, new: str) -> None:
    assert findings(broken(old, new)) == []


def test_a_finding_says_where() -> None:
    found = findings(broken(USTRD, f"<Ustrd>{'R' * 141}</Ustrd>"))
    assert any(line.endswith("Document/CstmrDrctDbtInitn/PmtInf/DrctDbtTxInf/RmtInf/Ustrd") for line in found)
