"""May these collections leave? Every problem is found, with invoice and customer, before a file exists."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date

from sepa.account_id import AccountError, parse_creditor_id
from sepa.debit import Creditor, Debit, ExportProblem
from sepa.debit_rules import DEBIT_RULES, account_faults, address_faults, name_faults

_LAST = ("FNAL", "OOFF")


def check(creditor: Creditor, debits: Sequence[Debit], today: date) -> list[ExportProblem]:
    """Return every problem of these collections, of both schemes together; an empty list lets them leave.

    DK: GBIC_5; Scheme: EPC016-06, EPC222-07
    """
    problems = [*_creditor_problems(creditor)]
    for debit in debits:
        problems += [
            ExportProblem(debit.invoice, debit.customer, field, message)
            for rule in DEBIT_RULES
            for field, message in rule(debit, creditor, today)
        ]
    return problems + [problem for rule in SET_RULES for problem in rule(debits)]


def check_file(creditor: Creditor, debits: Sequence[Debit], today: date) -> list[ExportProblem]:
    """Return every problem of collections that are to stand in one file.

    DK: GBIC_5 (one scheme per message)
    """
    return check(creditor, debits, today) + [problem for rule in FILE_RULES for problem in rule(debits)]


def end_to_end_ids_differ(debits: Sequence[Debit]) -> Iterator[ExportProblem]:
    """Scheme: EPC016-06 AT-10 (our only key to a return; a bank answers DU04)."""
    times = Counter(debit.end_to_end_id for debit in debits)
    repeated = (debit for debit in debits if times[debit.end_to_end_id] > 1)
    yield from _each(
        repeated, "end_to_end_id", "Die Ende-zu-Ende-Referenz kommt mehrfach vor. Jedem Versuch eine eigene geben."
    )


def nothing_after_the_last(debits: Sequence[Debit]) -> Iterator[ExportProblem]:
    """Scheme: EPC016-06 AT-21 (a mandate ends with its FNAL collection; OOFF is used once)."""
    ended = {debit.mandate_reference for debit in debits if debit.sequence in _LAST}
    groups: dict[str, list[Debit]] = defaultdict(list)
    for debit in debits:
        if debit.mandate_reference in ended:
            groups[debit.mandate_reference].append(debit)
    barred = (each for group in groups.values() for each in group if any(_bars(end, each) for end in group))
    yield from _each(
        barred, "sequence", "Nach FNAL oder OOFF darf das Mandat nicht mehr genutzt werden. Ein neues einholen."
    )


def one_scheme(debits: Sequence[Debit]) -> Iterator[ExportProblem]:
    """DK: GBIC_5 (each message holds one scheme, else CH22)."""
    if debits and any(debit.scheme != debits[0].scheme for debit in debits):
        yield from _each(debits, "scheme", "CORE und B2B stehen nie in einer Datei. Die Einzüge vorher trennen.")


def not_empty(debits: Sequence[Debit]) -> Iterator[ExportProblem]:
    """DK: GBIC_5 (at least one collection)."""
    if not debits:
        yield ExportProblem("", "", "debits", "Eine Datei ohne Einzüge gibt es nicht. Einzüge angeben.")


SetRule = Callable[[Sequence[Debit]], Iterator[ExportProblem]]
SET_RULES: tuple[SetRule, ...] = (end_to_end_ids_differ, nothing_after_the_last)
FILE_RULES: tuple[SetRule, ...] = (not_empty, one_scheme)


def _creditor_problems(creditor: Creditor) -> Iterator[ExportProblem]:
    faults = [*name_faults("name", creditor.name), *account_faults(creditor.iban, creditor.bic)]
    if creditor.address is not None:
        faults += address_faults(creditor.address)
    try:
        parse_creditor_id(creditor.creditor_id)
    except AccountError as error:
        faults.append(("creditor_id", error.german))
    for field, message in faults:
        yield ExportProblem("", "", f"creditor.{field}", message)


def _bars(end: Debit, debit: Debit) -> bool:
    """Tell whether one collection of a mandate forbids another one of it."""
    if end is debit:
        return False
    if "OOFF" in {end.sequence, debit.sequence}:
        return True
    return end.sequence == "FNAL" and (debit.sequence == "FNAL" or debit.due_on >= end.due_on)


def _each(debits: Iterable[Debit], field: str, message: str) -> Iterator[ExportProblem]:
    for debit in debits:
        yield ExportProblem(debit.invoice, debit.customer, field, message)
