"""What an answer of Caisse-AP proves: of the request, of the terminal, or of an open attempt."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from drivers.card.caisse_ap.message import ACTIONS, DUPLICATE, IDENTIFICATION, ApAnswer
from drivers.card.interface import (
    Answer,
    AnswerStatus,
    Conclusion,
    Outcome,
    Presence,
    Question,
    Reason,
    Request,
)
from drivers.card.verdict import verdict

if TYPE_CHECKING:
    from collections.abc import Collection


def judge(answer: Answer, request: Request, *, tips: bool = False) -> Conclusion:
    """Conclude from an answer that belongs to the request.

    It must be of the same till, action, currency and amount where it names them: a refusal of
    something else refuses nothing of ours. A field that is absent contradicts nothing, but an
    approval must name its amount; a smaller one approves a part.
    """
    if _is_of_another(answer, request):
        return Conclusion(Outcome.UNKNOWN, Reason.ANSWER_OF_ANOTHER, answer)
    told = answer if answer.currency else replace(answer, currency=request.currency)
    found = verdict(told, request, partial=True, tips=tips)
    return replace(found, answer=answer)


def _is_of_another(answer: Answer, request: Request) -> bool:
    action = answer.action if isinstance(answer, ApAnswer) else ""
    return answer.pos_number not in {"", request.pos_number} or action not in {
        "",
        ACTIONS[request.kind],
    }


def is_result(answer: Answer) -> bool:
    """Tell whether an answer is about an operation, not about a question of ours."""
    return not (isinstance(answer, ApAnswer) and answer.action in {DUPLICATE, IDENTIFICATION})


def presence(answer: Answer) -> Presence:
    """What the answer to a question tells of the terminal: one that does not know it is there too.

    A terminal that gives no reason that we know is at something else.
    """
    unsure = answer.status is AnswerStatus.UNKNOWN_STATUS
    return Presence.BUSY if unsure else Presence.READY


def last_operation(
    answer: Answer, question: Question, earlier_references: Collection[str] = ()
) -> Answer | None:
    """What a duplicate tells of an open attempt; None when it tells nothing certain.

    An operation that the till knew of before, by the terminal's number or by the reference of
    another attempt, is not the one in question: the terminal may not be done with that yet. "Not
    done" may mean the duplicate itself: it is taken for the operation's end only where it
    comes with our own reference, which the question did not tell. "Done" may be a copy of any
    ticket: it proves a charge only with an authorisation.
    """
    ours = answer.private_data == question.reference
    if not ours and answer.private_data in earlier_references:
        return None
    if answer.receipt and answer.receipt == question.receipt_before:
        return None
    if answer.status is AnswerStatus.APPROVED:
        if answer.authorisation:
            return answer
        return replace(answer, status=AnswerStatus.UNKNOWN_STATUS)
    return answer if ours else None
