"""Terms as data: one checked file per vendor and version; nothing else knows a price."""

from invoicing.terms.load import TermsError, find, load, load_folder, shipped
from invoicing.terms.model import Addon, Meter, Package, Rules, Setting, Terms

__all__ = [
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
    "shipped",
]
