from __future__ import annotations

import pytest

from pos.app import ring_up, take_payment
from pos.app.desk import Settled
from pos.app.views import show
from pos.domain.errors import (
    LimitReached,
    NothingToPay,
    SaleIsEmpty,
    TenderTooMuch,
    TenderWrongWay,
    UnknownTender,
)
from pos.domain.sale import TENDERS_MAX
from pos.domain.ticket import TicketType
from pos.domain.ticket import from_data as read_ticket
from tests.pos.fakes import BAG, BREAD, WINE, Counter


def pay(counter: Counter, name: str = "cash", given: int | None = None) -> Settled | None:
    """Hand over a tender."""
    return take_payment.take_tender(counter.desk, name, given).wait()


def paid(counter: Counter, name: str = "cash", given: int | None = None) -> Settled:
    """Hand over the tender that ends the sale."""
    settled = pay(counter, name, given)
    assert settled is not None
    return settled


def test_cash_ends_the_sale_which_is_on_disk_as_it_was_shown(counter: Counter) -> None:
    counter.ring(BREAD, WINE)
    settled = paid(counter)
    assert (settled.number, settled.ticket.total.ttc, settled.ticket.change) == (1, 1244, 0)
    stored = counter.store.ledger.entry("ticket", 1)
    assert stored is not None
    assert stored.digest == settled.entry.digest
    assert read_ticket(stored.data) == settled.ticket
    assert stored.payload.operator == "1"
    assert counter.desk.sale is None
    assert counter.desk.last == settled
    assert counter.store.ledger.drafts() == ()


@pytest.mark.parametrize("note", [500, 1000, 2000, 5000])
def test_a_note_pays_gives_change_and_closes(counter: Counter, note: int) -> None:
    counter.ring(BREAD)
    assert paid(counter, given=note).ticket.change == note - 345
    last = show(counter.desk).last
    assert last is not None
    assert (last.number, last.total, last.change) == (1, 345, note - 345)


def test_cash_opens_the_drawer_once_it_is_on_disk(counter: Counter) -> None:
    counter.ring(BREAD)
    pay(counter)
    assert counter.printer.kicks == 1


def test_a_voucher_worth_more_is_kept_whole_and_opens_no_drawer(counter: Counter) -> None:
    counter.ring(BREAD)
    settled = paid(counter, "titre-RESTAURANT", 500)
    (tender,) = settled.ticket.tenders
    assert (tender.name, tender.amount, tender.given, tender.change, tender.kept) == (
        "Titre-restaurant",
        345,
        500,
        0,
        155,
    )
    assert counter.printer.kicks == 0


def test_a_cheque_of_more_than_is_due_is_refused(counter: Counter) -> None:
    counter.ring(BREAD)
    before = counter.on_disk
    with pytest.raises(TenderTooMuch) as refusal:
        pay(counter, "Chèque", 346)
    assert refusal.value.params == {"due": 345}
    assert counter.on_disk == before


def test_a_tender_may_open_the_drawer_without_being_cash(counter: Counter) -> None:
    counter.ring(BREAD)
    paid(counter, "Chèque")
    assert counter.printer.kicks == 1


def test_tenders_may_be_split_until_nothing_is_due(counter: Counter) -> None:
    counter.ring(BREAD, WINE)
    assert pay(counter, "Titre-restaurant", 1000) is None
    assert show(counter.desk).sale.due == 244
    assert pay(counter, "cash", 44) is None
    settled = paid(counter, "Chèque")
    assert [(t.name, t.amount) for t in settled.ticket.tenders] == [
        ("Titre-restaurant", 1000),
        ("cash", 44),
        ("Chèque", 200),
    ]


def test_a_sale_paid_in_part_survives_a_restart(counter: Counter) -> None:
    counter.ring(WINE)
    pay(counter, "cash", 500)
    counter.restart()
    counter.sign_on()
    assert show(counter.desk).sale.due == 399
    assert paid(counter).number == 1


@pytest.mark.parametrize(
    ("name", "given", "refusal"),
    [
        ("bitcoin", None, UnknownTender),
        ("cash", 0, NothingToPay),
        ("cash", -5, NothingToPay),
        ("Chèque", 10_000, TenderTooMuch),
    ],
)
def test_a_refused_tender_changes_nothing(
    counter: Counter, name: str, given: int | None, refusal: type[Exception]
) -> None:
    counter.ring(BREAD)
    before, sale = counter.on_disk, counter.desk.sale
    with pytest.raises(refusal):
        pay(counter, name, given)
    assert counter.on_disk == before
    assert counter.desk.sale == sale
    assert counter.printer.kicks == 0


def test_an_unknown_tender_names_those_that_are_known(counter: Counter) -> None:
    counter.ring(BREAD)
    with pytest.raises(UnknownTender) as refusal:
        pay(counter, "bitcoin")
    assert refusal.value.params["known"] == "cash, card, Titre-restaurant, Chèque"


def test_without_a_line_there_is_nothing_to_pay(counter: Counter) -> None:
    with pytest.raises(SaleIsEmpty):
        pay(counter)
    with pytest.raises(SaleIsEmpty):
        take_payment.settle_even(counter.desk)


def test_money_goes_back_by_cash_and_not_by_what_gives_none_back(counter: Counter) -> None:
    ring_up.return_item(counter.desk, WINE).wait()
    for name in ("Titre-restaurant", "Chèque"):
        with pytest.raises(TenderWrongWay):
            pay(counter, name)
    with pytest.raises(TenderTooMuch):
        pay(counter, "cash", 900)
    settled = paid(counter)
    assert (settled.ticket.type, settled.ticket.total.ttc) == (TicketType.RETURN, -899)
    assert settled.ticket.tenders[0].amount == -899
    assert counter.printer.kicks == 1


def test_an_even_exchange_ends_without_a_tender(counter: Counter) -> None:
    counter.ring(WINE)
    with pytest.raises(NothingToPay):
        take_payment.settle_even(counter.desk)
    ring_up.return_item(counter.desk, WINE).wait()
    with pytest.raises(NothingToPay):
        pay(counter)
    settled = take_payment.settle_even(counter.desk).wait()
    assert settled is not None
    assert (settled.ticket.type, settled.ticket.tenders) == (TicketType.EXCHANGE, ())


def test_ticket_numbers_have_no_hole(counter: Counter) -> None:
    for expected in (1, 2, 3):
        counter.ring(BAG)
        assert paid(counter).number == expected
        counter.restart()
        counter.sign_on()


def test_one_sale_is_one_transaction(counter: Counter) -> None:
    """Ticket and campaign entries stand beside each other: nothing can come between them."""
    counter.campaigns.ids = ("alpes", "loire")
    counter.ring(BREAD)
    seq = paid(counter).entry.payload.seq
    assert [(x.payload.seq, x.payload.chain) for x in counter.entries[-3:]] == [
        (seq, "ticket"),
        (seq + 1, "campaign:alpes"),
        (seq + 2, "campaign:loire"),
    ]


def test_a_sale_has_a_limit_of_tenders(counter: Counter) -> None:
    counter.ring(WINE)
    for _ in range(TENDERS_MAX):
        assert pay(counter, "cash", 1) is None
    with pytest.raises(LimitReached):
        pay(counter, "cash", 1)
    assert show(counter.desk).sale.due == 899 - TENDERS_MAX
