"""When a contract ends, and why: one German sentence that cites the clause beside each date."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from invoicing.contract.error import ContractError
from invoicing.contract.event import Cause, Contract, ContractEvent, Life, lives
from invoicing.contract.term import A_DAY, latest_notice, month_end, runs_out, term_on, term_rule
from invoicing.money import german_date
from invoicing.terms import Setting, Terms
from invoicing.terms.rules import Notice, Period
from invoicing.workday import last_day_to_act
from metering.month import BillingMonth

Party = Literal["customer", "provider"]
_TO = {"any_day": "", "month_end": " zum Monatsende", "term_end": " zum Ende der Laufzeit"}
_FORMS = {"text": "in Textform", "written": "in Schriftform"}
_UNITS = (("months", "Monat", "Monate"), ("weeks", "Woche", "Wochen"), ("days", "Tag", "Tage"))


@dataclass(frozen=True, slots=True)
class Termination:
    """The last day of a terminated contract, one German sentence that says why, and what ended it."""

    ends_on: date
    why: str
    cause: Cause = "notice"


def termination_end(
    terms: Terms,
    contract: Contract,
    received_on: date,
    by: Party = "customer",
    addons: Sequence[str] = (),
    ends_on: date | None = None,
) -> Termination:
    """Return when a notice ends a contract, or some add-ons: after the whole period, not before the minimum term.

    ``ends_on`` is a later day that the notice names; raise ContractError when a notice cannot end it then.

    Contract: fluks AGB 16.1, Cloudeteer AGB 13(1), KLUGO AGB 15.2, cunio AGB 13.1, Connectavo AGB II 9.2
    """
    trial = trial_exit(terms, contract, received_on) if by == "customer" and not addons else None
    if trial and ends_on in {None, trial.ends_on}:
        return trial
    notice = _notice(terms, by)
    out = runs_out(notice.value, received_on)
    earliest = _end(terms, contract, notice.value, out)
    until = f"Die Frist läuft am {german_date(out)} ab, " if out != received_on else ""
    if ends_on and ends_on != earliest:
        _check_later(terms, contract, notice.value, earliest, ends_on)
        until += f"frühestes Ende ist der {german_date(earliest)}, gekündigt ist zum {german_date(ends_on)}: "
    ends_on = ends_on or earliest
    sentence = (
        f"Kündigung eingegangen am {german_date(received_on)}, {length(notice.value)}{_TO[notice.value.to]} "
        f"({terms.cited(notice.clause)}; §§ 187, 188 BGB): {until}"
        f"{_what_ends(terms, addons)} mit Ablauf des {german_date(ends_on)}."
    )
    return Termination(ends_on, f"{sentence}{_bound(terms, contract, notice.value, out, ends_on)}")


def trial_exit(terms: Terms, contract: Contract, received_on: date) -> Termination | None:
    """Return the end of a contract whose notice came during the free trial: with the trial, at no charge.

    The last day to say so moves to the next working day; the trial itself does not.

    Contract: cunio AGB 8.4; Law: § 193 BGB
    """
    last = contract.trial_ends_on
    if last is None or terms.rules.trial is None or received_on > (until := last_day_to_act(last, terms.place)):
        return None
    moved = f" (bis {german_date(until)}, § 193 BGB)" if until != last else ""
    return Termination(
        last,
        f"Kündigung eingegangen am {german_date(received_on)}, während der Testphase{moved}: Der Vertrag endet mit ihr "
        f"am {german_date(last)}, ohne in eine vergütungspflichtige Nutzung überzugehen "
        f"({terms.cited(terms.rules.trial.clause)}).",
        "trial",
    )


def _check_later(terms: Terms, contract: Contract, notice: Notice, earliest: date, ends_on: date) -> None:
    """Raise ContractError unless a notice that came later would end the contract on this later day."""
    latest = latest_notice(notice, ends_on)
    if ends_on < earliest or _end(terms, contract, notice, runs_out(notice, latest)) != ends_on:
        to = {"any_day": "a later day", "month_end": "a later end of a month", "term_end": "the end of a later term"}
        raise ContractError("ends_on", f"this notice ends it on {earliest}: leave it out, or name {to[notice.to]}")


def at_once(
    terms: Terms, received_on: date, ends_on: date | None, cause: Cause, reason: str, addons: Sequence[str] = ()
) -> Termination:
    """Return the end of a contract, or some add-ons, for a cause, without notice: on the day named, not before receipt.

    Contract: fluks AGB 16.2, Cloudeteer AGB 13(2), KLUGO AGB 15.3, cunio AGB 13.2, Connectavo AGB II 9.3
    """
    if not reason.strip():
        raise ContractError("reason", "say the reason: without one a contract ends by notice only")
    ends = ends_on or received_on
    if ends < received_on:
        raise ContractError(
            "ends_on", f"must not be before the termination was received: choose {received_on} or later"
        )
    what = _what_ends(terms, addons)
    return Termination(
        ends,
        f"Außerordentliche Kündigung {_for_what(terms, cause)}, eingegangen am {german_date(received_on)}: "
        f"{reason.strip()}. {what[0].upper()}{what[1:]} mit Ablauf des {german_date(ends)}.",
        cause,
    )


def _for_what(terms: Terms, cause: Cause) -> str:
    """Say for what a contract ends at once, and which clause allows it: ``aus wichtigem Grund (fluks AGB 16.2)``."""
    if cause != "default":
        rule = terms.rules.important_reason
        return (
            f"aus wichtigem Grund ({terms.cited(rule.clause)}; § 314 BGB)"
            if rule
            else "aus wichtigem Grund (§ 314 BGB)"
        )
    if terms.rules.for_cause is None:
        raise ContractError("cause", f"{terms.id} give no right to end a contract for default: use important_reason")
    return f"wegen Zahlungsverzugs ({terms.cited(terms.rules.for_cause.clause)})"


def check_termination(
    events: Sequence[ContractEvent],
    received_on: date,
    terms: Terms,
    by: Party = "customer",
    ends_on: date | None = None,
) -> Termination:
    """Return when a notice ends the contract; raise ContractError when it would end anyway by then.

    Received before the contract starts it may end it before its first day: then nothing is ever billed.

    Contract: fluks AGB 16.1
    """
    contract = _newest(events).on(date.max)
    if (term := term_on(terms, contract, contract.starts_on)) and term.renewal == "none":
        why = f"this package cannot be ended by notice: it ends by itself on {term.last} ({term.clause})"
        raise ContractError("received_on", why)
    end = termination_end(terms, contract, received_on, by, ends_on=ends_on)
    return unless_ended(contract, end)


def unless_ended(contract: Contract, end: Termination) -> Termination:
    """Return an end; raise ContractError when the contract ends by then anyway."""
    if contract.ends_on and contract.ends_on <= end.ends_on:
        raise ContractError("received_on", f"the contract already ends on {contract.ends_on}: nothing is left to end")
    return end


def check_partial(
    events: Sequence[ContractEvent],
    received_on: date,
    addons: Sequence[str],
    terms: Terms,
    by: Party = "customer",
    ends_on: date | None = None,
) -> Termination:
    """Return when a notice of some add-ons ends them; raise ContractError where only the whole contract can be ended.

    Contract: Cloudeteer AGB 13(1)
    """
    contract = _newest(events).on(date.max)
    if terms.rules.partial_termination is None:
        raise ContractError("addons", f"{terms.id} know no partial termination: remove add-ons by a change")
    return _unless_absent(events, addons, termination_end(terms, contract, received_on, by, addons, ends_on))


def check_partial_at_once(
    events: Sequence[ContractEvent],
    received_on: date,
    addons: Sequence[str],
    terms: Terms,
    ends_on: date | None,
    reason: str,
) -> Termination:
    """Return when an important reason ends some add-ons; raise ContractError where it ends the whole contract only.

    Contract: Cloudeteer AGB 13(2)
    """
    rule = terms.rules.important_reason
    if rule is None or rule.value == "whole":
        raise ContractError("addons", f"{terms.id} end only as a whole for an important reason: leave the add-ons out")
    return _unless_absent(events, addons, at_once(terms, received_on, ends_on, "important_reason", reason, addons))


def _unless_absent(events: Sequence[ContractEvent], addons: Sequence[str], end: Termination) -> Termination:
    """Return an end of some add-ons; raise ContractError for one that is not booked, or ends anyway."""
    life = _newest(events)
    if absent := sorted(set(addons) - life.on(date.max).addons):
        raise ContractError("addons", f"not booked: {', '.join(absent)}; leave it out")
    if later := sorted(set(addons) - life.on(end.ends_on).addons):
        raise ContractError("addons", f"{', '.join(later)} will be booked only after {end.ends_on}: end it later")
    return unless_ended(life.on(date.max), end)


def month_start(day: date) -> date:
    """Return this day when it starts a month, else the start of the next month."""
    month = BillingMonth.of(day)
    return day if day == month.first_day else month.next().first_day


def length(period: Period) -> str:
    """Write a period in German: ``Frist 3 Monate``; of none: ``ohne Frist``."""
    said = (
        f"{number} {one if number == 1 else many}" for name, one, many in _UNITS if (number := getattr(period, name))
    )
    text = " ".join(said)
    return f"Frist {text}" if text else "ohne Frist"


def _what_ends(terms: Terms, addons: Sequence[str]) -> str:
    if not (known := [f"das {terms.label(f'addons.{key}')}" for key in sorted(addons) if key in terms.addons]):
        return "der Vertrag endet"
    *several, last = known
    return f"{', '.join(several)} und {last} enden" if several else f"{last} endet"


def form(terms: Terms) -> str:
    """Say in which form a notice must come: ``in Textform (fluks AGB 16.3)``.

    Contract: fluks AGB 16.3
    """
    rule = terms.rules.notice_form
    return f"{_FORMS[rule.value]} ({terms.cited(rule.clause)})"


def notice_until(terms: Terms, contract: Contract, day: date) -> tuple[date, date] | None:
    """Return the end of the term in which a day lies, and until when a notice to it must be received."""
    term = term_on(terms, contract, day)
    if term is None or term.renewal == "none":
        return None
    notice = terms.rules.notice.value
    last = month_end(term.last) if notice.to == "month_end" else term.last
    return last, latest_notice(notice, last)


def _notice(terms: Terms, by: Party) -> Setting[Notice]:
    """Return the notice that a party must give.

    Contract: KLUGO AGB 15.2
    """
    own = terms.rules.provider_notice if by == "provider" else None
    return own or terms.rules.notice


def _end(terms: Terms, contract: Contract, notice: Notice, out: date) -> date:
    """Return the first day on which a contract may end once the period has run out.

    Contract: cunio AGB 13.1, Connectavo AGB II 9.2
    """
    wanted = month_end(out) if notice.to == "month_end" else out
    term = term_on(terms, contract, contract.starts_on)
    while term:
        last = month_end(term.last) if notice.to == "month_end" else term.last
        if last >= wanted:
            return last
        term = term_on(terms, contract, term.last + A_DAY)
    return wanted


def _bound(terms: Terms, contract: Contract, notice: Notice, out: date, ends_on: date) -> str:
    """Say which term keeps a contract longer than the period of notice does."""
    free = month_end(out) if notice.to == "month_end" else out
    rule = term_rule(terms, contract)
    if rule is None or ends_on == free:
        return ""
    term = rule.value
    said = f"Die Laufzeit beträgt {_months(term.months)}"
    if contract.term_ends_on:
        said = f"Die Laufzeit ist bis zum {german_date(contract.term_ends_on)} vereinbart"
    is_same = term.renew_months in {0, term.months} and not contract.term_ends_on
    by = "dieselbe Laufzeit" if is_same else _months(term.renew_months)
    again = f" und verlängert sich um {by}" if term.renewal == "same_term" else ""
    return f" {said}{again} ({terms.cited(rule.clause)})."


def _months(number: int) -> str:
    return f"{number} {'Monat' if number == 1 else 'Monate'}"


def _newest(events: Sequence[ContractEvent]) -> Life:
    """Return the newest contract; raise ContractError without one."""
    running = [each for each in lives(events) if not each.start.ends_on or each.start.is_active(each.start.ends_on)]
    if not running:
        raise ContractError("received_on", "there is no contract to end")
    return running[-1]
