"""Whether a result is a new one, or an earlier one told again.

A number alone does not say so: a terminal that ended its day, or was replaced, counts from one
again. A result is an earlier one only if everything that both tellings say agrees, the trace number
or the time among it; it is new if they have nothing of that in common. Where one of the two agrees
and the other does not, or neither is told, nobody can say.

Of what was told before this line was opened only the last number is known (`receipt_before`). A
result with that number and another amount is left to the past. One that could be what was asked is
in doubt. The two errors are weighed so:

* filed under somebody else and acknowledged while it is ours, the customer has paid and the sale
  has not;
* taken for ours while it is old, the sale has a payment that nobody made.

So a result in doubt is put on disk with the attempt and acknowledged (refused, the terminal could
take back a payment that is settled), and the attempt ends unknown: a person looks at the paper. Its
number then proves nothing of the attempt either, see `without_doubtful_number`.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum, auto
from typing import TYPE_CHECKING

from drivers.card.interface import Kind, Reason
from drivers.card.verdict import verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from drivers.card.interface import Answer, Question, Request
    from drivers.card.zvt.messages import Result


class Age(Enum):
    """What is known of when a result was first told."""

    NEW = auto()
    EARLIER = auto()
    DOUBTFUL = auto()


def age(result: Result, request: Request, told: Iterable[Result], *, tips: bool) -> Age:
    """Say whether a result that comes during `request` is one of those told before it.

    A result without a number cannot be known again; a reversal may bear its payment's number.
    """
    number = result.answer.receipt
    if not number or request.kind is Kind.CANCELLATION:
        return Age.NEW
    ages = {_compared(result, other) for other in told if other.answer.receipt == number}
    for found in (Age.EARLIER, Age.DOUBTFUL, Age.NEW):
        if found in ages:
            return found
    if number != request.receipt_before:
        return Age.NEW
    fits = verdict(result.answer, request, tips=tips).reason is not Reason.AMOUNT_DIFFERS
    return Age.DOUBTFUL if fits else Age.EARLIER


def without_doubtful_number(answer: Answer, questions: Iterable[Question]) -> Answer:
    """Return what was told of an open attempt, without a number that cannot be its proof.

    It cannot where the attempt was answered with the number that the till knew before it.
    """
    doubtful = any(
        question.receipt == question.receipt_before == answer.receipt for question in questions
    )
    return replace(answer, receipt="") if doubtful else answer


def _compared(result: Result, other: Result) -> Age:
    if _what(result.answer) != _what(other.answer):
        return Age.NEW
    pairs = ((result.trace, other.trace), (result.moment, other.moment))
    agree = {one == another for one, another in pairs if one and another}
    if agree == {True}:
        return Age.EARLIER
    return Age.NEW if agree == {False} else Age.DOUBTFUL


def _what(answer: Answer) -> tuple[object, ...]:
    return answer.status, answer.amount_cents, answer.currency
