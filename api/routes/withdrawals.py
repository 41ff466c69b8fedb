"""``/v1/invoices/{number}/withdrawal``: what a consumer's withdrawal from an order would lead to."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel

from api.access import Finance, Work
from api.routes.billing import Number
from api.withdrawals import WithdrawalForm, withdrawal_of

router = APIRouter(prefix="/v1/invoices", tags=["billing"])


class WithdrawalAnswer(BaseModel):
    """Whether a withdrawal holds; what stays for what was rendered, what goes back, how and by when; amounts gross."""

    allowed: bool
    last_day: date | None
    keep_cents: int
    refund_cents: int
    offset_cents: int
    transfer_cents: int
    means: Literal["direct_debit", "bank_transfer"] | None
    refund_by: date | None
    clause: str
    why: str


@router.get("/{number}/withdrawal")
def get_withdrawal(
    work: Work, _: Finance, number: Number, form: Annotated[WithdrawalForm, Query()]
) -> WithdrawalAnswer:
    """Tell what a withdrawal from the order of this invoice would lead to; nothing is recorded."""
    found = withdrawal_of(work, number, form)
    return WithdrawalAnswer(
        allowed=found.allowed,
        last_day=found.last_day,
        keep_cents=found.keep_cents,
        refund_cents=found.refund_cents,
        offset_cents=found.way.offset_cents,
        transfer_cents=found.way.transfer_cents,
        means=found.means,
        refund_by=found.refund_by,
        clause=found.clause,
        why=found.why,
    )
