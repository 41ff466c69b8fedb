# ruff: noqa: RUF001 - look-alikes are what is converted here
"""The characters banks read: text is converted to them, identifiers are refused when they hold others.

Conversion comes before any check of length, because ä becomes two letters.
"""

import re
import unicodedata

BASE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-?:().,'+ ")
MAX_ID = 35
_ID = re.compile(rf"[A-Za-z0-9+?/\-:().,' ]{{1,{MAX_ID}}}")
_REPLACED = "."
_INVISIBLE = "Cf"  # soft hyphens, zero-width marks


def _pairs(text: str) -> dict[str, str]:
    """Read ``äae öoe``: each word is a character and what replaces it."""
    return {word[0]: word[1:] for word in text.split()}


_SPELLED = _pairs(
    "äae öoe üue ßss ÄAe ÖOe ÜUe ẞSS ÆAe æae ŒOe œoe ØO øo ĐD đd ÐD ðd ŁL łl ÞTh þth ıi ĦH ħh ŦT ŧt ŊN ŋn"
)
_NEIGHBOURS = _pairs("€EUR &+ _- ~- –- —- ‑- [( ]) {( }) \\/ |/ ´' `' ‘' ’' ‚' “' ”' „' \"' ;,")
_GREEK = _pairs("αa βv γg δd εe ζz ηi θth ιi κk λl μm νn ξx οo πp ρr σs ςs τt υy φf χch ψps ωo")
_BULGARIAN = _pairs("аa бb вv гg дd еe жzh зz иi йy кk лl мm нn оo пp рr сs тt уu фf хh цts чch шsh щsht ъa ьy юyu яya")
_CAPITALS = {letter.upper(): latin.capitalize() for each in (_GREEK, _BULGARIAN) for letter, latin in each.items()}
_TABLE = _SPELLED | _NEIGHBOURS | _GREEK | _BULGARIAN | _CAPITALS


def to_sepa(text: str) -> str:
    """Return text in the base character set: ä as ae, & as +, other accents dropped, anything else a dot.

    Runs of white space become one blank, and none is left at the ends.

    Scheme: EPC217-08 (conversion), EPC230-15 (base set)
    """
    composed = " ".join(unicodedata.normalize("NFC", text).split())
    if BASE.issuperset(composed):
        return composed
    converted = "".join(sign if sign in BASE else _converted(sign) for sign in composed)
    return " ".join(converted.split())


def says_something(text: str) -> bool:
    """Tell whether converted text holds a letter or a digit: blanks and dots alone say nothing.

    DK: DFÜ-Abkommen Anlage 3 V26.11 (no text field of blanks only)
    """
    return any(sign.isalnum() for sign in text)


def id_problem(identifier: str) -> str | None:
    """Return in German what is wrong with an identifier, or None. Identifiers are never rewritten.

    Scheme: EPC230-15 (base set, no slash at the ends, no double slash), 1 to 35 characters
    """
    if not 1 <= len(identifier) <= MAX_ID:
        return f"hat {len(identifier)} Zeichen, erlaubt sind 1 bis {MAX_ID}. Eine andere Kennung vergeben."
    if not _ID.fullmatch(identifier):
        strange = "".join(sorted(set(identifier) - BASE))
        return f"enthält {strange!r}. Erlaubt sind A-Z, a-z, 0-9 und + ? / - : ( ) . , ' und Leerzeichen."
    if identifier.startswith("/") or identifier.endswith("/") or "//" in identifier:
        return "beginnt oder endet mit / oder enthält //. Eine Kennung ohne solche Schrägstriche vergeben."
    if identifier != identifier.strip():
        return "beginnt oder endet mit einem Leerzeichen. Das Leerzeichen entfernen."
    return None


def _converted(sign: str) -> str:
    """Convert one character that is outside the base set."""
    if sign in _TABLE:
        return _TABLE[sign]
    parts = [part for part in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(part)]
    if unicodedata.category(sign) == _INVISIBLE:
        return ""
    if parts == [sign] or not parts:
        return _REPLACED
    return "".join(part if part in BASE else _TABLE.get(part, _REPLACED) for part in parts)
