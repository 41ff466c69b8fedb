"""What happens to a contract when, and which clause says so: dated sentences in German."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from invoicing.contract.ending import form, notice_until
from invoicing.contract.event import Cause, Contract, ContractEvent, Life, lives
from invoicing.contract.rise import announced_rises
from invoicing.contract.term import A_DAY, fixed_end, term_on, term_rule
from invoicing.money import german_amount, german_date, to_cents
from invoicing.terms import Terms

_CAUSES = {
    "notice": "Kündigung",
    "trial": "Kündigung während der Testphase",
    "price_rise": "Kündigung wegen einer Preiserhöhung",
    "default": "Kündigung wegen Zahlungsverzugs",
    "important_reason": "Kündigung aus wichtigem Grund",
    "withdrawal": "Widerruf",
    "objection": "Kündigung nach Widerspruch gegen neue Bedingungen",
}


@dataclass(frozen=True, slots=True)
class Milestone:
    """A day in a contract's life and what happens on it."""

    day: date
    text: str


def timeline(terms: Mapping[str, Terms], events: Sequence[ContractEvent], today: date) -> tuple[Milestone, ...]:
    """Return the days of a customer's newest contract, and of others that still run, in order: as it is agreed now.

    Contract: fluks AGB 16.1, cunio AGB 13.1
    """
    found = lives(events)
    said: list[Milestone] = []
    for life in found:
        if life.start.terms in terms and (life is found[-1] or _still_runs(life.start, today)):
            own = terms[life.start.terms]
            said += [*_beginning(own, life.start), *_changes(terms, life), *_exits(terms, life, events)]
            said += _end(terms, life, today, events)
    return tuple(sorted(dict.fromkeys(said), key=lambda each: each.day))


def _still_runs(start: Contract, today: date) -> bool:
    return start.is_active(start.starts_on) and (start.ends_on or date.max) >= today


def _exits(terms: Mapping[str, Terms], life: Life, events: Sequence[ContractEvent]) -> Iterator[Milestone]:
    """Say until when a price rise lets the customer go.

    Contract: cunio AGB 8.8
    """
    for _, rise, clause in announced_rises(events, terms, life):
        if rise.exit_until:
            until = f"zum {german_date(rise.effective_on - A_DAY)} zu kündigen ({clause})"
            yield Milestone(rise.exit_until, f"Letzter Tag, um wegen der Preiserhöhung {until}.")


def _beginning(terms: Terms, start: Contract) -> Iterator[Milestone]:
    if start.is_active(start.starts_on):
        yield Milestone(start.starts_on, f"Der Vertrag beginnt: {terms.label(f'packages.{start.package}')}.")
    if start.trial_ends_on and terms.rules.trial and start.is_active(start.trial_ends_on):
        clause = terms.cited(terms.rules.trial.clause)
        yield Milestone(start.trial_ends_on, f"Die kostenlose Testphase endet ({clause}).")
        if start.is_active(first := start.trial_ends_on + A_DAY):
            yield Milestone(first, f"Die vergütungspflichtige Nutzung beginnt ({clause}).")


def _changes(terms: Mapping[str, Terms], life: Life) -> Iterator[Milestone]:
    for each in life.changes:
        before, after = life.on(each.effective_on - A_DAY), life.on(each.effective_on)
        own = terms.get(after.terms)
        if own is None or not life.start.is_active(each.effective_on):
            continue
        if each.kind == "changed":
            if difference := _difference(own, before, after):
                yield Milestone(each.effective_on, f"Die Änderung wird wirksam: {difference}.")
        elif each.kind == "terms_changed":
            yield Milestone(each.effective_on, f"Neue Bedingungen gelten: {own.title}.")
        elif each.kind == "price_raised":
            prices = [f"{own.label(key)} {german_amount(to_cents(price))} €" for key, price in each.prices.items()]
            said = terms.get(life.on(each.received_on or each.effective_on).terms)
            cited = f" ({said.cited(said.rules.price_rise.clause)})" if said and said.rules.price_rise else ""
            yield Milestone(each.effective_on, f"Die Preiserhöhung wird wirksam: {', '.join(prices)}{cited}.")
        else:
            asked = "wird im Voraus fällig" if after.prepaid else "wird wieder im Nachhinein fällig"
            yield Milestone(each.effective_on, f"Die Grundvergütung {asked}.")


def _difference(terms: Terms, before: Contract, after: Contract) -> str:
    said = [terms.label(f"packages.{after.package}")] if after.package != before.package else []
    said += [f"{terms.label(f'addons.{key}')} kommt hinzu" for key in sorted(after.addons - before.addons)]
    said += [f"{terms.label(f'addons.{key}')} entfällt" for key in sorted(before.addons - after.addons)]
    return ", ".join(said)


def _end(terms: Mapping[str, Terms], life: Life, today: date, events: Sequence[ContractEvent]) -> Iterator[Milestone]:
    """Say how the contract ends, or until when it can be ended."""
    start = life.start
    day = max(today, start.starts_on)
    own = terms.get(life.on(day).terms)
    if start.ends_on:
        causes = [each.cause for each in events if each.kind == "terminated" and each.effective_on == start.ends_on]
        when = "mit Ablauf des Tages" if start.is_active(start.ends_on) else "vor seinem ersten Tag"
        yield Milestone(start.ends_on, f"Der Vertrag endet {when} {_why(own, start, causes)}.")
        return
    if own is None:
        return
    if term := term_on(own, start, day):
        yield Milestone(term.last, f"Die Laufzeit endet ({term.clause}).")
    if found := notice_until(own, start, day):
        ends_on, until = found
        clause = own.cited(own.rules.notice.clause)
        yield Milestone(
            until, f"Letzter Tag für den Eingang einer Kündigung zum {german_date(ends_on)} ({clause}), {form(own)}."
        )


def _why(terms: Terms | None, start: Contract, causes: Sequence[Cause]) -> str:
    """Say why a contract ends; under terms that are gone, what ended it."""
    rule = term_rule(terms, start) if terms else None
    if terms and rule and fixed_end(terms, start) == start.ends_on:
        return f"von selbst ({terms.cited(rule.clause)})"
    return f"durch {_CAUSES[causes[-1]]}" if causes else "wie vereinbart"
