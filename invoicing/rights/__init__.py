"""Who may do what when, how much, by which date: pure answers, each with its clause in one German sentence."""

from invoicing.contract.fee import gross_fee, monthly_fee
from invoicing.rights.agreed import agreed_credit
from invoicing.rights.answer import Credit, Right
from invoicing.rights.claim import Claim, Reminder, Settled
from invoicing.rights.default import DefaultStart, default_start, in_default
from invoicing.rights.delay import Delay, delay_credit
from invoicing.rights.deletion import Deletion, Restricted, deletion_of
from invoicing.rights.dispute import Dispute, may_dispute
from invoicing.rights.due import DueDate, due_date
from invoicing.rights.error import RightsError
from invoicing.rights.figures import Figures, load_figures, shipped_figures
from invoicing.rights.for_cause import may_end_for_cause
from invoicing.rights.interest import DefaultCosts, Interest, Segment, default_costs, interest_of
from invoicing.rights.lock import Account, may_lock, may_stay_locked
from invoicing.rights.overuse import Overuse, may_lock_overuse
from invoicing.rights.prepayment import may_ask_prepayment, revoked
from invoicing.rights.reduction import Reduction, Remedy, reduction_credit
from invoicing.rights.refund import Refund, Way, refund_of, way_back
from invoicing.rights.suspension import Suspension, suspended_minutes, suspension_credit
from invoicing.rights.withdrawal import Order, Withdrawal, last_day_to_withdraw, withdraw

__all__ = [
    "Account",
    "Claim",
    "Credit",
    "DefaultCosts",
    "DefaultStart",
    "Delay",
    "Deletion",
    "Dispute",
    "DueDate",
    "Figures",
    "Interest",
    "Order",
    "Overuse",
    "Reduction",
    "Refund",
    "Remedy",
    "Reminder",
    "Restricted",
    "Right",
    "RightsError",
    "Segment",
    "Settled",
    "Suspension",
    "Way",
    "Withdrawal",
    "agreed_credit",
    "default_costs",
    "default_start",
    "delay_credit",
    "deletion_of",
    "due_date",
    "gross_fee",
    "in_default",
    "interest_of",
    "last_day_to_withdraw",
    "load_figures",
    "may_ask_prepayment",
    "may_dispute",
    "may_end_for_cause",
    "may_lock",
    "may_lock_overuse",
    "may_stay_locked",
    "monthly_fee",
    "reduction_credit",
    "refund_of",
    "revoked",
    "shipped_figures",
    "suspended_minutes",
    "suspension_credit",
    "way_back",
    "withdraw",
]
