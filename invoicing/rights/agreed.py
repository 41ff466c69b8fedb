"""Penalties and service credits: only what was agreed."""

from invoicing.money import german_amount
from invoicing.rights.answer import Credit, no_credit
from invoicing.rights.error import RightsError
from invoicing.terms import Terms


def agreed_credit(terms: Terms, cents: int, agreement: str) -> Credit:
    """Return a penalty or service credit with the agreement that it is from; without one it is refused.

    Contract: cunio AGB 4.2; Law: § 339 BGB
    """
    if cents <= 0:
        raise RightsError("cents", f"{cents} is no credit: write the amount that is given back, above zero")
    rule = terms.rules.credits
    clause, source = (terms.cited(rule.clause) if rule else "§ 339 BGB"), agreement.strip()
    if not source:
        return no_credit(
            clause,
            f"Abgelehnt ({clause}): Vertragsstrafen und Gutschriften brauchen eine Vereinbarung, die genannt ist.",
        )
    amount = german_amount(cents)
    return Credit(
        allowed=True,
        cents=cents,
        clause=f"{source}; {clause}",
        formula=f"vereinbart {amount} €",
        why=f"Gutschrift {amount} €, vereinbart in: {source} ({clause}).",
    )
