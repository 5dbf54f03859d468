"""Asking for the printer's status: DLE EOT 1, then 2, then 4, one at a time.  Pure.

One question is under way at most, because the three answers look alike.  A question that was
never answered is given up after a while, so that one lost byte does not silence the till.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from drivers.escpos.commands import ask_status
from drivers.escpos.status import read_status

if TYPE_CHECKING:
    from drivers.escpos.status import PrinterStatus

QUESTIONS: Final = (1, 2, 4)


class StatusPoll:
    """One round of three questions, again and again; times are seconds of the caller's clock."""

    def __init__(self, answer_timeout_s: float) -> None:
        self._answer_timeout_s = answer_timeout_s
        self._answers: list[int] = []
        self._asked_at_s: float | None = None
        self.status: PrinterStatus | None = None
        self.rounds = 0
        """How many rounds were answered in full."""

    def ask(self, now_s: float, drained_at_s: float = 0.0) -> bytes:
        """Begin a round; gives nothing to send while a question is still under way."""
        if self._asked_at_s is not None and not self.overdue(now_s, drained_at_s):
            return b""
        self._answers.clear()
        return self._next(now_s)

    def answered(self, value: int, now_s: float) -> bytes:
        """Take an answer; gives the next question to send, if any."""
        if self._asked_at_s is None:
            return b""
        self._answers.append(value)
        if len(self._answers) < len(QUESTIONS):
            return self._next(now_s)
        self._asked_at_s = None
        self.status = read_status(*self._answers)
        self.rounds += 1
        return b""

    def overdue(self, now_s: float, drained_at_s: float = 0.0) -> bool:
        """Whether the question under way has gone unanswered for too long.

        `drained_at_s` is when all that was written before it has surely left the line.
        """
        if self._asked_at_s is None:
            return False
        return now_s - max(self._asked_at_s, drained_at_s) >= self._answer_timeout_s

    def reset(self) -> None:
        """Forget everything: the line was opened anew."""
        self._answers.clear()
        self._asked_at_s = None
        self.status = None

    def _next(self, now_s: float) -> bytes:
        self._asked_at_s = now_s
        return ask_status(QUESTIONS[len(self._answers)])
