"""Messages of Caisse-AP 3.x: what is asked, and what is answered.

Source: vendors' pages and four independent tills; the association's own text is not public.

    request   CZ version | CJ register | CA POS | CF our reference | CE currency | BA at the end
              CC cheque, CK ticket, CH payment taken back: where wanted | CD action | CB amount
    answer    the same, and AE done or not | AF why not | AC authorisation | CC application
              CI way of reading | AA number | CH the terminal's number of it | ZT ticket

The amount is written last: a request cut short anywhere is no request to pay. BF (partial
payment) is never sent, newer terminals refuse all that has it. Of an answer, the number (AA), the
expiry (AB), a cheque's line (AD) and the bank's words in AF never leave this module: they could be
card data, and the payer may not be told the bank's reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from drivers.card.caisse_ap.fields import decode, encode
from drivers.card.caisse_ap.settings import Ticket
from drivers.card.caisse_ap.ticket import read_ticket
from drivers.card.interface import (
    RECEIPT_CHARS_MAX,
    REFERENCE_CHARS,
    Answer,
    AnswerStatus,
    Kind,
    Request,
    is_printable,
)
from drivers.card.masking import mask
from drivers.errors import RemoteProtocolError

if TYPE_CHECKING:
    from drivers.card.caisse_ap.settings import Form

ACTIONS: Final = {Kind.PAYMENT: "0", Kind.REFUND: "1", Kind.CANCELLATION: "2"}
DUPLICATE, IDENTIFICATION = "3", "I"
CHEQUE: Final = "00C"
EURO: Final = "978"
AUTHORISATION_CHARS_MAX: Final = 10

WANTED: Final = frozenset(
    ["CZ", "CA", "CB", "CD", "CE", "CC", "CI", "CF", "CH", "AE", "AF", "AC", "AA", "ZT"]
)

DONE, NOT_DONE, LATER = "10", "01", "11"
# Why it was not done, by the first two characters of AF. The rest (00 unknown, 01 authorised, 02
# phone call, 03 forced, 07 not completed) says nothing certain about the customer's account.
_WHY: Final = {
    "04": AnswerStatus.DECLINED,  # refused
    "05": AnswerStatus.DECLINED,  # forbidden
    "06": AnswerStatus.CANCELLED,  # abandoned
    "08": AnswerStatus.CANCELLED,  # nothing was entered in time
    "11": AnswerStatus.CANCELLED,  # by the operator
    "09": AnswerStatus.NOT_POSSIBLE,  # bad format
    "10": AnswerStatus.NOT_POSSIBLE,  # selection error
    "12": AnswerStatus.NOT_POSSIBLE,  # unknown action
    "13": AnswerStatus.NOT_POSSIBLE,  # currency
}
_BRANDS: Final = {
    "001": "CB",
    "00B": "CB",
    "002": "American Express",
    "00D": "American Express",
    "003": "CB Enseigne",
    "004": "Cetelem",
    "005": "Cofinoga",
    "006": "Diners Club",
    "007": "Pass",
    "008": "Franfinance",
    "009": "JCB",
    "00A": "Banque Accord",
    "00E": "Conecs",
    "10E": "Conecs",
    "00F": "DCC",
    "00I": "CPEI",
    "00S": "Sofinco",
    "00U": "UnionPay",
}
# How the card was read: by CI where it tells, else by the application.
_BY_ENTRY: Final = {"1": False, "2": True, "3": False, "4": False}
_BY_APPLICATION: Final = {
    "001": False,
    "00B": True,
    "002": False,
    "00D": True,
    "00E": False,
    "10E": True,
}
_SHAPES: Final = {
    "CZ": re.compile(r"[0-9]{4}"),
    "CA": re.compile(r"[0-9]{1,2}"),
    "CB": re.compile(r"[0-9]{1,12}"),
    "CD": re.compile(r"[0-9A-Z]"),
    "CE": re.compile(r"[0-9]{3}"),
    "AE": re.compile(r"[0-9]{2}"),
}
_CARD_NUMBER: Final = re.compile(r"[0-9*#.xX]{8,15}([0-9]{4})")


@dataclass(frozen=True, slots=True)
class ApAnswer(Answer):
    """An answer, and which action it says it is about; "" where it told none."""

    action: str = ""


# What is asked.


def encode_request(request: Request, form: Form) -> bytes:
    """Write a request for a payment, a refund or a cancellation."""
    fields = [
        *_opening(form, request.pos_number),
        ("CF", request.reference),
        ("CE", request.currency),
        ("BA", "0"),
    ]
    if request.cheque:
        fields.append(("CC", CHEQUE))
    if form.force_online:
        fields.append(("BB", "1"))
    if form.ticket is not Ticket.NONE:
        fields.append(("CK", f"1{form.ticket}0"))
    if request.kind is Kind.CANCELLATION and request.receipt:
        fields.append(("CH", request.receipt))
    fields += [("CD", ACTIONS[request.kind]), ("CB", f"{request.amount_cents:02d}")]
    return _closed(fields, form)


def encode_identification(form: Form) -> bytes:
    """Ask whether anybody is there; nothing is done."""
    return _closed([*_opening(form), ("CD", IDENTIFICATION)], form)


def encode_duplicate(form: Form) -> bytes:
    """Ask for the last operation.

    Neither reference nor amount is sent: a terminal that echoes what it is asked would make any
    operation look like ours.
    """
    return _closed([*_opening(form), ("CE", EURO), ("CD", DUPLICATE)], form)


def _opening(form: Form, pos_number: str = "01") -> list[tuple[str, str]]:
    return [("CZ", form.version), ("CJ", form.register_id), ("CA", pos_number)]


def _closed(fields: list[tuple[str, str]], form: Form) -> bytes:
    return encode(fields) + (b"\r\n" if form.append_crlf else b"")


# What is answered.


def decode_answer(data: bytes) -> ApAnswer:
    """Read a whole answer; raise RemoteProtocolError saying what was expected."""
    return read_answer(decode(data, WANTED))


def read_answer(fields: dict[str, str]) -> ApAnswer:
    """Make sense of an answer's fields; RemoteProtocolError names a wrong one, never its value."""
    for tag, shape in _SHAPES.items():
        if tag in fields and not shape.fullmatch(fields[tag]):
            raise RemoteProtocolError(f"{tag} cannot be read", expected=shape.pattern)
    application = fields.get("CC", "")
    why = fields.get("AF", "")[:2]
    return ApAnswer(
        status=_status(fields["AE"], why),
        amount_cents=int(fields["CB"]) if "CB" in fields else None,
        private_data=_private(fields.get("CF", "")),
        pos_number=fields["CA"].zfill(2) if "CA" in fields else "",
        last4=None if application == CHEQUE else last4(fields.get("AA", "")),
        mode=application if re.fullmatch("[0-9A-Z]{3}", application) else "",
        raw_status=fields["AE"] + (f"/{why}" if re.fullmatch("[0-9]{2}", why) else ""),
        currency=fields.get("CE", ""),
        authorisation=_harmless(fields.get("AC", ""), AUTHORISATION_CHARS_MAX),
        brand=_BRANDS.get(application, ""),
        contactless=_BY_ENTRY.get(fields.get("CI", ""), _BY_APPLICATION.get(application)),
        # CH is the number of the operation; CG, the contract, is the same for all of them.
        receipt=_harmless(fields.get("CH", ""), RECEIPT_CHARS_MAX),
        slips=read_ticket(fields["ZT"]) if "ZT" in fields else (),
        action=fields.get("CD", ""),
    )


def is_all_told(fields: dict[str, str]) -> bool:
    """Tell whether an answer has what its kind should have; the rest of it may be on its way."""
    if fields.get("AE") == NOT_DONE:
        return "AF" in fields
    return "CB" in fields or fields.get("CD") in {IDENTIFICATION, DUPLICATE}


def last4(number: str) -> str | None:
    """Return the four last digits of a card number, masked or not, if it is one."""
    found = _CARD_NUMBER.fullmatch(number.strip())
    return found.group(1) if found else None


def _status(done: str, why: str) -> AnswerStatus:
    if done == DONE:
        return AnswerStatus.APPROVED
    if done == LATER:
        return AnswerStatus.ACCEPTED_FOR_LATER
    if done == NOT_DONE:
        return _WHY.get(why, AnswerStatus.UNKNOWN_STATUS)
    return AnswerStatus.UNKNOWN_STATUS


def _private(reference: str) -> str:
    """Ours comes back as it was; what a terminal writes there instead may be anything."""
    shown = "".join(sign for sign in reference if sign.isprintable())
    return shown if len(reference) <= REFERENCE_CHARS else mask(shown)


def _harmless(value: str, chars_max: int) -> str:
    """Keep a terminal's number only as it is: one that had to be masked would be none."""
    fits = len(value) <= chars_max and is_printable(value)
    return value.strip() if fits and mask(value) == value else ""
