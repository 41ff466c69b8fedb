"""The mail about the allowance, as the customer reads it."""

from datetime import UTC, datetime

import pytest

from invoicing.document.alert_mail import Reached, alert_text
from invoicing.party import Party
from invoicing.terms import shipped
from metering.month import BillingMonth

TERMS = shipped()["fluks-2023-03"]
SELLER = Party("Klabauter GmbH", "Kai 1", "20457", "Hamburg", "DE", "rechnung@klabauter.example")
SEEN = datetime(2026, 3, 5, 9, 15, tzinfo=UTC)

AT_EIGHTY = """\
Guten Tag,

im März 2026 hat Ihre Nutzung 80 % des Kontingents erreicht, das Ihr Paket
STANDARD 10.000 enthält.

Gezählt wurden für diesen Monat bis zum 05.03.2026, 10:15 Uhr:
8.012 Auslöser/Aktionen. Enthalten sind 10.000; frei sind noch 1.988.

Sie können den Dienst auch über das Kontingent hinaus nutzen. Dann kostet
jede weitere ausgeführte Einheit (Auslöser/Aktion) 0,08 EUR netto
(fluks AGB Anlage 3 § 2).

Diese Nachricht ist keine Rechnung. Die Zahlen sind ein Zwischenstand, der
sich noch ändern kann; abgerechnet wird nach Ablauf des Monats.

Fragen zu Ihrem Verbrauch oder zu Ihrem Paket? Schreiben Sie uns an
rechnung@klabauter.example.

Freundliche Grüße
Klabauter GmbH

-- 
Klabauter GmbH
Kai 1
20457 Hamburg
E-Mail rechnung@klabauter.example
"""  # noqa: W291 - the space after the dashes marks a signature


def told(
    percent: int, used: int, included: int = 10_000, package: str = "standard-10000", seller: Party = SELLER
) -> tuple[str, str]:
    reached = Reached(BillingMonth(2026, 3), percent, used, included, SEEN)
    return alert_text(reached, TERMS, TERMS.packages[package], seller)


def test_at_eighty_percent_the_customer_reads_what_is_left_and_what_more_would_cost() -> None:
    subject, body = told(80, 8_012)
    assert subject == "Sie haben 80 % Ihres Kontingents genutzt (März 2026)"
    assert body.rstrip("\n") == AT_EIGHTY.rstrip("\n")


@pytest.mark.clause("fluks Anlage 3 §2")
@pytest.mark.parametrize(
    ("package", "included", "price"),
    [
        ("schnupperpaket", 500, "0,10 EUR"),
        ("standard-10000", 10_000, "0,08 EUR"),
        ("premium-50000", 50_000, "0,05 EUR"),
    ],
)
def test_each_package_names_its_own_price_and_clause(package: str, included: int, price: str) -> None:
    _, body = told(100, included, included, package)
    text = " ".join(body.split())
    assert f"jede weitere ausgeführte Einheit (Auslöser/Aktion) {price} netto (fluks AGB Anlage 3 § 2)." in text


@pytest.mark.parametrize(
    ("used", "says"),
    [
        (0, "frei sind noch 10.000."),
        (9_999, "frei sind noch 1."),
        (10_000, "frei ist nichts mehr."),
        (10_001, "darüber liegen 1."),
        (12_345, "darüber liegen 2.345."),
    ],
)
def test_what_is_left_or_above_is_told(used: int, says: str) -> None:
    _, body = told(80, used)
    text = " ".join(body.split())
    assert f"Enthalten sind 10.000; {says}" in text
    assert ("aufgebraucht" in text) == (used >= 10_000)


@pytest.mark.parametrize(
    ("percent", "used", "says"),
    [
        (80, 9_999, "Sie können den Dienst auch über das Kontingent hinaus nutzen."),
        (80, 10_000, "Inzwischen ist Ihr Kontingent für März 2026 ganz aufgebraucht."),
        (80, 12_345, "Inzwischen ist Ihr Kontingent für März 2026 ganz aufgebraucht."),
        (99, 12_345, "Inzwischen ist Ihr Kontingent für März 2026 ganz aufgebraucht."),
        (100, 10_000, "Ihr Kontingent für März 2026 ist damit aufgebraucht."),
        (150, 15_000, "Ihr Kontingent für März 2026 ist damit aufgebraucht."),
    ],
)
def test_no_share_below_the_whole_uses_up_the_allowance(percent: int, used: int, says: str) -> None:
    text = " ".join(told(percent, used)[1].split())
    assert says in text
    assert ("damit aufgebraucht" in text) == (percent >= 100)


def test_a_telephone_is_named_where_there_is_one() -> None:
    seller = Party("Klabauter GmbH", "", "20457", "Hamburg", "DE", "post@klabauter.example", phone="040 12 34")
    assert "an post@klabauter.example oder rufen Sie uns an: 040 12 34." in " ".join(
        told(80, 1, seller=seller)[1].split()
    )


def test_lines_are_short_and_spaces_ordinary() -> None:
    for used in (8_000, 10_000, 1_234_567):
        subject, body = told(100, used)
        assert max(map(len, body.splitlines())) <= 74
        assert "\N{NO-BREAK SPACE}" not in subject + body
