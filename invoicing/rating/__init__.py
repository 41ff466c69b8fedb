"""Rating: (terms, parts of the month, usage) → what is owed, each amount with its clause. Pure."""

from invoicing.rating.charge import Charge, Days, charge, rate
from invoicing.rating.measure import gauge_of, gauges_of, measured, readings
from invoicing.rating.plan import ADDONS, PACKAGES, Owed
from invoicing.rating.reckon import Allowed, allowed, base, days_of, priced, reckon, units_of

__all__ = [
    "ADDONS",
    "PACKAGES",
    "Allowed",
    "Charge",
    "Days",
    "Owed",
    "allowed",
    "base",
    "charge",
    "days_of",
    "gauge_of",
    "gauges_of",
    "measured",
    "priced",
    "rate",
    "readings",
    "reckon",
    "units_of",
]
