"""The papers of a terminal that leaves its printing to the till, as masked text.

They come as print lines (06 D1: an attribute, one line) or as text blocks (06 D3: lines in TLV and
what they are). A print line does not say whose paper it is on: it is the merchant's, unless the
paper itself names the customer.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from drivers.card.interface import SLIP_CHARS_MAX, Slip
from drivers.card.masking import mask
from drivers.card.zvt import bitmap, tlv

SLIPS_MAX: Final = 8
FEEDS_MAX: Final = 9
NEWS_CHARS_MAX: Final = 200

_FEED: Final = 0xFF
_LAST: Final = 0x80
_TO_CUSTOMER: Final = b"\x02"
_NAMES_CUSTOMER: Final = ("KUNDENBELEG", "CUSTOMER", "CLIENT", "CARDHOLDER", "PORTEUR")


class Charset(StrEnum):
    """What a terminal writes its texts in; the specification says the first."""

    CP437 = "cp437"
    LATIN_1 = "iso-8859-1"


def text_of(data: bytes, charset: Charset) -> str:
    """Return a terminal's text without its control characters."""
    return "".join(sign if sign.isprintable() else " " for sign in data.decode(charset, "replace"))


def news_of(lines: list[bytes], charset: Charset) -> str:
    """Return what a terminal wants shown, on one line, masked and bounded."""
    text = " ".join(text_of(line, charset).strip() for line in lines)
    return mask(text)[:NEWS_CHARS_MAX].strip()


class Papers:
    """Collects what is printed during one command, up to `SLIPS_MAX` papers; more is dropped."""

    def __init__(self, charset: Charset) -> None:
        self._charset = charset
        self._lines: list[str] = []
        self._chars = 0
        self._slips: list[Slip] = []

    def print_line(self, data: bytes) -> None:
        """Take one line; the last of a paper ends it."""
        if not data:
            return
        attribute = data[0]
        if attribute == _FEED:
            for _ in range(min(data[1] if len(data) > 1 else 1, FEEDS_MAX)):
                self._add("")
            return
        self._add(text_of(data[1:], self._charset))
        if attribute > _LAST:
            self._end(None)

    def print_block(self, data: bytes) -> None:
        """Take a block of lines, which is a paper or a piece of one; raise RemoteProtocolError."""
        for_customer = False
        ended = False
        for tag, value in bitmap.read(data).objects:
            if tag == tlv.TEXT_LINE:
                self._add(text_of(value, self._charset))
            elif tag == tlv.RECEIPT_TYPE:
                for_customer = value == _TO_CUSTOMER
            elif tag == tlv.END_OF_RECEIPT:
                ended = True
        if ended:
            self._end(for_customer=for_customer)

    def taken(self) -> tuple[Slip, ...]:
        """Return the papers, the one that was never ended among them, and start over."""
        self._end(None)
        slips, self._slips = tuple(self._slips), []
        return slips

    def _add(self, line: str) -> None:
        if self._chars < SLIP_CHARS_MAX:
            self._lines.append(line)
            self._chars += len(line) + 1

    def _end(self, for_customer: bool | None) -> None:
        text = mask("\n".join(self._lines))
        self._lines.clear()
        self._chars = 0
        if not text.strip() or len(self._slips) >= SLIPS_MAX:
            return
        if for_customer is None:
            for_customer = any(name in text.upper() for name in _NAMES_CUSTOMER)
        self._slips.append(Slip(text, for_customer))
