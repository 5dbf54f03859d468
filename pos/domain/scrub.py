"""Take out of a text what could be a card number: of each log line, of whatever a person types."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

MASK: Final = "[card number]"
# PCI DSS 4.0.1, 3.4.1: 13 to 19 digits that pass the Luhn check, however they are grouped and
# whatever digits stand before or after them.
DIGITS_MIN: Final = 13
DIGITS_MAX: Final = 19
_RUN: Final = re.compile(r"\d(?:[\s.,:;/_\u2010-\u2015-]{0,3}\d)+")
# What is written after a number: its expiry, its security code, what is left of either.
_AFTER: Final = re.compile(r"\d+|[\s.,:;/_-]{0,3}(?:\d{2}\s?[/-]\s?(?:\d{4}|\d{2})|\d{3,4})(?!\d)")


def scrub(text: str) -> str:
    """The text without anything that could be a card number, and what is written after one.

    Where a run of digits holds several that pass, all of them go: which is the number is not known.
    """
    kept, done = [], 0
    for start, end in _numbers(text):
        after = _AFTER.match(text, end)
        kept += [text[done:start], MASK]
        done = after.end() if after else end
    return "".join([*kept, text[done:]])


def _numbers(text: str) -> Iterator[tuple[int, int]]:
    """The places where card numbers may stand, each as far as such numbers overlap."""
    for run in _RUN.finditer(text):
        places = [run.start() + n for n, sign in enumerate(run[0]) if sign.isdecimal()]
        start = end = -1
        for first in range(len(places) - DIGITS_MIN + 1):
            length = _passing(text, places[first : first + DIGITS_MAX])
            if not length:
                continue
            last = places[first + length - 1] + 1
            if places[first] >= end > 0:
                yield start, end
                start = places[first]
            start, end = (places[first] if start < 0 else start), max(end, last)
        if end > 0:
            yield start, end


def _passing(text: str, places: list[int]) -> int:
    """How many of these digits, from the first, make a card number at most; 0 for none."""
    for length in range(len(places), DIGITS_MIN - 1, -1):
        if _luhn("".join(text[place] for place in places[:length])):
            return length
    return 0


def last_four(text: str | None) -> str:
    """The text if it is the four last digits of a card and no more, else nothing."""
    short = (text or "").strip()
    return short if len(short) == 4 and short.isascii() and short.isdigit() else ""


def _luhn(text: str) -> bool:
    digits = [int(sign) for sign in text]
    doubled = [2 * d - 9 * (d > 4) if i % 2 else d for i, d in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0
