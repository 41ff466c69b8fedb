"""A contract's year told as a table, against the real service over HTTP, its clock moved by hand.

    2026-01-15 | signs   | plus sms, trial until 2026-01-31
    2026-01-20 | uses    | 120 sms
    2026-02-02 | closes  | 2026-01
               |   12,85 |    10,80 | 8.4 | Zusatzmodul SMS, …
    2026-09-30 | ends    | 2027-01-14: cunio AGB 13.1

A row begins with the day on which it happens; then comes what is done, and what is expected of it. Rows without a day
belong to the close or the order above them: the invoice's sum to pay and its lines, each with net amount (of gross
prices: gross), clause of the terms, and text; "…" stands for any text. A close without such rows must issue no invoice.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from itertools import count
from typing import Any

from sqlmodel import select

from invoicing.history import pinned_terms
from invoicing.money import german_amount
from invoicing.records import InvoiceRecord
from invoicing.rerate import rerated
from invoicing.terms import shipped
from tests.api.running import CUSTOMER, MANDATE, Service
from tests.waiting import until

_ids = count(1)


@dataclass
class Row:
    """A day, what is done, its words, and what is expected of it."""

    day: date
    verb: str
    what: str
    expected: list[str] = field(default_factory=list)

    @property
    def parts(self) -> tuple[str, str]:
        """What is said before and after the colon."""
        before, _, after = self.what.partition(":")
        return before.strip(), after.strip()


def rows(table: str) -> Iterator[Row]:
    row: Row | None = None
    for line in table.strip().splitlines():
        day, verb, what = (cell.strip() for cell in line.split("|", 2))
        if day:
            if row:
                yield row
            row = Row(date.fromisoformat(day), verb, what)
        elif row:
            row.expected.append(" | ".join([verb, *(cell.strip() for cell in what.split("|"))]))
    if row:
        yield row


class Year:
    """A customer of the service, under some terms, whose story is told row by row."""

    def __init__(self, service: Service, terms: str, *, kind: str = "business", mandate: bool = False) -> None:
        self.service, self.terms, self.key = service, terms, f"k-{next(_ids)}"
        self.path, self.cite = f"/v1/customers/{self.key}", f"{shipped()[terms].cite} "
        service.ask("PUT", self.path, {**CUSTOMER, "kind": kind})
        if mandate:
            service.ask("PUT", f"{self.path}/mandate", MANDATE)

    def tell(self, table: str) -> None:
        """Do what the table says, and look at what comes of it."""
        verbs: dict[str, Callable[[Row], None]] = {
            "signs": self.signs,
            "uses": self.uses,
            "changes": self.changes,
            "ends": self.ends,
            "raises": self.raises,
            "waives": self.waives,
            "announces": self.announces,
            "objects": self.objects,
            "prepays": self.prepays,
            "books": self.books,
            "suspends": self.suspends,
            "delivers": self.delivers,
            "orders": self.orders,
            "closes": self.closes,
            "refused": self.refused,
        }
        for row in rows(table):
            self.service.clock.now = datetime.combine(row.day, time(9), UTC)
            verbs[row.verb](row)
        self.rates_again()

    def rates_again(self) -> None:
        """Every invoice comes out again from what was recorded when it was issued, whatever happened since."""
        with self.service.ledger.read() as session:
            records = session.exec(select(InvoiceRecord)).all()
            known = pinned_terms(session)
            assert [(each.number, list(rerated(session, known, each))) for each in records] == [
                (each.number, []) for each in records
            ]

    def post(self, path: str, body: dict[str, Any], expect: int = 201) -> Any:
        return self.service.ask("POST", f"{self.path}/{path}", body, expect=expect)

    def signs(self, row: Row) -> None:
        """``plus sms, trial until 2026-01-31, since 2026-01-20, term 6, packages.plus at 100.00``."""
        self.post("contract", self._contract(row))

    def _contract(self, row: Row) -> dict[str, Any]:
        (package, *addons), *more = (each.split() for each in row.what.split(","))
        body: dict[str, Any] = {"terms": self.terms, "package": package, "addons": addons}
        body["starts_on"] = row.day.isoformat()
        for words in more:
            match words:
                case ["trial", "until", day]:
                    body["trial_ends_on"] = day
                case ["since" | "from", day]:
                    body["starts_on"] = day
                case ["term", months]:
                    body["term_months"] = int(months)
                case [item, "at", price]:
                    body.setdefault("prices", {})[item] = price
                case _:
                    raise ValueError(words)
        return body

    def uses(self, row: Row) -> None:
        """``120 sms`` as one event, ``120 × trigger`` as 120; ``on 2026-01-20``: on another day."""
        words = row.what.split()
        day = words[words.index("on") + 1] if "on" in words else row.day.isoformat()
        each = words[1] == "×"
        amount, meter = int(words[0].replace(".", "")), words[2] if each else words[1]
        events = [
            {"id": f"e-{next(_ids)}", "customer": self.key, "type": meter, "time": f"{day}T08:00:00Z"}
            | ({} if each else {"quantity": amount})
            for _ in range(amount if each else 1)
        ]
        assert self.service.engine.post("/v1/events", json=events).json()["accepted"] == len(events)

    def changes(self, row: Row) -> None:
        """``package large add sms mail drop forms``, effective on the row's day or ``from 2026-03-01``."""
        self.post("contract/changes", _change(row))

    def ends(self, row: Row) -> None:
        """``by provider important_reason: 2027-01-31 fluks AGB 16.1``: the last day, and the clause that says so."""
        how, expected = row.parts
        answer = self.post("contract/termination", _termination(row, how))
        assert answer["ends_on"] == expected[:10], answer
        assert expected[10:].strip() in answer["why"], answer["why"]

    def raises(self, row: Row) -> None:
        """``5.1 percent: 2027-04-01 exit until 2027-02-15``."""
        how, expected = row.parts
        answer = self.post("contract/price-rises", {"received_on": row.day.isoformat(), "percent": how.split()[0]})
        assert answer["effective_on"] == expected[:10], answer
        assert (answer["exit_until"] or "") == expected[10:].strip().removeprefix("exit until "), answer

    def waives(self, row: Row) -> None:
        self.post("contract/price-rises/waiver", {"waived_on": row.day.isoformat()})

    def announces(self, row: Row) -> None:
        """``new-terms: 2027-03-01``."""
        terms, expected = row.parts
        answer = self.post("contract/terms-changes", {"terms": terms, "received_on": row.day.isoformat()})
        assert answer["effective_on"] == expected, answer

    def objects(self, row: Row) -> None:
        self.post("contract/terms-changes/objection", {"received_on": row.day.isoformat()})

    def prepays(self, row: Row) -> None:
        """``after RE-2027-000006``, which was paid late: from the row's day on; ``lifted``: no more."""
        body = {"effective_on": row.day.isoformat(), "lifted": row.what == "lifted"}
        self.post("contract/prepayment", body | {"invoice": row.what.removeprefix("after ").replace("lifted", "")})

    def books(self, row: Row) -> None:
        """``work beratung senior 90 Datenübernahme`` (minutes) or ``expense spesen Reise 8450 Bahnfahrt`` (cents)."""
        kind, service, role, quantity, text = row.what.split(maxsplit=4)
        body = {"kind": kind, "service": service, "day": row.day.isoformat(), "quantity": int(quantity), "text": text}
        self.post("bookings", body | {"role": role})

    def suspends(self, row: Row) -> None:
        """``2028-02-28T20Z to 2028-02-29T06Z, …: 9,87 Cloudeteer AGB 5(3)``: a credit, or ``none``."""
        times, expected = row.what.split(": ")
        away = [
            dict(zip(("start", "end"), each.replace("Z", ":00:00Z").split(" to "), strict=True))
            for each in times.split(", ")
        ]
        self._credit("suspension", {"month": times[:7], "suspensions": away}, expected)

    def delivers(self, row: Row) -> None:
        """``8.000,00 agreed on 2028-03-01, claimed: 80,00 Connectavo AGB I 4.4``: late, so damages are owed."""
        price, agreed_on, expected = re.fullmatch(r"(\S+) agreed on (\S+): (.*)", row.what).groups()  # type: ignore[union-attr]
        day = row.day.isoformat()
        body = {"price_cents": int(re.sub("[.,]", "", price)), "agreed_on": agreed_on}
        self._credit("delay", body | {"until": day, "claimed_on": day, "completed_on": day}, expected)

    def _credit(self, kind: str, body: dict[str, Any], expected: str) -> None:
        answer = self.post(f"credits/{kind}", body, expect=409 if expected.startswith("none") else 201)
        said = answer.get("detail") or f"{german_amount(answer['quantity'])} {answer['clause']}"
        assert expected.removeprefix("none ") in said, answer

    def orders(self, row: Row) -> None:
        """``beratung-plus``: invoiced at once."""
        before = self._invoices()
        self.post("orders", {"service": row.what, "quantity": 1})
        self._compare(row, [each for each in self._invoices() if each not in before])

    def closes(self, row: Row) -> None:
        before = self._invoices()
        self.service.ask("POST", f"/v1/months/{row.what}/close", expect=202)
        until(
            lambda: self.service.ask("GET", f"/v1/months/{row.what}")["state"] != "closing",
            f"{row.what} done",
            seconds=60,
        )
        report = self.service.ask("GET", f"/v1/months/{row.what}")
        assert (report["state"], report["problems"]) == ("closed", [])
        self._compare(row, [each for each in self._invoices() if each not in before])

    def refused(self, row: Row) -> None:
        """``changes package small: words of the message``."""
        what, message = row.parts
        verb, _, rest = what.partition(" ")
        said: dict[str, Callable[[], tuple[str, dict[str, Any]]]] = {
            "signs": lambda: ("contract", self._contract(Row(row.day, verb, rest))),
            "changes": lambda: ("contract/changes", _change(Row(row.day, verb, rest))),
            "ends": lambda: ("contract/termination", _termination(row, rest)),
            "raises": lambda: ("contract/price-rises", {"received_on": str(row.day), "percent": rest.split()[0]}),
            "objects": lambda: ("contract/terms-changes/objection", {"received_on": str(row.day)}),
            "prepays": lambda: ("contract/prepayment", {"effective_on": rest.split()[-1], "lifted": True}),
            "announces": lambda: ("contract/terms-changes", {"terms": rest, "received_on": str(row.day)}),
        }
        path, body = said[verb]()
        answer = self.post(path, body, expect=422)
        assert message in answer["detail"], answer["detail"]

    def _invoices(self) -> list[str]:
        items = self.service.ask("GET", f"/v1/invoices?customer={self.key}&limit=1000")["items"]
        return [each["number"] for each in items]

    def _printed(self, invoice: dict[str, Any]) -> list[str]:
        """The sum to pay beside the first line, then the other lines: amount, clause, text."""
        total, told = german_amount(invoice["gross_cents"]), []
        for each in invoice["lines"]:
            cents = each["net_cents"] if each["gross_cents"] is None else each["gross_cents"]
            told.append(f"{total} | {german_amount(cents)} | {each['clause'].removeprefix(self.cite)} | {each['text']}")
            total = ""
        return told

    def _compare(self, row: Row, issued: list[str]) -> None:
        told: list[str] = []
        for number in issued:
            invoice = self.service.ask("GET", f"/v1/invoices/{number}")
            told += self._printed(invoice)
            explained = self.service.ask("GET", f"/v1/invoices/{number}/explain")
            assert explained["problems"] == [], (number, explained["problems"])
        assert len(told) == len(row.expected), "\n".join([f"{row.day} {row.what} says:", *told])
        wrong = [(want, got) for want, got in zip(row.expected, told, strict=True) if not _is_like(want, got)]
        assert wrong == [], "\n".join([f"{row.day} {row.what} says:", *told])


def _is_like(want: str, got: str) -> bool:
    """Tell whether a line is as expected; "…" stands for any text."""
    begin, dots, end = want.partition("…")
    return got.startswith(begin) and got.endswith(end) if dots else got == want


def _change(row: Row) -> dict[str, Any]:
    body: dict[str, Any] = {"effective_on": row.day.isoformat()}
    key = ""
    for word in row.what.split():
        if word in {"package", "add", "drop", "from"}:
            key = word
        elif key == "package":
            body["package"] = word
        elif key == "from":
            body["effective_on"] = word
        else:
            body.setdefault({"add": "add_addons", "drop": "remove_addons"}[key], []).append(word)
    return body


def _termination(row: Row, how: str) -> dict[str, Any]:
    body: dict[str, Any] = {"received_on": row.day.isoformat()}
    words = iter(how.split())
    for word in words:
        match word:
            case "by":
                body["by"] = next(words)
            case "on":
                body["ends_on"] = next(words)
            case "received":
                body["received_on"] = next(words)
            case "only":
                body["addons"] = list(words)
            case cause:
                body["cause"] = cause
                body["reason"] = "wie mitgeteilt"
    return body
