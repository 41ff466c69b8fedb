"""What each vendor's file says, rule by rule: value and clause as the text has them, ``default`` where it is silent."""

from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from invoicing.terms import Terms, find, shipped
from invoicing.terms.walk import citations


def said(value: Any) -> str:
    """Say a value: of a table, its keys that are not left at their default."""
    if is_dataclass(value):
        given = [(each, getattr(value, each.name)) for each in fields(value)]
        return ", ".join(f"{each.name} {said(it)}" for each, it in given if it != each.default) or "at once"
    if isinstance(value, tuple):
        return " + ".join(map(said, value))
    return str(value)


def rules(terms: Terms) -> list[list[str]]:
    """List the rules of a file as rows: name, value, clause."""
    named = [(each.name, getattr(terms.rules, each.name)) for each in fields(terms.rules)]
    named += [(f"term of {key}", each.term) for key, each in terms.packages.items()]
    return [
        [name, said(rule.value), f"{rule.clause} default" if rule.silent else rule.clause]
        for name, rule in named
        if rule
    ]


def prices(terms: Terms) -> list[list[str]]:
    """List the prices of a file as rows: of what, model, meters, clause; the numbers are examples but for fluks."""
    found: list[tuple[str, Any]] = [(key, price) for key, each in terms.packages.items() for price in each.prices]
    found += [(key, price) for key, each in terms.addons.items() for price in each.prices]
    found += [(key, service) for key, service in terms.services.items()]
    return [[key, price.model, " + ".join(getattr(price, "meters", ())), price.clause] for key, price in found]


def table(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]


@pytest.mark.clause("fluks 1.10")
@pytest.mark.clause("fluks 2.4")
@pytest.mark.clause("fluks 5.2")
@pytest.mark.clause("fluks 12.4")
@pytest.mark.clause("fluks 13.1")
@pytest.mark.clause("fluks 13.2")
@pytest.mark.clause("fluks 13.3")
@pytest.mark.clause("fluks 13.4")
@pytest.mark.clause("fluks 13.5")
@pytest.mark.clause("fluks 16.1")
@pytest.mark.clause("fluks 16.2")
@pytest.mark.clause("fluks 16.3")
@pytest.mark.clause("fluks Anlage 1 3.4")
@pytest.mark.clause("fluks Anlage 3 fn 2")
def test_the_rules_of_fluks() -> None:
    assert rules(find("fluks-2023-03")) == table(
        """
        billing              | arrears                                    | 13.1 default
        prices               | net                                        | 13.2
        vat_percent          | 19                                         | § 12 Abs. 1 UStG
        proration            | none                                       | 5.2 default
        allowance            | full                                       | 5.2 default
        carry_over           | False                                      | Anlage 3 § 1 Fn. 2
        payment              | direct_debit                               | 13.3
        customers            | business                                   | 1.10
        third_party_fees     | False                                      | 13.4
        notice               | months 1, to month_end                     | 16.1
        notice_form          | text                                       | 16.3
        change               | on month_start                             | 13.1 default
        prenotification_days | 5                                          | 13.3
        important_reason     | whole                                      | 16.2
        terms_change         | weeks 6                                    | 2.4
        default              | begins reminder, dunning_costs False       | 13.5 default
        lock                 | when reminder                              | 13.5
        for_cause            | when reminder, days 30                     | 16.2
        price_reduction      | True                                       | 12.4
        declarations         | BY                                         | § 193 BGB
        deletion             | months 1                                   | Anlage 1 3.4
        """
    )


@pytest.mark.clause("fluks Anlage 3 §1")
@pytest.mark.clause("fluks Anlage 3 §2")
def test_the_packages_of_fluks() -> None:
    packages = find("fluks-2023-03").packages.values()
    assert [
        [each.label, f"{each.price}", str(each.included), str(each.allowance and each.allowance.price)]
        for each in packages
    ] == table(
        """
        Schnupperpaket  |   60.00 |    500 | 0.10
        BASIC 2.500     |  250.00 |   2500 | 0.10
        BASIC 5.000     |  350.00 |   5000 | 0.10
        STANDARD 10.000 |  500.00 |  10000 | 0.08
        PREMIUM 50.000  |  800.00 |  50000 | 0.05
        PREMIUM 100.000 | 1100.00 | 100000 | 0.05
        """
    )
    assert {each.allowance.clause for each in packages if each.allowance} == {"Anlage 3 § 2"}


@pytest.mark.clause("fluks Anlage 3 §3")
def test_the_add_ons_of_fluks_and_which_package_includes_them() -> None:
    terms = find("fluks-2023-03")
    including = {key: [name for name, each in terms.packages.items() if key in each.includes] for key in terms.addons}
    small = "schnupperpaket basic-2500 basic-5000"
    assert [[key, str(each.price), " ".join(including[key])] for key, each in terms.addons.items()] == table(
        f"""
        toolbox      |  0.00 | {small} standard-10000 premium-50000 premium-100000
        binary-store |  0.00 | {small} standard-10000 premium-50000 premium-100000
        documents    | 40.00 | standard-10000 premium-50000 premium-100000
        emails       | 10.00 | standard-10000 premium-50000 premium-100000
        forms        | 30.00 | premium-50000 premium-100000
        """
    )


@pytest.mark.clause("Cloudeteer 5(3)")
@pytest.mark.clause("Cloudeteer 6(1)")
@pytest.mark.clause("Cloudeteer 6(2)")
@pytest.mark.clause("Cloudeteer 6(5)")
@pytest.mark.clause("Cloudeteer 6(6)")
@pytest.mark.clause("Cloudeteer 13(1)")
def test_the_rules_of_cloudeteer() -> None:
    assert rules(find("cloudeteer-2023-12")) == table(
        """
        billing              | advance                                    | 6(1)
        prices               | net                                        | 6(2)
        vat_percent          | 19                                         | § 12 Abs. 1 UStG
        proration            | calendar_days                              | 6(1) default
        allowance            | prorated                                   | 15(1) default
        carry_over           | False                                      | 15(1) default
        payment              | bank_transfer + direct_debit               | 6(2) default
        customers            | business                                   | 1(1) default
        third_party_fees     | False                                      | 6(2) default
        notice               | months 3, to month_end                     | 13(1)
        notice_form          | written                                    | 13(4)
        change               | on month_start                             | 17(1) default
        due                  | days 10, after invoice_date                | 6(2)
        prenotification_days | 14                                         | 6(2) default
        term                 | months 6, renewal open_ended               | 13(1)
        partial_termination  | True                                       | 13(1)
        important_reason     | whole_or_part                              | 13(2)
        default              | begins due_date, dunning_costs True        | 6(5)
        lock                 | when due_date                              | 6(6)
        for_cause            | when due_date                              | 6(6)
        dispute_until        | due_date                                   | 6(2)
        suspension_hours     | 10                                         | 5(3)
        declarations         | HH                                         | § 193 BGB
        """
    )


@pytest.mark.clause("Cloudeteer 6(3)")
@pytest.mark.clause("Cloudeteer 6(4)")
@pytest.mark.clause("Cloudeteer 15(1)")
def test_the_prices_of_cloudeteer() -> None:
    terms = find("cloudeteer-2023-12")
    assert prices(terms) == table(
        """
        managed-workplace | flat              |             | 6(1)
        managed-workplace | seats             | users       | 15(1)
        managed-workplace | volume            | transfer-gb | 15(1)
        managed-cloud     | flat              |             | 6(1)
        managed-cloud     | seats             | users       | 15(1)
        managed-cloud     | blocks            | backup-gb   | 15(1)
        managed-cloud     | percentage_credit |             | 6(2)
        monitoring        | flat              |             | 6(1)
        on-call           | flat              |             | 6(1)
        work              | time_and_material |             | 6(3)
        foreign-defect    | time_and_material |             | 7(10)
        expenses          | expenses          |             | 6(4)
        """
    )
    assert terms.meters["users"].aggregate == "max"
    assert said(terms.services["expenses"]) == (
        "model expenses, categories Reise + Verpflegung + Übernachtung, clause 6(4)"
    )


@pytest.mark.clause("KLUGO 5.7")
@pytest.mark.clause("KLUGO 9")
@pytest.mark.clause("KLUGO 9.1")
@pytest.mark.clause("KLUGO 15.2")
@pytest.mark.clause("KLUGO 20")
@pytest.mark.clause("KLUGO 22.2")
def test_the_rules_of_klugo() -> None:
    assert rules(find("klugo")) == table(
        """
        billing              | arrears                                    | 10.3 default
        prices               | gross                                      | 10.3 default
        vat_percent          | 19                                         | § 12 Abs. 1 UStG
        proration            | none                                       | 10.1 default
        allowance            | full                                       | 10.1 default
        carry_over           | False                                      | 10.1 default
        payment              | direct_debit + bank_transfer               | 20
        customers            | anyone                                     | 9
        third_party_fees     | False                                      | 6.5
        notice               | at once                                    | 15.2
        notice_form          | text                                       | 15.2
        change               | on any_day                                 | 10.1 default
        prenotification_days | 14                                         | 20 default
        provider_notice      | weeks 2                                    | 15.2
        important_reason     | whole                                      | 15.3
        terms_change         | weeks 4, prices False                      | 22.2
        withdrawal           | days 14, refund_days 14                    | 9.1
        refund_attempts      | 2                                          | 5.7
        declarations         | NW                                         | § 193 BGB
        """
    )


@pytest.mark.clause("KLUGO 10.2")
@pytest.mark.clause("KLUGO 10.3")
def test_the_prices_of_klugo() -> None:
    terms = find("klugo")
    assert prices(terms) == table(
        """
        user-login     | flat    |  | 10.1
        beratung-basic | flat    |  | 10.2
        beratung-plus  | one_off |  | 10.3
        """
    )
    assert [str(each.price) for each in terms.packages.values()] == ["0.00", "0.00"]


@pytest.mark.clause("cunio 4.2")
@pytest.mark.clause("cunio 8.1")
@pytest.mark.clause("cunio 8.2")
@pytest.mark.clause("cunio 8.3")
@pytest.mark.clause("cunio 8.4")
@pytest.mark.clause("cunio 8.7")
@pytest.mark.clause("cunio 8.8")
@pytest.mark.clause("cunio 13.1")
@pytest.mark.clause("cunio 15.1")
def test_the_rules_of_cunio() -> None:
    terms = find("cunio-2020-02")
    shown = [row for row in rules(terms) if row[0] != "price_rise"]
    assert shown == table(
        """
        billing              | arrears                                           | 8.1 default
        prices               | net                                               | 8.7
        vat_percent          | 19                                                | § 12 Abs. 1 UStG
        proration            | thirtieths                                        | 8.1
        allowance            | prorated                                          | 8.1 default
        carry_over           | False                                             | 8.1 default
        payment              | bank_transfer + direct_debit                      | 8.1 default
        customers            | business                                          | 1.1
        third_party_fees     | True                                              | 8.4
        notice               | months 3, to term_end                             | 13.1
        notice_form          | text                                              | 13.4
        change               | on any_day                                        | 8.2
        due                  | days 14, after receipt                            | 8.1
        prenotification_days | 14                                                | 8.1 default
        term                 | months 12, renewal same_term, renew_months 12     | 13.1
        downgrade            | on any_day, days_before_term_end 30               | 8.3
        important_reason     | whole                                             | 13.2
        trial                | True                                              | 8.4
        terms_change         | months 1, prices False                            | 15.1
        objection_exit       | within months 1, notice months 1, to month_end    | 15.1
        default              | begins due_date, dunning_costs False              | 8.4 default
        lock                 | when monthly_fees, monthly_fees 1                 | 8.4
        for_cause            | when monthly_fees, monthly_fees 2, first_fee True | 8.4
        credits              | if_agreed                                         | 4.2
        declarations         | HE                                                | § 193 BGB
        """
    )
    rise = terms.rules.price_rise
    assert rise is not None
    assert (rise.clause, rise.silent) == ("8.8", False)
    assert said(rise.value) == (
        "first_after_months 12, every_months 12, notice_months 2, "
        "exits over_percent 5, months 12 + over_percent 10, months 36, exit_months 1"
    )


@pytest.mark.clause("cunio 8.4")
def test_the_prices_of_cunio() -> None:
    assert prices(find("cunio-2020-02")) == table(
        """
        basis     | flat              |              | 8.1
        basis     | pass_through      | sms          | 8.4
        basis     | pass_through      | call-minutes | 8.4
        plus      | flat              |              | 8.1
        plus      | pass_through      | sms          | 8.4
        plus      | pass_through      | call-minutes | 8.4
        documents | flat              |              | 8.2
        craftsmen | flat              |              | 8.2
        tickets   | graduated         | tickets      | 8.2
        tickets   | minimum           |              | 8.2
        work      | time_and_material |              | 3.7
        """
    )


@pytest.mark.clause("Connectavo I 2.1")
@pytest.mark.clause("Connectavo I 2.2")
@pytest.mark.clause("Connectavo I 2.4")
@pytest.mark.clause("Connectavo I 4.4")
@pytest.mark.clause("Connectavo II 2.5")
@pytest.mark.clause("Connectavo II 9.1")
@pytest.mark.clause("Connectavo II 9.2")
def test_the_rules_of_connectavo() -> None:
    assert rules(find("connectavo-2021-12")) == table(
        """
        billing              | arrears                                    | I 2.1 default
        prices               | net                                        | I 2.1
        vat_percent          | 19                                         | § 12 Abs. 1 UStG
        proration            | calendar_days                              | I 2.1 default
        allowance            | full                                       | II 2.6 default
        carry_over           | False                                      | II 2.6 default
        payment              | bank_transfer + direct_debit               | I 2.2 default
        customers            | business                                   | I
        third_party_fees     | False                                      | I 2.1 default
        notice               | months 3, to month_end                     | II 9.2
        notice_form          | written                                    | II 9.3
        change               | on month_start                             | I 8.4 default
        due                  | days 14, after receipt                     | I 2.2
        prenotification_days | 14                                         | I 2.2 default
        important_reason     | whole                                      | II 9.3
        default              | begins due_date, dunning_costs False       | I 2.2 default
        overuse_lock         | when overuse, max_months 3                 | II 2.5
        prepayment           | after_default                              | I 2.4
        delay_credit         | percent_per_week 0.5, at_most_percent 5    | I 4.4
        declarations         | BW                                         | § 193 BGB
        term of start        | months 3, renewal none                     | II 9.2
        term of standard     | months 12, renewal same_term               | II 9.2
        term of professional | months 12, renewal same_term               | II 9.2
        """
    )


@pytest.mark.clause("Connectavo II 2.6")
def test_the_prices_of_connectavo() -> None:
    terms = find("connectavo-2021-12")
    assert prices(terms) == table(
        """
        start        | flat              |          | I 2.1
        start        | allowance         | machines | II 2.6
        standard     | flat              |          | I 2.1
        standard     | allowance         | machines | II 2.6
        professional | flat              |          | I 2.1
        professional | allowance         | machines | II 2.6
        professional | per_unit          | reports  | I 2.1
        work         | time_and_material |          | I 2.1
        """
    )
    assert terms.meters["machines"].aggregate == "max"


def test_only_the_price_list_of_fluks_is_real() -> None:
    assert [key for key, terms in shipped().items() if not terms.example_prices] == ["fluks-2023-03"]


@pytest.mark.parametrize("terms", shipped().values(), ids=lambda terms: terms.id)
def test_every_clause_that_is_explained_is_cited_and_the_other_way_round(terms: Terms) -> None:
    assert set(terms.clauses) == {clause for _, clause in citations(terms)}
