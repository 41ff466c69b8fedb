"""Printed formulas reckoned again: which hold, and which do not."""

import pytest

from invoicing.explain.formula import holds

BLOCKS = "begonnene Blöcke zu 100 × 5,00 €"


@pytest.mark.parametrize(
    ("formula", "right"),
    [
        # blocks, with units that are free and without
        (f"2.345 genutzt − 1.000 enthalten = 14 {BLOCKS} = 70,00 €", True),
        (f"2.345 genutzt − 1.000 enthalten = 13 {BLOCKS} = 65,00 €", False),
        (f"2.345 genutzt = 24 {BLOCKS} = 120,00 €", True),
        (f"2.345 genutzt = 23 {BLOCKS} = 115,00 €", False),
        (f"2.345 genutzt = 25 {BLOCKS} = 125,00 €", False),
        (f"2.300 genutzt = 23 {BLOCKS} = 115,00 €", True),
        (f"2.301 genutzt = 23 {BLOCKS} = 115,00 €", False),
        (f"2.345 genutzt = 24 {BLOCKS} = 125,00 €", False),
        ("1 genutzt = 1 begonnener Block zu 100 × 5,00 € = 5,00 €", True),
        # blocks that came late
        (
            f"neu: 2.345 genutzt = 24 {BLOCKS} = 120,00 €; berechnet: 2.300 genutzt = 23 {BLOCKS} = 115,00 €; "
            "120,00 € − 115,00 € = 5,00 €",
            True,
        ),
        (
            f"neu: 2.345 genutzt = 24 {BLOCKS} = 120,00 €; berechnet: 2.300 genutzt = 24 {BLOCKS} = 120,00 €; "
            "120,00 € − 120,00 € = 0,00 €",
            False,
        ),
        (f"neu: 101 genutzt = 2 {BLOCKS} = 10,00 €; berechnet: 0 genutzt = 0,00 €; 10,00 € − 0,00 € = 10,00 €", True),
        # a share of a monthly price decides itself on the cent, nothing else does
        ("0,01 € × 1/31 = 0,00 €", True),
        ("149,00 € × 15/31 = 72,09 €", True),
        ("149,00 € × 15/31 = 72,10 €", True),
        ("149,00 € × 15/31 = 72,11 €", False),
        ("Mindestbetrag 80,00 € × 2/31 − 4,39 € = 0,77 €", True),
        ("Mindestbetrag 80,00 € × 2/31 − 4,39 € = 0,79 €", False),
        ("60,00 € × 10 % × 5/31 Tage = 0,96 €", False),
        ("60,00 € × 10 % × 5/31 Tage = 0,97 €", True),
        ("60,00 € × 10 % × 5/31 Tage = 0,98 €", False),
        ("60,00 € × 12,5 % × 31/31 Tage = 7,50 €", True),
        ("890,00 € × 720/44.640 Min. = 14,35 €", True),
        ("890,00 € × 720/44.640 Min. = 14,36 €", False),
        # only what costs nothing may come to nothing
        ("12 genutzt, 100 enthalten = 0,00 €", True),
        ("12 genutzt − 10 enthalten = 0 × 5,00 € = 0,00 €", False),
        ("Höchststand 12 = 0 × 5,00 € = 0,00 €", False),
    ],
)
def test_a_formula_holds_when_each_side_gives_the_next(formula: str, *, right: bool) -> None:
    assert holds(formula) is right
