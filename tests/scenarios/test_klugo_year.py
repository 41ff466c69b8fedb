"""A year of a KLUGO user: what is free has no invoice, what is ordered has one at once, gross."""

import pytest

from tests.api.running import Service
from tests.scenarios.story import Year

# The user leaves at once on the day on which the provider, who has to wait two weeks, gives notice (15.2).
YEAR = """
2027-05-31 | signs    | user-login
2027-06-01 | closes   | 2027-05
2027-06-10 | orders   | beratung-plus
           |    49,00 |    49,00 | 10.3     | Beratung Plus, 10.06.2027
2027-07-01 | closes   | 2027-06
2027-08-02 | closes   | 2027-07
2027-08-31 | changes  | package beratung-basic
2027-09-01 | closes   | 2027-08
2027-10-01 | closes   | 2027-09
2027-11-02 | closes   | 2027-10
2027-12-01 | closes   | 2027-11
2027-12-31 | orders   | beratung-plus
           |    49,00 |    49,00 | 10.3     | Beratung Plus, 31.12.2027
2028-01-03 | closes   | 2027-12
2028-02-01 | closes   | 2028-01
2028-02-29 | orders   | beratung-plus
           |    49,00 |    49,00 | 10.3     | Beratung Plus, 29.02.2028
2028-03-01 | closes   | 2028-02
2028-04-03 | closes   | 2028-03
2028-05-02 | closes   | 2028-04
2028-05-31 | refused  | ends by provider default: no right to end a contract for default
2028-05-31 | ends     | by provider: 2028-06-14 KLUGO AGB 15.2
2028-05-31 | ends     | : 2028-05-31 KLUGO AGB 15.2
2028-06-01 | closes   | 2028-05
"""


@pytest.mark.clause("KLUGO 9")
@pytest.mark.clause("KLUGO 10.2")
@pytest.mark.clause("KLUGO 10.3")
@pytest.mark.clause("KLUGO 15.2")
def test_a_year_under_klugo_terms(service: Service) -> None:
    Year(service, "klugo", kind="consumer", mandate=True).tell(YEAR)
