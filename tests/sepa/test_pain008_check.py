from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from sepa.pain008 import Address, Amendment
from sepa.pain008_check import check, check_file
from tests.sepa.sample import B2B, CORE, CREDITOR, DEBIT, SWISS, TODAY, ZURICH, debit

MONACO = "MC5811222000010123456789030"


def test_what_is_right_has_no_problems() -> None:
    assert check(CREDITOR, [*CORE, *B2B], TODAY) == []
    assert check_file(CREDITOR, CORE, TODAY) == []
    assert check_file(CREDITOR, B2B, TODAY) == []


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"scheme": "COR1"}, "scheme", "'COR1' gibt es nicht"),
    ({"scheme": ""}, "scheme", "gibt es nicht"),
    ({"sequence": "RPRE"}, "sequence", "'RPRE' gibt es nicht"),
    ({"sequence": "rcur"}, "sequence", "gibt es nicht"),
    ({"amount_cents": 0}, "amount_cents", "zwischen 0,01 und 999.999.999,99"),
    ({"amount_cents": -1}, "amount_cents", "zwischen 0,01"),
    ({"amount_cents": 100_000_000_000}, "amount_cents", "zwischen 0,01"),
    ({"amount_cents": 1.5}, "amount_cents", "zwischen 0,01"),
    ({"amount_cents": True}, "amount_cents", "zwischen 0,01"),
    ({"due_on": date(2026, 11, 20)}, "due_on", "20.11.2026 ist vorbei"),
    ({"due_on": date(2026, 12, 5)}, "due_on", "05.12.2026 ist kein TARGET-Geschäftstag"),
    ({"due_on": date(2026, 12, 25)}, "due_on", "25.12.2026 ist kein TARGET-Geschäftstag"),
    ({"mandate_signed_on": date(2026, 11, 24)}, "mandate_signed_on", "erst am 24.11.2026 unterschrieben"),
    ({"mandate_signed_on": date(2026, 12, 4)}, "mandate_signed_on", "erst am 04.12.2026 unterschrieben"),
    ({"end_to_end_id": ""}, "end_to_end_id", "hat 0 Zeichen"),
    ({"end_to_end_id": "E" * 36}, "end_to_end_id", "hat 36 Zeichen"),
    ({"end_to_end_id": "Fälligkeit"}, "end_to_end_id", "enthält 'ä'"),
    ({"end_to_end_id": "A&B"}, "end_to_end_id", "enthält '&'"),
    ({"end_to_end_id": "/A"}, "end_to_end_id", "Schrägstriche"),
    ({"mandate_reference": "M//1"}, "mandate_reference", "Schrägstriche"),
    ({"mandate_reference": "M_1"}, "mandate_reference", "enthält '_'"),
    ({"mandate_reference": " "}, "mandate_reference", "Leerzeichen"),
    ({"debtor_name": ""}, "debtor_name", "Der Name ist leer"),
    ({"debtor_name": " \t"}, "debtor_name", "Der Name ist leer"),
    ({"debtor_name": "株式会社"}, "debtor_name", "Der Name ist leer"),
    ({"debtor_name": "N" * 71}, "debtor_name", "hat 71 Zeichen"),
    ({"debtor_name": "ü" * 36}, "debtor_name", "hat 72 Zeichen"),
    ({"ultimate_debtor": ""}, "ultimate_debtor", "Der Name ist leer"),
    ({"ultimate_debtor": "N" * 71}, "ultimate_debtor", "hat 71 Zeichen"),
    ({"iban": "DE88370400440532013000"}, "iban", "Die Prüfziffern der IBAN stimmen nicht"),
    ({"iban": "DE8937040044053201300"}, "iban", "Die IBAN hat 21 Zeichen, eine aus DE hat 22"),
    ({"iban": "TR330006100519786457841326"}, "iban", "TR gehört nicht zu SEPA"),
    ({"iban": ""}, "iban", "Das ist keine IBAN"),
    ({"bic": "COBADEFFX"}, "bic", "Das ist keine BIC"),
    ({"bic": ""}, "bic", "Das ist keine BIC"),
    ({"remittance": ""}, "remittance", "ist leer"),
    ({"remittance": "  "}, "remittance", "ist leer"),
    ({"remittance": "R" * 141}, "remittance", "hat 141 Zeichen"),
    ({"remittance": "ß" * 71}, "remittance", "hat 142 Zeichen"),
    ({"structured_reference": "RF18539007547034"}, "remittance", "schließen einander aus"),
    ({"remittance": "", "structured_reference": "RF19539007547034"}, "structured_reference", "Prüfziffern"),
    ({"remittance": "", "structured_reference": "RF"}, "structured_reference", "Prüfziffern"),
    ({"remittance": "", "structured_reference": ""}, "structured_reference", "hat 0 Zeichen"),
    ({"remittance": "", "structured_reference": "Ä1"}, "structured_reference", "enthält 'Ä'"),
    ({"iban": SWISS}, "address", "Für CH verlangen die Banken die Anschrift"),
    ({"iban": MONACO}, "address", "Für MC verlangen"),
    ({"address": replace(ZURICH, city="")}, "address.city", "fehlt der Ort"),
    ({"address": replace(ZURICH, city=" ")}, "address.city", "fehlt der Ort"),
    ({"address": replace(ZURICH, city="O" * 36)}, "address.city", "erlaubt sind 35"),
    ({"address": replace(ZURICH, country="")}, "address.country", "fehlt das Land"),
    ({"address": replace(ZURICH, country="Schweiz")}, "address.country", "fehlt das Land"),
    ({"address": replace(ZURICH, street="ß" * 36)}, "address.street", "erlaubt sind 70"),
    ({"address": replace(ZURICH, building="1" * 17)}, "address.building", "erlaubt sind 16"),
    ({"address": replace(ZURICH, postcode="1" * 17)}, "address.postcode", "erlaubt sind 16"),
    ({"amendment": Amendment()}, "amendment", "nennt keine Änderung"),
    (
        {"amendment": Amendment(original_iban=DEBIT.iban, smnda=True)},
        "amendment.original_iban",
        "schließen einander aus",
    ),
    ({"amendment": Amendment(original_iban="DE1")}, "amendment.original_iban", "Das ist keine IBAN"),
    ({"amendment": Amendment(original_iban="")}, "amendment.original_iban", "Das ist keine IBAN"),
    ({"amendment": Amendment(original_reference="")}, "amendment.original_reference", "hat 0 Zeichen"),
    ({"amendment": Amendment(original_reference="Ü1")}, "amendment.original_reference", "enthält 'Ü'"),
    (
        {"amendment": Amendment(original_creditor_id="DE97ZZZ09999999999")},
        "amendment.original_creditor_id",
        "Die Prüfziffern der Gläubiger",
    ),
    (
        {"amendment": Amendment(original_creditor_name="N" * 71)},
        "amendment.original_creditor_name",
        "hat 71 Zeichen",
    ),
    ({"purpose": "SERVICE"}, "purpose", "kein Zweckschlüssel"),
    ({"purpose": ""}, "purpose", "kein Zweckschlüssel"),
    ({"purpose": "scve"}, "purpose", "kein Zweckschlüssel"),
]


@pytest.mark.clause("GBIC_5")
@pytest.mark.clause("EPC016-06")
@pytest.mark.parametrize(("changes", "field", "says"), REFUSED)
def test_a_wrong_collection_is_refused_by_name(changes: dict[str, Any], field: str, says: str) -> None:
    wrong = debit(2, **changes)
    problems = check(CREDITOR, [debit(1), wrong, debit(3)], TODAY)
    assert [(each.invoice, each.customer, each.field) for each in problems] == [(wrong.invoice, "k-2", field)]
    assert says in problems[0].message


ACCEPTED: list[dict[str, Any]] = [
    {"amount_cents": 1},
    {"amount_cents": 99_999_999_999},
    {"due_on": TODAY},
    {"mandate_signed_on": TODAY},
    {"mandate_signed_on": TODAY, "due_on": TODAY},
    {"end_to_end_id": "E" * 35},
    {"debtor_name": "N" * 70},
    {"debtor_name": "ü" * 35},
    {"remittance": "R" * 140},
    {"remittance": "", "structured_reference": "R" * 35},
    {"iban": SWISS, "address": Address("", None, "", "Zürich", "CH")},
    {"iban": MONACO, "address": ZURICH},
    {"iban": "NO9386011117947"},
    {"address": None},
    {"amendment": Amendment(original_creditor_name="Alt GmbH")},
    {"sequence": "FRST"},
]


@pytest.mark.clause("GBIC_5")
@pytest.mark.clause("EPC016-06")
@pytest.mark.parametrize("changes", ACCEPTED)
def test_what_just_fits_may_leave(changes: dict[str, Any]) -> None:
    assert check(CREDITOR, [debit(1, **changes)], TODAY) == []


@pytest.mark.clause("GBIC_5")
@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"name": " "}, "creditor.name", "Der Name ist leer"),
        ({"name": "N" * 71}, "creditor.name", "hat 71 Zeichen"),
        ({"creditor_id": "DE97ZZZ09999999999"}, "creditor.creditor_id", "Prüfziffern"),
        ({"creditor_id": ""}, "creditor.creditor_id", "keine Gläubiger-Identifikationsnummer"),
        ({"iban": "DE03120300000000202051"}, "creditor.iban", "Prüfziffern"),
        ({"bic": "X"}, "creditor.bic", "keine BIC"),
        ({"address": Address("Hafenstraße", "1", "28195", "", "DE")}, "creditor.address.city", "Ort"),
        ({"address": Address("Hafenstraße", "1", "28195", "Bremen", "")}, "creditor.address.country", "Land"),
    ],
)
def test_a_wrong_creditor_stops_every_file(changes: dict[str, Any], field: str, says: str) -> None:
    problems = check(replace(CREDITOR, **changes), [debit(1)], TODAY)
    assert [(each.invoice, each.customer, each.field) for each in problems] == [("", "", field)]
    assert says in problems[0].message


@pytest.mark.clause("EPC016-06 AT-09")
def test_a_swiss_creditor_must_give_every_debtor_s_address() -> None:
    swiss = replace(CREDITOR, iban=SWISS)
    problems = check(swiss, [debit(1), debit(2, address=ZURICH)], TODAY)
    assert [(each.invoice, each.field) for each in problems] == [("RE-2026-000001", "address")]


@pytest.mark.clause("EPC016-06 AT-10")
def test_an_end_to_end_id_is_used_once() -> None:
    problems = check(CREDITOR, [debit(1), debit(2, end_to_end_id="RE-2026-000001-1"), debit(3)], TODAY)
    assert [(each.invoice, each.field) for each in problems] == [
        ("RE-2026-000001", "end_to_end_id"),
        ("RE-2026-000002", "end_to_end_id"),
    ]


# the collections of one mandate: sequence and day of December; those refused carry a !
MANDATES = """
RCUR3 RCUR4
RCUR3 FNAL4
RCUR4! FNAL4       same day: which is the last?
FNAL3 RCUR4!
FNAL3
FNAL3! FNAL4!
OOFF3
OOFF3! OOFF4!
OOFF4! RCUR3!
FRST3 FNAL4 RCUR7!
"""


@pytest.mark.clause("EPC016-06 AT-21")
@pytest.mark.parametrize("line", MANDATES.strip().splitlines())
def test_nothing_comes_after_the_last_collection(line: str) -> None:
    marks = [word for word in line.split() if word[:4] in {"FRST", "RCUR", "FNAL", "OOFF"}]
    same = [
        debit(number, mandate_reference="M", sequence=mark[:4], due_on=date(2026, 12, int(mark[4])))
        for number, mark in enumerate(marks)
    ]
    problems = {each.invoice for each in check(CREDITOR, [*same, debit(99)], TODAY) if each.field == "sequence"}
    assert problems == {each.invoice for each, mark in zip(same, marks, strict=True) if mark.endswith("!")}


@pytest.mark.clause("GBIC_5")
def test_core_and_b2b_never_share_a_file() -> None:
    problems = check_file(CREDITOR, [debit(1), debit(2, scheme="B2B")], TODAY)
    assert {(each.invoice, each.field) for each in problems} == {
        ("RE-2026-000001", "scheme"),
        ("RE-2026-000002", "scheme"),
    }


@pytest.mark.clause("GBIC_5")
def test_an_empty_file_is_refused() -> None:
    assert [each.field for each in check_file(CREDITOR, [], TODAY)] == ["debits"]
    assert check(CREDITOR, [], TODAY) == []


def test_every_problem_of_a_collection_is_found_at_once() -> None:
    wrong = debit(1, amount_cents=0, iban="DE1", debtor_name="", due_on=date(2026, 11, 21))
    fields = [each.field for each in check(CREDITOR, [wrong], TODAY)]
    assert fields == ["amount_cents", "due_on", "due_on", "debtor_name", "iban"]
