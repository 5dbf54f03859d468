from __future__ import annotations

import pytest

from pos.app import cancel_sale, change_sale, close_session, take_payment
from pos.app.views import show
from pos.domain.errors import (
    CardBusy,
    DiscountTooMuch,
    SaleHasTenders,
    SaleIsEmpty,
    SaleIsPaidInPart,
    UnknownLine,
)
from pos.domain.events import EventCode
from pos.domain.payment import State
from pos.domain.sale import Discount
from tests.pos.fakes import BREAD, WINE, Counter


def test_a_voided_line_leaves_its_trace_and_its_number_is_not_used_again(counter: Counter) -> None:
    counter.ring(BREAD, WINE)
    change_sale.void_line(counter.desk, 1).wait()
    counter.ring(BREAD)
    assert [x.number for x in show(counter.desk).sale.lines] == [2, 3]
    assert counter.desk.sale is not None
    assert counter.events(EventCode.LINE_VOIDED) == [
        {
            "sale": counter.desk.sale.id,
            "line": 1,
            "code": BREAD,
            "label": "Pain de campagne",
            "quantity": 1000,
            "amount": 345,
            "training": False,
        }
    ]
    counter.restart()
    assert [x.number for x in show(counter.desk).sale.lines] == [2, 3]


def test_a_line_that_is_not_there_cannot_be_voided(counter: Counter) -> None:
    with pytest.raises(SaleIsEmpty):
        change_sale.void_line(counter.desk, 1)
    counter.ring(BREAD)
    before = counter.on_disk
    with pytest.raises(UnknownLine):
        change_sale.void_line(counter.desk, 2)
    assert counter.on_disk == before


@pytest.mark.parametrize(
    ("discount", "line", "total", "off"),
    [
        (Discount(rate=1000), None, 1120, 124),
        (Discount(amount=200), None, 1044, 200),
        (Discount(rate=5000), 2, 794, 450),
        (Discount(amount=345), 1, 899, 345),
    ],
)
def test_a_discount_reduces_and_leaves_its_trace(
    counter: Counter, discount: Discount, line: int | None, total: int, off: int
) -> None:
    counter.ring(BREAD, WINE)
    change_sale.give_discount(counter.desk, discount, line).wait()
    view = show(counter.desk).sale
    assert (view.total, view.reduction) == (total, off)
    (trace,) = counter.events(EventCode.DISCOUNTED)
    assert (trace["line"], trace["rate"], trace["amount"]) == (line, discount.rate, off)


def test_a_second_discount_takes_the_place_of_the_first_and_says_by_how_much(
    counter: Counter,
) -> None:
    counter.ring(WINE)
    change_sale.give_discount(counter.desk, Discount(amount=300)).wait()
    change_sale.give_discount(counter.desk, Discount(amount=100)).wait()
    assert show(counter.desk).sale.reduction == 100
    assert [x["amount"] for x in counter.events(EventCode.DISCOUNTED)] == [300, -200]


def test_more_than_the_price_is_no_discount(counter: Counter) -> None:
    counter.ring(BREAD)
    before = counter.on_disk
    for line in (None, 1):
        with pytest.raises(DiscountTooMuch):
            change_sale.give_discount(counter.desk, Discount(amount=346), line)
    assert counter.on_disk == before


def test_a_discount_does_not_outlive_the_lines_it_was_given_on(counter: Counter) -> None:
    counter.ring(WINE)
    change_sale.give_discount(counter.desk, Discount(rate=5000)).wait()
    change_sale.void_line(counter.desk, 1).wait()
    counter.ring(WINE)
    assert show(counter.desk).sale.total == 899


def test_once_a_tender_is_taken_the_lines_stay(counter: Counter) -> None:
    counter.ring(BREAD, WINE)
    take_payment.take_tender(counter.desk, "cash", 100).wait()
    before = counter.on_disk
    for act in (
        lambda: change_sale.void_line(counter.desk, 1),
        lambda: change_sale.give_discount(counter.desk, Discount(rate=100)),
        lambda: counter.ring(BREAD),
    ):
        with pytest.raises(SaleHasTenders):
            act()
    assert counter.on_disk == before


def test_while_a_card_is_asked_the_lines_stay(counter: Counter) -> None:
    from pos.app import pay_by_card

    counter.ring(BREAD)
    pay_by_card.begin(counter.desk).wait()
    before = counter.on_disk
    for act in (
        lambda: change_sale.void_line(counter.desk, 1),
        lambda: change_sale.give_discount(counter.desk, Discount(rate=100)),
        lambda: cancel_sale.cancel_sale(counter.desk),
        lambda: counter.ring(BREAD),
    ):
        with pytest.raises(CardBusy):
            act()
    assert counter.on_disk == before


def test_a_cancelled_sale_leaves_all_its_lines_in_the_journal(counter: Counter) -> None:
    counter.ring(BREAD, WINE)
    assert cancel_sale.cancel_sale(counter.desk).wait() == 0
    assert counter.desk.sale is None
    assert counter.store.ledger.drafts() == ()
    (trace,) = counter.events(EventCode.SALE_CANCELLED)
    assert (trace["total"], trace["handed_back"]) == (1244, 0)
    assert [(x["n"], x["code"], x["amount"]) for x in trace["lines"]] == [
        (1, BREAD, 345),
        (2, WINE, 899),
    ]
    assert counter.printer.kicks == 0


def test_cancelling_gives_taken_cash_back_and_opens_the_drawer(counter: Counter) -> None:
    counter.ring(WINE)
    take_payment.take_tender(counter.desk, "cash", 500).wait()
    kicks = counter.printer.kicks
    assert cancel_sale.cancel_sale(counter.desk).wait() == 500
    assert counter.printer.kicks == kicks + 1
    totals, _ = close_session.read_x(counter.desk)
    assert (totals.drawer.expected, totals.tickets, totals.cancelled_sales) == (0, 0, 1)


def test_a_sale_that_a_card_paid_in_part_is_not_cancelled(counter: Counter) -> None:
    from pos.app import pay_by_card

    counter.ring(WINE)
    pay_by_card.begin(counter.desk, 500).wait()
    counter.answers(State.APPROVED)
    before = counter.on_disk
    with pytest.raises(SaleIsPaidInPart):
        cancel_sale.cancel_sale(counter.desk)
    assert counter.on_disk == before
    assert show(counter.desk).sale.due == 399


def test_nothing_cannot_be_cancelled(counter: Counter) -> None:
    with pytest.raises(SaleIsEmpty):
        cancel_sale.cancel_sale(counter.desk)


def test_a_discount_goes_with_the_last_line_that_it_was_for(counter: Counter) -> None:
    counter.ring(BREAD)
    change_sale.give_discount(counter.desk, Discount(amount=100)).wait()
    change_sale.void_line(counter.desk, 1).wait()
    assert show(counter.desk).sale.due == 0
