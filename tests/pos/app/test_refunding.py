from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pos.app import change_sale, close_session, park, pay_by_card, refund, ring_up, take_payment
from pos.app.desk import Settled
from pos.app.refund import Wanted
from pos.app.ticket_number import ticket_number
from pos.app.views import show
from pos.domain.errors import (
    BadQuantity,
    NeedsManager,
    RefundTooMuch,
    SaleIsOpen,
    UnknownLine,
    UnknownTicket,
)
from pos.domain.events import EventCode
from pos.domain.payment import State
from pos.domain.sale import Discount
from pos.domain.ticket import TicketType
from pos.domain.vat import ZERO
from tests.pos.fakes import BAG, BANANA, BREAD, WINE, Counter


def sell(counter: Counter, *codes: str, discount: int = 0) -> Settled:
    """Sell products for cash; a code may stand as 'QUANTITY*CODE' in thousandths."""
    for code in codes:
        quantity, _, product = code.rpartition("*")
        ring_up.by_code(counter.desk, product, int(quantity) if quantity else None).wait()
    if discount:
        change_sale.give_discount(counter.desk, Discount(rate=discount)).wait()
    return settled(counter)


def settled(counter: Counter) -> Settled:
    """Pay, or be paid, in cash."""
    if show(counter.desk).sale.due:
        done = take_payment.take_tender(counter.desk, "cash").wait()
    else:
        done = take_payment.settle_even(counter.desk).wait()
    assert done is not None
    return done


def give_back(counter: Counter, number: int, *wanted: Wanted) -> Settled:
    """Refund in cash."""
    refund.refund(counter.desk, number, wanted).wait()
    return settled(counter)


def test_a_whole_ticket_comes_back_for_what_was_paid(counter: Counter) -> None:
    sold = sell(counter, BREAD, "350*" + BANANA, WINE, discount=1000)
    back = give_back(counter, 1)
    assert back.ticket.type is TicketType.RETURN
    assert back.ticket.total == -sold.ticket.total
    assert [(x.rate, x.amounts) for x in back.ticket.rates] == [
        (x.rate, -x.amounts) for x in sold.ticket.rates
    ]
    origins = [line.origin for line in back.ticket.lines]
    assert [(x.ticket, x.line, x.digest) for x in origins if x] == [
        (1, n, sold.entry.digest) for n in (1, 2, 3)
    ]


def test_what_was_given_back_is_not_given_back_again(counter: Counter) -> None:
    sell(counter, "3000*" + BREAD)
    give_back(counter, 1, Wanted(1, 2000))
    with pytest.raises(RefundTooMuch) as refusal:
        refund.refund(counter.desk, 1, (Wanted(1, 2000),)).wait()
    assert refusal.value.params == {"line": 1, "left": 1000}
    assert counter.desk.sale is None
    assert give_back(counter, 1).ticket.total.ttc == -345
    with pytest.raises(RefundTooMuch):
        refund.refund(counter.desk, 1).wait()


def test_naming_a_line_twice_gives_it_back_once(counter: Counter) -> None:
    sell(counter, BREAD, "3000*" + WINE)
    with pytest.raises(RefundTooMuch):
        refund.refund(counter.desk, 1, (Wanted(1), Wanted(1))).wait()
    with pytest.raises(RefundTooMuch):
        refund.refund(counter.desk, 1, (Wanted(2, 2000), Wanted(2, 2000))).wait()
    back = give_back(counter, 1, Wanted(2, 1000), Wanted(2, 2000))
    assert back.ticket.total.ttc == -3 * 899
    with pytest.raises(RefundTooMuch):
        refund.refund(counter.desk, 1, (Wanted(2),)).wait()


@given(data=st.data())
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_refunding_everything_piece_by_piece_equals_the_ticket(
    counter: Counter, data: st.DataObject
) -> None:
    pieces = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    sold = sell(
        counter,
        *(f"{count}000*{code}" for count, code in zip(pieces, (WINE, BREAD, BAG), strict=False)),
        discount=data.draw(st.integers(0, 3333)),
    )
    left = [n for n, count in enumerate(pieces, 1) for _ in range(count)]
    back = ZERO
    while left:
        line = data.draw(st.sampled_from(left))
        left.remove(line)
        back += give_back(counter, sold.number, Wanted(line, 1000)).ticket.total
    assert back == -sold.ticket.total
    with pytest.raises(RefundTooMuch):
        refund.refund(counter.desk, sold.number).wait()


@pytest.mark.parametrize(
    ("number", "wanted", "refusal"),
    [
        (7, (), UnknownTicket),
        (1, (Wanted(9),), UnknownLine),
        (1, (Wanted(1, 500),), BadQuantity),
        (1, (Wanted(1, 2000),), RefundTooMuch),
        (1, (Wanted(1), Wanted(9)), UnknownLine),
    ],
)
def test_a_refused_refund_changes_nothing(
    counter: Counter, number: int, wanted: tuple[Wanted, ...], refusal: type[Exception]
) -> None:
    sell(counter, BREAD)
    counter.ring(WINE)
    before, sale = counter.on_disk, counter.desk.sale
    with pytest.raises(refusal):
        refund.refund(counter.desk, number, wanted).wait()
    assert counter.on_disk == before
    assert counter.desk.sale == sale


def test_a_ticket_is_on_one_sale_only_once(counter: Counter) -> None:
    sell(counter, BREAD, WINE)
    refund.refund(counter.desk, 1, (Wanted(1),)).wait()
    with pytest.raises(SaleIsOpen):
        refund.refund(counter.desk, 1, (Wanted(2),))


def test_a_refund_and_new_goods_make_an_exchange(counter: Counter) -> None:
    sell(counter, BREAD)
    refund.refund(counter.desk, 1).wait()
    counter.ring(WINE)
    done = settled(counter)
    assert (done.ticket.type, done.ticket.total.ttc) == (TicketType.EXCHANGE, 554)


def test_two_parked_refunds_of_one_line_pay_once(counter: Counter) -> None:
    sell(counter, BREAD)
    for name in ("a", "b"):
        refund.refund(counter.desk, 1).wait()
        park.park(counter.desk, name).wait()
    park.recall(counter.desk, "a").wait()
    settled(counter)
    park.recall(counter.desk, "b").wait()
    before = counter.on_disk
    with pytest.raises(RefundTooMuch):
        take_payment.take_tender(counter.desk, "cash").wait()
    assert counter.on_disk == before
    assert show(counter.desk).sale.due == -345


def test_the_card_is_not_asked_to_give_back_what_another_sale_gave_back(counter: Counter) -> None:
    sell(counter, BREAD)
    for name in ("a", "b"):
        refund.refund(counter.desk, 1).wait()
        park.park(counter.desk, name).wait()
    park.recall(counter.desk, "a").wait()
    settled(counter)
    park.recall(counter.desk, "b").wait()
    before = counter.on_disk
    with pytest.raises(RefundTooMuch):
        pay_by_card.begin(counter.desk).wait()
    assert counter.on_disk == before
    assert counter.terminal.begun == []
    assert counter.desk.attempts == ()


def test_money_that_a_card_gave_back_meanwhile_is_recorded_all_the_same(counter: Counter) -> None:
    """The other refund was settled while the terminal worked: the truth must still go on disk."""
    sell(counter, BREAD)
    refund.refund(counter.desk, 1).wait()
    park.park(counter.desk, "b").wait()
    refund.refund(counter.desk, 1).wait()
    pay_by_card.begin(counter.desk).wait()
    park.park(counter.desk, "a").wait()
    park.recall(counter.desk, "b").wait()
    settled(counter)
    news = counter.answers(State.APPROVED)
    assert news.attempt.state is State.APPROVED
    assert news.settled is not None
    assert news.settled.ticket.tenders[0].amount == -345
    assert counter.desk.attempts == ()
    assert counter.store.ledger.drafts() == ()
    (trouble,) = counter.events(EventCode.CARD_TROUBLE)
    assert trouble == {"refunded_twice": news.attempt.reference}
    with pytest.raises(RefundTooMuch):
        refund.refund(counter.desk, 1).wait()


def test_goods_that_came_back_cannot_come_back_from_the_refund(counter: Counter) -> None:
    sell(counter, BREAD)
    give_back(counter, 1)
    for wanted in ((), (Wanted(1),)):
        with pytest.raises((RefundTooMuch, UnknownLine)):
            refund.refund(counter.desk, 2, wanted).wait()
    assert [x.number for x in refund.refundable(counter.desk, 1)] == [1]
    assert refund.refundable(counter.desk, 2) == ()
    with pytest.raises(UnknownTicket):
        refund.refundable(counter.desk, 9)


def test_a_trainee_refunds_nothing_real(counter: Counter) -> None:
    sell(counter, BREAD)
    counter.sign_on("3")
    with pytest.raises(NeedsManager):
        refund.refund(counter.desk, 1)


def test_a_refund_by_card_asks_the_terminal_to_give_back(counter: Counter) -> None:
    sell(counter, WINE)
    refund.refund(counter.desk, 1).wait()
    begun = pay_by_card.begin(counter.desk).wait()
    assert (begun.attempt.direction, begun.attempt.amount) == ("refund", 899)
    news = counter.answers(State.APPROVED)
    assert news.settled is not None
    assert [(t.name, t.amount) for t in news.settled.ticket.tenders] == [("card", -899)]


def test_a_refund_draft_survives_a_restart(counter: Counter) -> None:
    sell(counter, WINE)
    refund.refund(counter.desk, 1).wait()
    counter.restart()
    counter.sign_on()
    assert settled(counter).ticket.total.ttc == -899


def test_a_refund_counts_in_its_own_session(counter: Counter) -> None:
    sell(counter, WINE)
    close_session.close(counter.desk).wait()
    give_back(counter, 1)
    totals, _ = close_session.read_x(counter.desk)
    assert (totals.session, totals.returns, totals.total.ttc, totals.drawer.cash_sales) == (
        2,
        1,
        -899,
        -899,
    )


def test_shares_of_a_line_whose_middle_was_voided_are_refused(counter: Counter) -> None:
    ring_up.by_code(counter.desk, BREAD, 3000).wait()
    change_sale.give_discount(counter.desk, Discount(amount=35), 1).wait()
    sold = settled(counter)
    refund.refund(counter.desk, 1, (Wanted(1, 1000), Wanted(1, 1000), Wanted(1, 1000))).wait()
    change_sale.void_line(counter.desk, 2).wait()
    with pytest.raises(RefundTooMuch):
        settled(counter)
    change_sale.void_line(counter.desk, 3).wait()
    first, rest = settled(counter), give_back(counter, 1)
    assert first.ticket.total + rest.ticket.total == -sold.ticket.total


def test_not_even_a_part_is_paid_out_for_goods_that_came_back_meanwhile(counter: Counter) -> None:
    sell(counter, WINE)
    refund.refund(counter.desk, 1).wait()
    park.park(counter.desk, "a").wait()
    give_back(counter, 1)
    park.recall(counter.desk, "a").wait()
    with pytest.raises(RefundTooMuch):
        take_payment.take_tender(counter.desk, "cash", 500).wait()
    assert counter.desk.sale is not None
    assert not counter.desk.sale.tenders


@pytest.mark.parametrize("text", ["02-1-0000001", "01-2-0000001", "01-0000001", "1-", "-1", "x"])
def test_the_paper_of_another_till_names_no_ticket_of_this_one(counter: Counter, text: str) -> None:
    sell(counter, WINE)
    with pytest.raises(UnknownTicket):
        ticket_number(counter.desk, text)
    assert ticket_number(counter.desk, "01-1-0000001") == ticket_number(counter.desk, "1") == 1
