"""Terms as data: one checked file per vendor and version; nothing else knows a price."""

from pathlib import Path

from invoicing.terms.load import TermsError, find, load, load_folder, read, shipped
from invoicing.terms.model import Addon, Meter, Package, Terms
from invoicing.terms.rules import Rules
from invoicing.values import Setting

SHIPPED = Path(__file__).parent

__all__ = [
    "SHIPPED",
    "Addon",
    "Meter",
    "Package",
    "Rules",
    "Setting",
    "Terms",
    "TermsError",
    "find",
    "load",
    "load_folder",
    "read",
    "shipped",
]
