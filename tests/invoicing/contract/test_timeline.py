"""What happens to a contract when, in sentences that people read."""

from dataclasses import replace
from datetime import date

import pytest

from invoicing.contract import timeline
from invoicing.terms import shipped
from tests.invoicing.contract.story import CONNECTAVO, CUNIO, FLUKS, history

TERMS = shipped()


def told(text: str, terms: object, today: str) -> list[str]:
    events = history(text, terms)  # type: ignore[arg-type]
    return [f"{each.day} {each.text}" for each in timeline(TERMS, events, date.fromisoformat(today))]


@pytest.mark.clause("cunio 13.1")
def test_a_contract_with_trial_changes_and_a_rise() -> None:
    life = """
        2026-10-15 started basis trial:2026-11-14
        2027-01-10 changed plus +craftsmen
        2027-11-01 price_raised packages.plus=360.00 addons.craftsmen=60.00
        2027-12-01 changed -craftsmen
    """
    assert told(life, CUNIO, "2027-02-01") == [
        "2026-10-15 Der Vertrag beginnt: Paket Basis.",
        "2026-11-14 Die kostenlose Testphase endet (cunio AGB 8.4).",
        "2026-11-15 Die vergütungspflichtige Nutzung beginnt (cunio AGB 8.4).",
        "2027-01-10 Die Änderung wird wirksam: Paket Plus, Zusatzmodul Handwerkerportal kommt hinzu.",
        "2027-07-14 Letzter Tag für den Eingang einer Kündigung zum 14.10.2027 (cunio AGB 13.1), "
        "in Textform (cunio AGB 13.4).",
        "2027-10-14 Die Laufzeit endet (cunio AGB 13.1).",
        "2027-11-01 Die Preiserhöhung wird wirksam: Paket Plus 360,00 €, Zusatzmodul Handwerkerportal 60,00 € "
        "(cunio AGB 8.8).",
        "2027-12-01 Die Änderung wird wirksam: Zusatzmodul Handwerkerportal entfällt.",
    ]


@pytest.mark.parametrize(
    ("life", "terms", "last"),
    [
        ("2026-10-15 started start", CONNECTAVO, "2026-10-15 Der Vertrag beginnt: Paket Startpaket."),
        (
            "2026-10-15 started basic-2500\n2027-01-31 terminated",
            FLUKS,
            "2027-01-31 Der Vertrag endet mit Ablauf des Tages durch Kündigung.",
        ),
        (
            "2026-10-15 started basis\n2027-10-31 terminated cause:price_rise",
            CUNIO,
            "2027-10-31 Der Vertrag endet mit Ablauf des Tages durch Kündigung wegen einer Preiserhöhung.",
        ),
        (
            "2026-10-15 started standard\n2027-05-01 prepayment_asked\n2027-11-01 prepayment_lifted",
            CONNECTAVO,
            "2027-11-01 Die Grundvergütung wird wieder im Nachhinein fällig.",
        ),
        (
            "2026-10-15 started standard\n2027-05-01 prepayment_asked",
            CONNECTAVO,
            "2027-05-01 Die Grundvergütung wird im Voraus fällig.",
        ),
        # it begins later than today: its term and its notice count from its first day
        ("2027-02-15 started basis", CUNIO, "2028-02-14 Die Laufzeit endet (cunio AGB 13.1)."),
        (
            "2027-02-15 started basis",
            CUNIO,
            "2027-11-14 Letzter Tag für den Eingang einer Kündigung zum 14.02.2028 (cunio AGB 13.1), "
            "in Textform (cunio AGB 13.4).",
        ),
        # it was renewed already; and it is under other terms by now
        ("2025-01-15 started basis", CUNIO, "2027-01-14 Die Laufzeit endet (cunio AGB 13.1)."),
        (
            "2026-03-01 started basic-2500\n2026-11-01 terms_changed terms:cunio-2020-02",
            FLUKS,
            "2026-11-30 Letzter Tag für den Eingang einer Kündigung zum 28.02.2027 (cunio AGB 13.1), "
            "in Textform (cunio AGB 13.4).",
        ),
        # of two terminations the one that holds says why; of none it was agreed
        (
            "2026-10-15 started basic-2500\n2027-03-31 terminated cause:default\n2027-01-31 terminated",
            FLUKS,
            "2027-01-31 Der Vertrag endet mit Ablauf des Tages durch Kündigung.",
        ),
        (
            "2026-10-15 started basic-2500\n2027-01-31 terminated\n2027-03-31 terminated cause:default",
            FLUKS,
            "2027-01-31 Der Vertrag endet mit Ablauf des Tages durch Kündigung.",
        ),
        (
            "2026-10-15 started basic-2500\n2027-02-01 terms_changed terms:cunio-2020-02",
            FLUKS,
            f"2027-02-01 Neue Bedingungen gelten: {CUNIO.title}.",
        ),
    ],
)
def test_how_it_ends_or_goes_on(life: str, terms: object, last: str) -> None:
    assert last in told(life, terms, "2026-11-01")


@pytest.mark.parametrize(
    ("life", "terms", "expected"),
    [
        # the customer left before the rise, so it never held; a change on the last day did
        (
            """2026-10-15 started basis
               2027-10-31 changed +craftsmen
               2027-11-01 price_raised packages.basis=160.00
               2027-10-31 terminated cause:price_rise""",
            CUNIO,
            [
                "2026-10-15 Der Vertrag beginnt: Paket Basis.",
                "2027-10-31 Die Änderung wird wirksam: Zusatzmodul Handwerkerportal kommt hinzu.",
                "2027-10-31 Der Vertrag endet mit Ablauf des Tages durch Kündigung wegen einer Preiserhöhung.",
            ],
        ),
        # two changes of one day are told as one; what is taken back on that day is none
        (
            "2026-10-15 started basis\n2026-12-01 changed plus\n2026-12-01 changed plus +craftsmen\n"
            "2027-01-01 changed plus\n2027-01-01 changed plus +craftsmen\n2027-10-14 terminated",
            CUNIO,
            [
                "2026-10-15 Der Vertrag beginnt: Paket Basis.",
                "2026-12-01 Die Änderung wird wirksam: Paket Plus, Zusatzmodul Handwerkerportal kommt hinzu.",
                "2027-10-14 Der Vertrag endet mit Ablauf des Tages durch Kündigung.",
            ],
        ),
        # more than one module, in their order
        (
            "2026-10-15 started basis\n2026-12-01 changed +documents +craftsmen\n"
            "2027-01-01 changed -documents -craftsmen\n2027-10-14 terminated",
            CUNIO,
            [
                "2026-10-15 Der Vertrag beginnt: Paket Basis.",
                "2026-12-01 Die Änderung wird wirksam: Zusatzmodul Handwerkerportal kommt hinzu, "
                f"{CUNIO.label('addons.documents')} kommt hinzu.",
                "2027-01-01 Die Änderung wird wirksam: Zusatzmodul Handwerkerportal entfällt, "
                f"{CUNIO.label('addons.documents')} entfällt.",
                "2027-10-14 Der Vertrag endet mit Ablauf des Tages durch Kündigung.",
            ],
        ),
        # what else was agreed for the last day is not what ends it, nor is what was waived
        (
            "2026-10-15 started basic-2500\n2027-01-31 terminated cause:default\n2027-01-31 changed basic-2500",
            FLUKS,
            [
                "2026-10-15 Der Vertrag beginnt: Paket BASIC 2.500.",
                "2027-01-31 Der Vertrag endet mit Ablauf des Tages durch Kündigung wegen Zahlungsverzugs.",
            ],
        ),
        (
            "2026-10-15 started basis\n2027-11-01 price_raised packages.basis=160.00\n"
            "2027-10-31 terminated cause:price_rise\n2027-11-01 price_waived\n2027-10-31 terminated",
            CUNIO,
            [
                "2026-10-15 Der Vertrag beginnt: Paket Basis.",
                "2027-10-31 Der Vertrag endet mit Ablauf des Tages durch Kündigung.",
            ],
        ),
        # under terms that nobody has any more
        (
            "2026-01-01 started basic-2500\n2026-10-01 terms_changed terms:gone",
            FLUKS,
            ["2026-01-01 Der Vertrag beginnt: Paket BASIC 2.500."],
        ),
        (
            "2026-01-01 started basic-2500\n2026-10-01 terms_changed terms:gone\n2026-12-31 terminated",
            FLUKS,
            [
                "2026-01-01 Der Vertrag beginnt: Paket BASIC 2.500.",
                "2026-12-31 Der Vertrag endet mit Ablauf des Tages durch Kündigung.",
            ],
        ),
        # ended on the last day of the trial, and before it
        (
            "2026-10-15 started basis trial:2026-11-14\n2026-11-14 terminated cause:trial",
            CUNIO,
            [
                "2026-10-15 Der Vertrag beginnt: Paket Basis.",
                "2026-11-14 Die kostenlose Testphase endet (cunio AGB 8.4).",
                "2026-11-14 Der Vertrag endet mit Ablauf des Tages durch Kündigung während der Testphase.",
            ],
        ),
        (
            "2026-10-15 started basis trial:2026-11-14\n2026-11-13 terminated cause:important_reason",
            CUNIO,
            [
                "2026-10-15 Der Vertrag beginnt: Paket Basis.",
                "2026-11-13 Der Vertrag endet mit Ablauf des Tages durch Kündigung aus wichtigem Grund.",
            ],
        ),
        (
            "2026-10-15 started basis trial:2026-11-14\n2026-11-15 terminated cause:important_reason",
            CUNIO,
            [
                "2026-10-15 Der Vertrag beginnt: Paket Basis.",
                "2026-11-14 Die kostenlose Testphase endet (cunio AGB 8.4).",
                "2026-11-15 Die vergütungspflichtige Nutzung beginnt (cunio AGB 8.4).",
                "2026-11-15 Der Vertrag endet mit Ablauf des Tages durch Kündigung aus wichtigem Grund.",
            ],
        ),
        # ended before it began; beside a contract that runs it is not told
        (
            "2027-01-15 started basic-2500\n2026-12-31 terminated",
            FLUKS,
            ["2026-12-31 Der Vertrag endet vor seinem ersten Tag durch Kündigung."],
        ),
        (
            "2027-06-01 started basic-5000\n2026-12-31 terminated\n2027-01-01 started basic-2500",
            FLUKS,
            ["2027-01-01 Der Vertrag beginnt: Paket BASIC 2.500."],
        ),
        # the one before, under terms that nobody has any more
        (
            "2026-01-01 started basic terms:gone\n2026-12-31 terminated\n2027-01-01 started basic-2500",
            FLUKS,
            ["2027-01-01 Der Vertrag beginnt: Paket BASIC 2.500."],
        ),
        (
            "2026-01-01 started basic-2500\n2026-12-31 terminated\n2027-01-01 started basic terms:gone",
            FLUKS,
            [
                "2026-01-01 Der Vertrag beginnt: Paket BASIC 2.500.",
                "2026-12-31 Der Vertrag endet mit Ablauf des Tages durch Kündigung.",
            ],
        ),
    ],
)
def test_only_what_really_happens_is_told(life: str, terms: object, expected: list[str]) -> None:
    assert told(life, terms, "2026-11-05") == expected


def test_an_end_of_its_own() -> None:
    (event,) = history("2026-10-15 started start", CONNECTAVO)
    found = timeline(TERMS, [replace(event, ends_on=date(2027, 1, 14))], date(2026, 11, 1))
    assert [f"{each.day} {each.text}" for each in found][-1] == (
        "2027-01-14 Der Vertrag endet mit Ablauf des Tages von selbst (Connectavo AGB II 9.2)."
    )


def test_an_end_that_was_agreed_at_the_start() -> None:
    (event,) = history("2026-10-15 started basic-2500")
    found = timeline(TERMS, [replace(event, ends_on=date(2027, 1, 20))], date(2026, 11, 1))
    assert f"{found[-1].day} {found[-1].text}" == "2027-01-20 Der Vertrag endet mit Ablauf des Tages wie vereinbart."


def test_without_a_contract_or_its_terms_nothing_is_said() -> None:
    assert timeline(TERMS, [], date(2026, 11, 1)) == ()
    assert timeline({}, history("2026-10-15 started basic-2500"), date(2026, 11, 1)) == ()


@pytest.mark.clause("cunio 8.8")
@pytest.mark.parametrize(
    ("price", "until"),
    [
        ("156.45", None),
        ("156.46", "2027-09-16 Letzter Tag, um wegen der Preiserhöhung zum 31.10.2027 zu kündigen (cunio AGB 8.8)."),
    ],
)
def test_until_when_a_price_rise_lets_the_customer_go(price: str, until: str | None) -> None:
    life = f"2026-10-15 started basis\n2027-11-01 price_raised packages.basis={price} <2027-08-16"
    exits = [each for each in told(life, CUNIO, "2027-08-20") if "wegen der Preiserhöhung" in each]
    assert exits == ([until] if until else [])


NEWER = replace(CUNIO, id="newer", packages={**CUNIO.packages, "premium": CUNIO.packages["plus"]})
UNRAISED = replace(CUNIO, id="unraised", rules=replace(CUNIO.rules, price_rise=None))
EXIT = "2027-09-16 Letzter Tag, um wegen der Preiserhöhung zum 31.10.2027 zu kündigen (cunio AGB 8.8)."


@pytest.mark.clause("cunio 8.8")
@pytest.mark.parametrize(
    ("life", "raised"),
    [
        # of a package that the terms at the start do not have
        (
            "2026-10-15 started basis\n2027-03-01 terms_changed terms:newer\n2027-04-01 changed premium\n"
            "2027-11-01 price_raised packages.premium=400.00 <2027-08-16",
            "2027-11-01 Die Preiserhöhung wird wirksam: Paket Plus 400,00 € (cunio AGB 8.8).",
        ),
        # under terms that let prices rise, after terms that did not; and the other way round
        (
            "2026-10-15 started basis terms:unraised\n2027-03-01 terms_changed terms:newer\n"
            "2027-11-01 price_raised packages.basis=160.00 <2027-08-16",
            "2027-11-01 Die Preiserhöhung wird wirksam: Paket Basis 160,00 € (cunio AGB 8.8).",
        ),
        (
            "2026-10-15 started basis\n2027-09-01 terms_changed terms:unraised\n"
            "2027-11-01 price_raised packages.basis=160.00 <2027-08-16",
            "2027-11-01 Die Preiserhöhung wird wirksam: Paket Basis 160,00 € (cunio AGB 8.8).",
        ),
    ],
)
def test_a_rise_is_told_by_the_terms_under_which_it_was_announced(life: str, raised: str) -> None:
    terms = {**TERMS, NEWER.id: NEWER, UNRAISED.id: UNRAISED}
    found = timeline(terms, history(life, CUNIO), date(2027, 8, 20))
    texts = [f"{each.day} {each.text}" for each in found]
    assert [each for each in texts if "Preiserhöhung" in each] == [EXIT, raised]


@pytest.mark.parametrize(
    ("today", "begins"),
    [
        ("2026-12-05", ["2026-02-10", "2027-01-10"]),
        ("2026-12-06", ["2027-01-10"]),
    ],
)
def test_a_contract_that_still_runs_is_told_beside_the_one_that_follows(today: str, begins: list[str]) -> None:
    life = "2026-02-10 started basic-2500\n2026-12-05 terminated\n2027-01-10 started basic-5000"
    assert [each[:10] for each in told(life, FLUKS, today) if "beginnt" in each] == begins


def test_contracts_without_an_end_are_told_beside_each_other() -> None:
    life = "2026-02-10 started basic-2500\n2027-01-10 started basic-5000"
    assert [each[:10] for each in told(life, FLUKS, "2026-11-05") if "beginnt" in each] == ["2026-02-10", "2027-01-10"]
