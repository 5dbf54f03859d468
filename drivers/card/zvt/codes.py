"""What the numbers of ZVT mean: results, refusals, where a payment is, and the brands of cards.

The tables decide what the till may take for certain, and were drawn with one rule: a number that
leaves any doubt whether the customer was charged is no result (UNKNOWN_STATUS).

* 00 in a status information (BMP 27) is the only approval.
* 01 to 63 come from the bank: refused, save those that in the banks' own code (ISO 8583) approve in
  some way or speak of another attempt, read as binary or as decimal, for terminals do both.
* 6C is the customer, the cashier or the terminal's clock ending it: cancelled.
* What the card, the amount or the terminal's set-up does not allow ended before any bank was asked:
  refused, or not possible.
* Trouble on the way to the bank (7D, 9B, A1, A3), of the device in the midst (66, BF), of the
  terminal's books (F1, FA, FB) and everything general (9A, FC, FF) proves nothing. Nor does a
  number that is not listed.

A command answered with 84 was not begun, whatever the reason that is listed.
Source: PA00P015, chapter "error messages", and independent tills.
"""

from __future__ import annotations

from typing import Final

from drivers.card.interface import AnswerStatus, Presence, Progress

APPROVED: Final = 0x00
FROM_THE_BANK: Final = range(0x01, 0x64)
CANCELLED: Final = 0x6C
NOT_REGISTERED: Final = 0x6B
WAIT: Final = 0x9C
NOT_SUPPORTED: Final = 0x83
# What the till refuses a result with; any number but 00, 9C and 9D makes a terminal take it back.
NOT_TAKEN: Final = CANCELLED

# 8, 10, 11, 16 and 32 approve in some way, 9 is in progress, 68 came too late, 94 was sent twice.
_DOUBTFUL: Final = frozenset({0x08, 0x0A, 0x0B, 0x10, 0x11, 0x16, 0x20, 0x32, 0x09, 0x44, 0x5E})
_CARD: Final = frozenset(
    {0x64, 0x65, 0x6E, 0x71, 0x72, 0x73, 0x76, 0x78, 0x79, 0x7A, 0x7B, 0x7C, 0x7E}
)
_SET_UP: Final = frozenset(
    {
        0x67, 0x68, 0x6A, NOT_REGISTERED, 0x6F, 0x74, 0x75, 0x77, NOT_SUPPORTED, 0x85, 0x89, WAIT,
        0xA0, 0xA5, 0xB1, 0xB2, 0xB4, 0xB5, 0xB7, 0xB8, 0xC1, 0xC2, 0xC3, 0xC4, 0xC5, 0xC6, 0xC8,
        0xC9, 0xCB, 0xCC, 0xCD, 0xD2, 0xDC, 0xE0, 0xE2, 0xE3, 0xE4, 0xE7, 0xE8, 0xE9, 0xEA, 0xEB,
        0xEC, 0xED, 0xF0, 0xF5, 0xF6,
    }
)  # fmt: skip
_GENERAL: Final = frozenset(
    {0x66, 0x7D, 0x9A, 0x9B, 0xA1, 0xA3, 0xA4, 0xBF, 0xC0, 0xDD, 0xDE, 0xF1, 0xFA, 0xFB, 0xFC,
     0xFD, 0xFE, 0xFF}
)  # fmt: skip


def result_status(code: int | None) -> AnswerStatus:
    """Say what the result of a status information proves; None is a result that was not told."""
    if code == APPROVED:
        return AnswerStatus.APPROVED
    return abort_status(code)


def abort_status(code: int | None) -> AnswerStatus:
    """Say what the reason of an abort proves: never an approval."""
    if code == CANCELLED:
        return AnswerStatus.CANCELLED
    if code in _SET_UP:
        return AnswerStatus.NOT_POSSIBLE
    if code in _CARD or (code in FROM_THE_BANK and code not in _DOUBTFUL):
        return AnswerStatus.DECLINED
    return AnswerStatus.UNKNOWN_STATUS


def refusal_status(code: int | None) -> AnswerStatus:
    """Say what a refused command proves: it was not begun, for any reason that is listed."""
    listed = code in FROM_THE_BANK or code in _CARD | _SET_UP | _GENERAL or code == CANCELLED
    return AnswerStatus.NOT_POSSIBLE if listed else AnswerStatus.UNKNOWN_STATUS


# What a terminal's own state (05 01) or a refusal says of it: these pass by themselves. Others need
# a person, and the terminal says so when it is asked for a payment.
_BUSY: Final = frozenset({WAIT, 0xA0, 0xDC})


def presence(code: int) -> Presence:
    """Say whether a terminal in this state, or refusing with this reason, is free."""
    return Presence.BUSY if code in _BUSY else Presence.READY


_REMOVE_CARD: Final = range(0x41, 0x69)  # the numbers below, with the card to be taken out
_PROGRESS: Final = {
    0x01: Progress.WAITING_PIN,
    0x02: Progress.WAITING_PIN,
    0x04: Progress.ASKING_BANK,
    0x05: Progress.ASKING_BANK,
    0x06: Progress.ASKING_BANK,
    0x0B: Progress.REMOVE_CARD,
    0x0E: Progress.ASKING_BANK,
    0x15: Progress.WAITING_PIN,
    0x17: Progress.ASKING_BANK,
    0x1B: Progress.ANSWERING,
    0x1C: Progress.ANSWERING,
    0x1D: Progress.ANSWERING,
    0xD2: Progress.ASKING_BANK,
    0xD3: Progress.ASKING_BANK,
    0xF2: Progress.ASKING_BANK,
}


def progress(code: int) -> Progress:
    """Say where a payment is by an intermediate status; the customer has the word by default."""
    if code in _REMOVE_CARD:
        return Progress.REMOVE_CARD
    return _PROGRESS.get(code, Progress.WAITING_CUSTOMER)


BRANDS: Final = {
    2: "girocard",
    5: "girocard",
    6: "Mastercard",
    8: "American Express",
    10: "Visa",
    11: "Visa Electron",
    12: "Diners Club",
    13: "V PAY",
    14: "JCB",
    46: "Maestro",
}
# The order in which an end of day lists them (BMP 60); its own names are older than the brands'.
TOTALED: Final = (
    "girocard",
    "JCB",
    "Mastercard",
    "American Express",
    "Visa",
    "Diners Club",
    "",
)
NFC: Final = 0x02
