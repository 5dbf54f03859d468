"""Base32 as tokens carry it: RFC 4648 6, upper case, no padding; QR's alphanumeric mode takes it.

Decoding is strict: one byte string has one text. A keyboard-wedge scanner that was set up for a US
keyboard types garbled text on a French one; `tidy` undoes that.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

from sync.contract.errors import Malformed

_PADDING_OF: Final = {0: "", 2: "======", 4: "====", 5: "===", 7: "="}
# The keys of a US keyboard, pressed on a French one (AZERTY), for the letters and digits that a
# token is made of. The letters come shifted or, under caps lock, unshifted; so do the digits.
_FRENCH: Final = {
    "A": "Q", "Q": "A", "Z": "W", "W": "Z", "?": "M",
    ",": "M", "&": "1", "é": "2", "É": "2", '"': "3", "'": "4", "(": "5", "-": "6", "è": "7",
    "È": "7", "_": "8", "ç": "9", "Ç": "9", "à": "0", "À": "0",
}  # fmt: skip
_DIGITS: Final = frozenset("23456789")


def encode(raw: bytes) -> str:
    """Bytes as text."""
    return base64.b32encode(raw).decode("ascii").rstrip("=")


def decode(text: str) -> bytes:
    """The bytes of a text; Malformed when it is another spelling, or none at all."""
    padding = _PADDING_OF.get(len(text) % 8)
    if padding is None:
        raise Malformed(f"no base32 text has {len(text)} characters")
    try:
        raw = base64.b32decode(text + padding)
    except (binascii.Error, ValueError) as error:
        raise Malformed("expected base32: A to Z and 2 to 7") from error
    if encode(raw) != text:
        raise Malformed("the same bytes have another base32 spelling")
    return raw


def tidy(text: str, prefix: str) -> str:
    """A token as it was made: upper case, without what scanning and typing add, ungarbled.

    A prefix such as "B1" tells whether a French keyboard garbled it: only then is 1 an "&".
    """
    plain = "".join(text.split())
    if plain[: len(prefix)].upper() != prefix and _ungarbled(plain[: len(prefix)]) == prefix:
        return _ungarbled(plain)
    return plain.upper()


def _ungarbled(text: str) -> str:
    return "".join(_FRENCH.get(c, _FRENCH.get(c.upper(), c.upper())) for c in text)
