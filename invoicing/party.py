"""Who sells and who buys."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Party:
    """Name and address as they were on the day of issue (§ 14 Abs. 4 Nr. 1, 2 UStG)."""

    name: str
    street: str
    postcode: str
    city: str
    country: str
    email: str = ""
    phone: str = ""
    vat_id: str = ""
    buyer_reference: str = ""
    register: str = ""
    directors: str = ""
