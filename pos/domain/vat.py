"""VAT on prices that include it.

For each rate, once, on the rate's total: `ht = round_half_up(ttc * 10000 / (10000 + rate))` and
`vat = ttc - ht`; then both are spread to the lines by largest remainder, so that the lines add up
to the rate and the rates to the ticket. Rates in force in France: CGI 278 to 281 and 296 to 297
(the shop's catalogue names the rate of each product; nothing here decides one).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pos.domain.money import HUNDRED_PERCENT, BasisPoints, Cents, round_half_up, spread


@dataclass(frozen=True, slots=True)
class Amounts:
    """An amount with and without VAT: ttc = ht + vat."""

    ttc: Cents = 0
    ht: Cents = 0
    vat: Cents = 0

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(self.ttc + other.ttc, self.ht + other.ht, self.vat + other.vat)

    def __sub__(self, other: Amounts) -> Amounts:
        return Amounts(self.ttc - other.ttc, self.ht - other.ht, self.vat - other.vat)

    def __neg__(self) -> Amounts:
        return Amounts(-self.ttc, -self.ht, -self.vat)


ZERO = Amounts()


@dataclass(frozen=True, slots=True)
class RateTotal:
    """What was sold at one rate."""

    rate: BasisPoints
    amounts: Amounts


def split(ttc: Cents, rate: BasisPoints) -> Amounts:
    """An amount of one rate, taken apart."""
    ht = round_half_up(ttc * HUNDRED_PERCENT, HUNDRED_PERCENT + rate)
    return Amounts(ttc, ht, ttc - ht)


def split_lines(ttcs: Sequence[Cents], rate: BasisPoints) -> list[Amounts]:
    """Sold lines of one rate, taken apart so that they add up to `split` of their sum."""
    hts = spread(split(sum(ttcs), rate).ht, ttcs)
    return [Amounts(ttc, ht, ttc - ht) for ttc, ht in zip(ttcs, hts, strict=True)]


def total_by_rate(lines: Iterable[tuple[BasisPoints, Amounts]]) -> tuple[RateTotal, ...]:
    """Totals per rate, highest rate first."""
    totals: dict[BasisPoints, Amounts] = {}
    for rate, amounts in lines:
        totals[rate] = totals.get(rate, ZERO) + amounts
    return tuple(RateTotal(rate, totals[rate]) for rate in sorted(totals, reverse=True))
