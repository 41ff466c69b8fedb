"""What a body or a query may say: days and instants as they are written, and nothing that must be guessed."""

from datetime import date, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from api.booking_forms import PercentText, PriceText
from api.forms import AgreedPrice, Day, Moment
from api.refusal import PATTERNS, said
from tests.api.running import CONTRACT, CUSTOMER, Service

FORMAT = "write YYYY-MM-DD, for example 2026-10-05"


def refusal(kind: Any, value: object) -> str:
    """What is said of a value that is refused."""
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(kind).validate_python(value)
    (found,) = refused.value.errors()
    return said(dict(found))


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (0, FORMAT),
        (20261005, FORMAT),
        (1767225600, FORMAT),
        (1767225600.0, FORMAT),
        (True, FORMAT),
        (None, FORMAT),
        ("", FORMAT),
        ("0", FORMAT),
        ("1767225600", FORMAT),
        ("20261005", FORMAT),
        ("2026-10-5", FORMAT),
        ("05.10.2026", FORMAT),
        ("2026-W41-1", FORMAT),
        (" 2026-10-05", FORMAT),
        ("2026-10-05T00:00:00", FORMAT),
        ("2026-10-05\n", FORMAT),
        ("202\N{ARABIC-INDIC DIGIT SIX}-10-05", FORMAT),
        ("2026-02-29", f"there is no such day: {FORMAT}"),
        ("2026-13-01", f"there is no such day: {FORMAT}"),
    ],
)
def test_a_day_is_written_as_a_day(value: object, says: str) -> None:
    assert refusal(Day, value) == says


@pytest.mark.parametrize("value", ["2026-10-05", date(2026, 10, 5)])
def test_a_day_is_read(value: object) -> None:
    assert TypeAdapter(Day).validate_python(value) == date(2026, 10, 5)


@pytest.mark.parametrize("value", [0, 1767225600, "1767225600", "2026-10-05", "12:00", None, True])
def test_an_instant_is_written_as_an_instant(value: object) -> None:
    assert refusal(Moment, value) == "write an instant with its offset, for example 2026-10-05T12:00:00+02:00"


@pytest.mark.parametrize("value", ["2026-10-05T12:00:00+02:00", "2026-10-05T10:00Z", "2026-10-05 10:00:00.000Z"])
def test_an_instant_is_read(value: str) -> None:
    assert TypeAdapter(Moment).validate_python(value) == datetime.fromisoformat("2026-10-05T12:00:00+02:00")


@pytest.mark.parametrize(
    ("kind", "value", "taken"),
    [
        (PriceText, 130, "130"),
        (PriceText, 0, "0"),
        (PriceText, "130.50", "130.50"),
        (PriceText, "0.000001", "0.000001"),
        (PercentText, 10, "10"),
        (PercentText, "12.5", "12.5"),
        (AgreedPrice, 450, "450"),
        (AgreedPrice, "450.50", "450.50"),
    ],
)
def test_money_may_be_a_whole_number_or_text(kind: Any, value: object, taken: str) -> None:
    assert str(TypeAdapter(kind).validate_python(value)) == taken


@pytest.mark.parametrize(
    ("kind", "value", "says"),
    [
        (PriceText, 130.5, "in quotes"),
        (PriceText, 130.0, "in quotes"),
        (PriceText, 0.1 + 0.2, "in quotes"),
        (PriceText, "130,50", "a point"),
        (PriceText, "1e3", "a point"),
        (PriceText, -1, "a point"),
        (PriceText, True, "text in quotes"),
        (PriceText, ["1"], "text in quotes"),
        (PercentText, 12.5, "in quotes"),
        (PercentText, "12.505", "two decimals"),
        (AgreedPrice, "49,90", "with a point"),
        (AgreedPrice, 0.1 + 0.2, "digits"),
        (AgreedPrice, "1.005", "at most 2 decimals"),
        (AgreedPrice, [], "with a point"),
        (AgreedPrice, -1, "at least 0"),
    ],
)
def test_money_that_may_have_lost_digits_is_refused(kind: Any, value: object, says: str) -> None:
    assert says in refusal(kind, value)


@pytest.mark.parametrize(
    ("path", "body", "field", "says"),
    [
        ("", {**CUSTOMER, "country": "Deutschland"}, "country", "write two capital letters, for example DE"),
        ("", {**CUSTOMER, "name": 7}, "name", "must be text in quotes"),
        (
            "",
            {**CUSTOMER, "citty": "Bremen"},
            "citty",
            "is not a known field; did you mean city?; known are name, kind,",
        ),
        ("", [CUSTOMER], "body", "must be a JSON object"),
        ("/contract", {**CONTRACT, "starts_on": 0}, "starts_on", FORMAT),
        ("/contract", {**CONTRACT, "prices": {"standard": 9}}, "prices.standard", "write packages.KEY or addons.KEY"),
        ("/contract", {**CONTRACT, "prices": {"packages.x": "9,90"}}, "prices.packages.x", "with a point"),
        ("/contract", {**CONTRACT, "addons": "forms"}, "addons", "must be a list"),
        ("/contract/price-rises", {"received_on": "2026-11-02", "percent": True}, "percent", "with a point"),
        (
            "/credits/suspension",
            {"month": "2026-13", "suspensions": [{"start": "2026-10-05T12:00Z"}]},
            "month",
            "YYYY-MM,",
        ),
        (
            "/credits/suspension",
            {"month": "2026-10", "suspensions": [{"start": "2026-10-05T12:00Z", "from": 1}]},
            "suspensions.0.from",
            "known are start, end",
        ),
    ],
)
def test_a_refused_field_says_how_to_write_it(shared: Service, path: str, body: object, field: str, says: str) -> None:
    message = shared.refused("POST" if path else "PUT", f"/v1/customers/k-1{path}", body, field)
    assert says in message
    assert "Input" not in message
    assert "^" not in message


@pytest.mark.parametrize(
    ("path", "field", "says"),
    [
        ("/v1/customers/k-1/usage/2026-13", "month", "write YYYY-MM, for example 2026-10"),
        ("/v1/customers/-k/usage/2026-10", "customer", "a letter or digit first"),
        ("/v1/customers/k-1/contract?on=1767225600", "on", FORMAT),
        ("/v1/customers/k-1/contract?known_at=1767225600", "known_at", "write an instant with its offset"),
        ("/v1/customers?limit=viele", "limit", "must be a whole number"),
        ("/v1/invoices/RE-1", "number", "for example RE-2026-000123"),
    ],
)
def test_a_refused_path_or_query_says_how_to_write_it(shared: Service, path: str, field: str, says: str) -> None:
    assert says in shared.refused("GET", path, None, field)


def patterns_in(described: Any) -> set[str]:
    inner = described.values() if isinstance(described, dict) else described if isinstance(described, list) else ()
    own = {described["pattern"]} if isinstance(described, dict) and isinstance(described.get("pattern"), str) else set()
    return own.union(*map(patterns_in, inner))


def test_there_are_words_for_every_pattern(shared: Service) -> None:
    found = patterns_in(shared.ask("GET", "/openapi.json"))
    assert len(found) > 10
    assert found - set(PATTERNS) == set()
