"""What must fit together in a terms file whose every value has the right shape: a list of checks, each a function."""

from collections.abc import Callable, Iterator
from typing import Any

from invoicing.prices import Flat, Graduated, Minimum, PassThrough, Seats, Volume
from invoicing.prices.tier import ascend
from invoicing.terms.locate import Path
from invoicing.terms.model import Terms
from invoicing.terms.walk import citations, meters_of, offers_of, periods_of, prices_of, rules_of, terms_of_packages

Finding = tuple[Path, str]
Check = Callable[[Terms], Iterator[Finding]]


def _priced_meters_exist(terms: Terms) -> Iterator[Finding]:
    """Check that a price names only meters of the file."""
    for key, price in prices_of(terms):
        for number, meter in enumerate(meters_of(price)):
            if meter not in terms.meters:
                known = f"one of {', '.join(terms.meters)}" if terms.meters else "a meter: the file has none"
                yield (*key, "meters", number), f"{meter!r} is not {known}"


def _levels_stand_alone(terms: Terms) -> Iterator[Finding]:
    """Check that a level, or a number of different values, is not added to another meter's units."""
    for key, price in prices_of(terms):
        if len(meters_of(price)) > 1 and any(_is_level(terms, meter) for meter in meters_of(price)):
            yield (*key, "meters"), 'only meters with aggregate "sum" can be measured together'


def _seats_are_a_highest_level(terms: Terms) -> Iterator[Finding]:
    """Check that seats are priced by a meter with aggregate ``max``."""
    for key, price in prices_of(terms):
        for meter in meters_of(price):
            if isinstance(price, Seats) and meter in terms.meters and terms.meters[meter].aggregate != "max":
                yield (*key, "meters"), f'seats need a meter with aggregate "max", {meter!r} has another'


def _levels_are_shared_as_seats(terms: Terms) -> Iterator[Finding]:
    """Check that a level is priced by ``seats`` where allowances are prorated: others would charge it in each part."""
    if terms.rules.allowance.value == "full" or terms.rules.proration.value == "none":
        return
    for key, price in prices_of(terms):
        for meter in meters_of(price):
            if _is_level(terms, meter) and not isinstance(price, Seats):
                yield key, f'{meter!r} is a level: with a prorated allowance only "seats" charges it by the day'


def _minimums_have_their_usage(terms: Terms) -> Iterator[Finding]:
    """Check that no ``minimum`` is shared by days while usage is not: days without usage would be topped up."""
    if terms.rules.allowance.value == "full" and terms.rules.proration.value != "none":
        for key, price in prices_of(terms):
            if isinstance(price, Minimum) and price.of != "base":
                yield key, 'a minimum of usage needs rules.allowance "prorated", or rules.proration "none"'


def _minimums_do_not_overlap(terms: Terms) -> Iterator[Finding]:
    """Check that within a package or an add-on nothing is topped up twice: each minimum has a part of its own."""
    for key, offer in offers_of(terms):
        seen: set[str] = set()
        for number, price in enumerate(offer.prices):
            if isinstance(price, Minimum):
                if seen and (price.of in seen or "all" in {price.of, *seen}):
                    yield (*key, "prices", number), "is a second minimum of the same amounts: leave one of them"
                seen.add(price.of)


def _one_price_is_the_base_price(terms: Terms) -> Iterator[Finding]:
    """Check that a package or an add-on has one ``flat`` price at most: it is what a contract can agree anew."""
    for key, offer in offers_of(terms):
        flats = [number for number, price in enumerate(offer.prices) if isinstance(price, Flat)]
        for number in flats[1:]:
            yield (*key, "prices", number), "is a second flat price: add it to the first"


def _no_unit_is_charged_twice(terms: Terms) -> Iterator[Finding]:
    """Check that within a package or an add-on each meter has one price."""
    for key, offer in offers_of(terms):
        seen: set[str] = set()
        for number, price in enumerate(offer.prices):
            for meter in meters_of(price):
                if meter in seen:
                    yield (*key, "prices", number, "meters"), f"{meter!r} already has a price here"
                seen.add(meter)


def _unique_names_its_field(terms: Terms) -> Iterator[Finding]:
    """Check that ``of`` stands with aggregate ``unique``, and only there."""
    for key, meter in terms.meters.items():
        if (meter.aggregate == "unique") != (meter.of is not None):
            yield ("meters", key), 'of belongs to aggregate "unique", which counts the different values of that field'


def _tiers_ascend(terms: Terms) -> Iterator[Finding]:
    """Check that tiers rise, and only the last one has no bound."""
    for key, price in prices_of(terms):
        if isinstance(price, Graduated | Volume) and not ascend(price.tiers):
            yield (*key, "tiers"), "up_to must rise from tier to tier, and only the last tier must have none"


def _pass_through_is_allowed(terms: Terms) -> Iterator[Finding]:
    """Check that ``pass_through`` stands only where ``third_party_fees`` are charged.

    Contract: fluks AGB 13.4
    """
    for key, price in prices_of(terms):
        if isinstance(price, PassThrough) and not terms.rules.third_party_fees.value:
            yield key, "rules.third_party_fees says that fees of third parties are not charged"


def _included_addons_exist(terms: Terms) -> Iterator[Finding]:
    """Check that what a package includes is an add-on of the file, and a clause says so."""
    for key, package in terms.packages.items():
        for number, addon in enumerate(package.includes):
            if addon not in terms.addons:
                known = f"one of {', '.join(terms.addons)}" if terms.addons else "an add-on: the file has none"
                yield ("packages", key, "includes", number), f"{addon!r} is not {known}"
        if package.includes and not package.includes_clause:
            yield ("packages", key), "includes_clause is missing: what says that these add-ons are included?"


def _periods_have_one_length(terms: Terms) -> Iterator[Finding]:
    """Check that a period is so many months, or weeks, or days."""
    for key, period in periods_of(terms):
        if (period.months, period.weeks, period.days).count(0) <= 1:
            yield key, "must be months or weeks or days, only one of them"


def _terms_that_end_have_a_length(terms: Terms) -> Iterator[Finding]:
    """Check that a term that renews or ends by itself has at least a month."""
    for key, term in terms_of_packages(terms):
        if term and term.renewal != "open_ended" and not term.months:
            yield (*key, "value", "months"), f'must be at least 1 with renewal "{term.renewal}"'


def _term_ends_exist(terms: Terms) -> Iterator[Finding]:
    """Check that every package has a term with an end where something is measured from the term's end."""
    endless = [key for key, term in terms_of_packages(terms) if term is None or term.renewal == "open_ended"]
    for key, rule in rules_of(terms):
        to_end = getattr(rule.value, "to", "") == "term_end" or getattr(rule.value, "days_before_term_end", 0)
        if to_end and endless:
            yield (*key, "value"), f'{_dotted(endless[0])} has no end: renewal must be "same_term" or "none"'


def _debits_are_announced(terms: Terms) -> Iterator[Finding]:
    """Check that direct debits have ``prenotification_days``."""
    if "direct_debit" in terms.rules.payment.value and terms.rules.prenotification_days is None:
        yield ("rules", "payment"), "rules.prenotification_days is missing: how long before a debit is it announced?"


def _measures_of_default_fit(terms: Terms) -> Iterator[Finding]:
    """Check that a lock, or a termination for default, has the numbers that its ``when`` needs, and no others."""
    for name in ("lock", "overuse_lock", "for_cause"):
        if rule := getattr(terms.rules, name):
            for field, says in _misfits(name, rule.value):
                yield ("rules", name, "value", field), says


def _disputes_end_with_a_due_date(terms: Terms) -> Iterator[Finding]:
    """Check that invoices have a period for payment where ``dispute_until`` is its end."""
    if terms.rules.dispute_until and not terms.rules.due:
        yield ("rules", "dispute_until"), "rules.due is missing: until when can an invoice be disputed?"


def _objections_have_a_cause(terms: Terms) -> Iterator[Finding]:
    """Check that ``objection_exit`` stands only beside ``terms_change``, and its notice runs out at a month's end.

    Contract: cunio AGB 15.1
    """
    if rule := terms.rules.objection_exit:
        if terms.rules.terms_change is None:
            yield ("rules", "objection_exit"), "rules.terms_change is missing: until when can a customer object?"
        if rule.value.notice.to != "month_end":
            yield ("rules", "objection_exit", "value", "notice"), 'must have to = "month_end"'


def _consumers_withdraw(terms: Terms) -> Iterator[Finding]:
    """Check that ``withdrawal``, a right of consumers, stands only where ``customers`` is ``anyone``."""
    if terms.rules.withdrawal and terms.rules.customers.value != "anyone":
        yield ("rules", "withdrawal"), 'only consumers withdraw: rules.customers must be "anyone"'


def _consumers_are_told_gross_prices(terms: Terms) -> Iterator[Finding]:
    """Check that prices are ``gross`` where consumers can be customers.

    Law: § 3 Abs. 1 PAngV
    """
    if terms.rules.customers.value == "anyone" and terms.rules.prices.value != "gross":
        yield ("rules", "prices"), 'consumers are told gross prices (§ 3 PAngV): must be "gross"'


def _rates_are_percentages(terms: Terms) -> Iterator[Finding]:
    """Check that a rate of tax is written as a percentage."""
    if 0 < (rate := terms.rules.vat_percent.value) < 1:
        yield ("rules", "vat_percent"), f"is a percentage: {(100 * rate).normalize():f}, not {rate}"


def _objections_have_time(terms: Terms) -> Iterator[Finding]:
    """Check that there is a period in which a customer can object to new terms.

    Contract: fluks AGB 2.4
    """
    if (rule := terms.rules.terms_change) and not (rule.value.months or rule.value.weeks or rule.value.days):
        yield ("rules", "terms_change", "value"), "months, weeks or days are missing: how long can a customer object?"


def _nothing_is_listed_twice(terms: Terms) -> Iterator[Finding]:
    """Check that ways of payment, and the add-ons that a package includes, are named once."""
    lists: dict[Path, tuple[str, ...]] = {
        ("rules", "payment", "value"): terms.rules.payment.value,
        **{("packages", key, "includes"): package.includes for key, package in terms.packages.items()},
    }
    for path, names in lists.items():
        for number, name in enumerate(names):
            if name in names[:number]:
                yield (*path, number), f"{name!r} is there twice"


def _cited_clauses_have_a_meaning(terms: Terms) -> Iterator[Finding]:
    """Check that every clause that is cited has its sentence in ``[clauses]``."""
    for key, clause in citations(terms):
        if clause not in terms.clauses:
            yield key, f"{clause!r} has no meaning yet: add it to [clauses]"


CHECKS: tuple[Check, ...] = (
    _priced_meters_exist,
    _levels_stand_alone,
    _seats_are_a_highest_level,
    _levels_are_shared_as_seats,
    _minimums_have_their_usage,
    _minimums_do_not_overlap,
    _one_price_is_the_base_price,
    _no_unit_is_charged_twice,
    _unique_names_its_field,
    _tiers_ascend,
    _pass_through_is_allowed,
    _included_addons_exist,
    _periods_have_one_length,
    _terms_that_end_have_a_length,
    _term_ends_exist,
    _debits_are_announced,
    _measures_of_default_fit,
    _disputes_end_with_a_due_date,
    _objections_have_a_cause,
    _consumers_withdraw,
    _consumers_are_told_gross_prices,
    _rates_are_percentages,
    _objections_have_time,
    _nothing_is_listed_twice,
    _cited_clauses_have_a_meaning,
)


def _is_level(terms: Terms, meter: str) -> bool:
    return meter in terms.meters and terms.meters[meter].aggregate != "sum"


def _misfits(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if (value.when == "overuse") != (name == "overuse_lock"):
        yield "when", 'must be "overuse" in overuse_lock, and only there'
    if (value.when == "monthly_fees") != (value.monthly_fees > 0):
        yield "monthly_fees", 'must be at least 1 with when = "monthly_fees", and left out with any other'
    if name == "for_cause" and (value.when == "reminder") != (value.days > 0):
        yield "days", 'must be at least 1 with when = "reminder", and left out with any other'
    if getattr(value, "max_months", 0) and value.when != "overuse":
        yield "max_months", 'belongs to when = "overuse"'
    if getattr(value, "first_fee", False) and value.when != "monthly_fees":
        yield "first_fee", 'belongs to when = "monthly_fees"'


def _dotted(key: Path) -> str:
    return ".".join(map(str, key))
