"""A contract's first year as a table: what happened, what was used, what the invoice says.

The scenario goes through the rules alone: contract checks, the state of each month, rating and invoice.
"""

from datetime import UTC, date, datetime

import pytest

from invoicing.bill import Bill
from invoicing.contract import (
    ContractEvent,
    check_change,
    check_start,
    check_termination,
    lives,
)
from invoicing.contract.parts import parts_of
from invoicing.explain import explain
from invoicing.invoice import Invoice, compose, from_json, to_json
from invoicing.money import german_amount
from invoicing.party import Party
from invoicing.terms import Terms, find
from metering.month import BillingMonth
from metering.usage import DayCount, Usage

# Happenings are noted in the month in which they are told to us; ``from 11`` is the month they begin in.
FIRST_YEAR = """
month   | trigger | action | what happened                     | period         | net      | gross
2026-01 |       0 |      0 |                                   |                |          |
2026-02 |     100 |    300 | start 17 schnupperpaket           | 17.02. – 28.02. | 60,00    | 71,40
2026-03 |     200 |    300 |                                   | 01.03. – 31.03. | 60,00    | 71,40
2026-04 |     200 |    301 | from 05: package basic-2500       | 01.04. – 30.04. | 60,10    | 71,52
2026-05 |    1250 |   1250 | from 06: add forms emails         | 01.05. – 31.05. | 250,00   | 297,50
2026-06 |     900 |   1600 |                                   | 01.06. – 30.06. | 290,00   | 345,10
2026-07 |    1000 |   3777 | from 08: package standard-10000   | 01.07. – 31.07. | 517,70   | 616,06
2026-08 |    2345 |  10000 |                                   | 01.08. – 31.08. | 717,60   | 853,94
2026-09 |       0 |      0 | from 10: remove forms             | 01.09. – 30.09. | 530,00   | 630,70
2026-10 |       0 |  10000 | from 11: package premium-50000    | 01.10. – 31.10. | 500,00   | 595,00
2026-11 |   25000 |  25001 | from 12: add forms                | 01.11. – 30.11. | 800,05   | 952,06
2026-12 |       1 |      0 | terminated 15                     | 01.12. – 31.12. | 800,00   | 952,00
2027-01 |   60000 |      0 |                                   | 01.01. – 31.01. | 1.300,00 | 1.547,00
2027-02 |       0 |      0 |                                   |                |          |
"""


class Office:
    """Keeps the history as the office would: every entry is checked before it is recorded."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.events: list[ContractEvent] = []
        self.billed_through: date | None = None

    def note(self, month: BillingMonth, happening: str) -> None:
        match happening.replace(":", "").split():
            case ["start", day, package, *addons]:
                starts_on = month.first_day.replace(day=int(day))
                event = ContractEvent(
                    "started", starts_on, _noon(starts_on), self.terms.id, package, addons=tuple(addons)
                )
                check_start(self.events, lives([event])[0].start, self.terms, self.billed_through)
            case ["from", later, what, *keys]:
                event = ContractEvent(
                    "changed",
                    month.first_day.replace(month=int(later)),
                    _noon(month.first_day),
                    package=keys[0] if what == "package" else None,
                    add_addons=tuple(keys) if what == "add" else (),
                    remove_addons=tuple(keys) if what == "remove" else (),
                )
                check_change(self.events, event, self.terms, self.billed_through, month.first_day)
            case ["terminated", day]:
                received_on = month.first_day.replace(day=int(day))
                end = check_termination(self.events, received_on, self.terms)
                event = ContractEvent("terminated", end.ends_on, _noon(received_on), received_on=received_on)
            case _:
                return
        self.events.append(event)

    def bill(self, month: BillingMonth, trigger: int, action: int) -> Invoice | None:
        if not (parts := parts_of(self.events, month, "none")):
            return None
        self.billed_through = month.last_day
        day = parts[0].first
        used = DayCount(day, {"trigger": trigger, "action": action, "connector": 9_999})
        return compose(
            number=f"RE-{month.year}-{month.month:06d}",
            customer="k-1007",
            issued_on=month.next().first_day,
            seller=Party("Cloud Muster GmbH", "Hafenstraße 1", "28195", "Bremen", "DE"),
            buyer=Party("Hausverwaltung Nord GmbH", "Deichweg 7", "26121", "Oldenburg", "DE"),
            bill=Bill(self.terms, parts, Usage("k-1007", month, (used,))),
            payment=None,
        )


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


@pytest.mark.clause("fluks Anlage 3 §1")
@pytest.mark.clause("fluks Anlage 3 fn 2")
@pytest.mark.clause("fluks 5.2")
@pytest.mark.clause("fluks 16.1")
def test_a_contracts_first_year() -> None:
    office = Office(find("fluks-2023-03"))
    for row in FIRST_YEAR.strip().splitlines()[1:]:
        name, trigger, action, happening, period, net, gross = (cell.strip() for cell in row.split("|"))
        month = BillingMonth.parse(name)
        office.note(month, happening)
        invoice = office.bill(month, int(trigger), int(action))
        assert (name, *_printed(invoice)) == (name, period, net, gross)
        if invoice:
            assert not explain(from_json(to_json(invoice))).problems, name


def _printed(invoice: Invoice | None) -> tuple[str, str, str]:
    if invoice is None:
        return "", "", ""
    period = f"{invoice.period_from:%d.%m.} – {invoice.period_to:%d.%m.}"
    return period, german_amount(invoice.net_cents), german_amount(invoice.gross_cents)
