"""A creditor and collections that may leave, to be changed in one place by each test."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from metering.month import BERLIN
from sepa.pain008 import Address, Amendment, Creditor, Debit

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=BERLIN)

CREDITOR = Creditor(
    name="Cloud Müller & Söhne GmbH",
    creditor_id="DE98ZZZ09999999999",
    iban="DE02 1203 0000 0000 2020 51",
    bic="BYLADEM1001",
    address=Address("Hafenstraße", "1a", "28195", "Bremen", "DE"),
)
DEBIT = Debit(
    end_to_end_id="RE-2026-000123-1",
    invoice="RE-2026-000123",
    customer="k-1007",
    amount_cents=85394,
    due_on=date(2026, 12, 3),
    scheme="CORE",
    sequence="RCUR",
    mandate_reference="M-1007",
    mandate_signed_on=date(2026, 9, 30),
    debtor_name="Hausverwaltung Nord GmbH",
    iban="DE89370400440532013000",
    remittance="Rechnung RE-2026-000123 vom 02.11.2026",
)
SWISS = "CH9300762011623852957"
ZURICH = Address("Bahnhofstrasse", "3", "8001", "Zürich", "CH")


def debit(number: int = 1, **changes: Any) -> Debit:
    """A collection with ids of its own and these fields changed."""
    ids = {
        "end_to_end_id": f"RE-2026-{number:06}-1",
        "invoice": f"RE-2026-{number:06}",
        "customer": f"k-{number}",
        "mandate_reference": f"M-{number}",
    }
    return replace(DEBIT, **(ids | changes))


CORE = [
    debit(1, debtor_name="Bäckerei Weiß & Sohn", remittance="Rechnung RE-2026-000001, März – „Spätlese“"),
    debit(2, bic="COBADEFFXXX", due_on=date(2026, 12, 7), amount_cents=1),
    debit(3, amendment=Amendment(smnda=True), address=Address("", None, "", "Köln", "DE")),
    debit(
        4,
        amendment=Amendment(
            original_reference="ALT/4",
            original_creditor_id="DE98XYZ09999999999",
            original_creditor_name="Cloud Müller GbR",
            original_iban="DE02120300000000202051",
        ),
        due_on=date(2026, 12, 7),
    ),
    debit(5, sequence="FNAL", purpose="SCVE", ultimate_debtor="Tochter Ost GmbH"),
    debit(6, remittance="", structured_reference="RF18539007547034", sequence="OOFF"),
    debit(7, iban=SWISS, address=ZURICH, sequence="FRST", amount_cents=99_999_999_999),
]
B2B = [
    debit(11, scheme="B2B", bic="DEUTDEFF"),
    debit(12, scheme="B2B", due_on=date(2026, 12, 7), amount_cents=71760),
]
