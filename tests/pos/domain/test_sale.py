from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pos.domain.catalogue import Product, Unit
from pos.domain.errors import (
    BadQuantity,
    DiscountTooMuch,
    LimitReached,
    PosError,
    SaleHasTenders,
    SaleIsEmpty,
    UnknownLine,
)
from pos.domain.money import AMOUNT_MAX, ONE, QUANTITY_MAX
from pos.domain.sale import (
    LINES_MAX,
    TENDERS_MAX,
    Discount,
    Line,
    LineKind,
    Sale,
    add_item,
    add_tender,
    discount_line,
    discount_sale,
    price,
    void_line,
)
from pos.domain.tender import CARD, CASH, take
from tests.pos.domain.baskets import (
    Act,
    baskets,
    changes,
    discounts,
    empty,
    items,
    paid,
    products,
    purchases,
)

APPLE = Product("1", "Pommes", 350, 550, Unit.KILOGRAM)
BREAD = Product("2", "Baguette", 110, 550)
SOAP = Product("3", "Savon", 399, 2000)


def sale_of(*items: Product) -> Sale:
    sale = empty
    for product in items:
        sale = add_item(sale, product)
    return sale


def test_a_line_takes_quantity_times_price() -> None:
    sale = add_item(add_item(empty, APPLE, 1250), BREAD, 3 * ONE)
    assert [(line.number, line.gross) for line in sale.lines] == [(1, 438), (2, 330)]
    assert price(sale).total.ttc == price(sale).due == 768


def test_the_price_printed_on_a_label_is_the_lines_total() -> None:
    sale = add_item(empty, APPLE, 333, printed_price=117)
    assert (sale.lines[0].gross, sale.lines[0].unit_price) == (117, 350)
    assert not sale.lines[0].overridden


def test_an_overridden_price_shows() -> None:
    sale = add_item(empty, BREAD, 2 * ONE, unit_price=100)
    assert sale.lines[0].overridden
    assert price(sale).total.ttc == 200


@pytest.mark.parametrize("quantity", [0, -ONE, 500, 1001, QUANTITY_MAX + ONE])
def test_pieces_are_whole_and_counted(quantity: int) -> None:
    with pytest.raises(BadQuantity):
        add_item(empty, BREAD, quantity)


@given(items(), items(LineKind.RETURN))
def test_a_return_is_the_mirror_of_its_sale(sell: Act, give_back: Act) -> None:
    line = sell(empty).lines[0]
    returned = add_item(
        empty,
        line.product,
        line.quantity,
        unit_price=line.unit_price,
        printed_price=line.gross,
        kind=LineKind.RETURN,
    )
    assert price(returned).total == -price(sell(empty)).total
    assert price(give_back(empty)).total.ttc <= 0


@given(baskets)
def test_a_line_number_is_never_used_twice(sale: Sale) -> None:
    numbers = [line.number for line in sale.lines]
    assert numbers == sorted(set(numbers))
    assert all(number < sale.next_line for number in numbers)
    grown = add_item(sale, BREAD)
    assert grown.lines[-1].number == sale.next_line


def test_a_voided_line_leaves_a_hole() -> None:
    sale = add_item(void_line(sale_of(BREAD, SOAP), 2), APPLE)
    assert [line.number for line in sale.lines] == [1, 3]
    with pytest.raises(UnknownLine):
        sale.line(2)
    with pytest.raises(UnknownLine):
        void_line(sale, 2)


@given(purchases, discounts)
def test_a_ticket_discount_is_shared_pro_rata(sale: Sale, discount: Discount) -> None:
    plain = replace(sale, discount=None)
    nets = [line.net for line in plain.lines]
    assume(discount.rate is not None or discount.of(10**9) <= sum(nets))
    reduced = price(replace(sale, discount=discount))
    taken = discount.of(sum(nets))
    assert reduced.total.ttc == sum(nets) - taken
    assert reduced.reduction == taken + sum(line.reduction for line in sale.lines)
    shares = [x.reduction - x.line.reduction for x in reduced.lines]
    assert sum(shares) == taken
    for share, net in zip(shares, nets, strict=True):
        assert taken * net // (sum(nets) or 1) <= share <= net


def test_the_odd_cent_of_a_discount_goes_to_the_largest_line() -> None:
    sale = discount_sale(sale_of(BREAD, SOAP, BREAD), Discount(amount=100))
    assert [line.reduction for line in price(sale).lines] == [17, 66, 17]


def test_a_line_discount_comes_before_the_tickets() -> None:
    sale = discount_line(sale_of(BREAD, SOAP), 2, Discount(rate=5000))
    sale = discount_sale(sale, Discount(rate=1000))
    assert [line.line.reduction for line in price(sale).lines] == [0, 200]
    assert price(sale).total.ttc == 110 + 199 - 31


def test_a_discount_stays_within_what_it_applies_to() -> None:
    sale = sale_of(BREAD, SOAP)
    with pytest.raises(DiscountTooMuch) as refusal:
        discount_line(sale, 1, Discount(amount=111))
    assert refusal.value.params == {"most": 110}
    with pytest.raises(DiscountTooMuch):
        discount_sale(sale, Discount(amount=510))
    assert price(discount_sale(sale, Discount(amount=509))).total.ttc == 0


def test_a_void_that_leaves_too_little_for_the_discount_is_refused() -> None:
    sale = discount_sale(sale_of(BREAD, SOAP), Discount(amount=400))
    with pytest.raises(DiscountTooMuch):
        void_line(sale, 2)


def test_goods_that_come_back_take_no_discount() -> None:
    sale = add_item(empty, BREAD, kind=LineKind.RETURN)
    with pytest.raises(DiscountTooMuch):
        discount_line(sale, 1, Discount(amount=1))
    assert price(discount_sale(sale, Discount(rate=1000))).total.ttc == -110


def test_an_empty_sale_takes_no_discount() -> None:
    with pytest.raises(SaleIsEmpty):
        discount_sale(empty, Discount(rate=1000))


@given(paid(), items() | changes)
def test_once_money_was_taken_the_lines_stay(sale: Sale, act: Act) -> None:
    if sale.tenders:
        with pytest.raises((SaleHasTenders, BadQuantity)):
            act(sale)


@given(baskets, items() | items(LineKind.RETURN) | changes)
def test_a_refused_act_changes_nothing_and_an_allowed_one_keeps_the_sums(
    sale: Sale, act: Act
) -> None:
    before = price(sale)
    try:
        after = act(sale)
    except PosError:
        after = sale
    assert price(sale) == before
    assert abs(price(after).total.ttc) <= AMOUNT_MAX


def test_lines_tenders_and_totals_have_limits() -> None:
    line = Line(1, LineKind.ITEM, BREAD, ONE, 110, 110)
    full = replace(empty, lines=(line,) * LINES_MAX)
    with pytest.raises(LimitReached) as refusal:
        add_item(full, BREAD)
    assert refusal.value.params == {"what": "lines", "limit": LINES_MAX}
    with pytest.raises(LimitReached) as refusal:
        add_item(empty, replace(BREAD, price=AMOUNT_MAX), 2 * ONE)
    assert refusal.value.params == {"what": "total", "limit": AMOUNT_MAX}
    sale = replace(sale_of(SOAP), tenders=(take(CASH, 399, 1),) * TENDERS_MAX)
    with pytest.raises(LimitReached):
        add_tender(sale, take(CARD, 1))


@given(products, st.integers(1, 9))
def test_what_is_paid_lowers_what_is_due(product: Product, part: int) -> None:
    sale = add_item(empty, replace(product, price=product.price + part), ONE)
    due = price(sale).due
    sale = add_tender(sale, take(CARD, due, part))
    assert (sale.paid, price(sale).due) == (part, due - part)
