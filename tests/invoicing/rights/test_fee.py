from decimal import Decimal

import pytest

from invoicing.contract.event import Contract
from invoicing.rights import gross_fee, monthly_fee
from tests.invoicing.rights.samples import FLUKS, KLUGO, day


def contract(package: str, *addons: str, **prices: str) -> Contract:
    """Prices are agreed as ``packages_KEY`` or ``addons_KEY``."""
    agreed = {key.replace("_", ".", 1).replace("_", "-"): Decimal(price) for key, price in prices.items()}
    return Contract("fluks-2023-03", package, frozenset(addons), day("01-01"), prices=agreed)


@pytest.mark.clause("cunio 8.4")
@pytest.mark.clause("fluks Anlage 3 §2")
@pytest.mark.parametrize(
    ("agreed", "net", "gross"),
    [
        (contract("basic-2500"), 25_000, 29_750),
        (contract("basic-2500", "documents", "forms"), 32_000, 38_080),
        (contract("standard-10000", "documents", "emails", "forms"), 53_000, 63_070),  # only Forms costs
        (contract("premium-50000", "documents", "emails", "forms"), 80_000, 95_200),
        (contract("basic-2500", "forms", packages_basic_2500="199.99"), 22_999, 27_369),
        (contract("basic-2500", "forms", addons_forms="0"), 25_000, 29_750),
        (contract("premium-50000", "forms", addons_forms="30"), 80_000, 95_200),  # included: agreed or not
        (contract("basic-2500", packages_standard_10000="1"), 25_000, 29_750),  # agreed for another package
        (contract("basic-2500", packages_basic_2500="0"), 0, 0),
    ],
)
def test_the_monthly_fee_is_package_and_addons_at_agreed_prices(agreed: Contract, net: int, gross: int) -> None:
    assert (monthly_fee(FLUKS, agreed), gross_fee(FLUKS, agreed)) == (net, gross)


@pytest.mark.clause("KLUGO 9")
def test_gross_prices_are_the_gross_fee() -> None:
    assert gross_fee(KLUGO, contract("basic-2500")) == 25_000
