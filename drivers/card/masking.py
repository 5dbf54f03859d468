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
CARD_DIGITS_USUAL: Final = 16
LAST_DIGITS: Final = 4
# A number that begins before the limit is still seen whole.
OVERLAP_CHARS: Final = 512

# Between two digits of one number: up to three blanks, dashes and the like, or the end of a line
# with its margins.
_SEPARATOR: Final = r"[ \t\u00a0\u2000-\u200b\u202f\u205f\u3000.,:/_\\|\u00b7\u2010-\u2015\u2212-]"
_LINE_END: Final = rf"{_SEPARATOR}{{0,40}}\r?\n{_SEPARATOR}{{0,40}}"
_BETWEEN: Final = rf"(?:{_LINE_END}|{_SEPARATOR}{{1,3}})?"
# A date with a time has as many digits as a card number: this alone may stand, and parts numbers.
_DAY: Final = r"(?:0[1-9]|[12][0-9]|3[01])"
_MONTH: Final = r"(?:0[1-9]|1[0-2])"
_MOMENT: Final = (
    rf"(?<![0-9])(?:{_DAY}[/.-]{_MONTH}[/.-](?:20)?[0-9]{{2}}|20[0-9]{{2}}-{_MONTH}-{_DAY})"
    r"[ ]{1,3}(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?(?!:?[0-9])"
)
_NUMBER: Final = re.compile(
    rf"(?P<moment>{_MOMENT})|[0-9](?:{_BETWEEN}(?!{_MOMENT})[0-9]){{{CARD_DIGITS_MIN - 1},}}"
)
# What ends a run of digits and may be the expiry or the code behind a number.
_CODE_AT_END: Final = re.compile(
    rf"{_SEPARATOR}(?:[0-9]{{3}}|[0-9]{{2}}{_SEPARATOR}{{1,3}}[0-9]{{2}})\Z"
    rf"|(?<=[0-9]{{{CARD_DIGITS_MIN}}}){_SEPARATOR}{{1,3}}[0-9]{{4}}\Z"
)
_GROUP_AT_END: Final = re.compile(r"[^0-9](?:[0-9]{3,4}|[0-9]{2}[^0-9]{1,3}[0-9]{2})\Z")
# A number that was masked before, perhaps not enough.
_PARTLY_MASKED: Final = re.compile(
    rf"(?<![\w*#])(?=[\d*#xX]{{{CARD_DIGITS_MIN},{CARD_DIGITS_MAX}}}(?![\w*#]))\d+[*#xX]+\d*"
)
# Behind a masked number: an expiry or a code on its line, or an expiry on the next.
_EXPIRY_SHAPE: Final = rf"(?:{_MONTH}[/.-][0-9]{{2}}(?:[0-9]{{2}})?|[0-9]{{2}}[/.-]{_MONTH})"
_ALONE: Final = r"(?![\w*#]|[/.,:-][0-9])"
_BEHIND: Final = re.compile(
    rf"(?:[*#xX]{_BETWEEN}){{8,24}}(?P<last>[0-9]{{{LAST_DIGITS}}}(?![0-9]))?"
    rf"(?P<tail>{_LINE_END}{_EXPIRY_SHAPE}{_ALONE}"
    rf"|{_SEPARATOR}{{1,40}}(?:{_EXPIRY_SHAPE}|[0-9]{{3}}|(?(last)[0-9]{{4}}|(?!))){_ALONE}"
    rf"(?:{_SEPARATOR}{{1,40}}(?:{_EXPIRY_SHAPE}|[0-9]{{3,4}}){_ALONE})*)"
)
# What follows the number on a track: after = or D on the second, after ^ on the first.
_TRACK_TAIL: Final = re.compile(
    r"(?<=[\d*#xX]{4})(?:(?:[=Dd]\d{3,})+(?:[ ]?\^[^\n?]*)?|[ ]?\^[^\n?]*)"
)
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
    row. Nor does one whose end may be an expiry or a code. At most SLIP_CHARS_MAX characters come
    back.
    """
    text = text[: SLIP_CHARS_MAX + OVERLAP_CHARS]
    # What was masked may show what stands beside it for what it is. Each pass only adds asterisks,
    # so that there is a last one.
    while (masked := _masked_once(text)) != text:
        text = masked
    return text[:SLIP_CHARS_MAX]


def _masked_once(text: str) -> str:
    text = _TRACK.sub(lambda track: _starred(track.group()), text)
    text = _TRACK_TAIL.sub(lambda tail: _starred(tail.group(), r"[^\s=^]"), text)
    for labelled in (_EXPIRY, _CODE):
        text = labelled.sub(_star_value, text)
    text = _NUMBER.sub(_shorten_number, text)
    text = _PARTLY_MASKED.sub(lambda number: _shortened(number.group()), text)
    return _BEHIND.sub(_star_tail, text)


def _starred(text: str, what: str = r"\S") -> str:
    return re.sub(what, "*", text)


def _star_value(found: re.Match[str]) -> str:
    whole, value = found.group(0), found.group(1)
    return whole[: -len(value)] + _starred(value, r"\d")


def _star_tail(found: re.Match[str]) -> str:
    whole, tail = found.group(0), found.group("tail")
    return whole[: -len(tail)] + _starred(tail, r"[0-9]")


def _shorten_number(found: re.Match[str]) -> str:
    return found.group() if found["moment"] else _shortened(found.group())


def _shortened(number: str) -> str:
    """Star every digit but the last four, and all where those may be more than a number's."""
    signs = sum(_is_sign(character) for character in number)
    keep = 0 if _has_more(number, signs) else LAST_DIGITS
    shown: list[str] = []
    for character in number:
        is_sign = _is_sign(character)
        shown.append("*" if is_sign and signs > keep else character)
        signs -= is_sign
    return "".join(shown)


def _is_sign(character: str) -> bool:
    return character.isalnum() or character in "*#"


def _has_more(number: str, signs: int) -> bool:
    """Tell whether a run may be two numbers in a row, or end in an expiry or a code."""
    if signs > CARD_DIGITS_MAX or _CODE_AT_END.search(number):
        return True
    return signs > CARD_DIGITS_USUAL and _GROUP_AT_END.search(number) is not None
