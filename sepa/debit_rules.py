"""What one collection must be before it may stand in a file. One rule, one function, one list entry.

A rule yields the field and, in German, what is wrong with it and what to do. Lengths are those of the
converted text; identifiers are never converted.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date

from sepa.account_id import NON_EEA, AccountError, check_digits, parse_bic, parse_creditor_id, parse_iban
from sepa.calendar import is_target_day
from sepa.charset import id_problem, says_something, to_sepa
from sepa.debit import Address, Amendment, Creditor, Debit

Fault = tuple[str, str]
Rule = Callable[[Debit, Creditor, date], Iterator[Fault]]

SCHEMES = ("CORE", "B2B")
SEQUENCES = ("FRST", "RCUR", "FNAL", "OOFF")
MAX_AMOUNT_CENTS = 99_999_999_999  # Scheme: EPC016-06 AT-06
MAX_NAME = 70  # DK: GBIC_5
MAX_REMITTANCE = 140  # DK: GBIC_5
_MAX_PARTS = {"street": 70, "building": 16, "postcode": 16, "city": 35}  # DK: GBIC_5
_COUNTRY = re.compile(r"[A-Z]{2}")
_PURPOSE = re.compile(r"[A-Z0-9]{4}")
_CREDITOR_REFERENCE = re.compile(r"RF[0-9]{2}[A-Z0-9]{1,21}")


def scheme(debit: Debit, _: Creditor, __: date) -> Iterator[Fault]:
    """Scheme: EPC016-06, EPC222-07 (COR1 ended in November 2016)."""
    if debit.scheme not in SCHEMES:
        yield "scheme", f"Das Verfahren {debit.scheme!r} gibt es nicht. CORE oder B2B wählen."


def sequence(debit: Debit, _: Creditor, __: date) -> Iterator[Fault]:
    """Scheme: EPC016-06 AT-21."""
    if debit.sequence not in SEQUENCES:
        yield "sequence", f"Die Sequenz {debit.sequence!r} gibt es nicht. FRST, RCUR, FNAL oder OOFF wählen."


def amount(debit: Debit, _: Creditor, __: date) -> Iterator[Fault]:
    """Scheme: EPC016-06 AT-06 (0.01 to 999,999,999.99 euro)."""
    if type(debit.amount_cents) is not int or not 1 <= debit.amount_cents <= MAX_AMOUNT_CENTS:
        yield "amount_cents", "Der Betrag muss zwischen 0,01 und 999.999.999,99 Euro liegen. Die Rechnung prüfen."


def due_on(debit: Debit, _: Creditor, today: date) -> Iterator[Fault]:
    """Scheme: EPC016-06 4.3.1 (settled on TARGET days only)."""
    if debit.due_on < today:
        yield "due_on", f"Der Fälligkeitstag {debit.due_on:%d.%m.%Y} ist vorbei. Neu ankündigen."
    if not is_target_day(debit.due_on):
        yield "due_on", f"Der {debit.due_on:%d.%m.%Y} ist kein TARGET-Geschäftstag. Neu ankündigen."


def mandate_signed_on(debit: Debit, _: Creditor, today: date) -> Iterator[Fault]:
    """Scheme: EPC016-06 AT-25 (signed before it is used)."""
    signed = f"Das Mandat ist erst am {debit.mandate_signed_on:%d.%m.%Y} unterschrieben"
    if debit.mandate_signed_on > today:
        yield "mandate_signed_on", f"{signed}. Das Datum berichtigen oder bis dahin warten."
    elif debit.mandate_signed_on > debit.due_on:
        yield "mandate_signed_on", f"{signed}, nach der Fälligkeit. Das Datum berichtigen."


def identifiers(debit: Debit, _: Creditor, __: date) -> Iterator[Fault]:
    """Scheme: EPC230-15."""
    if problem := id_problem(debit.end_to_end_id):
        yield "end_to_end_id", f"Die Ende-zu-Ende-Referenz {problem}"
    if problem := id_problem(debit.mandate_reference):
        yield "mandate_reference", f"Die Mandatsreferenz {problem}"


def names(debit: Debit, _: Creditor, __: date) -> Iterator[Fault]:
    """DK: GBIC_5 (1 to 70 characters, not blank)."""
    yield from name_faults("debtor_name", debit.debtor_name)
    if debit.ultimate_debtor is not None:
        yield from name_faults("ultimate_debtor", debit.ultimate_debtor)


def account(debit: Debit, _: Creditor, __: date) -> Iterator[Fault]:
    """Scheme: EPC409-09, ISO 13616."""
    yield from account_faults(debit.iban, debit.bic)


def remittance(debit: Debit, _: Creditor, __: date) -> Iterator[Fault]:
    """DK: GBIC_5 (one text of at most 140 characters, or one creditor reference)."""
    text = to_sepa(debit.remittance)
    if debit.structured_reference is not None:
        if debit.remittance:
            yield "remittance", "Text und strukturierte Referenz schließen einander aus. Eines von beiden weglassen."
        yield from _reference_faults(debit.structured_reference)
    elif not says_something(text):
        yield "remittance", "Der Verwendungszweck ist leer. Die Rechnungsnummer nennen."
    elif len(text) > MAX_REMITTANCE:
        yield "remittance", f"Der Verwendungszweck hat {len(text)} Zeichen, erlaubt sind {MAX_REMITTANCE}. Kürzen."


def address(debit: Debit, creditor: Creditor, _: date) -> Iterator[Fault]:
    """Scheme: EPC016-06 AT-09 (the debtor's address, where a bank is in SEPA but not in the EEA)."""
    outside = {_country(creditor.iban), _country(debit.iban)} & NON_EEA
    if debit.address is not None:
        yield from address_faults(debit.address)
    elif outside:
        yield "address", f"Für {', '.join(sorted(outside))} verlangen die Banken die Anschrift. Ort und Land ergänzen."


def amendment(debit: Debit, _: Creditor, __: date) -> Iterator[Fault]:
    """DK: GBIC_5 (AmdmntInfDtls)."""
    change = debit.amendment
    if change is None:
        return
    if change == Amendment():
        yield "amendment", "Die Mandatsänderung nennt keine Änderung. Den alten Wert angeben."
    if change.smnda and change.original_iban:
        yield "amendment.original_iban", "Alte IBAN und SMNDA schließen einander aus. Eines von beiden weglassen."
    if change.original_reference is not None and (problem := id_problem(change.original_reference)):
        yield "amendment.original_reference", f"Die alte Mandatsreferenz {problem}"
    if change.original_creditor_name is not None:
        yield from name_faults("amendment.original_creditor_name", change.original_creditor_name)
    yield from _unreadable("amendment.original_iban", parse_iban, change.original_iban)
    yield from _unreadable("amendment.original_creditor_id", parse_creditor_id, change.original_creditor_id)


def purpose(debit: Debit, _: Creditor, __: date) -> Iterator[Fault]:
    """DK: GBIC_5 (Purp as a code of the ISO list)."""
    if debit.purpose is not None and not _PURPOSE.fullmatch(debit.purpose):
        yield "purpose", f"{debit.purpose!r} ist kein Zweckschlüssel. Vier Zeichen wie SCVE angeben oder weglassen."


DEBIT_RULES: tuple[Rule, ...] = (
    scheme,
    sequence,
    amount,
    due_on,
    mandate_signed_on,
    identifiers,
    names,
    account,
    remittance,
    address,
    amendment,
    purpose,
)


def name_faults(field: str, name: str) -> Iterator[Fault]:
    """Yield what is wrong with a name once it is converted.

    DK: GBIC_5
    """
    converted = to_sepa(name)
    if not says_something(converted):
        yield (
            field,
            "Der Name ist leer oder hat kein Zeichen, das Banken lesen. Den Namen in lateinischer Schrift angeben.",
        )
    elif len(converted) > MAX_NAME:
        yield field, f"Der Name hat {len(converted)} Zeichen, erlaubt sind {MAX_NAME}. Den Namen kürzen."


def account_faults(iban: str, bic: str | None) -> Iterator[Fault]:
    """Yield what is wrong with an IBAN and, if one is given, a BIC.

    Scheme: EPC409-09, ISO 13616
    """
    yield from _unreadable("iban", parse_iban, iban)
    yield from _unreadable("bic", parse_bic, bic)


def address_faults(place: Address) -> Iterator[Fault]:
    """Yield what is missing from an address, or too long in it.

    DK: GBIC_5 (TwnNm and Ctry mandatory)
    """
    if not says_something(to_sepa(place.city)):
        yield "address.city", "In der Anschrift fehlt der Ort. Den Ort ergänzen."
    if not _COUNTRY.fullmatch(place.country):
        yield "address.country", "In der Anschrift fehlt das Land. Zwei Großbuchstaben wie DE angeben."
    for part, longest in _MAX_PARTS.items():
        if len(to_sepa(getattr(place, part) or "")) > longest:
            yield f"address.{part}", f"Dieser Teil der Anschrift ist zu lang, erlaubt sind {longest} Zeichen. Kürzen."


def _unreadable(field: str, parse: Callable[[str], str], text: str | None) -> Iterator[Fault]:
    if text is None:
        return
    try:
        parse(text)
    except AccountError as error:
        yield field, error.german


def _reference_faults(reference: str) -> Iterator[Fault]:
    """Scheme: ISO 11649 (creditor reference)."""
    if problem := id_problem(reference):
        yield "structured_reference", f"Die strukturierte Referenz {problem}"
    elif reference.startswith("RF") and not _is_creditor_reference(reference):
        yield "structured_reference", "Die Prüfziffern der Referenz stimmen nicht. Die Referenz neu bilden."


def _is_creditor_reference(reference: str) -> bool:
    return bool(_CREDITOR_REFERENCE.fullmatch(reference)) and check_digits(reference[4:] + "RF") == reference[2:4]


def _country(iban: str) -> str:
    return iban.strip()[:2].upper()
