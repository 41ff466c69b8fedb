"""A year of a fluks customer: a leap February, changes agreed on last days, and new terms without an objection."""

from pathlib import Path

import pytest

from invoicing.terms import SHIPPED
from tests.api.running import running, settings_in
from tests.scenarios.story import Year

# A month begun is a whole month with a whole allowance (5.2); packages change with the month (13.1); a terminated
# contract ends a month later with the month (16.1); six weeks after they were announced new terms hold (2.4).
YEAR = """
2027-12-17 | signs    | schnupperpaket
2027-12-17 | uses     | 501 trigger
2028-01-03 | closes   | 2027-12
           |    71,52 |    60,00 | Anlage 3 § 1 | Paket Schnupperpaket, Grundpreis inklusive 500 Auslöser/Aktionen
           |          |     0,10 | Anlage 3 § 2 | Paket Schnupperpaket, Auslöser/Aktionen über 500 hinaus
2028-01-31 | uses     | 500 action
2028-02-01 | closes   | 2028-01
           |    71,40 |    60,00 | Anlage 3 § 1 | Paket Schnupperpaket, Grundpreis inklusive 500 Auslöser/Aktionen
2028-02-29 | uses     | 499 action
2028-02-29 | changes  | package basic-2500 add forms from 2028-03-01
2028-02-29 | refused  | changes package standard-10000: choose 2028-03-01
2028-03-01 | closes   | 2028-02
           |    71,40 |    60,00 | Anlage 3 § 1 | Paket Schnupperpaket, Grundpreis inklusive 500 Auslöser/Aktionen
2028-03-15 | uses     | 2501 trigger
2028-03-20 | changes  | package standard-10000 from 2028-04-01
2028-03-31 | changes  | drop forms add emails from 2028-04-01
2028-04-03 | closes   | 2028-03
           |   333,32 |   250,00 | Anlage 3 § 1 | Paket BASIC 2.500, Grundpreis inklusive 2.500 Auslöser/Aktionen
           |          |     0,10 | Anlage 3 § 2 | Paket BASIC 2.500, Auslöser/Aktionen über 2.500 hinaus
           |          |    30,00 | Anlage 3 § 3 | Zusatzmodul fluks Forms
2028-04-03 | refused  | ends received 2028-03-20 important_reason: give ends_on 2028-03-31
2028-04-03 | refused  | ends received 2028-01-20: would have ended on 2028-02-29, but it is invoiced until 2028-03-31
2028-04-30 | uses     | 12345 action
2028-05-02 | closes   | 2028-04
           |   818,24 |   500,00 | Anlage 3 § 1 | Paket STANDARD 10.000, Grundpreis inklusive 10.000 Auslöser/Aktionen
           |          |   187,60 | Anlage 3 § 2 | Paket STANDARD 10.000, Auslöser/Aktionen über 10.000 hinaus
           |          |     0,00 | Anlage 3 § 2 | Zusatzmodul fluks E-Mails (im Paket enthalten)
2028-05-31 | changes  | package premium-50000 from 2028-06-01
2028-06-01 | closes   | 2028-05
           |   595,00 |   500,00 | Anlage 3 § 1 | Paket STANDARD 10.000, Grundpreis inklusive 10.000 Auslöser/Aktionen
           |          |     0,00 | Anlage 3 § 2 | Zusatzmodul fluks E-Mails (im Paket enthalten)
2028-06-20 | uses     | 50000 trigger
2028-06-20 | uses     | 7 connector
2028-07-03 | closes   | 2028-06
           |   952,00 |   800,00 | Anlage 3 § 1 | Paket PREMIUM 50.000, Grundpreis inklusive 50.000 Auslöser/Aktionen
           |          |     0,00 | Anlage 3 § 2 | Zusatzmodul fluks E-Mails (im Paket enthalten)
2028-07-05 | announces | fluks-2028: 2028-09-01
2028-08-01 | closes   | 2028-07
           |   952,00 |   800,00 | Anlage 3 § 1 | Paket PREMIUM 50.000, Grundpreis inklusive 50.000 Auslöser/Aktionen
           |          |     0,00 | Anlage 3 § 2 | Zusatzmodul fluks E-Mails (im Paket enthalten)
2028-08-31 | uses     | 50001 trigger
2028-09-01 | closes   | 2028-08
           |   952,06 |   800,00 | Anlage 3 § 1 | Paket PREMIUM 50.000, Grundpreis inklusive 50.000 Auslöser/Aktionen
           |          |     0,05 | Anlage 3 § 2 | Paket PREMIUM 50.000, Auslöser/Aktionen über 50.000 hinaus
           |          |     0,00 | Anlage 3 § 2 | Zusatzmodul fluks E-Mails (im Paket enthalten)
2028-09-02 | uses     | 50001 trigger
2028-10-02 | closes   | 2028-09
           |   999,67 |   840,00 | Anlage 3 § 1 | Paket PREMIUM 50.000, Grundpreis inklusive 50.000 Auslöser/Aktionen
           |          |     0,06 | Anlage 3 § 2 | Paket PREMIUM 50.000, Auslöser/Aktionen über 50.000 hinaus
           |          |     0,00 | Anlage 3 § 2 | Zusatzmodul fluks E-Mails (im Paket enthalten)
2028-11-02 | closes   | 2028-10
           |   999,60 |   840,00 | Anlage 3 § 1 | Paket PREMIUM 50.000, Grundpreis inklusive 50.000 Auslöser/Aktionen
           |          |     0,00 | Anlage 3 § 2 | Zusatzmodul fluks E-Mails (im Paket enthalten)
2028-12-01 | closes   | 2028-11
           |   999,60 |   840,00 | Anlage 3 § 1 | Paket PREMIUM 50.000, Grundpreis inklusive 50.000 Auslöser/Aktionen
           |          |     0,00 | Anlage 3 § 2 | Zusatzmodul fluks E-Mails (im Paket enthalten)
2028-12-31 | ends     | : 2029-01-31 fluks AGB 16.1
2029-01-02 | closes   | 2028-12
           |   999,60 |   840,00 | Anlage 3 § 1 | Paket PREMIUM 50.000, Grundpreis inklusive 50.000 Auslöser/Aktionen
           |          |     0,00 | Anlage 3 § 2 | Zusatzmodul fluks E-Mails (im Paket enthalten)
2029-01-15 | ends     | by provider default: 2029-01-15 fluks AGB 16.2
2029-02-01 | closes   | 2029-01
           |   999,60 |   840,00 | Anlage 3 § 1 | Paket PREMIUM 50.000, Grundpreis inklusive 50.000 Auslöser/Aktionen
           |          |     0,00 | Anlage 3 § 2 | Zusatzmodul fluks E-Mails (im Paket enthalten)
2029-03-01 | closes   | 2029-02
"""


@pytest.mark.clause("fluks 2.4")
@pytest.mark.clause("fluks 5.2")
@pytest.mark.clause("fluks 13.1")
@pytest.mark.clause("fluks 16.1")
@pytest.mark.clause("fluks 16.2")
@pytest.mark.clause("fluks Anlage 3 §1")
@pytest.mark.clause("fluks Anlage 3 §2")
@pytest.mark.clause("fluks Anlage 3 §3")
@pytest.mark.clause("fluks Anlage 3 fn 2")
def test_a_year_under_fluks_terms(tmp_path: Path) -> None:
    (tmp_path / "terms").mkdir()
    terms = (SHIPPED / "fluks-2023-03.toml").read_text(encoding="utf-8")
    for old, new in (("fluks-2023-03", "fluks-2028"), ("price = 800.00", "price = 840.00"), ("0.05,", "0.06,")):
        terms = terms.replace(old, new)
    (tmp_path / "terms" / "fluks-2028.toml").write_text(terms, encoding="utf-8")
    with running(settings_in(tmp_path, terms_dir=tmp_path / "terms")) as service:
        Year(service, "fluks-2023-03", mandate=True).tell(YEAR)
