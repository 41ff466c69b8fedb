"""Account identifiers: IBAN, BIC and creditor identifier are read here, masked here, and encrypted here.

What cannot be read raises ``AccountError``, which names the field and what is wrong with it.
"""

import base64
import re
import secrets
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

# The account part of an IBAN per SEPA country: n digits, a capital letters, c either.
# Scheme: EPC409-09 (countries), ISO 13616 IBAN registry (structures)
_STRUCTURES = {
    "AD": "8n12c", "AL": "8n16c", "AT": "16n", "BE": "12n", "BG": "4a6n8c", "CH": "5n12c", "CY": "8n16c",
    "CZ": "20n", "DE": "18n", "DK": "14n", "EE": "16n", "ES": "20n", "FI": "14n", "FR": "10n11c2n",
    "GB": "4a14n", "GI": "4a15c", "GR": "7n16c", "HR": "17n", "HU": "24n", "IE": "4a14n", "IS": "22n",
    "IT": "1a10n12c", "LI": "5n12c", "LT": "16n", "LU": "3n13c", "LV": "4a13c", "MC": "10n11c2n",
    "MD": "20c", "ME": "18n", "MK": "3n10c2n", "MT": "4a5n18c", "NL": "4a10n", "NO": "11n", "PL": "24n",
    "PT": "21n", "RO": "4a16c", "RS": "18n", "SE": "20n", "SI": "15n", "SK": "20n", "SM": "1a10n12c",
    "VA": "18n",
}  # fmt: skip
# Scheme: EPC409-09 (territories in the geographical scope of SEPA that are not in the EEA)
NON_EEA = frozenset({"AD", "AL", "CH", "GB", "GI", "MC", "MD", "ME", "MK", "RS", "SM", "VA"})
_PART = re.compile(r"(\d+)([nac])")
_CLASSES = {"n": "0-9", "a": "A-Z", "c": "A-Z0-9"}
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]+")
_BIC = re.compile(r"[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?")
_CREDITOR_ID = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{3}[A-Z0-9]{1,28}")
_GERMAN_CREDITOR_ID = re.compile(r"DE[0-9]{2}[A-Z0-9]{3}0[0-9]{10}")
_GROUP = 4


def _length(structure: str) -> int:
    return 4 + sum(int(count) for count, _ in _PART.findall(structure))


IBAN_LENGTHS = {country: _length(structure) for country, structure in _STRUCTURES.items()}
_PATTERNS = {
    country: re.compile(
        "[A-Z]{2}[0-9]{2}" + "".join(f"[{_CLASSES[kind]}]{{{count}}}" for count, kind in _PART.findall(structure))
    )
    for country, structure in _STRUCTURES.items()
}


class AccountError(ValueError):
    """An account identifier that cannot be right: which field, and what to do about it.

    ``german`` says the same to the finance desk.
    """

    def __init__(self, field: str, message: str, german: str = "") -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message
        self.german = german or message


def _compact(text: str) -> str:
    """Drop the spaces people write; capitals throughout."""
    return re.sub(r"\s+", "", text).upper()


def check_digits(text: str) -> str:
    """Return the check digits of ISO 7064 mod 97-10 for letters and digits, letters counted from 10."""
    return f"{98 - int(''.join(str(int(sign, 36)) for sign in text + '00')) % 97:02d}"


def parse_iban(text: str) -> str:
    """Return an IBAN without spaces, in capitals; raise AccountError naming what is wrong.

    Scheme: EPC409-09, ISO 13616 (length and characters per country, check digits mod 97-10)
    """
    iban = _compact(text)
    country = iban[:2]
    if not _IBAN.fullmatch(iban):
        raise AccountError(
            "iban",
            "is not an IBAN: write two letters, two check digits and the account number",
            "Das ist keine IBAN. Zwei Buchstaben, zwei Prüfziffern und die Kontonummer angeben.",
        )
    if country not in IBAN_LENGTHS:
        raise AccountError(
            "iban",
            f"country {country} is not in SEPA: give an account in a SEPA country",
            f"Das Land {country} gehört nicht zu SEPA. Ein Konto in einem SEPA-Land angeben.",
        )
    if len(iban) != (wanted := IBAN_LENGTHS[country]):
        raise AccountError(
            "iban",
            f"has {len(iban)} characters, an IBAN of {country} has {wanted}: compare it with the bank card",
            f"Die IBAN hat {len(iban)} Zeichen, eine aus {country} hat {wanted}. Beim Kunden nachfragen.",
        )
    if not _PATTERNS[country].fullmatch(iban):
        raise AccountError(
            "iban",
            f"has letters where an IBAN of {country} has digits, or the reverse: compare it with the bank card",
            f"Buchstaben und Ziffern stehen nicht wie in einer IBAN aus {country}. Beim Kunden nachfragen.",
        )
    if check_digits(iban[4:] + country) != iban[2:4]:
        raise AccountError(
            "iban",
            "check digits are wrong, probably a typing error: compare it with the bank card",
            "Die Prüfziffern der IBAN stimmen nicht. Beim Kunden nachfragen.",
        )
    return iban


def mask_iban(iban: str) -> str:
    """Return an IBAN in groups of four with only its first and last four characters readable."""
    shown = iban[:4] + "*" * (len(iban) - 8) + iban[-4:]
    return " ".join(shown[start : start + _GROUP] for start in range(0, len(shown), _GROUP))


def parse_bic(text: str) -> str:
    """Return a BIC in capitals; raise AccountError when it is not one.

    Scheme: ISO 9362 (8 or 11 characters)
    """
    bic = _compact(text)
    if not _BIC.fullmatch(bic):
        raise AccountError(
            "bic",
            "is not a BIC: it has 8 or 11 characters, for example COBADEFFXXX; or leave it empty",
            "Das ist keine BIC. Sie hat 8 oder 11 Zeichen; innerhalb von SEPA darf sie fehlen.",
        )
    return bic


def parse_creditor_id(text: str) -> str:
    """Return a creditor identifier in capitals; its business code (positions 5 to 7) is not checked.

    Scheme: EPC016-06 AT-02 (ISO 7064 mod 97-10 without positions 5 to 7; DE has 18 characters)
    """
    identifier = _compact(text)
    country = identifier[:2]
    if not (_GERMAN_CREDITOR_ID if country == "DE" else _CREDITOR_ID).fullmatch(identifier):
        raise AccountError(
            "creditor_id",
            "is not a creditor identifier: write it as it was given, for example DE98ZZZ09999999999",
            "Das ist keine Gläubiger-Identifikationsnummer. Sie sieht aus wie DE98ZZZ09999999999 (18 Zeichen).",
        )
    if country not in IBAN_LENGTHS:
        raise AccountError(
            "creditor_id",
            f"country {country} is not in SEPA: use the one given in a SEPA country",
            f"Das Land {country} gehört nicht zu SEPA. Die in einem SEPA-Land vergebene Nummer angeben.",
        )
    if check_digits(identifier[7:] + country) != identifier[2:4]:
        raise AccountError(
            "creditor_id",
            "check digits are wrong: compare it with the letter that assigned it",
            "Die Prüfziffern der Gläubiger-Identifikationsnummer stimmen nicht. Mit der Mitteilung vergleichen.",
        )
    return identifier


class IbanVault:
    """Encrypts IBANs for the ledger with AES-256-GCM. A token opens only in the context it was sealed in.

    ``retired`` keys still open what they sealed; sealing always uses ``key``.
    """

    _VERSION = "v1"
    _NONCE = 12
    _KEY = 32

    def __init__(self, key: bytes, retired: tuple[bytes, ...] = ()) -> None:
        if any(len(each) != self._KEY for each in (key, *retired)):
            raise ValueError(f"an IBAN key has {self._KEY} bytes")
        self._ciphers = tuple(AESGCM(each) for each in (key, *retired))

    def seal(self, iban: str, context: str = "") -> str:
        """Return a token for the ledger; sealing twice gives two different tokens."""
        nonce = secrets.token_bytes(self._NONCE)
        sealed = self._ciphers[0].encrypt(nonce, iban.encode(), self._bound(context))
        return f"{self._VERSION}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, token: str, context: str = "") -> str:
        """Return the IBAN; raise AccountError for a wrong key, a wrong context, or a changed token."""
        version, _, body = token.partition(".")
        try:
            raw = base64.b64decode(body, altchars=b"-_", validate=True)
        except ValueError as error:
            raise AccountError("iban", "the stored account number is damaged: restore it from the backup") from error
        if version != self._VERSION or len(raw) <= self._NONCE:
            raise AccountError("iban", "the stored account number has an unknown form: restore it from the backup")
        nonce, sealed = raw[: self._NONCE], raw[self._NONCE :]
        return self._first_that_opens(lambda cipher: cipher.decrypt(nonce, sealed, self._bound(context))).decode()

    def _first_that_opens(self, attempt: Callable[[AESGCM], bytes]) -> bytes:
        for cipher in self._ciphers:
            try:
                return attempt(cipher)
            except InvalidTag:
                continue
        raise AccountError("iban", "the stored account number does not open with this key: check the secret key")

    def _bound(self, context: str) -> bytes:
        return f"zaehlwerk iban {self._VERSION} {context}".encode()
