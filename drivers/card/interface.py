"""What every card terminal offers to the till, whatever protocol it speaks.

A terminal is given one `Request` at a time and ends it with one `Conclusion`.
Between the two it tells a `Recorder` what must survive a power cut: that the
dialogue is about to start, and what the terminal answered. Nothing here ever
holds a card number: the four last digits are all that leaves a codec.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from drivers.errors import LocalProtocolError

REFERENCE_CHARS = 10
AMOUNT_CENTS_MAX = 99_999_999


class Kind(StrEnum):
    """What is asked of the terminal."""

    PAYMENT = "payment"
    REFUND = "refund"
    CANCELLATION = "cancellation"


class AnswerStatus(StrEnum):
    """What the terminal said; only the first two are results."""

    APPROVED = "approved"
    DECLINED = "declined"
    ACCEPTED_FOR_LATER = "accepted_for_later"
    UNKNOWN_STATUS = "unknown_status"


class Outcome(StrEnum):
    """How an attempt ended, for the till."""

    NOT_SENT = "not_sent"
    APPROVED = "approved"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why an attempt ended as it did: stable keys, the till has the sentences."""

    APPROVED = "card.approved"
    DECLINED = "card.declined"
    # NOT_SENT: the terminal never saw a byte of the request.
    OFFLINE = "card.offline"
    BUSY = "card.busy"
    SILENT = "card.silent"
    NOT_RECORDED = "card.not_recorded"
    # UNKNOWN: it saw some of it, and what it made of it is not certain.
    LINE_LOST = "card.line_lost"
    REQUEST_UNANSWERED = "card.request_unanswered"
    REQUEST_REJECTED = "card.request_rejected"
    NO_ANSWER = "card.no_answer"
    ANSWER_UNREADABLE = "card.answer_unreadable"
    ANSWER_NOT_RECORDED = "card.answer_not_recorded"
    ANSWER_NOT_CLOSED = "card.answer_not_closed"
    AMOUNT_DIFFERS = "card.amount_differs"
    STATUS_UNKNOWN = "card.status_unknown"
    NOT_A_RESULT = "card.not_a_result"
    STOPPED = "card.stopped"
    DRIVER_FAULT = "card.driver_fault"


class Progress(StrEnum):
    """Where a running attempt is, for the screen; may be dropped."""

    CONNECTING = "connecting"
    REQUESTING = "requesting"
    WAITING_CUSTOMER = "waiting_customer"
    ANSWERING = "answering"


@dataclass(frozen=True, slots=True)
class Request:
    """One thing to do on the terminal.

    `reference` is the till's own and unique: `REFERENCE_CHARS` printable ASCII
    characters. `amount_cents` is always positive, `kind` says which way the money
    goes. `currency` is the ISO 4217 number. Raises LocalProtocolError.
    """

    reference: str
    amount_cents: int
    kind: Kind = Kind.PAYMENT
    pos_number: str = "01"
    currency: str = "978"
    cheque: bool = False

    def __post_init__(self) -> None:
        """Refuse what no terminal could be sent."""
        if len(self.reference) != REFERENCE_CHARS or not is_printable(self.reference):
            expected = f"{REFERENCE_CHARS} printable ASCII characters"
            raise LocalProtocolError(f"reference: expected {expected}, got {self.reference!r}")
        if not 1 <= self.amount_cents <= AMOUNT_CENTS_MAX:
            expected = f"1 to {AMOUNT_CENTS_MAX} cents"
            raise LocalProtocolError(f"amount: expected {expected}, got {self.amount_cents}")
        if not is_digits(self.pos_number, 2) or self.pos_number == "00":
            raise LocalProtocolError(f"POS number: expected 01 to 99, got {self.pos_number!r}")
        if not is_digits(self.currency, 3):
            raise LocalProtocolError(f"currency: expected three digits, got {self.currency!r}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a terminal said about one request.

    `private_data` is the reference field as it came back: an echo, or whatever the
    terminal writes there. `last4` is all that is ever kept of a card number.
    """

    status: AnswerStatus
    amount_cents: int
    private_data: str
    pos_number: str
    last4: str | None
    mode: str
    raw_status: str
    currency: str = "978"


@dataclass(frozen=True, slots=True)
class Conclusion:
    """How an attempt ended, and why; `answer` is what the terminal said, if it spoke."""

    outcome: Outcome
    reason: Reason
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What this terminal can do beyond taking a payment."""

    cancel_from_till: bool
    refund: bool
    query_last: bool
    probe: bool
    partial_approval: bool
    ticket_text: bool
    echoes_reference: bool


class Recorder(Protocol):
    """Where a terminal writes what must not be forgotten; called on its own thread.

    `sending`, `answered` and `late` return once the fact is on disk, or raise: the
    driver then goes no further on that path (no dialogue; no acknowledgement).
    """

    def sending(self, reference: str) -> None:
        """Record that the dialogue is about to start: durable, or raises."""

    def answered(self, reference: str, answer: Answer) -> None:
        """Record the terminal's answer before it is acknowledged: durable, or raises."""

    def concluded(self, reference: str, conclusion: Conclusion) -> None:
        """Record how the attempt ended; without it the attempt counts as unknown."""

    def late(self, answer: Answer) -> None:
        """Record an answer that nobody waits for, before its acknowledgement, or raise."""

    def progress(self, reference: str, progress: Progress) -> None:
        """Show where the attempt is."""


def is_printable(text: str) -> bool:
    """Tell whether text is made of the characters 0x20 to 0x7E only."""
    return all(" " <= character <= "~" for character in text)


def is_digits(text: str, count: int) -> bool:
    """Tell whether text is exactly `count` ASCII digits."""
    return len(text) == count and text.isascii() and text.isdigit()
