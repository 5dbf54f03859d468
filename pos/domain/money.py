"""Money in whole cents, quantities in thousandths, rates in basis points; never a float.

Rounding is half up, mirrored for negative amounts, so that a refund is the exact mirror of a sale.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias

from pos.domain.errors import BadAmount, BadPercent, BadQuantity

Cents: TypeAlias = int
Thousandths: TypeAlias = int
BasisPoints: TypeAlias = int

ONE: Thousandths = 1000
HUNDRED_PERCENT: BasisPoints = 10_000
AMOUNT_MAX: Cents = 99_999_999
QUANTITY_MAX: Thousandths = 99_999_999

_AMOUNT = re.compile(r"(\d{1,6})(?:[.,](\d{1,2}))?\Z", re.ASCII)
_QUANTITY = re.compile(r"(\d{1,5})(?:[.,](\d{1,3}))?\Z", re.ASCII)
_PERCENT = re.compile(r"(\d{1,3})(?:[.,](\d{1,2}))?\Z", re.ASCII)


def round_half_up(numerator: int, denominator: int) -> int:
    """The quotient to the nearest integer, halves away from zero."""
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    magnitude = (2 * abs(numerator) + denominator) // (2 * denominator)
    return magnitude if numerator >= 0 else -magnitude


def times(price: Cents, quantity: Thousandths) -> Cents:
    """The amount of a quantity at a unit price."""
    return round_half_up(price * quantity, ONE)


def part(amount: Cents, rate: BasisPoints) -> Cents:
    """A percentage of an amount."""
    return round_half_up(amount * rate, HUNDRED_PERCENT)


def parse_amount(text: str) -> Cents:
    """Cents of `12`, `12,5`, `12,50` or `12.50`, with an optional euro sign; else BadAmount."""
    return _decimal(_AMOUNT, text.strip().removesuffix("€").strip(), 2, BadAmount)


def parse_quantity(text: str) -> Thousandths:
    """Thousandths of `3`, `0,350` or `0.350`; BadQuantity for anything else, and for zero."""
    quantity = _decimal(_QUANTITY, text.strip(), 3, BadQuantity)
    if quantity == 0:
        raise BadQuantity(text=text)
    return quantity


def parse_percent(text: str) -> BasisPoints:
    """Basis points of `10`, `5,5` or `5.5`, with an optional percent sign; else BadPercent."""
    rate = _decimal(_PERCENT, text.strip().removesuffix("%").strip(), 2, BadPercent)
    if rate > HUNDRED_PERCENT:
        raise BadPercent(text=text)
    return rate


def _decimal(
    pattern: re.Pattern[str],
    text: str,
    digits: int,
    error: type[BadAmount | BadQuantity | BadPercent],
) -> int:
    match = pattern.match(text)
    if match is None:
        raise error(text=text)
    whole, fraction = match.group(1), match.group(2) or ""
    return int(whole + fraction.ljust(digits, "0"))


def spread(total: int, weights: Sequence[int]) -> list[int]:
    """Share a total over weights in proportion, by largest remainder: the shares add up to it.

    Ties go to the earlier share. ValueError for a negative weight, or a total with no weight.
    """
    whole = sum(weights)
    if min(weights, default=0) < 0 or (whole == 0 and total):
        raise ValueError("nothing to share this total over")
    if whole == 0:
        return [0] * len(weights)
    shares = [total * weight // whole for weight in weights]
    left = total - sum(shares)
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for index in by_remainder[:left]:
        shares[index] += 1
    return shares


def spread_capped(total: Cents, amounts: Sequence[Cents]) -> list[Cents]:
    """Share a discount over amounts pro rata, the remainder to the largest.

    No share exceeds its amount: what does not fit goes to the next largest. Needs
    0 <= total <= sum(amounts) and no negative amount.
    """
    whole = sum(amounts)
    if not 0 <= total <= whole or min(amounts, default=0) < 0:
        raise ValueError("a discount exceeds what it is shared over")
    if whole == 0:
        return [0] * len(amounts)
    shares = [total * amount // whole for amount in amounts]
    left = total - sum(shares)
    for index in sorted(range(len(amounts)), key=lambda i: (-amounts[i], i)):
        extra = min(left, amounts[index] - shares[index])
        shares[index] += extra
        left -= extra
    return shares


def cumulative(stored: Cents, done: Thousandths, whole: Thousandths) -> Cents:
    """The part of a stored amount that belongs to the first `done` of `whole`.

    Differences of this function give partial refunds whose sum is the stored amount, whatever the
    steps.
    """
    return round_half_up(stored * done, whole)
