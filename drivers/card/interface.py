"""What every card terminal offers to the till, whatever protocol it speaks.

A terminal is given one `Request` at a time and ends it with one `Conclusion`. Between the two it
tells a `Recorder` what must survive a power cut: that the dialogue is about to start, and what the
terminal answered. What stayed open is a `Question`, asked again when the terminal is back. What a
terminal can do beyond taking a payment it declares in its `Capabilities` (in the sense of
UnifiedPOS: the till offers what is declared and nothing else). Nothing here ever holds a card
number: the four last digits are all that leaves a codec.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from drivers.errors import LocalProtocolError

REFERENCE_CHARS = 10
RECEIPT_CHARS_MAX = 32
AMOUNT_CENTS_MAX = 99_999_999
SLIP_CHARS_MAX = 4_000


class Kind(StrEnum):
    """What is asked of the terminal; a cancellation takes back an earlier payment."""

    PAYMENT = "payment"
    REFUND = "refund"
    CANCELLATION = "cancellation"


class AnswerStatus(StrEnum):
    """What the terminal said; the last two are no results."""

    APPROVED = "approved"
    DECLINED = "declined"
    CANCELLED = "cancelled"  # by the customer, the cashier or the terminal's own clock
    NOT_POSSIBLE = "not_possible"  # it understood and does not do this: nothing happened
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
    PARTLY_APPROVED = "card.partly_approved"
    DECLINED = "card.declined"
    CANCELLED = "card.cancelled"
    NOT_POSSIBLE = "card.not_possible"
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
    ANSWER_OF_ANOTHER = "card.answer_of_another"
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
    WAITING_PIN = "waiting_pin"
    ASKING_BANK = "asking_bank"
    REMOVE_CARD = "remove_card"
    CANCELLING = "cancelling"
    ANSWERING = "answering"


class Presence(StrEnum):
    """What a probe found."""

    READY = "ready"
    BUSY = "busy"
    SILENT = "silent"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class Request:
    """One thing to do on the terminal.

    `reference` is the till's own and unique: `REFERENCE_CHARS` printable ASCII
    characters. `amount_cents` is always positive, `kind` says which way the money
    goes. `currency` is the ISO 4217 number. `receipt` is the terminal's own number of the
    payment that a cancellation takes back, "" where it told none; `receipt_before` its number of
    the last operation that the till knows of. Raises LocalProtocolError.
    """

    reference: str
    amount_cents: int
    kind: Kind = Kind.PAYMENT
    pos_number: str = "01"
    currency: str = "978"
    cheque: bool = False
    receipt: str = ""
    receipt_before: str = ""

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
class Question:
    """An attempt whose end the till does not know, as it was sent.

    `receipt` is the terminal's own number of it, when its answer was put on disk and only the end
    of the dialogue is missing; else "". `receipt_before` is the number of the last operation of
    this terminal that the till knew of when the attempt began, or "".
    """

    reference: str
    amount_cents: int
    kind: Kind
    receipt: str = ""
    receipt_before: str = ""


@dataclass(frozen=True, slots=True)
class Slip:
    """A paper of the terminal as text, masked: the merchant's, or the customer's."""

    text: str
    for_customer: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What a terminal said about one request.

    `amount_cents` is None where the terminal told none (a failure may have no amount).
    `private_data` is the reference field as it came back: an echo, or whatever the
    terminal writes there. `last4` is all that is ever kept of a card number. `receipt` is the
    terminal's own number of the operation: to cancel it, or to know it again. `mode` is the means
    of payment as the protocol codes it, `raw_status` the result as it was coded.
    """

    status: AnswerStatus
    amount_cents: int | None
    private_data: str
    pos_number: str
    last4: str | None
    mode: str
    raw_status: str
    currency: str = "978"
    authorisation: str = ""
    brand: str = ""
    contactless: bool | None = None
    receipt: str = ""
    slips: tuple[Slip, ...] = ()


@dataclass(frozen=True, slots=True)
class Conclusion:
    """How an attempt ended, and why; `answer` is what the terminal said, if it spoke.

    `slips` are the papers that came after the answer (print lines of a terminal without printer).
    """

    outcome: Outcome
    reason: Reason
    answer: Answer | None = None
    slips: tuple[Slip, ...] = ()


@dataclass(frozen=True, slots=True)
class BrandTotal:
    """What a terminal added up for one brand of card, in cents."""

    brand: str
    count: int
    cents: int


@dataclass(frozen=True, slots=True)
class Totals:
    """What a terminal added up since its last end of day, in cents; refunds are taken off.

    `complete` is False when the terminal ended its day with an error: its books stay open.
    """

    total_cents: int
    brands: tuple[BrandTotal, ...] = ()
    complete: bool = True
    slips: tuple[Slip, ...] = ()


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What this terminal can do beyond taking a payment.

    `cancel_from_till` ends a running operation, `cancellation` takes back a finished one.
    """

    cancel_from_till: bool
    refund: bool
    query_last: bool
    probe: bool
    partial_approval: bool
    ticket_text: bool
    echoes_reference: bool
    cancellation: bool = False
    cheque: bool = False
    end_of_day: bool = False


class Recorder(Protocol):
    """Where a terminal writes what must not be forgotten; called on its own thread.

    `sending`, `answered`, `late` and `found` return once the fact is on disk, or raise: the
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

    def questions(self) -> tuple[Question, ...]:
        """Tell which attempts on this terminal have an unknown end, oldest first."""

    def found(self, reference: str, answer: Answer) -> None:
        """Record what the terminal says its last operation was, asked for an open attempt."""

    def totals(self, totals: Totals | None) -> None:
        """Take what the terminal added up; None when it could not be asked."""

    def progress(self, reference: str, progress: Progress, text: str = "") -> None:
        """Show where the attempt is; `text` is what the terminal wants shown, if anything."""


def is_printable(text: str) -> bool:
    """Tell whether text is made of the characters 0x20 to 0x7E only."""
    return all(" " <= character <= "~" for character in text)


def is_digits(text: str, count: int) -> bool:
    """Tell whether text is exactly `count` ASCII digits."""
    return len(text) == count and text.isascii() and text.isdigit()
