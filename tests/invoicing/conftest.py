from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

import pytest

from invoicing.bill import Bill
from invoicing.contract import Contract
from invoicing.contract.parts import whole
from invoicing.difference import Earlier
from invoicing.invoice import Invoice, compose
from invoicing.party import Party
from invoicing.terms import Terms, find
from metering.month import BillingMonth
from metering.usage import DayCount, Usage

OCTOBER = BillingMonth(2026, 10)
SELLER = Party("Cloud Muster GmbH", "Hafenstraße 1", "28195", "Bremen", "DE", vat_id="DE123456789")
BUYER = Party("Hausverwaltung Nord GmbH", "Deichweg 7", "26121", "Oldenburg", "DE", email="rechnung@nord.example")


@pytest.fixture(scope="session")
def fluks() -> Terms:
    return find("fluks-2023-03")


class October(Protocol):
    def __call__(
        self,
        package: str,
        *days: Mapping[str, int],
        addons: tuple[str, ...] = (),
        starts_on: date = ...,
        ends_on: date | None = ...,
        earlier: Sequence[Earlier] = ...,
    ) -> Invoice: ...


@pytest.fixture
def bill(fluks: Terms) -> October:
    """October 2026 for one customer: the package, then what each day counted."""

    def october(
        package: str,
        *days: Mapping[str, int],
        addons: tuple[str, ...] = (),
        starts_on: date = date(2026, 1, 1),
        ends_on: date | None = None,
        earlier: Sequence[Earlier] = (),
    ) -> Invoice:
        return compose(
            number="RE-2026-000001",
            customer="k-1007",
            issued_on=date(2026, 11, 2),
            seller=SELLER,
            buyer=BUYER,
            bill=Bill(
                fluks,
                whole(Contract(fluks.id, package, frozenset(addons), starts_on, ends_on), OCTOBER),
                Usage("k-1007", OCTOBER, tuple(map(DayCount, OCTOBER.days(), days))),
                earlier=tuple(earlier),
            ),
            payment=None,
        )

    return october
