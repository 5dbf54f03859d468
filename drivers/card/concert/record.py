"""Records of Concert V2, protocols E and E+: what is asked, and what is answered.

Source: three independent tills and terminals that agree with one another, and bytes
captured between them; the association's own text is not public. Fixed-width ASCII.

    request   POS 2 | amount 8 | IND 1 | mode 1 | type 1 | currency 3 | private 10
              E+ only: | DELAI 4 | AUTO 4                       26 bytes (E), 34 (E+)
    answer    POS 2 | STAT 1 | amount 8 | mode 1 | currency 3 | private 10   25 bytes
              with the REP of 55 characters before the currency when IND asked: 80

STAT '7' is one code for refused, given up and timed out: nothing finer can be told.
STAT '9' only says that a request was taken: it is never a result.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from drivers.card.interface import (
    Answer,
    AnswerStatus,
    Kind,
    Request,
    is_digits,
    is_printable,
)
from drivers.errors import RemoteProtocolError

ANSWER_BYTES: Final = 25
REP_BYTES: Final = 55
ANSWER_LENGTHS: Final = (ANSWER_BYTES, ANSWER_BYTES + REP_BYTES)

MODE_CARD, MODE_CHEQUE = "1", "C"
ANSWER_AT_END = "A010"  # never A011: an answer at once says nothing about the payment
TERMINAL_DECIDES, FORCE_ONLINE = "B010", "B011"

_TYPES: Final = {Kind.PAYMENT: "0", Kind.REFUND: "1", Kind.CANCELLATION: "2"}
_STATUSES: Final = {
    "0": AnswerStatus.APPROVED,
    "7": AnswerStatus.DECLINED,
    "9": AnswerStatus.ACCEPTED_FOR_LATER,
}
# A card number as terminals write it: digits, masked or not, then a blank or the end.
_CARD_NUMBER: Final = re.compile(r"[0-9*#.xX]{8,15}([0-9]{4})(?: |$)")


class Variant(StrEnum):
    """The two lengths of request that terminals understand."""

    E = "E"
    E_PLUS = "E+"


@dataclass(frozen=True, slots=True)
class Form:
    """How requests are written for one terminal.

    `ask_card_number` asks for a REP, of which only four digits are kept; leave it
    off unless the receipt needs them.
    """

    variant: Variant = Variant.E_PLUS
    ask_card_number: bool = False
    force_online: bool = False


def encode_request(request: Request, form: Form) -> bytes:
    """Write a request's record: 26 bytes in E, 34 in E+."""
    record = (
        request.pos_number
        + f"{request.amount_cents:08d}"
        + ("1" if form.ask_card_number else "0")
        + (MODE_CHEQUE if request.cheque else MODE_CARD)
        + _TYPES[request.kind]
        + request.currency
        + request.reference
    )
    if form.variant is Variant.E_PLUS:
        record += ANSWER_AT_END + (FORCE_ONLINE if form.force_online else TERMINAL_DECIDES)
    return record.encode("ascii")


def decode_answer(record: bytes) -> Answer:
    """Read an answer's record; raise RemoteProtocolError saying what was expected."""
    if len(record) not in ANSWER_LENGTHS:
        expected = " or ".join(str(length) for length in ANSWER_LENGTHS)
        raise RemoteProtocolError(f"an answer of {len(record)} bytes", expected=expected)
    if not record.isascii():
        raise RemoteProtocolError("an answer that is not text", expected="ASCII")
    text = record.decode("ascii")
    tail = text[-13:]
    amount, mode, status = text[3:11], text[11], text[2]
    if not is_digits(amount, 8):
        raise RemoteProtocolError("an amount that is no number", expected="8 digits of cents")
    if not is_printable(text[:3] + mode + tail):
        raise RemoteProtocolError("an answer that cannot be read", expected="printable ASCII")
    return Answer(
        status=_STATUSES.get(status, AnswerStatus.UNKNOWN_STATUS),
        amount_cents=int(amount),
        private_data=tail[3:],
        pos_number=text[:2],
        last4=None if mode == MODE_CHEQUE else last4(text[12:-13]),
        mode=mode,
        raw_status=status,
        currency=tail[:3],
    )


def last4(rep: str) -> str | None:
    """Return the four last digits of the card number that a REP starts with, if any."""
    found = _CARD_NUMBER.match(rep.strip())
    return found.group(1) if found else None
