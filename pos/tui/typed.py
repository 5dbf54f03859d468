"""What the entry line says. One line takes everything.

4006381333931        a code                     3*4006381333931   three of it
0,350*BANANE1        a weight of it             4006381333931@2,50  at another price
pain com             letters: search            3*pain            search, then three of it
.4                   quick key 4                -10%  or  -2,00   a discount
20                   a code, or an amount when a tender's key follows
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from pos.domain.errors import BadAmount, BadCommand, PosError
from pos.domain.money import (
    Cents,
    Thousandths,
    parse_amount,
    parse_percent,
    parse_quantity,
)
from pos.domain.sale import Discount

_ITEM = re.compile(r"(?:(?P<quantity>[^*@]*)\*)?(?P<what>[^*@]*)(?:@(?P<price>[^*@]*))?\Z")


@dataclass(frozen=True, slots=True)
class Item:
    """Something to ring up by its code."""

    code: str
    quantity: Thousandths | None = None
    unit_price: Cents | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """Letters to search the catalogue for."""

    text: str
    quantity: Thousandths | None = None
    unit_price: Cents | None = None


@dataclass(frozen=True, slots=True)
class Quick:
    """A quick key, by its number."""

    position: int
    quantity: Thousandths | None = None


@dataclass(frozen=True, slots=True)
class Reduce:
    """A discount for the chosen line, or for the ticket."""

    discount: Discount


Typed: TypeAlias = Item | Search | Quick | Reduce


def read(text: str) -> Typed | None:
    """What a text means; None for an empty one. BadInput with what was expected."""
    text = text.strip()
    if not text:
        return None
    if text.startswith("-"):
        return Reduce(read_discount(text[1:]))
    match = _ITEM.match(text)
    if match is None or not match["what"].strip():
        raise BadCommand(text=text)
    what = match["what"].strip()
    quantity = parse_quantity(match["quantity"]) if match["quantity"] is not None else None
    price = parse_amount(match["price"]) if match["price"] is not None else None
    if what.startswith(".") and what[1:].isascii() and what[1:].isdigit():
        return Quick(int(what[1:]), quantity)
    if any(sign.isalpha() for sign in what):
        return Search(what, quantity, price)
    return Item(what, quantity, price)


def read_discount(text: str) -> Discount:
    """A discount of `10%` or `2,00`; BadPercent or BadAmount."""
    text = text.strip()
    if text.endswith("%"):
        return Discount(rate=parse_percent(text))
    return Discount(amount=parse_amount(text))


def read_amount(text: str) -> Cents | None:
    """What was typed before a tender's key: whole euros without a separator; None for nothing."""
    return parse_amount(text) if text.strip() else None


def sought(text: str) -> Search | None:
    """The search that a text being typed asks for, if it is one already."""
    try:
        typed = read(text)
    except PosError:
        return None
    return typed if isinstance(typed, Search) else None


def amount_of(text: str) -> Cents | None:
    """The amount that a text being typed could be, if it could."""
    try:
        return read_amount(text)
    except BadAmount:
        return None
