"""Years of cunio customers: thirtieths, a trial that ends on a holiday, and rises of 5.0 and 5.1 percent."""

import pytest

from tests.api.running import Service
from tests.scenarios.story import Year

# The trial ends on Boxing Day, a Sunday (8.4). Of months that are not whole each day costs a thirtieth, and a whole one
# has thirty (8.1): the Plus package begins on a 31st and costs 1/30, the Basis package before it 29/30; in June the
# package changes twice. The notice of the 31st of August comes twelve days too late for the term (13.1). A rise of
# exactly 5 % gives no right to leave (8.8).
TRIAL_THEN_PAID = """
2027-11-20 | signs    | basis, trial until 2027-12-26
2027-11-25 | uses     | 120 sms
2027-12-01 | closes   | 2027-11
           |    12,85 |    10,80 | 8.4      | Paket Basis, SMS (Leistung von Dri…e Testphase, 20.11.2027 – 30.11.2027
2027-12-26 | uses     | 10 sms
2027-12-27 | uses     | 5 sms
2028-01-03 | closes   | 2027-12
           |    31,15 |     0,90 | 8.4      | Paket Basis, SMS (Leistung von Dri…e Testphase, 01.12.2027 – 26.12.2027
           |          |    24,83 | 8.1      | Paket Basis, Grundpreis, 27.12.2027 – 31.12.2027
           |          |     0,45 | 8.4      | Paket Basis, SMS (Leistung von Drittanbietern), 27.12.2027 – 31.12.2027
2028-02-01 | closes   | 2028-01
           |   177,31 |   149,00 | 8.1      | Paket Basis, Grundpreis
2028-02-10 | changes  | add documents
2028-02-29 | changes  | add craftsmen
2028-03-01 | closes   | 2028-02
           |   210,59 |   149,00 | 8.1      | Paket Basis, Grundpreis
           |          |    26,00 | 8.2      | Zusatzmodul Dokumente, 10.02.2028 – 29.02.2028
           |          |     1,97 | 8.2      | Zusatzmodul Handwerkerportal, 29.02.2028 – 29.02.2028
2028-03-31 | changes  | package plus
2028-04-03 | closes   | 2028-03
           |   300,31 |   144,03 | 8.1      | Paket Basis, Grundpreis, 01.03.2028 – 30.03.2028
           |          |    11,63 | 8.1      | Paket Plus, Grundpreis, 31.03.2028 – 31.03.2028
           |          |    37,70 | 8.2      | Zusatzmodul Dokumente, 01.03.2028 – 30.03.2028
           |          |     0,00 | 8.1      | Zusatzmodul Dokumente (im Paket enthalten), 31.03.2028 – 31.03.2028
           |          |    59,00 | 8.2      | Zusatzmodul Handwerkerportal
2028-05-02 | closes   | 2028-04
           |   485,52 |   349,00 | 8.1      | Paket Plus, Grundpreis
           |          |     0,00 | 8.1      | Zusatzmodul Dokumente (im Paket enthalten)
           |          |    59,00 | 8.2      | Zusatzmodul Handwerkerportal
2028-05-11 | changes  | add tickets
2028-05-15 | uses     | 300 tickets
2028-05-21 | changes  | drop tickets
2028-05-31 | changes  | drop craftsmen
2028-06-01 | closes   | 2028-05
           |   566,44 |   349,00 | 8.1      | Paket Plus, Grundpreis
           |          |     0,00 | 8.1      | Zusatzmodul Dokumente (im Paket enthalten)
           |          |    59,00 | 8.2      | Zusatzmodul Handwerkerportal
           |          |    50,00 | 8.2      | Zusatzmodul Vorgangsverwaltung, Vo…(1 bis 200), 11.05.2028 – 20.05.2028
           |          |    18,00 | 8.2      | Zusatzmodul Vorgangsverwaltung, Vo… bis 1.000), 11.05.2028 – 20.05.2028
2028-06-11 | changes  | package basis
2028-06-21 | changes  | package plus
2028-07-03 | closes   | 2028-06
           |   351,45 |   116,33 | 8.1      | Paket Plus, Grundpreis, 01.06.2028 – 10.06.2028
           |          |   116,34 | 8.1      | Paket Plus, Grundpreis, 21.06.2028 – 30.06.2028
           |          |    49,67 | 8.1      | Paket Basis, Grundpreis, 11.06.2028 – 20.06.2028
           |          |     0,00 | 8.1      | Zusatzmodul Dokumente (im Paket enthalten), 01.06.2028 – 10.06.2028
           |          |    13,00 | 8.2      | Zusatzmodul Dokumente, 11.06.2028 – 20.06.2028
           |          |     0,00 | 8.1      | Zusatzmodul Dokumente (im Paket enthalten), 21.06.2028 – 30.06.2028
2028-08-01 | closes   | 2028-07
           |   415,31 |   349,00 | 8.1      | Paket Plus, Grundpreis
           |          |     0,00 | 8.1      | Zusatzmodul Dokumente (im Paket enthalten)
2028-08-31 | ends     | : 2029-11-19 cunio AGB 13.1
2028-09-01 | closes   | 2028-08
           |   415,31 |   349,00 | 8.1      | Paket Plus, Grundpreis
           |          |     0,00 | 8.1      | Zusatzmodul Dokumente (im Paket enthalten)
2028-09-15 | raises   | 5.0 percent: 2028-12-01
2028-10-02 | closes   | 2028-09
           |   415,31 |   349,00 | 8.1      | Paket Plus, Grundpreis
           |          |     0,00 | 8.1      | Zusatzmodul Dokumente (im Paket enthalten)
2028-11-02 | closes   | 2028-10
           |   415,31 |   349,00 | 8.1      | Paket Plus, Grundpreis
           |          |     0,00 | 8.1      | Zusatzmodul Dokumente (im Paket enthalten)
2028-12-01 | closes   | 2028-11
           |   415,31 |   349,00 | 8.1      | Paket Plus, Grundpreis
           |          |     0,00 | 8.1      | Zusatzmodul Dokumente (im Paket enthalten)
2029-01-02 | closes   | 2028-12
           |   436,08 |   366,45 | 8.1      | Paket Plus, Grundpreis
           |          |     0,00 | 8.1      | Zusatzmodul Dokumente (im Paket enthalten)
2029-02-01 | closes   | 2029-01
           |   436,08 |   366,45 | 8.1      | Paket Plus, Grundpreis
           |          |     0,00 | 8.1      | Zusatzmodul Dokumente (im Paket enthalten)
"""

# The last day of the trial is a Sunday and a holiday: a notice on the Monday after it is in time (§ 193 BGB).
LEFT_AFTER_THE_TRIAL = """
2027-11-20 | signs    | basis, trial until 2027-12-26
2027-12-27 | ends     | : 2027-12-26 cunio AGB 8.4
2028-01-03 | closes   | 2027-12
"""

# A rise of 5.1 % lets the customer go, who does; the rise is waived, and so the contract goes on. The next one is
# 5.0 %, and with another one a year later it is more than 10 % in three years (8.8). In the last month of the term it
# is too late to give up a module for it (8.3).
RISES = """
2027-01-31 | signs    | basis craftsmen
2027-02-01 | closes   | 2027-01
           |     8,26 |     4,97 | 8.1      | Paket Basis, Grundpreis, 31.01.2027 – 31.01.2027
           |          |     1,97 | 8.2      | Zusatzmodul Handwerkerportal, 31.01.2027 – 31.01.2027
2027-03-01 | closes   | 2027-02
           |   247,52 |   149,00 | 8.1      | Paket Basis, Grundpreis
           |          |    59,00 | 8.2      | Zusatzmodul Handwerkerportal
2027-04-01 | closes   | 2027-03
           |   247,52 |   149,00 | 8.1      | Paket Basis, Grundpreis
           |          |    59,00 | 8.2      | Zusatzmodul Handwerkerportal
2027-05-03 | closes   | 2027-04
           |   247,52 |   149,00 | 8.1      | Paket Basis, Grundpreis
           |          |    59,00 | 8.2      | Zusatzmodul Handwerkerportal
2027-06-01 | closes   | 2027-05
           |   247,52 |   149,00 | 8.1      | Paket Basis, Grundpreis
           |          |    59,00 | 8.2      | Zusatzmodul Handwerkerportal
2027-07-01 | closes   | 2027-06
           |   247,52 |   149,00 | 8.1      | Paket Basis, Grundpreis
           |          |    59,00 | 8.2      | Zusatzmodul Handwerkerportal
2027-08-02 | closes   | 2027-07
           |   247,52 |   149,00 | 8.1      | Paket Basis, Grundpreis
           |          |    59,00 | 8.2      | Zusatzmodul Handwerkerportal
2027-09-01 | closes   | 2027-08
           |   247,52 |   149,00 | 8.1      | Paket Basis, Grundpreis
           |          |    59,00 | 8.2      | Zusatzmodul Handwerkerportal
2027-10-01 | closes   | 2027-09
           |   247,52 |   149,00 | 8.1      | Paket Basis, Grundpreis
           |          |    59,00 | 8.2      | Zusatzmodul Handwerkerportal
2027-10-29 | raises   | 5.1 percent: 2028-02-01 exit until 2027-11-29
2027-10-30 | ends     | price_rise: 2028-01-31 cunio AGB 8.8
2027-11-01 | closes   | 2027-10
           |   247,52 |   149,00 | 8.1      | Paket Basis, Grundpreis
           |          |    59,00 | 8.2      | Zusatzmodul Handwerkerportal
2027-11-05 | waives   |
2027-12-01 | closes   | 2027-11
           |   247,52 |   149,00 | 8.1      | Paket Basis, Grundpreis
           |          |    59,00 | 8.2      | Zusatzmodul Handwerkerportal
2028-01-03 | closes   | 2027-12
           |   247,52 |   149,00 | 8.1      | Paket Basis, Grundpreis
           |          |    59,00 | 8.2      | Zusatzmodul Handwerkerportal
2028-01-04 | refused  | changes drop craftsmen from 2028-01-20: cunio AGB 8.3
2028-02-01 | closes   | 2028-01
           |   247,52 |   149,00 | 8.1      | Paket Basis, Grundpreis
           |          |    59,00 | 8.2      | Zusatzmodul Handwerkerportal
2028-02-02 | raises   | 5.0 percent: 2028-05-01
2028-02-03 | raises   | 5.0 percent: 2029-05-01 exit until 2028-03-03
2028-03-01 | closes   | 2028-02
           |   247,52 |   149,00 | 8.1      | Paket Basis, Grundpreis
           |          |    59,00 | 8.2      | Zusatzmodul Handwerkerportal
2028-04-03 | closes   | 2028-03
           |   247,52 |   149,00 | 8.1      | Paket Basis, Grundpreis
           |          |    59,00 | 8.2      | Zusatzmodul Handwerkerportal
2028-05-02 | closes   | 2028-04
           |   247,52 |   149,00 | 8.1      | Paket Basis, Grundpreis
           |          |    59,00 | 8.2      | Zusatzmodul Handwerkerportal
2028-06-01 | closes   | 2028-05
           |   259,90 |   156,45 | 8.1      | Paket Basis, Grundpreis
           |          |    61,95 | 8.2      | Zusatzmodul Handwerkerportal
"""


@pytest.mark.clause("cunio 8.1")
@pytest.mark.clause("cunio 8.2")
@pytest.mark.clause("cunio 8.4")
@pytest.mark.clause("cunio 8.8")
@pytest.mark.clause("cunio 13.1")
def test_a_trial_becomes_a_paid_year(service: Service) -> None:
    Year(service, "cunio-2020-02").tell(TRIAL_THEN_PAID)


@pytest.mark.clause("cunio 8.4")
def test_a_trial_is_left_on_the_working_day_after_its_last(service: Service) -> None:
    Year(service, "cunio-2020-02").tell(LEFT_AFTER_THE_TRIAL)


@pytest.mark.clause("cunio 8.3")
@pytest.mark.clause("cunio 8.8")
def test_prices_rise(service: Service) -> None:
    Year(service, "cunio-2020-02").tell(RISES)
