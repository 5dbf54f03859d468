"""The card terminal as the till sees it: attempts out, and what became of them into the journal."""

from __future__ import annotations

import logging
from typing import Any, Final

from drivers.card.interface import (
    Answer,
    AnswerStatus,
    Capabilities,
    Conclusion,
    Kind,
    Outcome,
    Progress,
    Question,
    Request,
    Slip,
    Totals,
)
from drivers.card_terminal import CardTerminal as TerminalDriver
from drivers.errors import Busy, DriverError
from pos.app.payment_recorder import PaymentRecorder
from pos.app.ports import Abilities, DeviceHealth, DeviceState, Said
from pos.domain.errors import CardBusy, CardMissing
from pos.domain.finding import Finding, Trust
from pos.domain.payment import Attempt, Direction, State
from pos.domain.reconcile import TerminalTotals
from pos.domain.scrub import last_four, scrub
from pos.domain.tender import CARD

logger = logging.getLogger(__name__)
SAID_LENGTH_MAX: Final = 80
_KINDS: Final = {
    Direction.PAYMENT: Kind.PAYMENT,
    Direction.REFUND: Kind.REFUND,
    Direction.CANCELLATION: Kind.CANCELLATION,
}
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
    AnswerStatus.NOT_POSSIBLE: State.DECLINED,
    AnswerStatus.CANCELLED: State.CANCELLED,
    AnswerStatus.ACCEPTED_FOR_LATER: State.UNKNOWN,
    AnswerStatus.UNKNOWN_STATUS: State.UNKNOWN,
}


class WiredTerminal:
    """A terminal on a line."""

    def __init__(self, driver: TerminalDriver, pos_number: str, progress: Shown) -> None:
        self.name = driver.name
        self.abilities = _abilities(driver.capabilities)
        self._driver = driver
        self._pos_number = pos_number
        self._shown = progress

    def begin(self, attempt: Attempt) -> None:
        """Start a prepared attempt; CardBusy or CardMissing."""
        try:
            self._driver.begin(self._request(attempt))
        except Busy as error:
            raise CardBusy from error
        except DriverError as error:
            raise CardMissing from error

    def _request(self, attempt: Attempt) -> Request:
        return Request(
            attempt.reference,
            attempt.amount,
            _KINDS[attempt.direction],
            self._pos_number,
            cheque=attempt.tender != CARD.name,
            receipt=attempt.details.get("of_receipt", ""),
            receipt_before=attempt.details.get("receipt_before", ""),
        )

    def cancel(self) -> None:
        """Ask it to stop what runs; CardMissing."""
        try:
            self._driver.cancel()
        except DriverError as error:
            raise CardMissing from error

    def ask(self) -> None:
        """Let it be asked what became of unknown attempts; CardMissing."""
        try:
            self._driver.ask()
        except DriverError as error:
            raise CardMissing from error

    def end_of_day(self) -> None:
        """Let it add up and end its day; CardMissing."""
        try:
            self._driver.end_of_day()
        except DriverError as error:
            raise CardMissing from error

    def said(self, reference: str) -> Said:
        """What it shows of a running attempt."""
        return self._shown.of(reference)

    def health(self) -> DeviceHealth:
        """How the driver finds it."""
        seen = self._driver.health
        return DeviceHealth(DeviceState(str(seen.state)), seen.reason or "")


class StandaloneTerminal:
    """A terminal that no line leads to: the cashier types the amount and says what it shows."""

    abilities = Abilities(by_hand=True, refunds=True, cancellations=True, cheques=True)

    def __init__(self, name: str) -> None:
        self.name = name

    def begin(self, attempt: Attempt) -> None:
        """Nothing leaves the till: the screen tells the cashier what to type."""

    def cancel(self) -> None:
        """Only its own red key stops it."""
        raise CardMissing

    def ask(self) -> None:
        """Only its paper tells."""
        raise CardMissing

    def end_of_day(self) -> None:
        """Its totals are typed in."""
        raise CardMissing

    def said(self, reference: str) -> Said:
        """Nothing reaches the till."""
        del reference
        return Said()

    def health(self) -> DeviceHealth:
        """It is where it stands."""
        return DeviceHealth(DeviceState.ONLINE)


class Shown:
    """What a terminal shows of the attempt that runs; one thread writes, others read."""

    def __init__(self) -> None:
        self._now = ("", Said())

    def tell(self, reference: str, said: Said) -> None:
        """Replace what was shown."""
        self._now = (reference, said)

    def of(self, reference: str) -> Said:
        """What is shown of an attempt; nothing of another one's."""
        about, said = self._now
        return said if about == reference else Said()


class DriverRecorder:
    """Writes what a terminal's driver tells through the till's recorder, in the till's words.

    With a terminal that overwrites the reference field, an answer that nobody waits for can belong
    to anything: its reference proves nothing (`trust`).
    """

    def __init__(
        self, recorder: PaymentRecorder, terminal: str, trust: Trust, progress: Shown
    ) -> None:
        self._recorder = recorder
        self._terminal = terminal
        self._trust = trust
        self._shown = progress

    def sending(self, reference: str) -> None:
        """Before the first byte of the dialogue."""
        self._recorder.sending(reference)

    def answered(self, reference: str, answer: Answer) -> None:
        """Before the terminal's answer is acknowledged."""
        self._recorder.answered(reference, _details(answer))

    def concluded(self, reference: str, conclusion: Conclusion) -> None:
        """How the attempt ended."""
        details: dict[str, Any] = {"reason": str(conclusion.reason)}
        answer = conclusion.answer
        if conclusion.outcome is Outcome.APPROVED and answer and answer.amount_cents is not None:
            details["charged"] = answer.amount_cents
        if conclusion.slips:
            details["slips"] = _slips((*(answer.slips if answer else ()), *conclusion.slips))
        self._recorder.concluded(reference, _OUTCOMES[conclusion.outcome], details)

    def late(self, answer: Answer) -> None:
        """An answer that nobody waits for, before it is acknowledged."""
        self._recorder.late(self._terminal, _finding(answer), self._trust)

    def questions(self) -> tuple[Question, ...]:
        """The attempts on this terminal whose end is unknown."""
        return tuple(
            Question(
                attempt.reference,
                attempt.amount,
                _KINDS[attempt.direction],
                attempt.details.get("receipt", ""),
                attempt.details.get("receipt_before", ""),
            )
            for attempt in self._recorder.questions(self._terminal)
        )

    def found(self, reference: str, answer: Answer) -> None:
        """What the terminal says its last operation was."""
        self._recorder.found(reference, _finding(answer), self._trust)

    def totals(self, totals: Totals | None) -> None:
        """What the terminal added up at the end of its day."""
        added = None
        if totals is not None:
            count = sum(brand.count for brand in totals.brands) if totals.brands else None
            added = TerminalTotals(totals.total_cents, count, totals.complete)
        self._recorder.totals(self._terminal, added)

    def progress(self, reference: str, progress: Progress, text: str = "") -> None:
        """Shown while the attempt runs; nothing depends on it."""
        self._shown.tell(reference, Said(str(progress), scrub(text)[:SAID_LENGTH_MAX]))
        logger.debug("attempt %s: %s", reference, progress)


def _abilities(can: Capabilities) -> Abilities:
    return Abilities(
        cancels=can.cancel_from_till,
        refunds=can.refund,
        cancellations=can.cancellation,
        cheques=can.cheque,
        asks=can.query_last,
        end_of_day=can.end_of_day,
    )


def _finding(answer: Answer) -> Finding:
    return Finding(
        _SAID[answer.status],
        answer.amount_cents,
        scrub(answer.private_data.strip()),
        scrub(answer.receipt),
        _details(answer),
    )


def _details(answer: Answer) -> dict[str, Any]:
    """What may be kept of an answer: never a card number, only what is there."""
    told: dict[str, Any] = {
        "status": scrub(answer.raw_status),
        "said": str(_SAID[answer.status]),
        "answered_amount": answer.amount_cents,
        "mode": scrub(answer.mode),
        "terminal_reference": scrub(answer.private_data.strip()),
        "last4": last_four(answer.last4),
        "authorisation": scrub(answer.authorisation),
        "brand": scrub(answer.brand),
        "contactless": answer.contactless,
        "receipt": scrub(answer.receipt),
        "slips": _slips(answer.slips),
    }
    always = {"status", "answered_amount", "mode", "terminal_reference"}
    return {name: value for name, value in told.items() if value or name in always}


def _slips(slips: tuple[Slip, ...]) -> list[dict[str, str]]:
    return [
        {"for": "customer" if slip.for_customer else "merchant", "text": scrub(slip.text)}
        for slip in slips
    ]
