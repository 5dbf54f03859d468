from __future__ import annotations

from contextlib import suppress
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos.domain import money
from pos.domain.errors import BadAmount, BadPercent, BadQuantity

weights = st.lists(st.integers(0, 1_000_000), max_size=40)
numbers = st.integers(-(10**15), 10**15)
divisors = st.integers(-(10**6), 10**6).filter(bool)


@given(numbers, divisors)
def test_halves_round_away_from_zero(numerator: int, denominator: int) -> None:
    exact = Fraction(numerator, denominator)
    rounded = money.round_half_up(numerator, denominator)
    assert abs(rounded - exact) <= Fraction(1, 2)
    assert rounded == -money.round_half_up(-numerator, denominator)
    if abs(rounded - exact) == Fraction(1, 2):
        assert abs(rounded) > abs(exact)


@given(st.integers(0, 99_999), st.integers(1, 99_999))
def test_a_quantity_at_a_price_is_what_a_pocket_calculator_rounds(price: int, grams: int) -> None:
    exact = Decimal(price) * Decimal(grams) / 1000
    assert money.times(price, grams) == int(exact.to_integral_value(ROUND_HALF_UP))
    assert money.times(price, -grams) == -money.times(price, grams)


@given(st.integers(0, money.AMOUNT_MAX))
def test_an_amount_is_read_back_with_either_separator(cents: int) -> None:
    for separator in ",.":
        text = f"{cents // 100}{separator}{cents % 100:02d}"
        assert money.parse_amount(text) == money.parse_amount(f" {text} €") == cents


@given(st.integers(1, money.QUANTITY_MAX))
def test_a_quantity_is_read_back_to_the_thousandth(quantity: int) -> None:
    assert money.parse_quantity(f"{quantity // 1000},{quantity % 1000:03d}") == quantity


@pytest.mark.parametrize(
    ("text", "cents"), [("12", 1200), ("12,5", 1250), ("12.50", 1250), ("0,05€", 5), ("0", 0)]
)
def test_amounts_as_people_type_them(text: str, cents: int) -> None:
    assert money.parse_amount(text) == cents


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "-1",
        "+1",
        "1,234",
        "1 000",
        ",5",
        "5,",
        "1e3",
        "1_0",
        "١",
        "1234567",
        "5€€",
        "1\n2",
    ],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(BadAmount):
        money.parse_amount(text)


@pytest.mark.parametrize("text", ["", "0", "0,000", "1,2345", "-1", "123456", "²", "1/2"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(BadQuantity):
        money.parse_quantity(text)


@pytest.mark.parametrize(("text", "rate"), [("5,5", 550), ("20 %", 2000), ("100", 10_000)])
def test_percentages_as_people_type_them(text: str, rate: int) -> None:
    assert money.parse_percent(text) == rate


@pytest.mark.parametrize("text", ["", "100,01", "-5", "5,555", "%", "1000"])
def test_what_is_no_percentage_is_refused(text: str) -> None:
    with pytest.raises(BadPercent):
        money.parse_percent(text)


@given(st.text(max_size=12))
def test_reading_money_never_raises_anything_else(text: str) -> None:
    for parse, error in (
        (money.parse_amount, BadAmount),
        (money.parse_quantity, BadQuantity),
        (money.parse_percent, BadPercent),
    ):
        with suppress(error):
            assert parse(text) >= 0


@given(numbers, weights.filter(any))
def test_shares_add_up_and_miss_their_exact_part_by_less_than_a_cent(
    total: int, over: list[int]
) -> None:
    shares = money.spread(total, over)
    assert sum(shares) == total
    for share, weight in zip(shares, over, strict=True):
        assert abs(share - Fraction(total * weight, sum(over))) < 1


@given(st.integers(0, 10**9), st.lists(st.integers(0, 9), min_size=1, max_size=9).filter(any))
def test_the_largest_remainders_get_the_odd_cents_and_ties_go_to_the_first(
    total: int, over: list[int]
) -> None:
    exact = [Fraction(total * weight, sum(over)) for weight in over]
    odd = total - sum(int(part) for part in exact)
    order = sorted(range(len(over)), key=lambda i: (int(exact[i]) - exact[i], i))
    expected = [int(part) + (i in order[:odd]) for i, part in enumerate(exact)]
    assert money.spread(total, over) == expected


def test_nothing_spreads_over_nothing() -> None:
    assert money.spread(0, []) == []
    assert money.spread(0, [0, 0]) == [0, 0]


@pytest.mark.parametrize(("total", "over"), [(1, []), (1, [0]), (0, [-1]), (5, [6, -1])])
def test_a_total_needs_something_to_spread_over(total: int, over: list[int]) -> None:
    with pytest.raises(ValueError, match="nothing to share"):
        money.spread(total, over)


@given(weights, st.data())
def test_a_shared_discount_adds_up_and_never_exceeds_a_line(
    amounts: list[int], data: st.DataObject
) -> None:
    total = data.draw(st.integers(0, sum(amounts)))
    shares = money.spread_capped(total, amounts)
    assert sum(shares) == total
    assert all(0 <= share <= amount for share, amount in zip(shares, amounts, strict=True))


@given(weights.filter(any), st.data())
def test_the_remainder_of_a_discount_goes_to_the_largest_line(
    amounts: list[int], data: st.DataObject
) -> None:
    total = data.draw(st.integers(0, sum(amounts)))
    shares = money.spread_capped(total, amounts)
    floors = [total * amount // sum(amounts) for amount in amounts]
    largest = amounts.index(max(amounts))
    if shares[largest] < amounts[largest]:
        del shares[largest], floors[largest]
        assert shares == floors


def test_a_discount_that_fills_the_largest_line_goes_on_to_the_next() -> None:
    assert money.spread_capped(5, [2, 2, 2]) == [2, 2, 1]
    assert money.spread_capped(6, [2, 2, 2]) == [2, 2, 2]
    assert money.spread_capped(0, []) == []


@pytest.mark.parametrize(("total", "amounts"), [(1, []), (-1, [5]), (6, [5]), (1, [3, -1])])
def test_a_discount_stays_within_its_lines(total: int, amounts: list[int]) -> None:
    with pytest.raises(ValueError, match="discount exceeds"):
        money.spread_capped(total, amounts)


@given(
    st.integers(-(10**8), 10**8),
    st.lists(st.integers(1, 5_000), min_size=1, max_size=12),
)
def test_parts_taken_in_any_steps_add_up_to_the_whole(stored: int, steps: list[int]) -> None:
    whole, done, taken = sum(steps), 0, 0
    for quantity in steps:
        part = money.cumulative(stored, done + quantity, whole) - money.cumulative(
            stored, done, whole
        )
        assert abs(part - Fraction(stored * quantity, whole)) <= 1
        done, taken = done + quantity, taken + part
    assert taken == stored
