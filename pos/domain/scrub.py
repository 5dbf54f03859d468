"""Take out of a text what could be a card number: of each log line, of whatever a person types."""

from __future__ import annotations

import re
from typing import Final

MASK: Final = "[card number]"
# PCI DSS 4.0.1, 3.4.1: runs of 13 to 19 digits, however they are grouped, that pass the Luhn check.
_CARD_LIKE = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")


def scrub(text: str) -> str:
    """The text without anything that could be a card number."""
    return _CARD_LIKE.sub(lambda found: MASK if _luhn(found[0]) else found[0], text)


def last_four(text: str | None) -> str:
    """The text if it is the four last digits of a card and no more, else nothing."""
    short = (text or "").strip()
    return short if len(short) == 4 and short.isascii() and short.isdigit() else ""


def _luhn(text: str) -> bool:
    digits = [int(sign) for sign in text if sign.isdigit()]
    doubled = [2 * d - 9 * (d > 4) if i % 2 else d for i, d in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0
