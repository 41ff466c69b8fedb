"""The contract rules of a vendor's terms: how a contract is billed, paid, changed, ended, and what follows default.

Every rule stands beside its clause. A rule that is left out (None) is one that these terms do not have: what it would
allow is refused. A value is allowed only when the rules can compute it: a file never promises what no code does.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from invoicing.values import CLOSED, Count, Flag, Percent, Positive, Setting
from invoicing.workday import State

Payment = Literal["direct_debit", "bank_transfer"]
Renewal = Literal["open_ended", "same_term", "none"]


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time: months, weeks or days, exactly one of them; nothing at all means at once."""

    __pydantic_config__ = CLOSED

    months: Count = 0
    weeks: Count = 0
    days: Count = 0


@dataclass(frozen=True, slots=True)
class Silence(Period):
    """How long a customer may object to new terms; ``prices``: whether silence may also raise what is booked."""

    __pydantic_config__ = CLOSED

    prices: Flag = True


@dataclass(frozen=True, slots=True)
class Notice(Period):
    """A period of notice and to which day it must run out: any day, a month's end, or the term's end."""

    __pydantic_config__ = CLOSED

    to: Literal["any_day", "month_end", "term_end"] = "any_day"


@dataclass(frozen=True, slots=True)
class Term:
    """How long a contract runs at least (months), and what follows when nobody ends it.

    ``open_ended``: it goes on until notice; ``same_term``: again as long, and as binding; ``none``: it ends by itself
    and cannot be ended by notice before. ``renew_months``: how long it is renewed, whatever first term was agreed.
    """

    __pydantic_config__ = CLOSED

    months: Count
    renewal: Renewal
    renew_months: Count = 0


@dataclass(frozen=True, slots=True)
class Change:
    """On which days a change may take effect, and how long before the term's end it must be agreed (days)."""

    __pydantic_config__ = CLOSED

    on: Literal["month_start", "any_day"]
    days_before_term_end: Count = 0


@dataclass(frozen=True, slots=True)
class Due:
    """When an invoice is payable: so many days after its date, or after it was received."""

    __pydantic_config__ = CLOSED

    days: Count
    after: Literal["invoice_date", "receipt"]


@dataclass(frozen=True, slots=True)
class Exit:
    """A rise above ``over_percent`` within ``months`` lets the customer end the contract."""

    __pydantic_config__ = CLOSED

    over_percent: Percent
    months: Positive


@dataclass(frozen=True, slots=True)
class PriceRise:
    """When prices may rise: first after, at most every (months), announced so long before a month's end (months).

    A rise beyond one of the ``exits`` lets the customer end the contract within ``exit_months`` of receipt.
    """

    __pydantic_config__ = CLOSED

    first_after_months: Count
    every_months: Positive
    notice_months: Count
    exits: tuple[Exit, ...]
    exit_months: Positive


@dataclass(frozen=True, slots=True)
class ObjectionExit:
    """After an objection to new terms the provider may end the contract: within so long, with so much notice."""

    __pydantic_config__ = CLOSED

    within: Period
    notice: Notice


@dataclass(frozen=True, slots=True)
class Default:
    """From when on a customer is in default, and whether the terms themselves name the costs of dunning.

    Statutory interest and real costs are owed by law (§§ 280, 286, 288 BGB).

    ``due_date``: by itself when the day of payment has passed; ``reminder``: with the first reminder, at the latest 30
    days after due date and receipt (§ 286 Abs. 3 BGB).
    """

    __pydantic_config__ = CLOSED

    begins: Literal["due_date", "reminder"]
    dunning_costs: Flag


@dataclass(frozen=True, slots=True)
class Lock:
    """What lets the provider lock the access.

    ``reminder``: a reminder with a deadline and a warning of the lock has passed in vain; ``due_date``: the day of
    payment has passed; ``monthly_fees``: more than so many monthly fees are overdue; ``overuse``: use beyond what was
    agreed, after a grace period, for at most ``max_months``.
    """

    __pydantic_config__ = CLOSED

    when: Literal["reminder", "due_date", "monthly_fees", "overuse"]
    monthly_fees: Count = 0
    max_months: Count = 0


@dataclass(frozen=True, slots=True)
class ForCause:
    """What lets the provider end the contract without notice for default.

    ``due_date``: the day of payment has passed; ``reminder``: so many ``days`` after a reminder it is still not paid;
    ``monthly_fees``: more than so many monthly fees are overdue, or, with ``first_fee``, the first one was not paid in
    time.
    """

    __pydantic_config__ = CLOSED

    when: Literal["due_date", "reminder", "monthly_fees"]
    days: Count = 0
    monthly_fees: Count = 0
    first_fee: Flag = False


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A consumer's withdrawal: within so many days, money back within so many days."""

    __pydantic_config__ = CLOSED

    days: Positive
    refund_days: Positive


@dataclass(frozen=True, slots=True)
class DelayCredit:
    """Lump-sum damages for delay: percent of the price per completed week, and at most."""

    __pydantic_config__ = CLOSED

    percent_per_week: Percent
    at_most_percent: Percent


@dataclass(frozen=True, slots=True)
class Rules:
    """How a contract under these terms is billed, paid, changed and ended."""

    __pydantic_config__ = CLOSED

    billing: Setting[Literal["arrears", "advance"]]
    """Whether a month's base prices are billed after it or before it; usage is always billed after it."""
    prices: Setting[Literal["net", "gross"]]
    """Whether the prices of the file are net or gross."""
    vat_percent: Setting[Percent]
    """The rate of value added tax."""
    proration: Setting[Literal["none", "thirtieths", "calendar_days"]]
    """How a part of a month is charged: whole, each day as a thirtieth, or by the days of the month."""
    allowance: Setting[Literal["full", "prorated"]]
    """Whether a part of a month has the full allowance or its share; so too for everything that is measured."""
    carry_over: Setting[Literal[False]]
    """What of an allowance was not used is never carried over."""
    payment: Setting[Annotated[tuple[Payment, ...], Field(min_length=1)]]
    """The ways of payment that a customer may choose from."""
    customers: Setting[Literal["business", "anyone"]]
    """Whether only businesses (§ 14 BGB) can be customers, or consumers too."""
    third_party_fees: Setting[Flag]
    """Whether fees of third parties are billed on."""
    notice: Setting[Notice]
    """The customer's period of notice; the provider's too where it has none of its own."""
    notice_form: Setting[Literal["text", "written"]]
    """The form of a notice: text (an e-mail will do) or writing."""
    change: Setting[Change]
    """When another package or an add-on takes effect."""
    due: Setting[Due] | None = None
    """Until when an invoice is payable; without it on the day of the announced debit, else at once."""
    prenotification_days: Setting[Count] | None = None
    """How many days before a debit it is announced at the latest."""
    provider_notice: Setting[Notice] | None = None
    """The provider's period of notice."""
    term: Setting[Term] | None = None
    """How long a contract runs; without it, it is open-ended from the start. A package may have its own."""
    downgrade: Setting[Change] | None = None
    """When giving up an add-on, or a smaller package, takes effect; without it, like any change."""
    partial_termination: Setting[Literal[True]] | None = None
    """A single add-on can be ended with notice."""
    important_reason: Setting[Literal["whole", "whole_or_part"]] | None = None
    """Whether an important reason ends the whole contract, or single add-ons too; without it by law alone."""
    trial: Setting[Literal[True]] | None = None
    """A free trial can be agreed; fees of third parties are charged in it."""
    price_rise: Setting[PriceRise] | None = None
    """How prices rise in a running contract; without it they do not."""
    terms_change: Setting[Silence] | None = None
    """How long a customer may object to a change of terms; without it they change by agreement only."""
    objection_exit: Setting[ObjectionExit] | None = None
    """How the provider may end the contract after an objection; without it by notice only."""
    withdrawal: Setting[Withdrawal] | None = None
    """A consumer's right of withdrawal."""
    default: Setting[Default] | None = None
    """How default begins and what it costs; without it by law alone (§§ 286, 288 BGB)."""
    lock: Setting[Lock] | None = None
    """When the access may be locked for unpaid claims."""
    overuse_lock: Setting[Lock] | None = None
    """When the access may be locked for use beyond what was agreed."""
    for_cause: Setting[ForCause] | None = None
    """When the provider may end the contract without notice for unpaid claims."""
    dispute_until: Setting[Literal["due_date"]] | None = None
    """Until when an invoice may be disputed; after that it counts as accepted."""
    prepayment: Setting[Literal["after_default"]] | None = None
    """After a late payment the provider may ask for base prices in advance."""
    suspension_hours: Setting[Count] | None = None
    """For a service suspended longer than so many hours in a month nothing is owed."""
    delay_credit: Setting[DelayCredit] | None = None
    """Lump-sum damages for what was delivered late."""
    price_reduction: Setting[Literal[True]] | None = None
    """The price is reduced for a defect that could not be mended."""
    credits: Setting[Literal["if_agreed"]] | None = None
    """Penalties and service credits are given only where they were agreed."""
    refund_attempts: Setting[Positive] | None = None
    """After so many failed attempts an order's fee is paid back."""
    declarations: Setting[State] | None = None
    """The state in which declarations reach the provider: its public holidays, too, move a customer's last day."""
    deletion: Setting[Period] | None = None
    """Until when a customer's data are deleted after the end of the contract; without it by law alone."""
