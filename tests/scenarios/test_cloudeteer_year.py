"""A year of a Cloudeteer customer: in advance, by the days of the month, ended in part and then as a whole."""

import pytest

from tests.api.running import Service
from tests.scenarios.story import Year

# Base prices in advance (6(1)), so the first invoice has the part of the first month too; users at their highest level
# and volume behind it (15(1)). Work costs the minutes that it took (6(3)). Monitoring ends alone, three months after
# the notice with the month (13(1)). In February the service is suspended for exactly ten hours, which gives nothing,
# and then for a day more: for both 518,00 € × 2.040/41.760 minutes go back (5(3)).
YEAR = """
2027-09-15 | signs    | managed-workplace monitoring
2027-09-20 | uses     | 7 users
2027-09-25 | uses     | 5 users
2027-10-01 | closes   | 2027-09
           |   722,81 |   154,67 | 6(1)     | Paket Managed Workplace, Grundpreis, 15.09.2027 – 30.09.2027
           |          |    41,60 | 15(1)    | Paket Managed Workplace, Benutzer,…nd im Monat, 15.09.2027 – 30.09.2027
           |          |    42,13 | 6(1)     | Zusatzmodul Monitoring, 15.09.2027 – 30.09.2027
           |          |   290,00 | 6(1)     | Paket Managed Workplace, Grundpreis, Oktober 2027
           |          |    79,00 | 6(1)     | Zusatzmodul Monitoring, Oktober 2027
2027-10-05 | uses     | 8 users
2027-10-20 | uses     | 500 transfer-gb
2027-10-21 | books    | work work senior 100 Migration der Postfächer
2027-10-22 | books    | expense expenses Reise 8450 Bahnfahrt nach Hamburg
2027-11-02 | closes   | 2027-10
           | 1.039,86 |   117,00 | 15(1)    | Paket Managed Workplace, Benutzer, Höchststand im Monat
           |          |    45,00 | 15(1)    | Paket Managed Workplace, GB Datentransfer, Mengenstufe 1 (1 bis 500)
           |          |   290,00 | 6(1)     | Paket Managed Workplace, Grundpreis, November 2027
           |          |    79,00 | 6(1)     | Zusatzmodul Monitoring, November 2027
           |          |   258,33 | 6(3)     | Arbeit nach Aufwand, 21.10.2027, S…Consultant: Migration der Postfächer
           |          |    84,50 | 6(4)     | Reise, 22.10.2027: Bahnfahrt nach Hamburg
2027-11-10 | uses     | 501 transfer-gb
2027-11-12 | changes  | add on-call from 2027-12-01
2027-12-01 | closes   | 2027-11
           |   658,15 |    35,07 | 15(1)    | Paket Managed Workplace, GB Datentransfer, Mengenstufe 2 (501 bis 2.000)
           |          |   290,00 | 6(1)     | Paket Managed Workplace, Grundpreis, Dezember 2027
           |          |    79,00 | 6(1)     | Zusatzmodul Monitoring, Dezember 2027
           |          |   149,00 | 6(1)     | Zusatzmodul Rufbereitschaft, Dezember 2027
2027-12-29 | uses     | 2001 transfer-gb
2028-01-03 | closes   | 2027-12
           |   735,48 |   100,05 | 15(1)    | Paket Managed Workplace, GB Datentransfer, Mengenstufe 3 (2.001 und mehr)
           |          |   290,00 | 6(1)     | Paket Managed Workplace, Grundpreis, Januar 2028
           |          |    79,00 | 6(1)     | Zusatzmodul Monitoring, Januar 2028
           |          |   149,00 | 6(1)     | Zusatzmodul Rufbereitschaft, Januar 2028
2028-01-31 | ends     | only monitoring: 2028-04-30 Cloudeteer AGB 13(1)
2028-02-01 | closes   | 2028-01
           |   616,42 |   290,00 | 6(1)     | Paket Managed Workplace, Grundpreis, Februar 2028
           |          |    79,00 | 6(1)     | Zusatzmodul Monitoring, Februar 2028
           |          |   149,00 | 6(1)     | Zusatzmodul Rufbereitschaft, Februar 2028
2028-02-28 | changes  | package managed-cloud from 2028-03-01
2028-03-01 | suspends | 2028-02-10T08Z to 2028-02-10T18Z: none nicht mehr als 10 Stunden
2028-03-01 | suspends | 2028-02-10T08Z to 2028-02-10T18Z, 2028-02-28T20Z to 2028-02-29T20Z: 25,30 Cloudeteer AGB 5(3)
2028-03-01 | closes   | 2028-02
           | 1.300,31 |   890,00 | 6(1)     | Paket Managed Cloud, Grundpreis, März 2028
           |          |    79,00 | 6(1)     | Zusatzmodul Monitoring, März 2028
           |          |   149,00 | 6(1)     | Zusatzmodul Rufbereitschaft, März 2028
           |          |   -25,30 | 5(3)     | Gutschrift für Februar 2028: …eit wird keine Vergütung geschuldet.
2028-03-15 | uses     | 601 backup-gb
2028-03-20 | uses     | 12 users
2028-04-03 | closes   | 2028-03
           | 1.409,56 |    58,00 | 15(1)    | Paket Managed Cloud, Benutzer, Höchststand im Monat
           |          |    12,00 | 15(1)    | Paket Managed Cloud, GB gesichert in Blöcken zu 100
           |          |    -3,50 | 6(2)     | Paket Managed Cloud, Gutschrift 5 % auf die Nutzung
           |          |   890,00 | 6(1)     | Paket Managed Cloud, Grundpreis, April 2028
           |          |    79,00 | 6(1)     | Zusatzmodul Monitoring, April 2028
           |          |   149,00 | 6(1)     | Zusatzmodul Rufbereitschaft, April 2028
2028-05-02 | closes   | 2028-04
           | 1.236,41 |   890,00 | 6(1)     | Paket Managed Cloud, Grundpreis, Mai 2028
           |          |   149,00 | 6(1)     | Zusatzmodul Rufbereitschaft, Mai 2028
2028-05-31 | ends     | : 2028-08-31 Cloudeteer AGB 13(1)
2028-06-01 | closes   | 2028-05
           | 1.236,41 |   890,00 | 6(1)     | Paket Managed Cloud, Grundpreis, Juni 2028
           |          |   149,00 | 6(1)     | Zusatzmodul Rufbereitschaft, Juni 2028
2028-07-03 | closes   | 2028-06
           | 1.236,41 |   890,00 | 6(1)     | Paket Managed Cloud, Grundpreis, Juli 2028
           |          |   149,00 | 6(1)     | Zusatzmodul Rufbereitschaft, Juli 2028
2028-08-01 | closes   | 2028-07
           | 1.236,41 |   890,00 | 6(1)     | Paket Managed Cloud, Grundpreis, August 2028
           |          |   149,00 | 6(1)     | Zusatzmodul Rufbereitschaft, August 2028
2028-09-01 | closes   | 2028-08
2028-10-02 | closes   | 2028-09
"""


@pytest.mark.clause("Cloudeteer 5(3)")
@pytest.mark.clause("Cloudeteer 6(1)")
@pytest.mark.clause("Cloudeteer 6(3)")
@pytest.mark.clause("Cloudeteer 6(4)")
@pytest.mark.clause("Cloudeteer 13(1)")
@pytest.mark.clause("Cloudeteer 15(1)")
def test_a_year_under_cloudeteer_terms(service: Service) -> None:
    Year(service, "cloudeteer-2023-12").tell(YEAR)
