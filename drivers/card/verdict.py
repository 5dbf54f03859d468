"""What an answer proves: whose it is, and what may be concluded from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from drivers.card.interface import (
    Answer,
    AnswerStatus,
    Conclusion,
    Kind,
    Outcome,
    Reason,
    Request,
)

if TYPE_CHECKING:
    from collections.abc import Collection

TIP_FACTOR_MAX: Final = 2  # more than the amount itself is no tip but a mistake
_ENDS: Final = {
    AnswerStatus.DECLINED: (Outcome.DECLINED, Reason.DECLINED),
    AnswerStatus.CANCELLED: (Outcome.CANCELLED, Reason.CANCELLED),
    AnswerStatus.NOT_POSSIBLE: (Outcome.DECLINED, Reason.NOT_POSSIBLE),
    AnswerStatus.ACCEPTED_FOR_LATER: (Outcome.UNKNOWN, Reason.NOT_A_RESULT),
    AnswerStatus.UNKNOWN_STATUS: (Outcome.UNKNOWN, Reason.STATUS_UNKNOWN),
}


def belongs(
    answer: Answer,
    request: Request,
    *,
    echoes_reference: bool,
    earlier_references: Collection[str],
) -> bool:
    """Tell whether an answer that comes in turn is the one to this request.

    Our reference proves it, an earlier one of ours disproves it. Anything else is
    the terminal's own writing: in turn it is ours, unless this terminal is known to
    echo references.
    """
    if answer.private_data == request.reference:
        return True
    return not echoes_reference and answer.private_data not in earlier_references


def verdict(
    answer: Answer, request: Request, *, partial: bool = False, tips: bool = False
) -> Conclusion:
    """Conclude from an answer that belongs to the request; in any doubt it is unknown.

    The amount is looked at first: a refusal of another amount refuses nothing of ours. An approval
    must name the amount that was asked; less only where the protocol approves in part (`partial`),
    more only where the customer may add a tip (`tips`), and both for payments alone.
    """
    if not _amount_fits(answer, request, partial=partial, tips=tips):
        return Conclusion(Outcome.UNKNOWN, Reason.AMOUNT_DIFFERS, answer)
    if answer.status is AnswerStatus.APPROVED:
        less = answer.amount_cents is not None and answer.amount_cents < request.amount_cents
        reason = Reason.PARTLY_APPROVED if less else Reason.APPROVED
        return Conclusion(Outcome.APPROVED, reason, answer)
    return Conclusion(*_ENDS[answer.status], answer)


def _amount_fits(answer: Answer, request: Request, *, partial: bool, tips: bool) -> bool:
    if answer.currency != request.currency:
        return False
    cents, asked = answer.amount_cents, request.amount_cents
    if cents == asked:
        return True
    if answer.status is not AnswerStatus.APPROVED:
        return cents is None  # a failure may come without an amount
    if cents is None or request.kind is not Kind.PAYMENT:
        return False
    return (partial and 0 < cents < asked) or (tips and asked < cents <= TIP_FACTOR_MAX * asked)
