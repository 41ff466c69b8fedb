"""A year of a Connectavo customer: a start package that ends by itself, then a licence; paid late, so in advance."""

import pytest

from tests.api.running import Service
from tests.scenarios.story import Year

# The start package cannot be ended and is not renewed (II 9.2). More machines than licensed are charged (II 2.6); work
# costs the minutes that it took (I 2.1). What is delivered a fortnight late costs the provider 1 % of its price
# (I 4.4). After an invoice was paid late, base prices are charged in advance until that is lifted again (I 2.4).
YEAR = """
2026-12-15 | signs    | start
2026-12-20 | uses     | 6 machines
2027-01-04 | closes   | 2026-12
           |   159,69 |   104,19 | I 2.1    | Paket Startpaket, Grundpreis inklu…e Maschinen, 15.12.2026 – 31.12.2026
           |          |    30,00 | II 2.6   | Paket Startpaket, angebundene Maschinen über 5 hinaus
2027-01-10 | refused  | ends : cannot be ended by notice
2027-02-01 | closes   | 2027-01
           |   226,10 |   190,00 | I 2.1    | Paket Startpaket, Grundpreis inklusive 5 angebundene Maschinen
2027-03-01 | closes   | 2027-02
           |   226,10 |   190,00 | I 2.1    | Paket Startpaket, Grundpreis inklusive 5 angebundene Maschinen
2027-03-10 | refused  | signs standard, from 2027-03-14 : start on 2027-03-15
2027-03-10 | signs    | standard, from 2027-03-15
2027-04-01 | closes   | 2027-03
           |   356,62 |    85,81 | I 2.1    | Paket Startpaket, Grundpreis inklu…e Maschinen, 01.03.2027 – 14.03.2027
           |          |   213,87 | I 2.1    | Paket Lizenz Standard, Grundpreis …e Maschinen, 15.03.2027 – 31.03.2027
2027-04-29 | uses     | 12 machines
2027-05-03 | closes   | 2027-04
           |   533,12 |   390,00 | I 2.1    | Paket Lizenz Standard, Grundpreis inklusive 10 angebundene Maschinen
           |          |    58,00 | II 2.6   | Paket Lizenz Standard, angebundene Maschinen über 10 hinaus
2027-05-31 | changes  | package professional from 2027-06-01
2027-06-01 | closes   | 2027-05
           |   464,10 |   390,00 | I 2.1    | Paket Lizenz Standard, Grundpreis inklusive 10 angebundene Maschinen
2027-06-10 | uses     | 31 machines
2027-06-11 | uses     | 15 reports
2027-06-20 | books    | work work engineer 50 Anbindung Presse 3
2027-07-01 | closes   | 2027-06
           | 1.233,44 |   890,00 | I 2.1    | Paket Lizenz Professional, Grundpreis inklusive 30 angebundene Maschinen
           |          |    24,00 | II 2.6   | Paket Lizenz Professional, angebundene Maschinen über 30 hinaus
           |          |    22,50 | I 2.1    | Paket Lizenz Professional, Auswertungen
           |          |   100,00 | I 2.1    | Arbeit nach Aufwand, 20.06.2027, Anwendungstechnik: Anbindung Presse 3
2027-07-08 | delivers | 8.000,00 agreed on 2027-07-02: none keine vollendete Woche
2027-07-16 | delivers | 8.000,00 agreed on 2027-07-02: 80,00 Connectavo AGB I 4.4
2027-08-02 | closes   | 2027-07
           |   979,10 |   890,00 | I 2.1    | Paket Lizenz Professional, Grundpreis inklusive 30 angebundene Maschinen
           |          |   -80,00 | I 4.4    | Pauschalierter Schadenersatz: Ver…n zu je 0,5 %; fällig am 16.07.2027.
2027-08-20 | prepays  | after RE-2027-000006
2027-09-01 | closes   | 2027-08
           | 2.118,20 |   890,00 | I 2.1    | Paket Lizenz Professional, Grundpr…0 angebundene Maschinen, August 2027
           |          |   890,00 | I 2.1    | Paket Lizenz Professional, Grundpr…ngebundene Maschinen, September 2027
2027-10-01 | closes   | 2027-09
           | 1.059,10 |   890,00 | I 2.1    | Paket Lizenz Professional, Grundpr… angebundene Maschinen, Oktober 2027
2027-10-05 | refused  | prepays lifted from 2027-09-30 : invoiced until 2027-09-30: choose 2027-10-01
2027-10-05 | prepays  | lifted
2027-11-02 | closes   | 2027-10
2027-12-01 | closes   | 2027-11
           | 1.059,10 |   890,00 | I 2.1    | Paket Lizenz Professional, Grundpreis inklusive 30 angebundene Maschinen
2027-12-31 | ends     | : 2028-03-31 Connectavo AGB II 9.2
2028-01-03 | closes   | 2027-12
           | 1.059,10 |   890,00 | I 2.1    | Paket Lizenz Professional, Grundpreis inklusive 30 angebundene Maschinen
2028-02-01 | closes   | 2028-01
           | 1.059,10 |   890,00 | I 2.1    | Paket Lizenz Professional, Grundpreis inklusive 30 angebundene Maschinen
2028-03-01 | closes   | 2028-02
           | 1.059,10 |   890,00 | I 2.1    | Paket Lizenz Professional, Grundpreis inklusive 30 angebundene Maschinen
2028-04-03 | closes   | 2028-03
           | 1.059,10 |   890,00 | I 2.1    | Paket Lizenz Professional, Grundpreis inklusive 30 angebundene Maschinen
2028-05-02 | closes   | 2028-04
"""


@pytest.mark.clause("Connectavo I 2.1")
@pytest.mark.clause("Connectavo I 2.4")
@pytest.mark.clause("Connectavo I 4.4")
@pytest.mark.clause("Connectavo II 2.6")
@pytest.mark.clause("Connectavo II 9.2")
def test_a_year_under_connectavo_terms(service: Service) -> None:
    Year(service, "connectavo-2021-12").tell(YEAR)
