"""A consumer's withdrawal: until when, what is kept for what was rendered, what is paid back until when."""

from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from invoicing.money import euro, german_amount, german_date, to_cents
from invoicing.rights.error import RightsError
from invoicing.rights.figures import Figures
from invoicing.rights.refund import NOTHING, Way, way_back
from invoicing.terms import Terms
from invoicing.terms.rules import Payment
from invoicing.workday import last_day_to_act


@dataclass(frozen=True, slots=True)
class Order:
    """What a customer ordered, and what was rendered of it.

    ``open_cents`` is neither paid nor being collected; ``told_on`` when he was told of the right to withdraw;
    ``rendered`` of ``total`` is what was rendered when he withdrew; ``begun_at_request``: he asked for an early begin.
    """

    price_cents: int
    paid_by: Payment
    concluded_on: date
    is_consumer: bool
    told_on: date | None
    open_cents: int = 0
    rendered: int = 0
    total: int = 1
    begun_at_request: bool = False


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Whether a withdrawal holds, the last day for it, what is kept and what is given back, how and by when."""

    allowed: bool
    last_day: date | None
    clause: str
    why: str
    keep_cents: int = 0
    refund_cents: int = 0
    way: Way = NOTHING
    means: Payment | None = None
    refund_by: date | None = None


def last_day_to_withdraw(terms: Terms, order: Order, figures: Figures) -> date | None:
    """Return the last day on which a withdrawal may be sent; None where there is no such right.

    The days run from conclusion, and not before the consumer was told of the right; who never was has a year longer.

    Contract: KLUGO AGB 9.1; Law: §§ 187, 188, 193, 355, 356 BGB
    """
    rule = terms.rules.withdrawal
    if rule is None or not order.is_consumer:
        return None
    untold = order.concluded_on + relativedelta(months=figures.withdrawal.untold_months)
    start = max(order.concluded_on, min(order.told_on or untold, untold))
    return last_day_to_act(start + timedelta(days=rule.value.days), terms.place)


def withdraw(terms: Terms, order: Order, sent_on: date, received_on: date, figures: Figures) -> Withdrawal:
    """Return what a withdrawal leads to; sent in time is in time.

    The price is given back by the same means, less the share of what was rendered when the consumer had asked for it to
    begin and had been told of the right before he ordered; a direct debit goes back to the account that it came from.

    Contract: KLUGO AGB 9.1; Law: §§ 355, 357, 357a BGB
    """
    _check(order, sent_on, received_on)
    rule, last_day = terms.rules.withdrawal, last_day_to_withdraw(terms, order, figures)
    if rule is None or last_day is None:
        why = "Kein Widerrufsrecht: Es steht nur Verbrauchern zu (§§ 312g, 355 BGB)."
        return Withdrawal(allowed=False, last_day=None, clause="", why=why)
    clause, last = terms.cited(rule.clause), german_date(last_day)
    if sent_on > last_day:
        why = f"Der Widerruf ist verspätet ({clause}): Abgesandt am {german_date(sent_on)}, möglich bis zum {last}."
        return Withdrawal(allowed=False, last_day=last_day, clause=clause, why=why)
    keep = _value_of_rendered(order)
    way = way_back(order.price_cents - keep, order.open_cents)
    refund_by = last_day_to_act(received_on + timedelta(days=rule.value.refund_days))
    back = f"bis zum {german_date(refund_by)} zurückzugeben sind {way}"
    return Withdrawal(
        allowed=True,
        last_day=last_day,
        clause=clause,
        why=f"Der Widerruf ist rechtzeitig, möglich bis zum {last} ({clause}){_kept(order, keep)}; {back}.",
        keep_cents=keep,
        refund_cents=order.price_cents - keep,
        way=way,
        means=order.paid_by,
        refund_by=refund_by,
    )


def _check(order: Order, sent_on: date, received_on: date) -> None:
    if sent_on < order.concluded_on:
        raise RightsError("sent_on", f"the order was concluded on {order.concluded_on}: not before")
    if received_on < sent_on:
        raise RightsError("received_on", f"must not be before it was sent: {sent_on} or later")
    if not 0 <= order.rendered <= order.total or order.total < 1:
        raise RightsError("rendered", f"{order.rendered} of {order.total} is no part of a service")
    if not 0 <= order.open_cents <= order.price_cents:
        raise RightsError("open_cents", f"of a price of {order.price_cents} cents {order.open_cents} cannot be open")


def _kept(order: Order, keep: int) -> str:
    share = f"{order.rendered}/{order.total}"
    return f", {german_amount(keep)} € bleiben als Wertersatz für {share} der Leistung" if keep else ""


def _value_of_rendered(order: Order) -> int:
    """Return what is kept of the price in cents; nothing where the consumer was told of the right only afterwards.

    Law: § 312d Abs. 1, § 357a Abs. 2 BGB
    """
    was_told = order.told_on is not None and order.told_on <= order.concluded_on
    if not (order.begun_at_request and was_told):
        return 0
    return to_cents(euro(order.price_cents) * order.rendered / order.total)
