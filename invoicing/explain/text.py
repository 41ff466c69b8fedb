"""An explanation as German text for a terminal or a letter."""

import textwrap
from collections.abc import Iterator, Mapping
from datetime import date

from invoicing.explain.unfold import ExplainedLine, Explanation
from invoicing.money import german_date, german_number, with_minus

_INDENT, _NO_BREAK = "   ", "\N{NO-BREAK SPACE}"


def render(explained: Explanation, width: int = 120) -> str:
    """Write an explanation as German text for a terminal of some width, or a letter."""
    package = f" · Paket {explained.package}" if explained.package else ""
    blocks = [
        _wrapped(f"{explained.number} · {explained.customer} · {explained.month}{package}", width),
        *("\n".join(_line_texts(line, width)) for line in explained.lines),
        "\n".join(_wrapped(text, width) for text in explained.totals),
        "\n".join(_day_texts(explained)),
        "\n".join(_wrapped(text, width) for text in explained.problems) or "Alles nachgerechnet: jeder Betrag stimmt.",
    ]
    return "\n\n".join(block for block in blocks if block)


def _line_texts(line: ExplainedLine, width: int) -> Iterator[str]:
    yield _wrapped(f"{line.position}. {line.text}", width)
    yield _wrapped(_INDENT + line.formula, width)
    yield _wrapped(f"{_INDENT}{line.clause}: {line.meaning}", width)


def _wrapped(text: str, width: int) -> str:
    """Break a text between words, never before ``€``; what follows the first line is indented."""
    kept = with_minus(text).replace(" €", f"{_NO_BREAK}€")
    wrapped = textwrap.fill(kept, width, subsequent_indent=_INDENT, break_long_words=False, break_on_hyphens=False)
    return wrapped.replace(_NO_BREAK, " ")


def _day_texts(explained: Explanation) -> Iterator[str]:
    """Yield one row per day under a heading, each meter in a column of its own."""
    meters = [key for day in explained.days[:1] for key in day if key != "date"]
    rows = [
        [german_date(_date(day)), *(with_minus(german_number(_count(day, key))) for key in meters)]
        for day in explained.days
    ]
    heading = ["Tag", *(explained.labels[key] for key in meters)]
    widths = [max(map(len, column)) for column in zip(heading, *rows, strict=True)]
    for first, *counts in [heading, *rows] if rows else []:
        cells = (f"{count:>{width}}" for count, width in zip(counts, widths[1:], strict=True))
        yield "   ".join([f"{first:<{widths[0]}}", *cells])


def _count(day: Mapping[str, date | int], meter: str) -> int:
    value = day[meter]
    return value if isinstance(value, int) else 0


def _date(day: Mapping[str, date | int]) -> date:
    value = day["date"]
    return value if isinstance(value, date) else date.min
