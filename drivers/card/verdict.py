"""What an answer proves: whose it is, and what may be concluded from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.card.interface import Answer, AnswerStatus, Conclusion, Outcome, Reason, Request

if TYPE_CHECKING:
    from collections.abc import Collection


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


def verdict(answer: Answer, request: Request) -> Conclusion:
    """Conclude from an answer that belongs to the request; in any doubt it is unknown.

    The amount is looked at first: a refusal of another amount refuses nothing of ours.
    """
    asked = (request.amount_cents, request.currency)
    if (answer.amount_cents, answer.currency) != asked:
        return Conclusion(Outcome.UNKNOWN, Reason.AMOUNT_DIFFERS, answer)
    match answer.status:
        case AnswerStatus.APPROVED:
            return Conclusion(Outcome.APPROVED, Reason.APPROVED, answer)
        case AnswerStatus.DECLINED:
            return Conclusion(Outcome.DECLINED, Reason.DECLINED, answer)
        case AnswerStatus.ACCEPTED_FOR_LATER:
            return Conclusion(Outcome.UNKNOWN, Reason.NOT_A_RESULT, answer)
        case AnswerStatus.UNKNOWN_STATUS:
            return Conclusion(Outcome.UNKNOWN, Reason.STATUS_UNKNOWN, answer)
