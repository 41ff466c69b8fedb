"""What happens in a contract's life, over HTTP: computed, explained, and recorded once however often it is sent."""

from pathlib import Path
from typing import Any

import pytest

from api import contracts, customers
from api.forms import ContractForm, CustomerForm
from api.workplace import filed_terms, open_workplace
from invoicing.history import pinned_terms
from invoicing.terms import SHIPPED, TermsError, find
from tests.api.running import CUSTOMER, HandClock, Service, running, settings_in

CUNIO = {"terms": "cunio-2020-02", "package": "basis", "starts_on": "2026-10-15"}


def contract(service: Service, key: str, body: dict[str, Any] = CUNIO) -> str:
    service.ask("PUT", f"/v1/customers/{key}", CUSTOMER)
    service.ask("POST", f"/v1/customers/{key}/contract", body, expect=201)
    return f"/v1/customers/{key}/contract"


def twice(service: Service, path: str, body: dict[str, Any]) -> Any:
    """The answer to a request that is sent again because its answer was lost."""
    first = service.ask("POST", path, body, expect=201)
    service.clock.move(minutes=1)
    assert service.ask("POST", path, body, expect=201) == first
    return first


@pytest.mark.clause("cunio 8.8")
def test_a_price_rise_is_announced_left_for_and_waived(each_service: Service) -> None:
    path = contract(each_service, "k-1")
    rise = {"received_on": "2027-08-16", "percent": "5.1"}
    told = twice(each_service, f"{path}/price-rises", rise)
    assert (told["effective_on"], told["exit_until"], told["percent"]) == ("2027-11-01", "2027-09-16", "5.094")
    assert told["prices"] == {"packages.basis": "156.59"}
    assert "cunio AGB 8.8" in told["why"]
    leave = {"received_on": "2027-09-16", "cause": "price_rise"}
    assert twice(each_service, f"{path}/termination", leave)["ends_on"] == "2027-10-31"
    waived = twice(each_service, f"{path}/price-rises/waiver", {"waived_on": "2027-09-20"})
    assert waived["effective_on"] == "2027-11-01"
    after = each_service.ask("GET", f"{path}?on=2027-11-01")
    assert (after["ends_on"], after["prices"]) == (None, {})
    done = ["contract.started", "contract.price_raised", "contract.terminated", "contract.price_waived"]
    assert [each for each in reversed(each_service.actions()) if each.startswith("contract.")] == done


def one_after_another(service: Service, first: str, then: str) -> str:
    """The path of two contracts, of which the second follows the first on New Year's Day of 2027."""
    (terms, package), (next_terms, next_package) = first.split(), then.split()
    path = contract(service, "k-1", {"terms": terms, "package": package, "starts_on": "2026-10-15"})
    leave = {"received_on": "2026-11-02", "by": "provider", "cause": "important_reason", "reason": "Umzug"}
    service.ask("POST", f"{path}/termination", {**leave, "ends_on": "2026-12-31"}, expect=201)
    body = {"terms": next_terms, "package": next_package, "starts_on": "2027-01-01"}
    service.ask("POST", path, body, expect=201)
    return path


BASIC, BASIS = "fluks-2023-03 basic-2500", "cunio-2020-02 basis"


@pytest.mark.clause("cunio 8.8")
def test_prices_rise_by_the_terms_of_the_contract_that_was_signed_last(service: Service) -> None:
    rise = {"received_on": "2026-12-01", "percent": "5"}
    path = one_after_another(service, BASIC, BASIS)
    assert service.ask("POST", f"{path}/price-rises", rise, expect=201)["effective_on"] == "2028-01-01"


@pytest.mark.clause("cunio 8.8")
def test_where_the_last_terms_know_no_rise_the_ones_before_do_not_help(service: Service) -> None:
    rise = {"received_on": "2026-12-01", "percent": "5"}
    path = one_after_another(service, BASIS, BASIC)
    assert "fluks-2023-03 know no price rise" in service.refused("POST", f"{path}/price-rises", rise, "percent")


@pytest.mark.clause("fluks 16.1")
@pytest.mark.clause("cunio 13.1")
@pytest.mark.parametrize(
    ("first", "then", "ends_on", "clause"),
    [
        (BASIC, BASIS, "2027-12-31", "cunio AGB 13.1"),
        (BASIS, BASIC, "2027-01-31", "fluks AGB 16.1"),
    ],
)
def test_by_notice_the_contract_ends_that_was_signed_last(
    service: Service, first: str, then: str, ends_on: str, clause: str
) -> None:
    path = one_after_another(service, first, then)
    told = service.ask("POST", f"{path}/termination", {"received_on": "2026-12-10"}, expect=201)
    assert (told["ends_on"], clause in told["why"]) == (ends_on, True)


@pytest.mark.clause("Cloudeteer 13(2)")
def test_a_service_of_the_contract_to_come_ends_by_its_terms_however_often_it_is_said(service: Service) -> None:
    path = one_after_another(service, BASIC, "cloudeteer-2023-12 managed-cloud")
    added = {"effective_on": "2027-02-01", "add_addons": ["monitoring"]}
    service.ask("POST", f"{path}/changes", added, expect=201)
    leave = {"received_on": "2026-12-10", "cause": "important_reason", "reason": "Ausfall", "ends_on": "2027-03-31"}
    told = twice(service, f"{path}/termination", {**leave, "addons": ["monitoring"]})
    assert "Cloudeteer AGB 13(2)" in told["why"]


@pytest.mark.clause("cunio 15.1")
@pytest.mark.parametrize(
    ("first", "then", "clause"), [(BASIC, BASIS, "cunio AGB 15.1"), (BASIS, BASIC, "fluks AGB 2.4")]
)
def test_new_terms_are_announced_by_the_terms_of_the_contract_that_they_change(
    tmp_path: Path, first: str, then: str, clause: str
) -> None:
    folder = tmp_path / "terms"
    folder.mkdir()
    shipped = then.split(maxsplit=1)[0]
    text = (SHIPPED / f"{shipped}.toml").read_text(encoding="utf-8").replace(shipped, "own-2027")
    (folder / "own-2027.toml").write_text(text, encoding="utf-8")
    with running(settings_in(tmp_path, terms_dir=folder)) as service:
        path = one_after_another(service, first, then)
        moved = {"terms": "own-2027", "received_on": "2026-11-25"}
        told = service.ask("POST", f"{path}/terms-changes", moved, expect=201)
        assert (told["effective_on"], clause in told["why"]) == ("2027-02-01", True)
        assert service.ask("GET", f"{path}?on=2027-02-01")["terms"] == "own-2027"
        service.ask("POST", f"{path}/terms-changes/objection", {"received_on": told["object_until"]}, expect=201)
        assert service.ask("GET", f"{path}?on=2027-02-01")["terms"] == shipped


@pytest.mark.clause("fluks 16.1")
@pytest.mark.parametrize("cause", [{}, {"cause": "important_reason", "reason": "Insolvenz", "ends_on": "2026-11-30"}])
def test_a_termination_sent_again_does_not_end_the_next_contract(each_service: Service, cause: dict[str, str]) -> None:
    """Its answer was lost, and meanwhile another contract was signed."""
    body = {"terms": "fluks-2023-03", "package": "basic-2500", "starts_on": "2026-10-15"}
    path = contract(each_service, "k-1", body)
    notice = {"received_on": "2026-10-16", **cause}
    told = each_service.ask("POST", f"{path}/termination", notice, expect=201)
    assert told["ends_on"] == "2026-11-30"
    each_service.ask("POST", path, {**body, "starts_on": "2026-12-01"}, expect=201)
    assert each_service.ask("POST", f"{path}/termination", notice, expect=201) == told
    assert each_service.ask("GET", f"{path}?on=2027-06-01")["ends_on"] is None
    later = each_service.ask("POST", f"{path}/termination", {"received_on": "2026-11-02"}, expect=201)
    assert later["ends_on"] == "2026-12-31"


def test_an_ended_contract_cannot_be_ended_for_a_cause_again(each_service: Service) -> None:
    body = {"terms": "fluks-2023-03", "package": "basic-2500", "starts_on": "2026-10-15"}
    path = contract(each_service, "k-1", body)
    each_service.ask("POST", f"{path}/termination", {"received_on": "2026-10-16"}, expect=201)
    late = {"received_on": "2026-12-02", "cause": "important_reason", "reason": "Insolvenz"}
    assert "already ends on 2026-11-30" in each_service.refused("POST", f"{path}/termination", late, "received_on")


@pytest.mark.clause("Cloudeteer 13(2)")
def test_a_single_service_ends_for_an_important_reason(each_service: Service) -> None:
    body = {"terms": "cloudeteer-2023-12", "package": "managed-cloud", "starts_on": "2026-10-15"}
    path = contract(each_service, "k-1", {**body, "addons": ["monitoring", "on-call"]})
    leave = {"received_on": "2026-11-02", "cause": "important_reason", "reason": "Ausfall", "addons": ["monitoring"]}
    told = twice(each_service, f"{path}/termination", leave)
    assert (told["ends_on"], "Cloudeteer AGB 13(2)" in told["why"]) == ("2026-11-02", True)
    assert each_service.ask("GET", f"{path}?on=2026-11-02")["addons"] == ["monitoring", "on-call"]
    after = each_service.ask("GET", f"{path}?on=2026-11-03")
    assert (after["addons"], after["ends_on"]) == (["on-call"], None)
    message = each_service.refused("POST", f"{path}/termination", {**leave, "reason": "Anderes"}, "addons")
    assert "not booked: monitoring" in message


@pytest.mark.clause("cunio 8.8")
def test_a_rise_that_was_waived_may_be_announced_again_on_the_same_day(each_service: Service) -> None:
    path = contract(each_service, "k-1")
    rise = {"received_on": "2027-08-16", "percent": "5.1"}
    each_service.ask("POST", f"{path}/price-rises", rise, expect=201)
    each_service.ask("POST", f"{path}/price-rises/waiver", {"waived_on": "2027-08-16"}, expect=201)
    assert each_service.ask("GET", f"{path}?on=2027-11-01")["prices"] == {}
    each_service.ask("POST", f"{path}/price-rises", rise, expect=201)
    assert each_service.ask("GET", f"{path}?on=2027-11-01")["prices"] == {"packages.basis": "156.59"}


@pytest.mark.clause("KLUGO 22.2")
def test_new_terms_are_announced_and_objected_to(each_service: Service) -> None:
    path = contract(each_service, "k-1", {"terms": "klugo", "package": "user-login", "starts_on": "2026-10-15"})
    each_service.refused("POST", f"{path}/terms-changes", {"terms": "klugo", "received_on": "2026-11-02"}, "terms")
    moved = {"terms": "cunio-2020-02", "received_on": "2026-11-02"}
    message = each_service.refused("POST", f"{path}/terms-changes", moved, "terms")
    assert "have no user-login" in message
    message = each_service.refused(
        "POST", f"{path}/terms-changes/objection", {"received_on": "2026-11-02"}, "received_on"
    )
    assert "no new terms are announced" in message


@pytest.mark.parametrize(
    ("what", "body", "field"),
    [
        ("price-rises", {"received_on": "2026-11-02"}, "percent"),
        ("price-rises", {"received_on": "2026-11-02", "percent": "5", "prices": {"packages.basis": "150"}}, "percent"),
        ("price-rises", {"received_on": "2026-11-02", "percent": "0"}, "percent"),
        ("price-rises", {"received_on": "2026-11-02", "percent": "5", "effective_on": "2026-12-01"}, "effective_on"),
        ("price-rises", {"received_on": "2026-11-02", "prices": {"packages.gold": "150"}}, "prices"),
        ("price-rises", {"received_on": "2026-11-02", "prices": {"gold": "150"}}, "prices.gold"),
        ("price-rises", {"received_on": "2026-11-02", "prices": {"packages.basis": "149"}}, "prices"),
        ("price-rises/waiver", {"waived_on": "2026-11-02"}, "waived_on"),
        ("prepayment", {"effective_on": "2026-11-02"}, "effective_on"),
        ("price-rises", {"received_on": "2026-10-14", "percent": "5"}, "received_on"),
        ("terms-changes", {"received_on": "2026-10-14", "terms": "klugo"}, "received_on"),
        ("price-rises/waiver", {"waived_on": "2026-10-14"}, "waived_on"),
        ("termination", {"received_on": "2026-11-02", "cause": "important_reason"}, "reason"),
        ("termination", {"received_on": "2026-11-02", "cause": "price_rise"}, "cause"),
        ("termination", {"received_on": "2026-11-02", "cause": "objection", "by": "provider"}, "cause"),
        ("termination", {"received_on": "2026-11-02", "cause": "objection"}, "by"),
        ("termination", {"received_on": "2026-11-02", "cause": "price_rise", "by": "provider"}, "by"),
        ("termination", {"received_on": "2026-11-02", "cause": "default", "reason": "zwei Entgelte offen"}, "by"),
        ("termination", {"received_on": "2026-11-02", "cause": "price_rise", "ends_on": "2026-12-31"}, "ends_on"),
        (
            "termination",
            {"received_on": "2026-11-02", "cause": "important_reason", "reason": "x", "addons": ["nonsense"]},
            "addons",
        ),
        (
            "termination",
            {"received_on": "2026-11-02", "cause": "default", "by": "provider", "reason": "x", "addons": ["documents"]},
            "addons",
        ),
        ("termination", {"received_on": "2020-01-02", "cause": "important_reason", "reason": "x"}, "received_on"),
        ("termination", {"received_on": "2026-11-02", "ends_on": "2027-01-31"}, "ends_on"),
        ("termination", {"received_on": "2026-11-02", "addons": ["craftsmen"]}, "addons"),
        ("termination", {"received_on": "2026-11-02", "by": "nobody"}, "by"),
    ],
)
def test_what_the_terms_do_not_allow_is_refused_by_name(
    shared: Service, what: str, body: dict[str, Any], field: str
) -> None:
    path = "/v1/customers/k-no/contract"
    if shared.finance.get("/v1/customers/k-no").status_code == 404:
        contract(shared, "k-no")
    shared.refused("POST", f"{path}/{what}", body, field)


@pytest.mark.clause("fluks 1.10")
def test_a_consumer_has_no_contract_under_terms_for_businesses(shared: Service) -> None:
    shared.ask("PUT", "/v1/customers/k-con", {**CUSTOMER, "kind": "consumer"})
    assert "businesses only" in shared.refused("POST", "/v1/customers/k-con/contract", CUNIO, "terms")
    klugo = {"terms": "klugo", "package": "user-login", "starts_on": "2026-10-15"}
    shared.ask("POST", "/v1/customers/k-con/contract", klugo, expect=201)


@pytest.mark.clause("Connectavo I 2.4")
def test_prepayment_needs_an_invoice_that_was_due(service: Service) -> None:
    body = {"terms": "connectavo-2021-12", "package": "standard", "starts_on": "2026-10-01"}
    path = contract(service, "k-1", body)
    service.close_month("2026-10")
    ask = {"effective_on": "2026-11-16", "invoice": "RE-2026-000001"}
    assert "I 2.4" in service.refused("POST", f"{path}/prepayment", ask, "effective_on")
    service.refused("POST", f"{path}/prepayment", {**ask, "invoice": "RE-2026-000009"}, "invoice")
    late = {**ask, "effective_on": "2026-11-17"}
    assert twice(service, f"{path}/prepayment", late)["prepaid"] is True
    assert twice(service, f"{path}/prepayment", {"effective_on": "2026-12-01", "lifted": True})["prepaid"] is False
    assert service.ask("GET", f"{path}?on=2026-11-30")["prepaid"] is True


@pytest.mark.clause("cunio 13.1")
@pytest.mark.parametrize(
    ("terms", "agreed", "says"),
    [
        (CUNIO, {"term_ends_on": "2027-12-31"}, None),
        (CUNIO, {"term_ends_on": "2026-10-15"}, None),
        (CUNIO, {"term_ends_on": "2026-10-14"}, "must not be before the contract starts"),
        (CUNIO, {"term_ends_on": "2027-12-31", "term_months": 14}, "leave one of them out"),
        (
            {**CUNIO, "terms": "fluks-2023-03", "package": "basic-2500"},
            {"term_ends_on": "2027-12-31"},
            "no minimum term",
        ),
        (
            {**CUNIO, "terms": "connectavo-2021-12", "package": "standard"},
            {"term_ends_on": "2027-12-31"},
            "agree on term_months instead",
        ),
    ],
)
def test_the_last_day_of_a_term_may_be_agreed(
    shared: Service, terms: dict[str, str], agreed: dict[str, object], says: str | None
) -> None:
    key = f"k-until-{len(shared.actions())}"
    shared.ask("PUT", f"/v1/customers/{key}", CUSTOMER)
    path, body = f"/v1/customers/{key}/contract", {**terms, **agreed}
    if says:
        assert says in shared.refused("POST", path, body, "term_ends_on")
        return
    assert shared.ask("POST", path, body, expect=201)["term_ends_on"] == agreed["term_ends_on"]
    assert shared.ask("POST", path, body, expect=201)["term_ends_on"] == agreed["term_ends_on"]


@pytest.mark.clause("cunio 8.3")
def test_less_that_was_agreed_in_time_may_be_recorded_later(service: Service) -> None:
    path = contract(service, "k-1", {**CUNIO, "starts_on": "2025-12-01", "addons": ["craftsmen"]})
    less = {"effective_on": "2026-12-01", "remove_addons": ["craftsmen"]}  # the term ends on 30 November
    assert "8.3" in service.refused("POST", f"{path}/changes", {**less, "effective_on": "2026-11-20"}, "effective_on")
    late = {**less, "effective_on": "2026-11-20", "agreed_on": "2026-11-01"}
    assert "8.3" in service.refused("POST", f"{path}/changes", late, "effective_on")
    assert "future" in service.refused("POST", f"{path}/changes", {**less, "agreed_on": "2026-11-03"}, "agreed_on")
    in_time = {**less, "effective_on": "2026-11-20", "agreed_on": "2026-10-31"}
    assert twice(service, f"{path}/changes", in_time)["addons"] == []


@pytest.mark.clause("cunio 13.1")
def test_the_timeline_says_what_comes_when(shared: Service) -> None:
    path = contract(shared, "k-line", {**CUNIO, "trial_ends_on": "2026-11-14"})
    told = shared.ask("GET", f"{path}/timeline")
    assert [each["day"] for each in told] == ["2026-10-15", "2026-11-14", "2026-11-15", "2027-07-14", "2027-10-14"]
    assert "cunio AGB 13.1" in told[3]["text"]


def test_a_changed_file_changes_no_contract(tmp_path: Path) -> None:
    """What a contract was signed under is kept; the file's later prices are never billed under the same name."""
    folder = tmp_path / "terms"
    folder.mkdir()
    settings, file = settings_in(tmp_path, terms_dir=folder), folder / "own-2026.toml"
    text = (SHIPPED / "cunio-2020-02.toml").read_text(encoding="utf-8").replace("cunio-2020-02", "own-2026")
    file.write_text(text, encoding="utf-8")
    with open_workplace(settings, HandClock()) as work:
        customers.register(work, "test", "k-1", CustomerForm.model_validate(CUSTOMER))
        contracts.start(work, "test", "k-1", ContractForm.model_validate({**CUNIO, "terms": "own-2026"}))
    file.write_text(text.replace("price = 149.00", "price = 999.00"), encoding="utf-8")
    with running(settings) as service:
        rise = {"received_on": "2026-11-02", "percent": "10"}
        told = service.ask("POST", "/v1/customers/k-1/contract/price-rises", rise, expect=201)
        assert told["prices"] == {"packages.basis": "163.90"}
        service.ask("PUT", "/v1/customers/k-2", CUSTOMER)
        service.ask("POST", "/v1/customers/k-2/contract", {**CUNIO, "terms": "own-2026"}, expect=201)
        with service.ledger.read() as session:
            assert pinned_terms(session)["own-2026"].packages["basis"].price == 149


@pytest.mark.clause("fluks 2.4")
def test_how_long_a_customer_may_object_stands_in_the_terms_under_which_he_was_told(tmp_path: Path) -> None:
    """New terms give more time for later changes; an objection to them still had to come in the old terms' time."""
    folder = tmp_path / "terms"
    folder.mkdir()
    text = (SHIPPED / "fluks-2023-03.toml").read_text(encoding="utf-8").replace("fluks-2023-03", "own-2026")
    (folder / "own-2026.toml").write_text(text.replace("weeks = 6", "weeks = 10"), encoding="utf-8")
    with running(settings_in(tmp_path, terms_dir=folder)) as service:
        body = {"terms": "fluks-2023-03", "package": "basic-2500", "starts_on": "2026-01-01"}
        path = contract(service, "k-1", body)
        told = service.ask(
            "POST", f"{path}/terms-changes", {"terms": "own-2026", "received_on": "2026-09-05"}, expect=201
        )
        assert (told["object_until"], told["effective_on"]) == ("2026-10-19", "2026-11-01")
        for late in ("2026-10-20", "2026-11-05"):
            message = service.refused("POST", f"{path}/terms-changes/objection", {"received_on": late}, "received_on")
            assert "had to come until 2026-10-19" in message
        service.ask("POST", f"{path}/terms-changes/objection", {"received_on": "2026-10-19"}, expect=201)
        assert service.ask("GET", f"{path}?on=2026-11-05")["terms"] == "fluks-2023-03"


@pytest.mark.clause("fluks 2.4")
@pytest.mark.parametrize(("price", "says"), [("149.00", None), ("149.01", "give yours an id of its own")])
def test_no_file_takes_the_place_of_a_shipped_one(tmp_path: Path, price: str, says: str | None) -> None:
    text = (SHIPPED / "cunio-2020-02.toml").read_text(encoding="utf-8").replace("price = 149.00", f"price = {price}")
    (tmp_path / "cunio-2020-02.toml").write_text(text, encoding="utf-8")
    if says is None:
        assert filed_terms(tmp_path)["cunio-2020-02"] == find("cunio-2020-02")
        return
    with pytest.raises(TermsError, match=says):
        filed_terms(tmp_path)
