"""Addresses as a German letter writes them."""

from invoicing.party import Party

_COUNTRIES = {
    "AD": "Andorra", "AL": "Albanien", "AT": "Österreich", "BE": "Belgien", "BG": "Bulgarien", "CH": "Schweiz",
    "CY": "Zypern", "CZ": "Tschechien", "DE": "Deutschland", "DK": "Dänemark", "EE": "Estland", "ES": "Spanien",
    "FI": "Finnland", "FR": "Frankreich", "GB": "Vereinigtes Königreich", "GR": "Griechenland", "HR": "Kroatien",
    "HU": "Ungarn", "IE": "Irland", "IS": "Island", "IT": "Italien", "LI": "Liechtenstein", "LT": "Litauen",
    "LU": "Luxemburg", "LV": "Lettland", "MC": "Monaco", "MD": "Moldau", "ME": "Montenegro",
    "MK": "Nordmazedonien", "MT": "Malta", "NL": "Niederlande", "NO": "Norwegen", "PL": "Polen", "PT": "Portugal",
    "RO": "Rumänien", "RS": "Serbien", "SE": "Schweden", "SI": "Slowenien", "SK": "Slowakei", "SM": "San Marino",
    "VA": "Vatikanstadt",
}  # fmt: skip


def address(party: Party, sender: Party) -> list[str]:
    """Return name, street, town and, when it goes abroad, the country in capitals; empty lines fall away.

    Law: § 14 Abs. 4 Nr. 1 UStG; DIN 5008
    """
    abroad = party.country.upper() not in {"", sender.country.upper()}
    country = _COUNTRIES.get(party.country.upper(), party.country).upper() if abroad else ""
    return [line for line in (party.name, party.street, town(party), country) if line]


def town(party: Party) -> str:
    """Write postcode and city."""
    return f"{party.postcode} {party.city}".strip()
