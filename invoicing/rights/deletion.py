"""Until when a customer's data are deleted after the contract, and what must be kept longer, restricted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from dateutil.relativedelta import relativedelta

from invoicing.money import german_date
from invoicing.rights.error import RightsError
from invoicing.rights.figures import Figures
from invoicing.terms import Terms
from invoicing.terms.rules import Period


@dataclass(frozen=True, slots=True)
class Restricted:
    """Records that a law keeps: used for nothing else until that day, both included, and deleted after it."""

    kind: str
    label: str
    until: date
    law: str


@dataclass(frozen=True, slots=True)
class Deletion:
    """The last day for deleting, none where the terms name no period, and what stays restricted until when."""

    delete_by: date | None
    restricted: tuple[Restricted, ...]
    clause: str
    why: str


def deletion_of(terms: Terms, ends_on: date, newest: Mapping[str, date], figures: Figures) -> Deletion:
    """Return until when a customer's data are deleted whose contract ends with a day, and what is excepted.

    ``newest`` is the day of the newest record of each kind that must be kept. The last day of the contract is the event
    and does not count; the deadline does not move when it is no working day: deleting earlier is always possible.

    Contract: fluks AGB Anlage 1 3.4, Anlage 1 3.5; Law: § 147 AO, § 257 HGB
    """
    restricted = tuple(sorted((_restricted(*each, figures) for each in newest.items()), key=lambda each: each.until))
    kept = "".join(f"; {each.label} bis {german_date(each.until)} ({each.law})" for each in restricted)
    excepted = f" Nur eingeschränkt aufzubewahren sind{kept[1:]}." if kept else ""
    if (rule := terms.rules.deletion) is None:
        law = "Art. 17 DSGVO"
        why = f"Diese Bedingungen nennen keine Frist zur Löschung, es gilt das Gesetz: unverzüglich ({law}).{excepted}"
        return Deletion(None, restricted, law, why)
    delete_by, clause = ends_on + _length(rule.value), terms.cited(rule.clause)
    why = (
        f"Der Vertrag endet mit Ablauf des {german_date(ends_on)}; Kundendaten sind spätestens am "
        f"{german_date(delete_by)} zu löschen ({clause}).{excepted}"
    )
    return Deletion(delete_by, restricted, clause, why)


def _restricted(kind: str, newest: date, figures: Figures) -> Restricted:
    """Return until when records are kept: so many years after the end of the year they are from.

    Law: § 147 Abs. 3 und 4 AO, § 257 Abs. 4 und 5 HGB
    """
    if kind not in figures.retention:
        raise RightsError("newest", f"{kind!r} is no kind of record: one of {', '.join(figures.retention)}")
    rule = figures.retention[kind]
    return Restricted(kind, rule.label, date(newest.year + 1 + rule.years, 1, 1) - relativedelta(days=1), rule.law)


def _length(period: Period) -> relativedelta:
    return relativedelta(months=period.months, weeks=period.weeks, days=period.days)
