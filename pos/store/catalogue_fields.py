"""The values of a catalogue's columns: each reader gives its value or says what it expected."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from typing import Final

from pos.domain.catalogue import LABEL_LENGTH_MAX, Unit, fold
from pos.domain.errors import BadAmount, BadPercent
from pos.domain.gtin import CODE_LENGTH_MAX, LENGTHS, is_gtin, looks_misread, normalise
from pos.domain.money import BasisPoints, Cents, parse_amount, parse_percent
from pos.store.catalogue_problems import Reason

FAMILY_LENGTH_MAX: Final = 80
KEYS_MAX: Final = 999

# In force in mainland France, Corsica and the overseas departments (CGI 278 to 281 nonies and 294
# to 298), and none. A guard against slips of the keyboard: the catalogue alone decides.
FRENCH_RATES: Final[frozenset[BasisPoints]] = frozenset(
    (0, 90, 105, 175, 210, 550, 850, 1000, 1300, 2000)
)

# Signs with a meaning on the entry line (`3*code`, `code@price`) cannot be part of a code.
_CODE = re.compile(rf"[0-9A-Za-z._/+-]{{1,{CODE_LENGTH_MAX}}}\Z")
_UNITS: Final = {
    Unit.PIECE: " piece pieces pce pcs u unite unit each",
    Unit.KILOGRAM: "kg kilo kilogramme kilogram",
    Unit.LITRE: "l litre liter",
    Unit.METRE: "m metre meter",
}
_UNIT_NAMES: Final = {name: unit for unit, names in _UNITS.items() for name in names.split(" ")}
_SPACES: Final = frozenset("\t\n\v\f\r\x85\u2028\u2029")
_STRIPPED: Final = frozenset(("Cc", "Cf", "Co", "Cs"))


class BadValue(ValueError):
    """A value that its column does not take. Never leaves the import."""

    def __init__(self, reason: Reason, expected: str, number: int = 0) -> None:
        self.reason = reason
        self.expected = expected
        self.number = number
        super().__init__(expected)


def read_ean(text: str) -> str:
    """A GTIN of 8, 12, 13 or 14 digits in its one spelling."""
    digits = text.strip()
    if len(digits) not in LENGTHS or not (digits.isascii() and digits.isdigit()):
        raise BadValue(Reason.CODE_FORM, "8, 12, 13 or 14 digits")
    if not is_gtin(digits):
        raise BadValue(Reason.CHECK_DIGIT, "a code whose last digit checks the others")
    return normalise(digits)


def read_code(text: str) -> str:
    """A shop's own code, or a GTIN."""
    code = text.strip()
    if looks_misread(code):
        raise BadValue(Reason.CHECK_DIGIT, "a code whose last digit checks the others")
    if not _CODE.match(code):
        raise BadValue(Reason.CODE_FORM, f"1 to {CODE_LENGTH_MAX} letters, digits or . _ / + -")
    return normalise(code)


def read_codes(text: str) -> tuple[str, ...]:
    """Further codes, with spaces or | between them."""
    return tuple(dict.fromkeys(map(read_code, re.split(r"[\s|]+", text.strip()))))


def read_label(text: str) -> str:
    """A name, without control characters."""
    label = clean(text)
    if not label:
        raise BadValue(Reason.LABEL_MISSING, "a name")
    if len(label) > LABEL_LENGTH_MAX:
        expected = f"at most {LABEL_LENGTH_MAX} characters"
        raise BadValue(Reason.TOO_LONG, expected, LABEL_LENGTH_MAX)
    return label


def read_family(text: str) -> str:
    """A family of products, or none."""
    family = clean(text)
    if len(family) > FAMILY_LENGTH_MAX:
        expected = f"at most {FAMILY_LENGTH_MAX} characters"
        raise BadValue(Reason.TOO_LONG, expected, FAMILY_LENGTH_MAX)
    return family


def read_price(text: str) -> Cents:
    """A price, VAT included, with a decimal comma or point."""
    try:
        return parse_amount(text)
    except BadAmount:
        raise BadValue(Reason.PRICE, "a price in euros such as 1,99") from None


def read_rate(text: str, rates: Collection[BasisPoints]) -> BasisPoints:
    """A VAT rate in percent, one of those in force."""
    try:
        rate = parse_percent(text)
    except BadPercent:
        raise BadValue(Reason.RATE, "a VAT rate in percent such as 5,5") from None
    if rate not in rates:
        known = ", ".join(f"{rate / 100:g}" for rate in sorted(rates))
        raise BadValue(Reason.RATE, f"one of {known}")
    return rate


def read_unit(text: str) -> Unit:
    """What one of the product is; nothing means a piece."""
    unit = _UNIT_NAMES.get(fold(text.strip()))
    if unit is None:
        raise BadValue(Reason.UNIT, "piece, kg, l or m")
    return unit


def read_key(text: str) -> int:
    """The position of a quick key."""
    text = text.strip()
    if not re.fullmatch(r"[0-9]{1,3}", text) or not int(text):
        raise BadValue(Reason.KEY, f"a whole number from 1 to {KEYS_MAX}", KEYS_MAX)
    return int(text)


def clean(text: str) -> str:
    """Text without control and formatting characters; line breaks and tabs become spaces."""
    if text.isprintable():  # the usual case, a hundred thousand times
        return text.strip()
    spaced = "".join(" " if sign in _SPACES else sign for sign in text)
    return "".join(x for x in spaced if unicodedata.category(x) not in _STRIPPED).strip()


def has_controls(text: str) -> bool:
    """Whether there is something in a text that cleaning leaves out or makes a space."""
    inside = text.strip(" \u00a0")
    return any(x in _SPACES or unicodedata.category(x) in _STRIPPED for x in inside)
