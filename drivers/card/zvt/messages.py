"""The messages of ZVT: what the till asks, and what a terminal tells.

Source: PA00P015, revision 13.08, and bytes captured between independent tills and terminals. The
layout of the totals (BMP 60) and the card technology (1F12) come from two independent tills.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from drivers.card.interface import (
    AMOUNT_CENTS_MAX,
    Answer,
    AnswerStatus,
    BrandTotal,
    Kind,
    Request,
    is_digits,
    is_printable,
)
from drivers.card.masking import mask
from drivers.card.zvt import apdu, bitmap, codes, tlv
from drivers.card.zvt.apdu import Apdu
from drivers.card.zvt.settings import ZvtSettings
from drivers.card.zvt.slips import Charset, news_of
from drivers.errors import LocalProtocolError, RemoteProtocolError

RECEIPT_DIGITS: Final = 4
DAY_CENTS_MAX: Final = 9_999_999_999
BRAND_CHARS_MAX: Final = 32
EURO: Final = "978"
TERMINAL_DECIDES: Final = 0x40
# Repeat the receipt: bit 0 asks for the status information, bit 1 for no paper.
TELL_AND_PRINT_NOTHING: Final = 0x03
_VERSION: Final = 0xF0


# What the till asks.


def registration(settings: ZvtSettings, currency: str) -> Apdu:
    """Make the till known to the terminal; with papers, it says that it takes text blocks too."""
    data = bytes.fromhex(settings.password) + bytes([settings.configuration]) + _currency(currency)
    if settings.receipts:
        taken = tlv.encode(tlv.COMMAND, apdu.TEXT_BLOCK.to_bytes(2, "big"))
        data += _container(tlv.encode(tlv.COMMANDS_TAKEN, taken))
    return Apdu(apdu.REGISTRATION, data)


def request(asked: Request, settings: ZvtSettings) -> Apdu:
    """Write a payment, a refund, or the reversal of the payment whose receipt is told.

    Raises LocalProtocolError for what ZVT cannot say: a cheque, or a reversal of no receipt.
    """
    if asked.cheque:
        raise LocalProtocolError("ZVT takes no cheques")
    money = bytes([bitmap.AMOUNT]) + bitmap.bcd(asked.amount_cents, bitmap.AMOUNT_BYTES)
    money += bytes([bitmap.CURRENCY]) + _currency(asked.currency)
    password = bytes.fromhex(settings.password)
    by_terminal = bytes([bitmap.PAYMENT_TYPE, TERMINAL_DECIDES])
    last_known = _mirror(asked) if settings.mirrors_id else b""
    match asked.kind:
        case Kind.PAYMENT:
            return Apdu(apdu.AUTHORISATION, money + by_terminal + last_known)
        case Kind.REFUND:
            return Apdu(apdu.REFUND, password + money + by_terminal + last_known)
        case Kind.CANCELLATION:
            if not is_digits(asked.receipt, RECEIPT_DIGITS):
                raise LocalProtocolError(f"receipt: expected {RECEIPT_DIGITS} digits")
            receipt = bytes([bitmap.RECEIPT]) + bytes.fromhex(asked.receipt)
            return Apdu(apdu.REVERSAL, password + receipt + money + last_known)


def repeat_receipt(settings: ZvtSettings) -> Apdu:
    """Ask for the status information of the last operation, on no paper."""
    service = bytes([bitmap.SERVICE, TELL_AND_PRINT_NOTHING])
    return Apdu(apdu.REPEAT_RECEIPT, bytes.fromhex(settings.password) + service)


def end_of_day(settings: ZvtSettings) -> Apdu:
    """Let the terminal end its day."""
    return Apdu(apdu.END_OF_DAY, bytes.fromhex(settings.password))


def _currency(currency: str) -> bytes:
    return bitmap.bcd(int(currency), 2)


def _container(objects: bytes) -> bytes:
    return bytes([bitmap.CONTAINER]) + tlv.length(len(objects)) + objects


def _mirror(asked: Request) -> bytes:
    known = is_digits(asked.receipt_before, RECEIPT_DIGITS)
    last = bytes.fromhex(asked.receipt_before) if known else b""
    return _container(tlv.encode(tlv.UNIQUE_ID, last))


# What a terminal tells.


@dataclass(frozen=True, slots=True)
class Result:
    """A result, and what tells it from another with the same number: "" where it is not told.

    `trace` is the terminal's count of what it asked the bank, `moment` the date and time of the
    operation by its own clock.
    """

    answer: Answer
    trace: str = ""
    moment: str = ""


def read_status(data: bytes) -> Answer:
    """Read the answer of a status information (04 0F); raise as `read_result` does."""
    return read_result(data).answer


def read_result(data: bytes) -> Result:
    """Read a status information (04 0F); raise RemoteProtocolError saying what was expected.

    A field that nobody knows ends the reading, and what stood before it is good: the result is told
    in full or not at all, and an approval without its amount proves nothing to the till.
    """
    fields = bitmap.read(data)
    moment = fields.digits(bitmap.DATE) + fields.digits(bitmap.TIME)
    return Result(_answer(fields), fields.digits(bitmap.TRACE), moment)


def _answer(fields: bitmap.Fields) -> Answer:
    code = fields.byte(bitmap.RESULT)
    card_type = fields.byte(bitmap.CARD_TYPE)
    return Answer(
        status=codes.result_status(code),
        amount_cents=_amount(fields, AMOUNT_CENTS_MAX),
        private_data="",
        pos_number="",
        last4=fields.last4,
        mode="" if card_type is None else f"{card_type:02X}",
        raw_status="" if code is None else f"{code:02X}",
        currency=_currency_of(fields),
        authorisation=_authorisation(fields),
        brand=_brand(fields),
        contactless=_contactless(fields),
        receipt=_receipt(fields),
    )


def ended(status: AnswerStatus, raw_status: str, currency: str) -> Answer:
    """Make an answer of a command that was refused or aborted; it tells nothing but that."""
    return Answer(status, None, "", "", None, "", raw_status, currency)


def _amount(fields: bitmap.Fields, cents_max: int) -> int | None:
    """Return an amount; none where it is more than one can be: it may be anything then."""
    cents = fields.number(bitmap.AMOUNT)
    return cents if cents is not None and cents <= cents_max else None


def _currency_of(fields: bitmap.Fields) -> str:
    if bitmap.CURRENCY not in fields.values:
        return EURO
    digits = fields.digits(bitmap.CURRENCY)
    return digits.removeprefix("0")


def _receipt(fields: bitmap.Fields) -> str:
    """Return the number of the operation; 0000 is none."""
    digits = fields.digits(bitmap.RECEIPT)
    return digits if digits.strip("0") else ""


def _authorisation(fields: bitmap.Fields) -> str:
    """Eight characters at most, so that no card number fits; anything but text is left out."""
    text = fields.values.get(bitmap.AUTHORISATION, b"").decode("latin-1").strip("\0 ")
    return text if is_printable(text) else ""


def _brand(fields: bitmap.Fields) -> str:
    name = news_of([fields.values.get(bitmap.CARD_NAME, b"")], Charset.LATIN_1)
    if name:
        return mask(name)[:BRAND_CHARS_MAX]
    return codes.BRANDS.get(fields.byte(bitmap.CARD_TYPE) or 0, "")


def _contactless(fields: bitmap.Fields) -> bool | None:
    for tag, value in fields.objects:
        if tag == tlv.CARD_TECHNOLOGY and len(value) == 1:
            return value[0] == codes.NFC
    return None


@dataclass(frozen=True, slots=True)
class News:
    """An intermediate status; `minutes` is how long the next word may take, None as usual."""

    code: int
    minutes: int | None
    text: str


def read_news(data: bytes, charset: Charset) -> News:
    """Read an intermediate status (04 FF); raise RemoteProtocolError."""
    if not data:
        raise RemoteProtocolError("an empty intermediate status", expected="its number")
    minutes = data[1:2].hex()
    lines = [value for tag, value in bitmap.read(data[2:]).objects if tag == tlv.TEXT_LINE]
    given = int(minutes) if minutes.isdecimal() and int(minutes) else None
    return News(data[0], given, news_of(lines, charset))


def read_state(data: bytes) -> int:
    """Read what a terminal completes a status enquiry with: its state, after its version if told.

    A terminal that tells nothing is ready. Raises RemoteProtocolError.
    """
    if len(data) > 1 and data[0] >= _VERSION:
        size, begin = bitmap.read_counter(data, 1 if _is_tagged(data) else 0, 3)
        data = data[begin + size :]
    return data[0] if data else codes.APPROVED


def _is_tagged(data: bytes) -> bool:
    """Tell whether the version has its tag F0 before its counter of three, which begins so too."""
    return len(data) > 3 and data[0] == _VERSION and data[3] >= _VERSION


@dataclass(frozen=True, slots=True)
class Day:
    """The totals of an end of day; `total_cents` is None where the terminal told none."""

    total_cents: int | None
    brands: tuple[BrandTotal, ...]
    succeeded: bool


def read_day(data: bytes) -> Day | None:
    """Read a status information told in an end of day; raise RemoteProtocolError.

    None for one that may be about a single operation: it has no sums by brand, and bears a receipt
    number or an authorisation, or could not be read to its end.
    """
    fields = bitmap.read(data)
    is_whole_day = bitmap.TOTALS in fields.values
    if not is_whole_day and (_receipt(fields) or _authorisation(fields) or not fields.whole):
        return None
    result = fields.byte(bitmap.RESULT)
    return Day(
        total_cents=_amount(fields, DAY_CENTS_MAX),
        brands=_brands(fields.values.get(bitmap.TOTALS, b"")),
        succeeded=result in {None, codes.APPROVED},
    )


_FROM_TO_BYTES: Final = 4  # the first and the last receipt
_BRAND_BYTES: Final = 1 + bitmap.AMOUNT_BYTES  # how many, in binary, and how much


def _brands(data: bytes) -> tuple[BrandTotal, ...]:
    """Read the sums by brand, those with a payment; none where the layout is another."""
    if len(data) != _FROM_TO_BYTES + _BRAND_BYTES * len(codes.TOTALED):
        return ()
    sums: list[BrandTotal] = []
    for at, brand in enumerate(codes.TOTALED):
        begin = _FROM_TO_BYTES + at * _BRAND_BYTES
        count, cents = data[begin], data[begin + 1 : begin + _BRAND_BYTES].hex()
        if not cents.isdecimal() or int(cents) > DAY_CENTS_MAX:
            return ()
        if count or int(cents):
            sums.append(BrandTotal(brand, count, int(cents)))
    return tuple(sums)
