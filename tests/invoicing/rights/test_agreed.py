import pytest

from invoicing.rights import RightsError, agreed_credit
from tests.invoicing.rights.samples import CUNIO, FLUKS


@pytest.mark.clause("cunio 4.2")
def test_what_was_agreed_is_credited_with_its_source() -> None:
    credit = agreed_credit(CUNIO, 5_000, " Leistungsschein 3, Ziffer 2 ")
    assert (credit.allowed, credit.cents, credit.clause) == (True, 5_000, "Leistungsschein 3, Ziffer 2; cunio AGB 4.2")
    assert credit.why == "Gutschrift 50,00 €, vereinbart in: Leistungsschein 3, Ziffer 2 (cunio AGB 4.2)."


@pytest.mark.clause("cunio 4.2")
@pytest.mark.parametrize("agreement", ["", "   "])
def test_without_an_agreement_it_is_refused(agreement: str) -> None:
    credit = agreed_credit(CUNIO, 5_000, agreement)
    assert (credit.allowed, credit.cents) == (False, 0)
    assert credit.why == (
        "Abgelehnt (cunio AGB 4.2): Vertragsstrafen und Gutschriften brauchen eine Vereinbarung, die genannt ist."
    )


@pytest.mark.clause("§ 339 BGB")
def test_terms_without_such_a_rule_need_an_agreement_too() -> None:
    assert not agreed_credit(FLUKS, 5_000, "").allowed
    assert agreed_credit(FLUKS, 5_000, "Nachtrag 1").clause == "Nachtrag 1; § 339 BGB"


@pytest.mark.clause("cunio 4.2")
def test_a_cent_is_a_credit() -> None:
    assert agreed_credit(CUNIO, 1, "Nachtrag 1").cents == 1


@pytest.mark.parametrize("cents", [0, -1])
def test_a_credit_is_above_zero(cents: int) -> None:
    with pytest.raises(RightsError, match="is no credit"):
        agreed_credit(CUNIO, cents, "Nachtrag 1")
