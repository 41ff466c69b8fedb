"""Rating: (terms, parts of the month, usage) → what is owed, each amount with its clause. Pure."""

from invoicing.rating.charge import Charge, charge, rate
from invoicing.rating.measure import gauge_of, gauges_of, measured, readings
from invoicing.rating.plan import ADDONS, PACKAGES, Owed
from invoicing.rating.reckon import Allowed, allowed, base, priced, reckon

__all__ = [
    "ADDONS",
    "PACKAGES",
    "Allowed",
    "Charge",
    "Owed",
    "allowed",
    "base",
    "charge",
    "gauge_of",
    "gauges_of",
    "measured",
    "priced",
    "rate",
    "readings",
    "reckon",
]
