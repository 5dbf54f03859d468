"""Trade item numbers (GS1 General Specifications, 7.9) and the codes a shop prints itself.

A scanner may drop the leading zero of an EAN-13 that begins with 0 and send 12 digits; both
spellings name the same item. Codes that begin with 02 or 20 to 29 belong to the shop: what their
digits mean is set per prefix by a template such as `21IIIIIWWWWWC` (item, weight in grams, check
digit) or `02IIIIIPPPPPC` (item, price in cents, check digit).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pos.domain.errors import BadCode
from pos.domain.money import Cents, Thousandths

LENGTHS = frozenset((8, 12, 13, 14))
_TEMPLATE = re.compile(r"(?P<prefix>\d{2,3})(?P<item>I+)(?P<value>W+|P+)C\Z")
_TEMPLATE_DIGITS = 13
CODE_LENGTH_MAX = 40


def check_digit(digits: str) -> int:
    """The check digit that follows these digits: weights 3 and 1 from the right, modulo 10."""
    total = sum(int(digit) * (3 if i % 2 == 0 else 1) for i, digit in enumerate(reversed(digits)))
    return -total % 10


def is_gtin(code: str) -> bool:
    """Whether these are the digits of a GTIN-8, -12, -13 or -14 with a right check digit."""
    return (
        len(code) in LENGTHS
        and code.isascii()
        and code.isdigit()
        and check_digit(code[:-1]) == int(code[-1])
    )


def normalise(code: str) -> str:
    """The one spelling under which a code is stored and looked up.

    A 12-digit GTIN, and a 14-digit one of a single item, become the 13-digit one. Codes that are no
    GTIN (a shop's own short codes) stay as they are. BadCode for an empty or endless one.
    """
    code = code.strip()
    if not code or len(code) > CODE_LENGTH_MAX or not code.isprintable():
        raise BadCode(code=code[:CODE_LENGTH_MAX], reason="length")
    if not is_gtin(code):
        return code
    if len(code) == 12:
        return "0" + code
    if len(code) == 14 and code[0] == "0":
        return code[1:]
    return code


def looks_misread(code: str) -> bool:
    """Whether a scan has the length of a retail code but a wrong check digit."""
    return len(code) in {8, 13} and code.isascii() and code.isdigit() and not is_gtin(code)


@dataclass(frozen=True, slots=True)
class Template:
    """The layout of an in-store code: where the item stands, and its weight or price."""

    prefix: str
    item_digits: int
    value_digits: int
    is_price: bool

    @classmethod
    def parse(cls, text: str) -> Template:
        """Read `21IIIIIWWWWWC`: prefix, I item, W grams or P cents, C check; ValueError if not."""
        match = _TEMPLATE.match(text)
        if match is None or len(text) != _TEMPLATE_DIGITS:
            raise ValueError(f"{text!r}: expected 13 places such as 21IIIIIWWWWWC or 02IIIIIPPPPPC")
        value = match["value"]
        return cls(match["prefix"], len(match["item"]), len(value), value.startswith("P"))


@dataclass(frozen=True, slots=True)
class InStore:
    """What an in-store code says: the item's own code, and its quantity or its price."""

    item: str
    quantity: Thousandths | None
    price: Cents | None


def read_in_store(code: str, templates: Sequence[Template]) -> InStore | None:
    """Read a code by the templates of the shop; None when none of them is its.

    Raises BadCode when the check digit is wrong or the weight or price is zero.
    """
    for template in templates:
        if len(code) == _TEMPLATE_DIGITS and code.isdigit() and code.startswith(template.prefix):
            return _read(code, template)
    return None


def _read(code: str, template: Template) -> InStore:
    if not is_gtin(code):
        raise BadCode(code=code, reason="check_digit")
    start = len(template.prefix)
    item = code[start : start + template.item_digits]
    value = int(code[start + template.item_digits : -1])
    if value == 0:
        raise BadCode(code=code, reason="zero")
    if template.is_price:
        return InStore(item, None, value)
    return InStore(item, value, None)
