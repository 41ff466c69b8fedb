"""From a template and plain values to text or PDF; the only file that knows Jinja2 and WeasyPrint.

Templates, style sheets and fonts are loaded once per process. The same values give the same bytes:
nothing here reads a clock, and nothing outside the package is fetched. One thread renders at a time,
because the font map is shared and Pango does not allow two.
"""

import textwrap
from decimal import Decimal
from functools import cache
from importlib import import_module
from threading import Lock
from typing import Any, NoReturn

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from invoicing.money import german_amount, german_date, german_instant, german_number, with_minus

NO_BREAK = "\N{NO-BREAK SPACE}"
_WIDTH = 74
_rendering = Lock()


def fill_text(template: str, **values: object) -> str:
    """Fill a text template; a name that is missing is an error."""
    return _environment().get_template(template).render(values)


def fill_pdf(name: str, **values: object) -> bytes:
    """Fill ``name.html``, style it with ``name.css`` and return the PDF."""
    html = fill_text(f"{name}.html", **values)
    with _rendering:
        page = _weasyprint().HTML(string=html, url_fetcher=_refuse)
        pdf = page.write_pdf(stylesheets=[_stylesheet(f"{name}.css")], font_config=_fonts())
    return bytes(pdf)


def plain(text: str) -> str:
    """Return the text with ordinary spaces, for machines and for mail."""
    return text.replace(NO_BREAK, " ")


def _kept_together(text: str) -> Markup:
    """Write words joined by no-break spaces so that they stay on one line and still copy as ordinary spaces."""
    return Markup(" ").join(
        Markup('<span class="together">{}</span>').format(plain(word)) if NO_BREAK in word else escape(word)
        for word in text.replace("§ ", f"§{NO_BREAK}").split(" ")
    )


def _amount(cents: int) -> str:
    return with_minus(german_amount(cents))


def _number(value: Decimal | int, places: int = 0) -> str:
    return with_minus(german_number(value, places))


def _wrapped(text: str) -> str:
    """Break a paragraph into mail lines, between words only."""
    return plain(textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False))


def _refuse(url: str, *_: object, **__: object) -> NoReturn:
    raise ValueError(f"{url}: a document fetches nothing")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("invoicing.document"),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "amount": _amount,
        "day": german_date,
        "instant": german_instant,
        "number": _number,
        "kept_together": _kept_together,
        "wrapped": _wrapped,
    }
    return environment


@cache
def _weasyprint() -> Any:
    """Load WeasyPrint when something is printed: that takes a second, and most processes never print."""
    import_module("weasyprint.text.fonts")
    return import_module("weasyprint")


@cache
def _fonts() -> Any:
    return _weasyprint().text.fonts.FontConfiguration()


@cache
def _stylesheet(name: str) -> Any:
    return _weasyprint().CSS(string=fill_text(name), font_config=_fonts())
