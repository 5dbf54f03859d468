"""What a scanner's text says: its AIM identifier, its digits, and a keyboard layout gone wrong.

AIM identifiers (`]cm`: a letter for the symbology, a digit for the variant) follow
ISO/IEC 15424.  Only GS1 variants may be read as element strings: a plain EAN-13 such as
2112345012506 happens to be a valid one too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Symbology(StrEnum):
    """The kind of code that was scanned."""

    EAN_13 = "ean13"
    EAN_8 = "ean8"
    CODE_128 = "code128"
    GS1_128 = "gs1-128"
    GS1_DATABAR = "gs1-databar"
    DATAMATRIX = "datamatrix"
    GS1_DATAMATRIX = "gs1-datamatrix"
    QR = "qr"
    GS1_QR = "gs1-qr"
    CODE_39 = "code39"
    OTHER = "other"


_AIM: Final = {
    "E0": Symbology.EAN_13,
    "E3": Symbology.EAN_13,
    "E4": Symbology.EAN_8,
    "C0": Symbology.CODE_128,
    "C1": Symbology.GS1_128,
    "e0": Symbology.GS1_DATABAR,
    "d1": Symbology.DATAMATRIX,
    "d2": Symbology.GS1_DATAMATRIX,
    "Q0": Symbology.QR,
    "Q1": Symbology.QR,
    "Q3": Symbology.GS1_QR,
    "A0": Symbology.CODE_39,
}
_GS1: Final = frozenset(
    {Symbology.GS1_128, Symbology.GS1_DATABAR, Symbology.GS1_DATAMATRIX, Symbology.GS1_QR}
)
_AIM_PATTERN: Final = re.compile(r"\]([A-Za-z][0-9A-Za-z])")
_GTIN_LENGTHS: Final = (8, 12, 13, 14)
_UPC_A_LENGTH: Final = 12

# What a French keyboard gives for the keys that a scanner set to a US keyboard presses.
_US_KEYS: Final = "1234567890" + "aqwzm" + "AQWZM" + "-],.;/:_'"
_FRENCH: Final = "&é\"'(-è_çà" + "qazw," + "QAZW?" + ")$;:m!M°ù"
_UNGARBLED: Final = dict(zip(_FRENCH, _US_KEYS, strict=True))
# Letters in the same place on both, and what no layout changes.
_SAME: Final = frozenset("bcdefghijklnoprstuvxyBCDEFGHIJKLNOPRSTUVXY =+\x1d")
_SURE_SIGNS: Final = frozenset("&é\"'(èçà")
_CODE: Final = re.compile(r"(\][A-Za-z]\d)?[0-9A-Z \-./+\x1d]*")
_LINK_GARBLED: Final = "httpsM!!"
# Signs with which a cashier writes quantities, prices and discounts, and amounts with a point.
_TYPED_SIGNS: Final = frozenset("*,@%")
_TYPED_AMOUNT: Final = re.compile(r"[-.].*|[0-9]+\.[0-9]{0,3}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was scanned.  `garbled`: the scanner's keyboard layout is wrong and was undone."""

    text: str
    symbology: Symbology | None = None
    garbled: bool = False

    @property
    def is_gs1(self) -> bool:
        """Whether the text is made of GS1 element strings."""
        return self.symbology in _GS1


def read(raw: str) -> Reading:
    """Understand a scan; never fails: what is not recognised is the text itself."""
    plain = ungarbled(raw)
    text = raw if plain is None else plain
    symbology = None
    if (aim := _AIM_PATTERN.match(text)) is not None:
        symbology = _AIM.get(aim[1], Symbology.OTHER)
        text = text[aim.end() :]
    if symbology in (None, Symbology.EAN_13) and _is_upc_a(text):
        # The same bars: some scanners drop the leading zero of an EAN-13.
        text = f"0{text}"
    return Reading(text, symbology, garbled=plain is not None)


def ungarbled(raw: str) -> str | None:
    """Give what a US-layout scanner meant on a French keyboard; None if it is not garbled.

    Sure only where a French keyboard gives no digit at all but its unshifted signs, and where
    undoing it leaves a code: a real code with a dash stays as it is.
    """
    if any(char in "0123456789" for char in raw):
        return None
    if any(char not in _UNGARBLED and char not in _SAME for char in raw):
        return None
    if not _SURE_SIGNS.intersection(raw):
        return None
    plain = "".join(_UNGARBLED.get(char, char) for char in raw)
    if raw.startswith(_LINK_GARBLED) or _CODE.fullmatch(plain):
        return plain
    return None


def may_be_code(reading: Reading) -> bool:
    """Whether a scanner can have sent this, as opposed to a very quick hand.

    Sure for what names its symbology, is a link, or has a control character in it. A code has a
    digit, and nothing of what is written around codes at a till: `3*400`, `400@2,50`, `-10.50`.
    """
    text = reading.text
    if reading.symbology or reading.garbled or "://" in text or not text.isprintable():
        return True
    has_digit = any(char in "0123456789" for char in text)
    return has_digit and not _TYPED_SIGNS.intersection(text) and not _TYPED_AMOUNT.fullmatch(text)


def is_gtin_length(text: str) -> bool:
    """Whether these are as many ASCII digits as a GTIN has."""
    return len(text) in _GTIN_LENGTHS and text.isascii() and text.isdecimal()


def check_digit_holds(digits: str) -> bool:
    """Whether the last digit is the check digit of those before it (GS1 General Specifications)."""
    weighted = sum(
        int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits))
    )
    return weighted % 10 == 0


def _is_upc_a(text: str) -> bool:
    return len(text) == _UPC_A_LENGTH and is_gtin_length(text) and check_digit_holds(text)
