"""What may be kept of a terminal's own text: everything but what could be a card.

Slips and free texts are written by the terminal's maker, and some print more than they should. So
whatever has the shape of a card number, of a magnetic track, of an expiry date or of a security
code loses its digits, whether or not it is one: a reference too many is the price. The text keeps
its length and its lines, and masking twice changes nothing.
"""

from __future__ import annotations

import re
from typing import Final

from drivers.card.interface import SLIP_CHARS_MAX

CARD_DIGITS_MIN: Final = 12
CARD_DIGITS_MAX: Final = 19
LAST_DIGITS: Final = 4
# A number that begins before the limit is still seen whole.
OVERLAP_CHARS: Final = 512

# Between two digits of one number: a blank, a dash, a dot, or the end of a line with its margins.
_BETWEEN: Final = r"(?:[ \t]{0,40}\r?\n[ \t]{0,40}|[ \t\u00a0.-])?"
_NUMBER: Final = re.compile(rf"[0-9](?:{_BETWEEN}[0-9]){{{CARD_DIGITS_MIN - 1},}}")
# A number that was masked before, perhaps not enough.
_PARTLY_MASKED: Final = re.compile(
    rf"(?<![\w*#])(?=[\d*#xX]{{{CARD_DIGITS_MIN},{CARD_DIGITS_MAX}}}(?![\w*#]))\d+[*#xX]+\d*"
)
# What follows the number on a track: after = or D on the second, after ^ on the first.
_TRACK_TAIL: Final = re.compile(r"(?<=[\d*#xX]{4})[=Dd]\d{3,}|(?<=[\d*#xX]{4})[ ]?\^[^\n?]*")
# A whole track between its sentinels.
_TRACK: Final = re.compile(r"(?<=[%;+])[A-Za-z]?\d[^\n?]{7,}(?=\?)")

_GAP: Final = r"[\s:.=\-]{0,12}"
_EXPIRY_LABEL: Final = (
    r"(?:exp(?:\.|ir\w*)?|fin(?:\s+(?:de\s+)?val\w*)?|val(?:id\w*|able)?|jusqu.?\s?(?:au?|en|a|à)"
    r"|thru|until|g[üu]ltig\s+bis|verfall\w*)"
)
_EXPIRY: Final = re.compile(
    rf"(?<![^\W_])(?:{_EXPIRY_LABEL}{_GAP}(?:(?:date|carte|card|au|le|fin|thru|until|bis){_GAP}){{0,2}})"
    r"(\d{2}[ ]?[/.\- ]?[ ]?\d{2}(?:[/.\-]?\d{2}(?:\d{2})?)?)(?!\d)",
    re.IGNORECASE,
)
_CODE: Final = re.compile(
    rf"(?<![^\W_])(?:cvv|cvc|cvn|cav|cid|csc|cryptogramme(?:\s+visuel)?|pin|code\s+(?:pin|secret))"
    rf"2?{_GAP}(\d{{3,12}})(?![^\W_])",
    re.IGNORECASE,
)


def mask(text: str) -> str:
    """Return the text with asterisks for all that could be card data; the rest is untouched.

    A run of 12 to 19 digits keeps its last four, a longer one nothing: it may be two numbers in a
    row. At most SLIP_CHARS_MAX characters come back.
    """
    text = text[: SLIP_CHARS_MAX + OVERLAP_CHARS]
    text = _TRACK.sub(lambda track: _starred(track.group()), text)
    text = _TRACK_TAIL.sub(lambda tail: _starred(tail.group(), r"[^\s=^]"), text)
    for labelled in (_EXPIRY, _CODE):
        text = labelled.sub(_star_value, text)
    text = _NUMBER.sub(lambda number: _shortened(number.group()), text)
    text = _PARTLY_MASKED.sub(lambda number: _shortened(number.group()), text)
    return text[:SLIP_CHARS_MAX]


def _starred(text: str, what: str = r"\S") -> str:
    return re.sub(what, "*", text)


def _star_value(found: re.Match[str]) -> str:
    whole, value = found.group(0), found.group(1)
    return whole[: -len(value)] + _starred(value, r"\d")


def _shortened(number: str) -> str:
    """Star every digit but the last four, and every one of a run too long for one card."""
    signs = sum(character.isalnum() or character in "*#" for character in number)
    keep = LAST_DIGITS if signs <= CARD_DIGITS_MAX else 0
    shown: list[str] = []
    for character in number:
        is_sign = character.isalnum() or character in "*#"
        shown.append("*" if is_sign and signs > keep else character)
        signs -= is_sign
    return "".join(shown)
