import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sepa.charset import BASE, id_problem, says_something, to_sepa


@pytest.mark.clause("EPC217-08")
@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("", ""),
        ("Müller & Söhne GmbH", "Mueller + Soehne GmbH"),
        ("ÄÖÜ äöü ß ẞ", "AeOeUe aeoeue ss SS"),
        (unicodedata.normalize("NFD", "Übermaß"), "Uebermass"),
        ("Crème Brûlée, Ça va?", "Creme Brulee, Ca va?"),
        ("Łódź Ørsted Þór Đuro Æsir", "Lodz Orsted Thor Duro Aesir"),
        ("100 € [netto]", "100 EUR (netto)"),
        ("a_b~c\\d|e{f}", "a-b-c/d/e(f)"),
        ("„Zitat“ ‘x’ – und — mehr", "'Zitat' 'x' - und - mehr"),
        ("5 % * $ # @ ! = < >", "5 . . . . . . . . ."),
        ("  zwei\n\tZeilen   hier ", "zwei Zeilen hier"),
        ("geschützt\u00a0leer", "geschuetzt leer"),
        ("Αθήνα", "Athina"),
        ("София ЩИТ", "Sofiya ShtIT"),
        ("日本", ".."),
        ("ﬁn №5 ½", "fin No5 1.2"),
        ("x\u0301y", "x.y"),
        ("Ein\u00adzug\u200b", "Einzug"),
        ("¨ a", "a"),
        ("+?/-:().,'", "+?/-:().,'"),
    ],
)
def test_text_is_converted(written: str, sent: str) -> None:
    assert to_sepa(written) == sent


@pytest.mark.clause("EPC217-08")
@given(st.text())
def test_converted_text_is_in_the_base_set_and_stays_as_it_is(text: str) -> None:
    sent = to_sepa(text)
    assert set(sent) <= BASE
    assert to_sepa(sent) == sent
    assert sent == sent.strip()


@pytest.mark.clause("EPC217-08")
@given(st.text(st.sampled_from(sorted(BASE - {" "}))))
def test_what_is_in_the_base_set_is_not_touched(text: str) -> None:
    assert to_sepa(text) == text


@pytest.mark.parametrize(("text", "says"), [("", False), (" ", False), ("..-", False), ("a", True), ("7", True)])
def test_blanks_and_dots_say_nothing(text: str, says: bool) -> None:  # noqa: FBT001 - a column of the table
    assert says_something(text) is says


@pytest.mark.clause("EPC230-15")
@pytest.mark.parametrize("identifier", ["a", "RE-2026-000123", "A" * 35, "a/b", "K 1007", "+?-:().,'"])
def test_good_identifiers(identifier: str) -> None:
    assert id_problem(identifier) is None


@pytest.mark.clause("EPC230-15")
@pytest.mark.parametrize(
    ("identifier", "says"),
    [
        ("", "hat 0 Zeichen"),
        ("A" * 36, "hat 36 Zeichen"),
        ("Müller", "enthält 'ü'"),
        ("A&B", "enthält '&'"),
        ("A_B", "enthält '_'"),
        ("A\nB", "enthält '\\n'"),
        ("A\n", "enthält '\\n'"),
        ("/A", "beginnt oder endet mit /"),
        ("A/", "beginnt oder endet mit /"),
        ("A//B", "enthält //"),
        (" A", "Leerzeichen"),
        ("A ", "Leerzeichen"),
        (" ", "Leerzeichen"),
    ],
)
def test_bad_identifiers_are_refused_not_rewritten(identifier: str, says: str) -> None:
    problem = id_problem(identifier)
    assert problem is not None
    assert says in problem
