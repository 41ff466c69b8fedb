"""Will the bank take a written pain.008 file? Asked of the finished bytes.

First the ISO schema, then the German banks' narrower rules: every row selects the elements that break it.
"""

import re
from functools import cache
from pathlib import Path

from lxml import etree

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.008.001.08"
DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'
_SCHEMA = Path(__file__).parent / "xsd" / "pain.008.001.08.xsd"
_PREFIXES = {"p": NAMESPACE, "re": "http://exslt.org/regular-expressions"}
_NAMESPACED = re.compile(rb"<[^>]*\sxmlns")
_MAX_STRUCTURED = 140
_SHOWN = 5

_ID = r"^(?!/)(?!.*//)[A-Za-z0-9+?/\-:().,' ]{1,35}(?<!/)$"
_IDS = ("MsgId", "PmtInfId", "InstrId", "EndToEndId", "MndtId", "OrgnlMndtId")
_FIRST_SCHEME = "/p:Document/p:CstmrDrctDbtInitn/p:PmtInf[1]/p:PmtTpInf/p:LclInstrm/p:Cd"
_SMNDA = "p:OrgnlDbtrAcct/p:Id/p:Othr/p:Id='SMNDA'"

# DK: GBIC_5. What is demanded, and the elements that do not comply.
GBIC_5: tuple[tuple[str, str], ...] = (
    (
        "ids have 1 to 35 characters of the base set, no slash at their ends, no double slash",
        "|".join(f"//p:{name}[not(re:test(., $id))]" for name in _IDS),
    ),
    (
        "InstdAmt is EUR 0.01 to 999999999.99 with at most two decimals",
        "//p:InstdAmt[@Ccy != 'EUR' or not(re:test(., '^[0-9]{1,9}([.][0-9]{1,2})?$')) or not(re:test(., '[1-9]'))]",
    ),
    (
        "CtrlSum and NbOfTxs stand in GrpHdr and each PmtInf",
        (
            "(//p:GrpHdr|//p:PmtInf)[not(re:test(p:CtrlSum, '^[0-9]{1,16}[.][0-9]{2}$'))"
            " or not(re:test(p:NbOfTxs, '^[0-9]{1,15}$'))]"
        ),
    ),
    ("InitgPty holds Nm and Id only", "//p:InitgPty/*[not(self::p:Nm or self::p:Id)]"),
    ("SvcLvl is SEPA, in PmtInf", "//p:PmtInf[not(p:PmtTpInf/p:SvcLvl/p:Cd = 'SEPA')]"),
    (
        "LclInstrm is CORE or B2B, in PmtInf",
        "//p:PmtInf[not(p:PmtTpInf/p:LclInstrm/p:Cd = 'CORE' or p:PmtTpInf/p:LclInstrm/p:Cd = 'B2B')]",
    ),
    (
        "SeqTp is FRST, RCUR, FNAL or OOFF, in PmtInf",
        "//p:PmtInf[not(re:test(p:PmtTpInf/p:SeqTp, '^(FRST|RCUR|FNAL|OOFF)$'))]",
    ),
    ("PmtTpInf stands in PmtInf only", "//p:DrctDbtTxInf/p:PmtTpInf"),
    ("a message holds one scheme", f"//p:PmtInf[p:PmtTpInf/p:LclInstrm/p:Cd != {_FIRST_SCHEME}]"),
    ("Nm has 1 to 70 characters", "//p:Nm[string-length(.) > 70]"),
    ("no text consists of blanks", "//*[not(*) and normalize-space(.) = '']"),
    ("both agents are named", "//p:PmtInf[not(p:CdtrAgt)]|//p:DrctDbtTxInf[not(p:DbtrAgt)]"),
    (
        "an agent is a BICFI or NOTPROVIDED",
        (
            "(//p:CdtrAgt|//p:DbtrAgt)[count(p:FinInstnId/*) != 1"
            " or not(p:FinInstnId/p:BICFI or p:FinInstnId/p:Othr/p:Id = 'NOTPROVIDED')]"
        ),
    ),
    ("accounts are IBANs", "(//p:CdtrAcct|//p:DbtrAcct)[not(p:Id/p:IBAN)]"),
    ("ChrgBr is SLEV, in PmtInf", "//p:PmtInf[not(p:ChrgBr = 'SLEV')]|//p:DrctDbtTxInf/p:ChrgBr"),
    (
        "CdtrSchmeId stands in PmtInf or in each collection",
        (
            "//p:PmtInf[p:CdtrSchmeId]/p:DrctDbtTxInf/p:DrctDbtTx/p:CdtrSchmeId"
            "|//p:PmtInf[not(p:CdtrSchmeId)]/p:DrctDbtTxInf[not(p:DrctDbtTx/p:CdtrSchmeId)]"
        ),
    ),
    (
        "CdtrSchmeId is proprietary SEPA",
        "(//p:CdtrSchmeId|//p:OrgnlCdtrSchmeId[p:Id])[not(p:Id/p:PrvtId/p:Othr/p:SchmeNm/p:Prtry = 'SEPA')]",
    ),
    (
        "a mandate has MndtId and DtOfSgntr",
        "//p:DrctDbtTxInf[not(p:DrctDbtTx/p:MndtRltdInf[p:MndtId and p:DtOfSgntr])]",
    ),
    (
        "AmdmntInd is true exactly where AmdmntInfDtls stands",
        "//p:MndtRltdInf[(p:AmdmntInd = 'true') != boolean(p:AmdmntInfDtls)]",
    ),
    (
        "an amendment tells of mandate, creditor or account",
        (
            "//p:AmdmntInfDtls/*[not(self::p:OrgnlMndtId or self::p:OrgnlCdtrSchmeId or self::p:OrgnlDbtrAcct"
            " or self::p:OrgnlDbtrAgt)]"
        ),
    ),
    ("OrgnlDbtrAcct is an IBAN or SMNDA", f"//p:AmdmntInfDtls[p:OrgnlDbtrAcct[not(p:Id/p:IBAN)] and not({_SMNDA})]"),
    ("OrgnlDbtrAgt does not stand beside SMNDA", f"//p:AmdmntInfDtls[p:OrgnlDbtrAgt and {_SMNDA}]"),
    ("ultimate parties have Nm and Id only", "(//p:UltmtCdtr|//p:UltmtDbtr)/*[not(self::p:Nm or self::p:Id)]"),
    ("UltmtCdtr stands on one level", "//p:PmtInf[p:UltmtCdtr]/p:DrctDbtTxInf/p:UltmtCdtr"),
    ("RmtInf holds one Ustrd or one Strd", "//p:RmtInf[count(p:Ustrd) + count(p:Strd) != 1]"),
    ("Ustrd has at most 140 characters", "//p:Ustrd[string-length(.) > 140]"),
    ("Purp is a code", "//p:Purp[not(p:Cd)]"),
    ("UETR is not used", "//p:UETR"),
    ("an address has TwnNm and Ctry", "//p:PstlAdr[not(p:TwnNm and p:Ctry)]"),
    ("an address has no AdrTp and at most two AdrLine", "//p:PstlAdr[p:AdrTp or count(p:AdrLine) > 2]"),
)


def findings(xml: bytes) -> list[str]:
    """Return what in a file the ISO schema or the German banks refuse; empty when nothing.

    DK: GBIC_5; Scheme: EPC130-08
    """
    try:
        root = etree.fromstring(xml)
    except etree.XMLSyntaxError as error:
        return [f"not well-formed: {error}"]
    return [*_spelling(xml, root), *_schema_findings(root), *_gbic_findings(root), *_long_references(root)]


@cache
def schema() -> etree.XMLSchema:
    """Return ISO's schema, read once."""
    return etree.XMLSchema(etree.parse(_SCHEMA))


@cache
def _rules() -> tuple[tuple[str, etree.XPath], ...]:
    return tuple((says, etree.XPath(offenders, namespaces=_PREFIXES)) for says, offenders in GBIC_5)


def _spelling(xml: bytes, root: etree._Element) -> list[str]:
    """DK: GBIC_5 (UTF-8 without byte order mark, default namespace, no prefixes)."""
    found = [] if xml.startswith(DECLARATION) else ["XML does not begin with its declaration in UTF-8"]
    if root.nsmap != {None: NAMESPACE} or len(_NAMESPACED.findall(xml)) != 1:
        found.append("XML uses a namespace other than the default one, or a prefix")
    return found


def _schema_findings(root: etree._Element) -> list[str]:
    if schema().validate(root):
        return []
    return [f"schema: {entry.message}" for entry in list(schema().error_log)[:_SHOWN]]


def _gbic_findings(root: etree._Element) -> list[str]:
    found = []
    for says, offenders in _rules():
        if nodes := offenders(root, id=_ID):
            found.append(f"GBIC_5: {says}; {len(nodes)} do not, first {_path(nodes[0])}")
    return found


def _long_references(root: etree._Element) -> list[str]:
    """DK: GBIC_5 (Strd at most 140 characters, its tags included)."""
    strds = root.iter(f"{{{NAMESPACE}}}Strd")
    bodies = ("".join(etree.tostring(child, encoding="unicode") for child in node) for node in strds)
    declared = f' xmlns="{NAMESPACE}"'
    long = sum(len(body.replace(declared, "")) > _MAX_STRUCTURED for body in bodies)
    return [f"GBIC_5: Strd has at most {_MAX_STRUCTURED} characters; {long} do not"] if long else []


def _path(node: etree._Element) -> str:
    names = [etree.QName(each).localname for each in (node, *node.iterancestors())]
    return "/".join(reversed(names))
