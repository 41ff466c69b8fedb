"""An explanation as German text for a terminal or a letter."""

from collections.abc import Iterator, Mapping
from datetime import date

from invoicing.explain.unfold import ExplainedLine, Explanation
from invoicing.money import german_date, german_number


def render(explained: Explanation) -> str:
    """Write an explanation as German text for a terminal or a letter."""
    package = f" · Paket {explained.package}" if explained.package else ""
    blocks = [
        f"{explained.number} · {explained.customer} · {explained.month}{package}",
        *("\n".join(_line_text(line)) for line in explained.lines),
        "\n".join(explained.totals),
        "\n".join(_day_texts(explained)),
        "\n".join(explained.problems) or "Alles nachgerechnet: jeder Betrag stimmt.",
    ]
    return "\n\n".join(block for block in blocks if block)


def _line_text(line: ExplainedLine) -> Iterator[str]:
    yield f"{line.position}. {line.text}"
    yield f"   {line.formula}"
    yield f"   {line.clause}: {line.meaning}"


def _day_texts(explained: Explanation) -> Iterator[str]:
    """Yield one row per day, each meter in a column of its own."""
    meters = [key for day in explained.days[:1] for key in day if key != "date"]
    width = max((len(german_number(_count(day, key))) for day in explained.days for key in meters), default=0)
    for day in explained.days:
        counts = (f"{german_number(_count(day, key)):>{width}} {explained.labels[key]}" for key in meters)
        yield "   ".join([german_date(_date(day)), *counts])


def _count(day: Mapping[str, date | int], meter: str) -> int:
    value = day[meter]
    return value if isinstance(value, int) else 0


def _date(day: Mapping[str, date | int]) -> date:
    value = day["date"]
    return value if isinstance(value, date) else date.min
