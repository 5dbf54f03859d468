from __future__ import annotations

from datetime import timedelta

from pos.app import (
    cancel_sale,
    close_session,
    pay_by_card,
    print_receipt,
    ring_up,
    session,
    take_payment,
)
from pos.app.desk import Settled
from pos.app.views import show
from pos.domain.document import Text
from tests.pos.fakes import BREAD, WINE, Counter


def learn(counter: Counter) -> Settled:
    """A trainee's sale."""
    counter.sign_on("3")
    counter.ring(BREAD)
    settled = take_payment.take_tender(counter.desk, "cash", 1_000).wait()
    assert settled is not None
    return settled


def test_training_has_its_own_chain_and_no_ticket_number_is_used(counter: Counter) -> None:
    settled = learn(counter)
    assert (settled.entry.payload.chain, settled.number) == ("training", 1)
    assert counter.chain("ticket") == []
    counter.sign_on("1")
    counter.ring(WINE)
    sold = take_payment.take_tender(counter.desk, "cash").wait()
    assert sold is not None
    assert (sold.entry.payload.chain, sold.number) == ("ticket", 1)


def test_training_never_reaches_a_campaign(counter: Counter) -> None:
    counter.campaigns.ids = ("alpes",)
    learn(counter)
    assert counter.chain("campaign:alpes") == []


def test_training_opens_no_drawer(counter: Counter) -> None:
    learn(counter)
    counter.ring(BREAD)
    take_payment.take_tender(counter.desk, "cash", 100).wait()
    cancel_sale.cancel_sale(counter.desk).wait()
    assert counter.printer.kicks == 0


def test_the_paper_says_that_it_is_none_and_is_no_copy_however_often(counter: Counter) -> None:
    learn(counter)
    for _ in range(2):
        printed = print_receipt.print_receipt(counter.desk).wait()
        assert printed.copy == 0
        assert any(
            isinstance(x, Text) and "FACTICE" in x.text and x.double for x in printed.document
        )
    assert counter.chain("copy") == []


def test_a_trainees_card_asks_no_terminal_and_journals_no_attempt(counter: Counter) -> None:
    counter.sign_on("3")
    counter.ring(WINE)
    assert pay_by_card.begin(counter.desk, 500).wait().settled is None
    news = pay_by_card.begin(counter.desk).wait()
    assert news.settled is not None
    assert [t.amount for t in news.settled.ticket.tenders] == [500, 399]
    assert counter.terminal.begun == []
    assert counter.chain("payment") == []


def test_a_trainee_takes_goods_back_by_card_too(counter: Counter) -> None:
    counter.sign_on("3")
    ring_up.return_item(counter.desk, WINE).wait()
    news = pay_by_card.begin(counter.desk).wait()
    assert news.settled is not None
    assert news.settled.ticket.total.ttc == -899


def test_the_screen_says_training_as_soon_as_the_trainee_is_there(counter: Counter) -> None:
    assert not show(counter.desk).status.training
    counter.sign_on("3")
    assert show(counter.desk).status.training
    learn(counter)
    last = show(counter.desk).last
    assert last is not None
    assert last.training


def test_training_after_the_z_opens_no_session_for_the_next_day(counter: Counter) -> None:
    learn(counter)
    assert counter.desk.session is None
    assert counter.chain("cash") == []
    counter.now += timedelta(days=1)
    counter.restart()
    counter.sign_on("1")
    counter.ring(WINE)
    sold = take_payment.take_tender(counter.desk, "cash").wait()
    assert sold is not None
    assert sold.ticket.day == "2026-11-23"


def test_a_training_ticket_names_the_session_that_is_open(counter: Counter) -> None:
    session.declare_float(counter.desk, 1_000).wait()
    assert learn(counter).ticket.session == 1
    counter.sign_on("1")
    close_session.close(counter.desk).wait()
    assert learn(counter).ticket.session == 2
