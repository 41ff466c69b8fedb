"""Made-up German companies for the demo: names, addresses, accounts, mandates, contracts; a seed repeats them.

No account exists: German bank codes never begin with 9. No address receives mail: ``.example`` is reserved.
"""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from metering.month import BillingMonth

_FEWEST, _MOST = 12, 8_000
UNKNOWN_CUSTOMER = "k-9999"

_OWNERS = (
    "Müller", "Öztürk", "Schäfer", "Jürgensen", "Weiß", "Großmann", "Köhler", "Böttcher", "Sauerländer",
    "Krüger", "Brückner", "Lindström", "Hölzl", "Şahin", "Strauß", "Dvořák", "Petersen", "Łukasiewicz",
    "Nguyen", "Bärwald",
)  # fmt: skip
_TRADES = (
    "Steuerberatung", "Heizungsbau", "Küchenstudio", "Gerätebau", "Logistik", "Hörgeräte", "Druckerei",
    "Elektrotechnik", "Gebäudereinigung", "Möbelwerkstätten", "Immobilienverwaltung", "Pflegedienst",
    "Brauerei", "Naturkost",
)  # fmt: skip
_FORMS = (
    "GmbH", "GmbH & Co. KG", "AG", "e. K.", "OHG", "UG (haftungsbeschränkt)", "eG",
)  # fmt: skip
_LONG_NAME = "Gemeinnützige Gesellschaft für Straßenbau, Brückenunterhaltung und Grünflächenpflege Südwürttemberg mbH"
_LONG_NAMES_ACCOUNT = "Straßenbau Südwürttemberg gGmbH"  # banks read at most 70 characters
_STREETS = (
    "Gärtnerweg", "Bahnhofstraße", "Am Mühlbach", "Königsallee", "Lindenstraße", "Schloßplatz",
    "Industriestraße", "Große Bleichen", "Äußere Ringstraße", "Kirchgasse",
)  # fmt: skip
_CITIES = (
    "80331 München", "50667 Köln", "40213 Düsseldorf", "70173 Stuttgart", "01067 Dresden",
    "04109 Leipzig", "23552 Lübeck", "97070 Würzburg", "37073 Göttingen", "48143 Münster",
    "76133 Karlsruhe", "99084 Erfurt", "24937 Flensburg", "02826 Görlitz", "88212 Ravensburg",
)  # fmt: skip
_ASCII = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ş": "s", "ř": "r", "á": "a", "ł": "l"})

# By package, from the smallest: its share of customers, the top customer's use of the allowance, and how fast
# the use falls from one customer to the next.
_SHARES = (16, 9, 7, 4, 2, 2)
_REACH = (1.4, 1.35, 1.3, 1.25, 1.15, 0.6)
_FALL = (0.35, 0.35, 0.35, 0.35, 1.5, 1.5)


@dataclass(frozen=True, slots=True)
class DemoMandate:
    """A mandate as the customer sends it; ``iban`` may be one that must be refused."""

    iban: str
    reference: str
    signed_on: date
    scheme: str
    account_holder: str = ""
    refused: bool = False

    def body(self) -> dict[str, Any]:
        """Return the body of ``PUT /v1/customers/{customer}/mandate``, without the days of notice."""
        return {
            "iban": self.iban,
            "reference": self.reference,
            "signed_on": self.signed_on.isoformat(),
            "scheme": self.scheme,
        } | ({"account_holder": self.account_holder} if self.account_holder else {})


@dataclass(frozen=True, slots=True)
class DemoCustomer:
    """A customer with its contract; ``appetite`` is how much it uses beside the others, in events.

    ``terminated_on`` is the day its notice was received, ``ends_on`` the last day that follows from it when
    the notice period is one month to a month's end. ``story`` says what is special about it.
    """

    id: str
    name: str
    street: str
    postcode: str
    city: str
    email: str
    vat_id: str
    package: str
    addons: tuple[str, ...]
    starts_on: date
    mandate: DemoMandate | None
    appetite: float
    terminated_on: date | None = None
    ends_on: date | None = None
    story: str = ""

    def body(self) -> dict[str, Any]:
        """Return the body of ``PUT /v1/customers/{customer}``."""
        return {
            "name": self.name,
            "kind": "business",
            "street": self.street,
            "postcode": self.postcode,
            "city": self.city,
            "country": "DE",
            "email": self.email,
            "vat_id": self.vat_id,
        }


def customers(
    seed: int, n: int, month: BillingMonth, packages: Mapping[str, int], addons: Sequence[str]
) -> list[DemoCustomer]:
    """Return n customers for the demo of a month: on every package, with and without add-ons, five stories.

    ``packages`` gives each package's allowance, ``addons`` those that can be booked. The customer that is
    unknown to the service, UNKNOWN_CUSTOMER, is not among them.
    """
    fewest = max(_FEWEST, 2 * len(packages))
    if not fewest <= n <= _MOST:
        raise ValueError(f"the demo needs {fewest} to {_MOST:,} customers, not {n}")
    rng = random.Random(f"{seed}/customers")  # noqa: S311 - made-up companies, not secrets
    ranked = _ranked(n, packages)
    rng.shuffle(ranked)
    plain = [_customer(rng, number, month, *place, addons) for number, place in enumerate(ranked)]
    smallest = sorted(plain, key=lambda customer: packages[customer.package])[: 3 * n // 4]
    special = {
        customer.id: story(customer, month)
        for customer, story in zip(smallest[1 :: len(smallest) // len(_STORIES)], _STORIES, strict=False)
    }
    return [special.get(customer.id, customer) for customer in plain]


def check_digits(country: str, bban: str) -> str:
    """Return an IBAN's two check digits (ISO 13616: 98 minus the remainder by 97)."""
    digits = "".join(str(int(character, 36)) for character in f"{bban}{country}00")
    return f"{98 - int(digits) % 97:02d}"


def _ranked(n: int, packages: Mapping[str, int]) -> list[tuple[str, bool, float]]:
    """Share n places among the packages, at least two each: package, with add-ons, appetite."""
    names = sorted(packages, key=packages.__getitem__)
    ranks = [min(len(_SHARES) - 1, rank * len(_SHARES) // len(names)) for rank in range(len(names))]
    sizes = [max(2, n * _SHARES[rank] // sum(_SHARES[r] for r in ranks)) for rank in ranks]
    while sum(sizes) != n:
        sizes[0 if sum(sizes) < n else sizes.index(max(sizes))] += 1 if sum(sizes) < n else -1
    return [
        (name, place % 2 == 0, packages[name] * _REACH[rank] * (place + 1) ** -_FALL[rank])
        for name, rank, size in zip(names, ranks, sizes, strict=True)
        for place in range(size)
    ]


def _customer(
    rng: random.Random,
    number: int,
    month: BillingMonth,
    package: str,
    with_addons: bool,  # noqa: FBT001 - one of the three columns of a place
    appetite: float,
    addons: Sequence[str],
) -> DemoCustomer:
    name, handle = _name(rng, number)
    postcode, _, city = rng.choice(_CITIES).partition(" ")
    starts_on = _months_before(month, rng.randint(1, 30)).first_day
    booked = tuple(sorted(rng.sample(addons, min(len(addons), rng.randint(1, 2))))) if with_addons else ()
    return DemoCustomer(
        id=f"k-{1001 + number}",
        name=name,
        street=f"{rng.choice(_STREETS)} {rng.randint(1, 140)}",
        postcode=postcode,
        city=city,
        email=f"rechnung@{handle}.example",
        vat_id=_vat_id(rng.randint(10_000_000, 99_999_999)) if rng.randrange(5) else "",
        package=package,
        addons=booked,
        starts_on=starts_on,
        mandate=_mandate(rng, number, starts_on),
        appetite=appetite,
    )


def _name(rng: random.Random, number: int) -> tuple[str, str]:
    if number == 1:
        return _LONG_NAME, "strassenbau-suedwuerttemberg"
    owner = _OWNERS[number % len(_OWNERS)]
    trade = _TRADES[(number // len(_OWNERS) * 3 + number) % len(_TRADES)]
    partners = rng.choice(("", "", " & Söhne", " & Töchter", f" + {rng.choice(_OWNERS)}"))
    handle = re.sub(r"[^a-z0-9]+", "-", f"{owner} {trade} {number}".lower().translate(_ASCII))
    return f"{owner}{partners} {trade} {rng.choice(_FORMS)}", handle


def _mandate(rng: random.Random, number: int, starts_on: date) -> DemoMandate:
    bban = f"9{rng.randrange(10**7):07d}{rng.randrange(10**10):010d}"
    return DemoMandate(
        iban=f"DE{check_digits('DE', bban)}{bban}",
        reference=f"M-{1001 + number}-1",
        signed_on=starts_on - timedelta(days=rng.randint(1, 20)),
        scheme="CORE" if number % 3 else "B2B",
        account_holder=_LONG_NAMES_ACCOUNT if number == 1 else "",
    )


def _vat_id(number: int) -> str:
    """Append the check digit of a German VAT number (ISO 7064, MOD 11,10)."""
    product = 10
    for digit in str(number):
        product = (int(digit) + product) % 10 or 10
        product = 2 * product % 11
    return f"DE{number}{(11 - product) % 10}"


def _months_before(month: BillingMonth, count: int) -> BillingMonth:
    for _ in range(count):
        month = month.previous()
    return month


def _starts_mid_month(customer: DemoCustomer, month: BillingMonth) -> DemoCustomer:
    starts_on = month.first_day.replace(day=15)
    mandate = customer.mandate and replace(customer.mandate, signed_on=starts_on - timedelta(days=3))
    return replace(
        customer,
        starts_on=starts_on,
        mandate=mandate,
        appetite=customer.appetite / 2,
        story="contract starts mid-month",
    )


def _ends_with_the_month(customer: DemoCustomer, month: BillingMonth) -> DemoCustomer:
    return _ending(customer, month, "contract ends with the month")


def _ended_before(customer: DemoCustomer, month: BillingMonth) -> DemoCustomer:
    return replace(_ending(customer, month.previous(), "contract ended before the month"), appetite=0.0)


def _ending(customer: DemoCustomer, last: BillingMonth, story: str) -> DemoCustomer:
    starts_on = min(customer.starts_on, _months_before(last, 3).first_day)
    mandate = customer.mandate and replace(customer.mandate, signed_on=starts_on - timedelta(days=3))
    received = last.previous().first_day.replace(day=10)
    return replace(
        customer,
        starts_on=starts_on,
        mandate=mandate,
        terminated_on=received,
        ends_on=last.last_day,
        story=story,
    )


def _without_mandate(customer: DemoCustomer, _month: BillingMonth) -> DemoCustomer:
    return replace(customer, mandate=None, story="no mandate")


def _with_broken_iban(customer: DemoCustomer, _month: BillingMonth) -> DemoCustomer:
    mandate = customer.mandate
    if mandate is None:
        return customer
    wrong = f"{mandate.iban[:-1]}{(int(mandate.iban[-1]) + 1) % 10}"
    return replace(customer, mandate=replace(mandate, iban=wrong, refused=True), story="broken IBAN, refused")


_STORIES = (_without_mandate, _ended_before, _with_broken_iban, _starts_mid_month, _ends_with_the_month)
