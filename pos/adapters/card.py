"""The card terminal as the till sees it: attempts out, and what became of them into the journal."""

from __future__ import annotations

import logging
from typing import Any, Final

from drivers.card.interface import (
    Answer,
    AnswerStatus,
    Conclusion,
    Kind,
    Outcome,
    Progress,
    Request,
)
from drivers.errors import Busy, DriverError
from drivers.terminal import CardTerminal as TerminalDriver
from pos.app.pay_by_card import PaymentRecorder
from pos.app.ports import DeviceHealth, DeviceState
from pos.domain.errors import CardBusy, CardMissing
from pos.domain.payment import Attempt, Direction, State

logger = logging.getLogger(__name__)
_KINDS: Final = {Direction.PAYMENT: Kind.PAYMENT, Direction.REFUND: Kind.REFUND}
_OUTCOMES: Final = {
    Outcome.NOT_SENT: State.NOT_SENT,
    Outcome.APPROVED: State.APPROVED,
    Outcome.DECLINED: State.DECLINED,
    Outcome.CANCELLED: State.CANCELLED,
    Outcome.UNKNOWN: State.UNKNOWN,
}
_SAID: Final = {
    AnswerStatus.APPROVED: State.APPROVED,
    AnswerStatus.DECLINED: State.DECLINED,
    AnswerStatus.ACCEPTED_FOR_LATER: State.UNKNOWN,
    AnswerStatus.UNKNOWN_STATUS: State.UNKNOWN,
}


class WiredTerminal:
    """A terminal on a line."""

    def __init__(self, driver: TerminalDriver, pos_number: str) -> None:
        self.name = driver.name
        self._driver = driver
        self._pos_number = pos_number

    def begin(self, attempt: Attempt) -> None:
        """Start a prepared attempt; CardBusy or CardMissing."""
        kind = _KINDS[attempt.direction]
        try:
            self._driver.begin(Request(attempt.reference, attempt.amount, kind, self._pos_number))
        except Busy as error:
            raise CardBusy from error
        except DriverError as error:
            raise CardMissing from error

    def health(self) -> DeviceHealth:
        """How the driver finds it."""
        seen = self._driver.health
        return DeviceHealth(DeviceState(str(seen.state)), seen.reason or "")


class DriverRecorder:
    """Writes what the driver tells through the till's recorder, in the till's words.

    With a terminal that overwrites the reference field, an answer that nobody waits for can belong
    to anything: it is handed on without a reference, and only kept.
    """

    def __init__(self, recorder: PaymentRecorder, *, echoes_reference: bool) -> None:
        self._recorder = recorder
        self._echoes = echoes_reference

    def sending(self, reference: str) -> None:
        """Before the first byte of the dialogue."""
        self._recorder.sending(reference)

    def answered(self, reference: str, answer: Answer) -> None:
        """Before the terminal's answer is acknowledged."""
        self._recorder.answered(reference, _details(answer))

    def concluded(self, reference: str, conclusion: Conclusion) -> None:
        """How the attempt ended."""
        details = {"reason": str(conclusion.reason)}
        self._recorder.concluded(reference, _OUTCOMES[conclusion.outcome], details)

    def late(self, answer: Answer) -> None:
        """An answer that nobody waits for, before it is acknowledged."""
        reference = answer.private_data.strip() if self._echoes else ""
        self._recorder.late(reference, answer.amount_cents, _SAID[answer.status], _details(answer))

    def progress(self, reference: str, progress: Progress) -> None:
        """Shown by the attempt's journaled state; kept for diagnosis only."""
        logger.debug("attempt %s: %s", reference, progress)


def _details(answer: Answer) -> dict[str, Any]:
    details: dict[str, Any] = {
        "status": answer.raw_status,
        "answered_amount": answer.amount_cents,
        "mode": answer.mode,
        "terminal_reference": answer.private_data.strip(),
    }
    if answer.last4:
        details["last4"] = answer.last4
    return details
