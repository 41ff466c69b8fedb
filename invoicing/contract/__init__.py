"""A contract's life: its history, what it is on a day, and which dates its terms give."""

from invoicing.contract.amendment import (
    TermsChange,
    announced,
    check_objection,
    check_objection_exit,
    check_terms_change,
    terms_change,
)
from invoicing.contract.change import check_change, check_start, is_less
from invoicing.contract.ending import (
    Termination,
    at_once,
    check_partial,
    check_partial_at_once,
    check_termination,
    termination_end,
    unless_ended,
)
from invoicing.contract.error import ContractError
from invoicing.contract.event import Cause, Contract, ContractEvent, Kind, Life, holding, known_by, lives, state_on
from invoicing.contract.fee import gross_fee, monthly_fee, monthly_prices
from invoicing.contract.parts import Part, in_month, parts_of, service_period, whole
from invoicing.contract.rise import Rise, check_exit, check_rise, check_waiver, raised
from invoicing.contract.term import A_DAY, Term, fixed_end, term_on
from invoicing.contract.timeline import Milestone, timeline

__all__ = [
    "A_DAY",
    "Cause",
    "Contract",
    "ContractError",
    "ContractEvent",
    "Kind",
    "Life",
    "Milestone",
    "Part",
    "Rise",
    "Term",
    "Termination",
    "TermsChange",
    "announced",
    "at_once",
    "check_change",
    "check_exit",
    "check_objection",
    "check_objection_exit",
    "check_partial",
    "check_partial_at_once",
    "check_rise",
    "check_start",
    "check_termination",
    "check_terms_change",
    "check_waiver",
    "fixed_end",
    "gross_fee",
    "holding",
    "in_month",
    "is_less",
    "known_by",
    "lives",
    "monthly_fee",
    "monthly_prices",
    "parts_of",
    "raised",
    "service_period",
    "state_on",
    "term_on",
    "termination_end",
    "terms_change",
    "timeline",
    "unless_ended",
    "whole",
]
