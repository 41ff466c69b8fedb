import pytest
from hypothesis import given
from hypothesis import strategies as st

from sepa.account_id import (
    IBAN_LENGTHS,
    NON_EEA,
    AccountError,
    IbanVault,
    mask_iban,
    parse_bic,
    parse_creditor_id,
    parse_iban,
)

GERMAN = "DE89370400440532013000"
KEY = bytes(range(32))


@pytest.mark.clause("EPC409-09")
@pytest.mark.parametrize(
    "iban",
    [
        "DE89 3704 0044 0532 0130 00",
        "de02120300000000202051",
        "\tGB29 NWBK 6016 1331 9268 19 ",
        "CH9300762011623852957",
        "FR1420041010050500013M02606",
        "NL91ABNA0417164300",
        "MT84MALT011000012345MTLCAST001S",
        "NO9386011117947",
        "SM86U0322509800000000270100",
        "AL47212110090000000235698741",
        "VA59001123000012345678",
    ],
)
def test_written_ibans_are_normalised(iban: str) -> None:
    assert parse_iban(iban) == "".join(iban.split()).upper()


@pytest.mark.clause("EPC409-09")
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is not an IBAN"),
        ("0", "is not an IBAN"),
        ("37040044/0532013000", "is not an IBAN"),
        ("DE89-3704-0044-0532-0130-00", "is not an IBAN"),
        ("DE8937040044053201300", "has 21 characters, an IBAN of DE has 22"),
        ("DE893704004405320130000", "has 23 characters, an IBAN of DE has 22"),
        ("DE89370400440532013O00", "has letters where"),
        ("DE88370400440532013000", "check digits are wrong"),
        ("DE90370400440532013000", "check digits are wrong"),
        ("DE00370400440532013000", "check digits are wrong"),
        ("US64SVBKUS6S3300958879", "country US is not in SEPA"),
        ("TR330006100519786457841326", "country TR is not in SEPA"),
        ("DE٨٩370400440532013000", "is not an IBAN"),
    ],
)
def test_what_is_wrong_with_an_iban_is_named(text: str, says: str) -> None:
    with pytest.raises(AccountError, match=says) as caught:
        parse_iban(text)
    assert caught.value.field == "iban"
    assert str(caught.value) == f"iban: {caught.value.message}"
    assert len(text) < 5 or text not in str(caught.value)


@pytest.mark.clause("EPC409-09")
@given(position=st.integers(2, 21), other=st.sampled_from("0123456789"))
def test_changing_one_digit_makes_an_iban_invalid(position: int, other: str) -> None:
    changed = GERMAN[:position] + other + GERMAN[position + 1 :]
    if changed == GERMAN:
        assert parse_iban(changed) == GERMAN
    else:
        with pytest.raises(AccountError, match="check digits"):
            parse_iban(changed)


def test_sepa_has_thirty_eea_and_twelve_other_iban_countries() -> None:
    assert len(IBAN_LENGTHS) == 42
    assert IBAN_LENGTHS.keys() > NON_EEA
    assert len(NON_EEA) == 12
    assert (IBAN_LENGTHS["NO"], IBAN_LENGTHS["DE"], IBAN_LENGTHS["MT"]) == (15, 22, 31)


@pytest.mark.parametrize(
    ("iban", "masked"),
    [
        (GERMAN, "DE89 **** **** **** **30 00"),
        ("NO9386011117947", "NO93 **** ***7 947"),
    ],
)
def test_a_masked_iban_shows_its_ends(iban: str, masked: str) -> None:
    assert mask_iban(iban) == masked


@pytest.mark.parametrize(("text", "bic"), [("cobadeff xxx", "COBADEFFXXX"), ("MARKDEF1", "MARKDEF1")])
def test_bics_are_read(text: str, bic: str) -> None:
    assert parse_bic(text) == bic


@pytest.mark.parametrize("text", ["", "COBADEF", "COBADEFFX", "COBADEFFXXXX", "1OBADEFF", "NOTPROVIDED!"])
def test_what_is_no_bic_is_refused(text: str) -> None:
    with pytest.raises(AccountError, match="bic: is not a BIC"):
        parse_bic(text)


@pytest.mark.clause("EPC016-06 AT-02")
@pytest.mark.parametrize(
    "text", ["DE98ZZZ09999999999", "DE98XYZ09999999999", "de98 zzz0 9999 9999 99", "AT61ZZZ01234567890"]
)
def test_creditor_ids_ignore_the_business_code(text: str) -> None:
    assert parse_creditor_id(text) == "".join(text.split()).upper()


@pytest.mark.clause("EPC016-06 AT-02")
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is not a creditor identifier"),
        ("DE97ZZZ09999999999", "check digits are wrong"),
        ("DE99ZZZ09999999999", "check digits are wrong"),
        ("DE98ZZZ0999999999", "is not a creditor identifier"),
        ("DE98ZZZ099999999990", "is not a creditor identifier"),
        ("DE98ZZZ19999999999", "is not a creditor identifier"),
        ("US98ZZZ09999999999", "country US is not in SEPA"),
        ("DE98ZZZ0999999999/", "is not a creditor identifier"),
    ],
)
def test_what_is_wrong_with_a_creditor_id_is_named(text: str, says: str) -> None:
    with pytest.raises(AccountError, match=says) as caught:
        parse_creditor_id(text)
    assert caught.value.field == "creditor_id"


def test_a_vault_returns_what_it_sealed_and_shows_nothing() -> None:
    vault = IbanVault(KEY)
    token = vault.seal(GERMAN, "k-1007")
    assert token.startswith("v1.")
    assert GERMAN not in token
    assert token != vault.seal(GERMAN, "k-1007")
    assert vault.open(token, "k-1007") == GERMAN


@pytest.mark.parametrize("key", [KEY[::-1], KEY[:-1] + b"\0"], ids=["another key", "one bit off"])
def test_a_vault_with_another_key_opens_nothing(key: bytes) -> None:
    with pytest.raises(AccountError, match="does not open with this key"):
        IbanVault(key).open(IbanVault(KEY).seal(GERMAN))


def test_a_token_belongs_to_its_context() -> None:
    vault = IbanVault(KEY)
    with pytest.raises(AccountError, match="does not open"):
        vault.open(vault.seal(GERMAN, "k-1"), "k-2")


def test_a_retired_key_opens_but_does_not_seal() -> None:
    new = bytes(reversed(KEY))
    both = IbanVault(new, retired=(KEY,))
    assert both.open(IbanVault(KEY).seal(GERMAN)) == GERMAN
    assert IbanVault(new).open(both.seal(GERMAN)) == GERMAN


@pytest.mark.parametrize("token", ["", "v1.", "v1.%%%", "v2.AAAA", "v1.AAAA", "DE89370400440532013000"])
def test_a_damaged_token_is_refused(token: str) -> None:
    with pytest.raises(AccountError, match="stored account number"):
        IbanVault(KEY).open(token)


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_key_has_32_bytes(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        IbanVault(bytes(size))
