from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos.domain.sale import LineKind, Sale, price
from pos.domain.vat import Amounts, split, split_lines, total_by_rate
from tests.pos.domain.baskets import added, baskets, purchases, rates


@given(st.integers(-(10**8), 10**8), st.integers(0, 10_000))
def test_an_amount_is_split_by_the_formula_and_adds_up(ttc: int, rate: int) -> None:
    exact = Decimal(ttc) * 10_000 / (10_000 + rate)
    amounts = split(ttc, rate)
    assert amounts.ht == int(exact.to_integral_value(ROUND_HALF_UP))
    assert amounts.ht + amounts.vat == amounts.ttc == ttc
    assert split(-ttc, rate) == -amounts


@pytest.mark.parametrize(
    ("ttc", "rate", "ht"),
    [(1200, 2000, 1000), (1055, 550, 1000), (100, 550, 95), (1, 2000, 1), (3, 10_000, 2)],
)
def test_amounts_worked_out_by_hand(ttc: int, rate: int, ht: int) -> None:
    assert split(ttc, rate) == Amounts(ttc, ht, ttc - ht)


@given(st.lists(st.integers(0, 100_000), max_size=30), rates)
def test_lines_of_one_rate_add_up_to_the_split_of_their_sum(ttcs: list[int], rate: int) -> None:
    lines = split_lines(ttcs, rate)
    assert added(lines) == split(sum(ttcs), rate)
    for ttc, line in zip(ttcs, lines, strict=True):
        assert line.ttc == ttc == line.ht + line.vat
        assert 0 <= line.ht <= ttc
        assert abs(line.ht - ttc * 10_000 / (10_000 + rate)) < 1.5  # its share, and the rounding


@given(baskets)
def test_lines_rates_and_total_of_any_basket_agree_to_the_cent(sale: Sale) -> None:
    priced = price(sale)
    assert added([line.amounts for line in priced.lines]) == priced.total
    assert added([rate.amounts for rate in priced.rates]) == priced.total
    assert priced.total.ttc == priced.total.ht + priced.total.vat
    for rate in priced.rates:
        of_rate = [x.amounts for x in priced.lines if x.line.product.rate == rate.rate]
        assert added(of_rate) == rate.amounts
    assert [rate.rate for rate in priced.rates] == sorted({r.rate for r in priced.rates})[::-1]


@given(purchases)
def test_what_is_sold_follows_the_formula_once_per_rate(sale: Sale) -> None:
    for total in price(sale).rates:
        assert total.amounts == split(total.amounts.ttc, total.rate)


@given(baskets)
def test_a_line_costs_its_gross_less_its_reduction(sale: Sale) -> None:
    for line in price(sale).lines:
        assert line.amounts.ttc == line.line.gross - line.reduction
        assert line.reduction >= 0
        if line.line.kind is not LineKind.ITEM:
            assert line.reduction == 0
            assert line.amounts.ttc <= 0


def test_totals_come_highest_rate_first_and_skip_rates_without_lines() -> None:
    lines = [(550, Amounts(100, 95, 5)), (2000, Amounts(120, 100, 20)), (550, Amounts(1, 1, 0))]
    totals = total_by_rate(lines)
    assert [(x.rate, x.amounts.ttc) for x in totals] == [(2000, 120), (550, 101)]
