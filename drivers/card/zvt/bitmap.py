"""The bitmaps ("BMP") of ZVT: fields by their number, each with its own way to say its length.

A field has a fixed length, or a counter of two or three bytes F0 to F9 before it ("F1 F2" is 12),
or a TLV length (06). There is no way to walk over a field whose number is not in the table, so
that the rest of such a message is not read: what stood before it is good, and `whole` is False.

Card data ends here. Of the number (22) the last four digits are left; track, expiry, security
code, chip and PIN fields are measured and dropped, and so is all that the till has no use for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from drivers.card.zvt import tlv
from drivers.errors import LocalProtocolError, RemoteProtocolError

if TYPE_CHECKING:
    from collections.abc import Mapping

AMOUNT: Final = 0x04
CONTAINER: Final = 0x06
TRACE: Final = 0x0B
TIME: Final = 0x0C  # of the operation, HHMMSS
DATE: Final = 0x0D  # of the operation, MMDD
PAYMENT_TYPE: Final = 0x19
NUMBER: Final = 0x22
RESULT: Final = 0x27
AUTHORISATION: Final = 0x3B
CURRENCY: Final = 0x49
TOTALS: Final = 0x60
RECEIPT: Final = 0x87
CARD_TYPE: Final = 0x8A
CARD_NAME: Final = 0x8B
SERVICE: Final = 0x03

FIELDS_MAX: Final = 64
AMOUNT_BYTES: Final = 6
NUMBER_DIGITS_MIN: Final = 12
LAST_DIGITS: Final = 4


class Counter(IntEnum):
    """How many bytes count a field of no fixed length."""

    LL = -2
    LLL = -3


# Every field that the specification puts in what a terminal may send, and its length in bytes.
LENGTHS: Final[Mapping[int, int]] = {
    0x01: 1, 0x02: 1, SERVICE: 1, AMOUNT: AMOUNT_BYTES, 0x05: 1, TRACE: 3, TIME: 3, DATE: 2, 0x0E:
    2, 0x17: 2, PAYMENT_TYPE: 1, NUMBER: Counter.LL, 0x23: Counter.LL, 0x24: Counter.LLL, RESULT: 1,
    0x29: 4, 0x2A: 15, 0x2D: Counter.LL, 0x2E: Counter.LLL, 0x37: 3, 0x3A: 2, AUTHORISATION: 8,
    0x3C: Counter.LLL, 0x3D: 3, CURRENCY: 2, 0x4C: Counter.LL, TOTALS: Counter.LLL, RECEIPT: 2,
    0x88: 3, CARD_TYPE: 1, CARD_NAME: Counter.LL, 0x8C: 1, 0x92: Counter.LLL, 0x9A: Counter.LLL,
    0xA0: 1, 0xA7: Counter.LL, 0xAA: 3, 0xAF: Counter.LLL, 0xBA: 5, 0xD0: 1, 0xD1: Counter.LL, 0xD2:
    1, 0xD3: 1,
}  # fmt: skip
# The only ones that leave the reader, next to the number's last digits and the TLV's own.
KEPT: Final = frozenset(
    {
        AMOUNT, TRACE, TIME, DATE, PAYMENT_TYPE, RESULT, AUTHORISATION, CURRENCY, TOTALS, RECEIPT,
        CARD_TYPE, CARD_NAME,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fields:
    """What may be kept of a message; `whole` is False when its end could not be read."""

    values: Mapping[int, bytes] = field(repr=False)
    objects: tuple[tuple[int, bytes], ...] = field(default=(), repr=False)
    last4: str | None = None
    whole: bool = True

    def number(self, of: int) -> int | None:
        """Return a field of decimal digits; None when it is not there, or holds no digits."""
        digits = self.digits(of)
        return int(digits) if digits else None

    def digits(self, of: int) -> str:
        """Return the digits of a field, leading zeros and all; "" when there are none."""
        text = self.values.get(of, b"").hex()
        return text if text.isdecimal() else ""

    def byte(self, of: int) -> int | None:
        """Return a field of one byte."""
        value = self.values.get(of)
        return value[0] if value else None


def bcd(number: int, size: int) -> bytes:
    """Write a number in decimal digits, two a byte; raise LocalProtocolError if it is too long."""
    digits = f"{number:0{2 * size}d}"
    if number < 0 or len(digits) > 2 * size:
        raise LocalProtocolError(f"a number that does not fit {size} bytes")
    return bytes.fromhex(digits)


def read(data: bytes) -> Fields:
    """Read a message's fields.

    Raises RemoteProtocolError for a field that is cut, one that comes twice and differs (which of
    them counts cannot be told), and too many of them.
    """
    values: dict[int, bytes] = {}
    objects: list[tuple[int, bytes]] = []
    at = seen = 0
    while at < len(data):
        number = data[at]
        if number != CONTAINER and number not in LENGTHS:
            break
        size, at = _measure(number, data, at + 1)
        value = data[at : at + size]
        at += size
        seen += 1
        if seen > FIELDS_MAX:
            raise RemoteProtocolError("too many fields", expected=f"{FIELDS_MAX} at most")
        if number == CONTAINER:
            objects += tlv.read(value)
        elif number == NUMBER:
            _keep(values, number, _last4(value))
        elif number in KEPT:
            _keep(values, number, value)
    last4 = values.pop(NUMBER, b"").decode("ascii") or None
    return Fields(values, tuple(objects), last4, whole=at >= len(data))


def _keep(values: dict[int, bytes], number: int, value: bytes) -> None:
    if values.setdefault(number, value) != value:
        raise RemoteProtocolError(f"two fields {number:02x} that differ", expected="one of them")


def _measure(number: int, data: bytes, at: int) -> tuple[int, int]:
    """Return a field's length and where its value begins."""
    if number == CONTAINER:
        return tlv.read_length(data, at)
    size = LENGTHS[number]
    if size < 0:
        size, at = read_counter(data, at, -size)
    if at + size > len(data):
        raise RemoteProtocolError(f"field {number:02x} is cut", expected=f"{size} bytes")
    return size, at


def read_counter(data: bytes, at: int, count: int) -> tuple[int, int]:
    """Return what a counter of `count` bytes says, and where the value begins."""
    counter = data[at : at + count]
    digits = [byte & 0x0F for byte in counter]
    if len(digits) < count or any(digit > 9 for digit in digits):
        raise RemoteProtocolError("a length that is none", expected=f"{count} bytes F0 to F9")
    return int("".join(map(str, digits))), at + count


def _last4(value: bytes) -> bytes:
    """Return the last digits of a card number in BCD, F filling it up and E masking digits."""
    text = value.hex().rstrip("f")
    last = text[-LAST_DIGITS:]
    known = len(text) >= NUMBER_DIGITS_MIN and last.isdecimal()
    return last.encode("ascii") if known else b""
