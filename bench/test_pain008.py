"""10,000 collections to XML: ours, checked against schema, German rules and amounts, beside bare sepaxml."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sepaxml import SepaDD

from sepa.pain008 import Address, Creditor, Debit, write

COLLECTIONS = 10_000
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
DUE, SIGNED, IBAN = date(2026, 12, 3), date(2026, 9, 30), "DE89370400440532013000"
CREDITOR = Creditor(
    name="Cloud Muster GmbH",
    creditor_id="DE98ZZZ09999999999",
    iban="DE02120300000000202051",
    bic="BYLADEM1001",
    address=Address("Hafenstraße", "1a", "28195", "Bremen", "DE"),
)


def ours() -> bytes:
    debits = [
        Debit(
            end_to_end_id=f"RE-2026-{number:06}-1",
            invoice=f"RE-2026-{number:06}",
            customer=f"k-{number}",
            amount_cents=10_000 + number,
            due_on=DUE,
            scheme="CORE",
            sequence="RCUR",
            mandate_reference=f"M-{number}",
            mandate_signed_on=SIGNED,
            debtor_name=f"Kunde {number} GmbH",
            iban=IBAN,
            remittance=f"Rechnung RE-2026-{number:06} vom 02.11.2026",
        )
        for number in range(COLLECTIONS)
    ]
    return write(CREDITOR, debits, NOW).xml


def bare(*, validate: bool) -> bytes:
    config = {
        "name": CREDITOR.name,
        "IBAN": CREDITOR.iban,
        "BIC": CREDITOR.bic,
        "creditor_id": CREDITOR.creditor_id,
        "instrument": "CORE",
        "currency": "EUR",
        "batch": True,
    }
    frame = SepaDD(config, schema="pain.008.001.08", clean=True)
    for number in range(COLLECTIONS):
        frame.add_payment(
            {
                "name": f"Kunde {number} GmbH",
                "IBAN": IBAN,
                "amount": 10_000 + number,
                "type": "RCUR",
                "collection_date": DUE,
                "mandate_id": f"M-{number}",
                "mandate_date": SIGNED,
                "description": f"Rechnung RE-2026-{number:06} vom 02.11.2026",
                "endtoend_id": f"RE-2026-{number:06}-1",
            }
        )
    xml: bytes = frame.export(validate=validate)
    return xml


WRITERS: dict[str, Callable[[], bytes]] = {
    "zaehlwerk": ours,
    "sepaxml": lambda: bare(validate=True),
    "sepaxml without check": lambda: bare(validate=False),
}


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.benchmark(group="pain008")
def test_write(benchmark: Any, writer: str) -> None:
    xml = benchmark.pedantic(WRITERS[writer], rounds=3)
    assert xml.count(b"<EndToEndId>") == COLLECTIONS
    benchmark.extra_info["items"] = COLLECTIONS
