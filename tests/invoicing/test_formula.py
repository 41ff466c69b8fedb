"""Printed formulas reckoned again: which hold, and which do not."""

from decimal import Decimal

import pytest

from invoicing.explain.formula import Counted, counted, holds

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
        ("30,00 € × 10/30 = 10,00 €", True),
        ("30,00 € × 10/30 = 10,01 €", False),
        ("30,00 € × 10/30 = 9,99 €", False),
        # hours and minutes
        ("2 Std. 30 Min. × 120,00 € = 300,00 €", True),
        ("2 Std. 30 Min. × 120,00 € = 299,99 €", False),
        ("1 Std. 1 Min. × 120,00 € = 122,00 €", True),
        ("3 Std. × 120,00 € = 360,00 €", True),
        # what is only repeated stays as it is
        ("14 = 14 × 0,80 € = 11,20 €", True),
        ("14 = 15 × 0,80 € = 12,00 €", False),
        ("12 genutzt, 100 enthalten = 12 × 0,10 € = 1,20 €", True),
        ("12 genutzt, 100 enthalten = 100 × 0,10 € = 10,00 €", False),
        ("5 − 3 = 2 × 0,10 € = 0,20 €", True),
        ("5 − 3 = 2", True),
        ("5 − 3 = 2,001", False),
        # no number, or none to divide by
        ("5 × 2,00 € = nichts", False),
        ("60,00 € × 5/0 Tage = 0,00 €", False),
        # only what costs nothing may come to nothing
        ("12 genutzt, 100 enthalten = 0,00 €", True),
        ("12 genutzt − 10 enthalten = 0 × 5,00 € = 0,00 €", False),
        ("Höchststand 12 = 0 × 5,00 € = 0,00 €", False),
    ],
)
def test_a_formula_holds_when_each_side_gives_the_next(formula: str, *, right: bool) -> None:
    assert holds(formula) is right


@pytest.mark.parametrize(
    ("formula", "says"),
    [
        ("135 genutzt − 100 enthalten = 35 × 0,10 € = 3,50 €", Counted(135, 100, Decimal(35))),
        ("Höchststand 12 − 3 enthalten = 9 × 9,00 € = 81,00 €", Counted(12, 3, Decimal(9))),
        # a share of a month is charged once
        ("Höchststand 12 − 3 enthalten = 9 × 9,00 € × 15/30 = 40,50 €", Counted(12, 3, Decimal(1))),
        ("1 Monat", None),
        ("5,00 € + 3,00 €", None),
    ],
)
def test_what_a_formula_says_of_measured_units(formula: str, says: Counted | None) -> None:
    assert counted(formula) == says
