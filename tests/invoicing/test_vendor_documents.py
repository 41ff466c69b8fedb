"""Invoices under the other vendors' terms as they are printed: golden texts, and every cent reckoned again."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from invoicing.booking import Booking
from invoicing.document.explanation_pdf import render_explanation
from invoicing.document.invoice_pdf import render_invoice
from invoicing.explain import explain
from invoicing.invoice import from_json, to_json
from tests.golden import assert_golden
from tests.invoicing import drafted as sample
from tests.invoicing.drafted import CUNIO, KLUGO, drafted, master, started
from tests.invoicing.printed import pages, text_of

GOLDEN = Path(__file__).parent / "golden"
SAMPLES = {
    "advance": sample.ADVANCE,
    "upgraded": sample.UPGRADED,
    "trial": sample.TRIAL,
    "effort": sample.EFFORT,
    "ordered": sample.ORDERED,
    "debited": sample.DEBITED,
    "long_annex": sample.LONG_ANNEX,
}


@pytest.mark.parametrize("name", SAMPLES)
def test_the_invoice_is_the_golden_one(name: str) -> None:
    assert_golden(GOLDEN / f"vendor_{name}.txt", "\n\n".join(pages(render_invoice(SAMPLES[name]))) + "\n")


@pytest.mark.parametrize("name", ["advance", "upgraded", "ordered"])
def test_the_explanation_is_the_golden_one(name: str) -> None:
    invoice = SAMPLES[name]
    printed = pages(render_explanation(invoice, explain(invoice)))
    assert_golden(GOLDEN / f"explanation_{name}.txt", "\n\n".join(printed) + "\n")


@pytest.mark.parametrize("name", SAMPLES)
def test_every_cent_is_reckoned_again(name: str) -> None:
    assert explain(from_json(to_json(SAMPLES[name]))).problems == ()


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("cents", [-1, 1])
def test_a_cent_more_or_less_is_found_on_every_line(name: str, cents: int) -> None:
    invoice = SAMPLES[name]
    for place, line in enumerate(invoice.lines):
        gross = None if line.gross_cents is None else line.gross_cents + cents
        wrong = replace(line, net_cents=line.net_cents + cents, gross_cents=gross)
        lines = (*invoice.lines[:place], wrong, *invoice.lines[place + 1 :])
        problems = explain(replace(invoice, lines=lines)).problems
        assert any(each.startswith(f"Position {line.position}:") for each in problems)


def test_one_line_explained_brings_only_its_own_days() -> None:
    assert text_of(render_explanation(sample.ADVANCE, explain(sample.ADVANCE, 1))).count("Grundlage ") == 1


@pytest.mark.clause("cunio 8.7")
@pytest.mark.parametrize(
    ("package", "sms", "net", "vat", "gross"),
    [
        ("basis", 0, 14_900, 2_831, 17_731),
        ("basis", 1, 14_909, 2_833, 17_742),
        ("basis", 2, 14_918, 2_834, 17_752),
        ("plus", 0, 34_900, 6_631, 41_531),
    ],
)
def test_under_net_prices_vat_comes_on_top_once(package: str, sms: int, net: int, vat: int, gross: int) -> None:
    usage = sample.used({"10-05": {"sms": sms}}) if sms else None
    invoice = drafted(CUNIO, [started(CUNIO, package)], usage)
    assert (invoice.net_cents, invoice.vat_cents, invoice.gross_cents) == (net, vat, gross)


@pytest.mark.clause("KLUGO 9")
@pytest.mark.parametrize(
    ("prices", "net", "vat"),
    [
        (["49.00"], 4_118, 782),
        (["49.00", "49.00"], 8_235, 1_565),
        (["0.01"], 1, 0),
        (["0.01", "0.01", "0.01", "0.01"], 3, 1),
        (["0.04"], 3, 1),
    ],
)
def test_under_gross_prices_vat_is_taken_out_once(prices: list[str], net: int, vat: int) -> None:
    orders = [
        Booking(
            "k-1007",
            "order",
            sample.day("10-05"),
            1,
            KLUGO.id,
            service="beratung-plus",
            id=number,
            price=Decimal(price),
        )
        for number, price in enumerate(prices, start=1)
    ]
    invoice = drafted(KLUGO, bookings=orders, customer=master("consumer"))
    assert (invoice.net_cents, invoice.vat_cents) == (net, vat)
    assert sum(line.net_cents for line in invoice.lines) == net
    assert invoice.gross_cents == net + vat
