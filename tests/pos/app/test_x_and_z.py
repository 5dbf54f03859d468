from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta

import pytest

from pos.app import (
    cancel_sale,
    change_sale,
    close_session,
    move_cash,
    park,
    pay_by_card,
    print_receipt,
    ring_up,
    session,
    take_payment,
)
from pos.app.desk import Settled
from pos.app.ports import DeviceHealth, DeviceState
from pos.domain.closing import TenderTotal, to_data
from pos.domain.closing import from_data as from_journal
from pos.domain.document import Columns, Text, from_data
from pos.domain.errors import CardsUnresolved, NeedsManager, NoSession, SaleIsOpen
from pos.domain.events import EventCode
from pos.domain.payment import State
from pos.domain.sale import Discount
from pos.domain.tender import Overpay, TenderKind, TenderType
from pos.domain.vat import split
from tests.pos.fakes import BAG, BREAD, WINE, Counter


def sell(counter: Counter, *codes: str, tender: str = "cash", given: int | None = None) -> Settled:
    """A sale by one tender."""
    counter.ring(*codes)
    settled = take_payment.take_tender(counter.desk, tender, given).wait()
    assert settled is not None
    return settled


def a_day(counter: Counter) -> None:
    """One of everything."""
    desk = counter.desk
    session.declare_float(desk, 10_000).wait()
    sell(counter, BREAD, WINE, given=2_000)
    sell(counter, BREAD, tender="Titre-restaurant", given=500)
    counter.ring(WINE)
    pay_by_card.begin(desk).wait()
    counter.answers(State.APPROVED)
    counter.ring(BREAD, WINE)
    change_sale.void_line(desk, 1).wait()
    change_sale.give_discount(desk, Discount(amount=99)).wait()
    take_payment.take_tender(desk, "cash").wait()
    counter.ring(WINE)
    cancel_sale.cancel_sale(desk).wait()
    ring_up.return_item(desk, BREAD).wait()
    take_payment.take_tender(desk, "cash").wait()
    move_cash.paid_out(desk, 1_000, "timbres").wait()
    move_cash.no_sale(desk, "monnaie").wait()
    print_receipt.print_receipt(desk, 1).wait()
    print_receipt.print_receipt(desk, 1).wait()


def test_an_x_adds_up_the_day_and_changes_nothing(counter: Counter) -> None:
    a_day(counter)
    before = counter.on_disk
    totals, document = close_session.read_x(counter.desk)
    assert counter.on_disk == before
    assert (totals.first_ticket, totals.last_ticket, totals.tickets, totals.returns) == (1, 5, 5, 1)
    assert (totals.lines, totals.voided_lines, totals.cancelled_sales) == (6, 1, 1)
    assert (totals.copies, totals.no_sales) == (1, 1)
    assert totals.sales.ttc == 1244 + 345 + 899 + 800
    assert totals.given_back.ttc == -345
    assert totals.discounts == 99
    assert {name: (t.count, t.amount, t.kept) for name, t in totals.tenders.items()} == {
        "cash": (3, 1244 + 800 - 345, 0),
        "Titre-restaurant": (1, 345, 155),
        "card": (1, 899, 0),
    }
    assert totals.drawer.expected == 10_000 + 1244 + 800 - 345 - 1_000
    assert any(isinstance(x, Text) and "TICKET X" in x.text.upper() for x in document)


def test_a_z_says_what_the_x_said_and_is_signed_printed_and_ends_the_session(
    counter: Counter,
) -> None:
    a_day(counter)
    x, _ = close_session.read_x(counter.desk)
    closed = close_session.close(counter.desk, 11_000).wait()
    said = to_data(closed.closing)
    drawer = said.pop("drawer")
    expected = to_data(x)
    expected.pop("drawer")
    assert said == expected
    assert (drawer["counted"], drawer["expected"], drawer["difference"]) == (11_000, 10_699, 301)
    entry = counter.store.ledger.entry("closing", 1)
    assert entry is not None
    shop = counter.desk.settings.shop
    assert entry.data == {**to_data(closed.closing), "shop": asdict(shop)}
    assert [data["name"] for data in counter.chain("event")[-2:]] == [
        "closing_started",
        "period_closed",
    ]
    assert counter.events(EventCode.PERIOD_CLOSED) == [{"session": 1}]
    jobs = counter.store.ledger.jobs()
    assert jobs[-1].title == "Z 1"
    assert from_data(jobs[-1].page) == closed.document
    assert counter.desk.session is None


def test_the_paper_of_a_z_carries_half_the_hash_of_its_entry(counter: Counter) -> None:
    sell(counter, BREAD)
    closed = close_session.close(counter.desk).wait()
    paper = "\n".join(x.text for x in closed.document if isinstance(x, Text))
    assert closed.entry.digest[:16] in paper
    assert "CLÔTURE Z n° 1" in paper


def test_vat_sums_the_tickets_own_cents(counter: Counter) -> None:
    for _ in range(7):
        sell(counter, BAG)
    totals, _ = close_session.read_x(counter.desk)
    assert totals.rates[2000].vat == 7 * split(5, 2000).vat == 7
    assert split(7 * 5, 2000).vat == 6


def test_the_perpetual_totals_run_on_and_the_years_begins_anew(counter: Counter) -> None:
    sell(counter, WINE)
    first = close_session.close(counter.desk).wait().closing
    assert (first.perpetual_net, first.perpetual_absolute, first.year_total) == (899, 899, 899)
    ring_up.return_item(counter.desk, BREAD).wait()
    take_payment.take_tender(counter.desk, "cash").wait()
    second = close_session.close(counter.desk).wait().closing
    assert (second.session, second.tickets, second.total.ttc) == (2, 1, -345)
    assert (second.perpetual_net, second.perpetual_absolute, second.year_total) == (554, 1244, 554)
    counter.now += timedelta(days=60)
    sell(counter, BREAD)
    third = close_session.close(counter.desk).wait().closing
    assert (third.year, third.year_total) == ("2027", 345)
    assert (third.perpetual_net, third.perpetual_absolute) == (899, 1589)


def test_an_evening_of_the_last_of_december_belongs_to_its_year(counter: Counter) -> None:
    counter.now = counter.now.replace(month=12, day=31, hour=23)
    sell(counter, BREAD)
    counter.now += timedelta(hours=3)
    sell(counter, BREAD)
    closing = close_session.close(counter.desk).wait().closing
    assert (closing.year, closing.day, closing.year_total) == ("2026", "2026-12-31", 690)


def test_training_tickets_are_counted_and_nothing_else_of_them(counter: Counter) -> None:
    sell(counter, BREAD)
    counter.sign_on("3")
    sell(counter, WINE)
    counter.sign_on("1")
    totals, _ = close_session.read_x(counter.desk)
    assert (totals.tickets, totals.training_tickets) == (1, 1)
    assert totals.total.ttc == totals.drawer.expected == totals.perpetual_net == 345


def test_without_a_session_there_is_nothing_to_close(counter: Counter) -> None:
    before = counter.on_disk
    with pytest.raises(NoSession):
        close_session.close(counter.desk)
    assert counter.on_disk == before
    assert close_session.read_x(counter.desk)[0].tickets == 0


def test_a_sale_under_way_keeps_the_session_open_and_a_parked_one_does_not(
    counter: Counter,
) -> None:
    sell(counter, BREAD)
    counter.ring(WINE)
    before = counter.on_disk
    with pytest.raises(SaleIsOpen):
        close_session.close(counter.desk)
    assert counter.on_disk == before
    park.park(counter.desk, "a").wait()
    assert close_session.close(counter.desk).wait().closing.tickets == 1
    assert len(park.parked(counter.desk)) == 1


def test_an_unknown_card_payment_does_not_keep_the_day_open_and_the_z_names_it(
    counter: Counter,
) -> None:
    sell(counter, BREAD)
    counter.ring(WINE)
    pay_by_card.begin(counter.desk).wait()
    counter.answers(State.UNKNOWN)
    park.park(counter.desk, "a").wait()
    with pytest.raises(CardsUnresolved) as shown:
        close_session.close(counter.desk)
    assert shown.value.params == {"count": 1, "references": "REF0000001"}
    closed = close_session.close(counter.desk, seen=["REF0000001"]).wait()
    assert closed.closing.unresolved == ("REF0000001",)
    (named,) = [x for x in closed.document if isinstance(x, Columns) and "REF0000001" in x.left]
    assert named.right == "8,99"
    assert from_journal(closed.entry.data).open_cards == closed.closing.open_cards


def test_without_a_printer_the_z_is_only_shown(counter: Counter) -> None:
    counter.printer.state = DeviceHealth(DeviceState.MISSING)
    sell(counter, BREAD)
    closed = close_session.close(counter.desk).wait()
    assert counter.store.ledger.jobs() == ()
    assert any(isinstance(x, Columns) for x in closed.document)


def test_a_trainee_closes_nothing(counter: Counter) -> None:
    sell(counter, BREAD)
    counter.sign_on("3")
    with pytest.raises(NeedsManager):
        close_session.close(counter.desk)


def test_sessions_and_closings_are_numbered_alike_across_restarts(counter: Counter) -> None:
    for number in (1, 2, 3):
        sell(counter, BREAD)
        counter.restart()
        counter.sign_on()
        closed = close_session.close(counter.desk).wait()
        assert (closed.entry.payload.number, closed.closing.session) == (number, number)
    assert closed.closing.perpetual_net == 3 * 345


def test_a_day_is_whole_to_an_auditor(counter: Counter) -> None:
    a_day(counter)
    close_session.close(counter.desk).wait()
    counter.audit()


def test_a_z_says_what_a_voucher_gave_back_in_cash(counter: Counter) -> None:
    bon = TenderType("Bon", TenderKind.VOUCHER, Overpay.CHANGE)
    tenders = {**counter.desk.settings.tenders, bon.name: bon}
    counter.desk.settings = replace(counter.desk.settings, tenders=tenders)
    sell(counter, BREAD, tender="Bon", given=1_000)
    closed = close_session.close(counter.desk, 0).wait()
    assert closed.closing.tenders["Bon"] == TenderTotal(1, 345, 0, 655)
    assert closed.closing.drawer.cash_sales == -655
    assert from_journal(closed.entry.data).tenders == closed.closing.tenders


def test_part_cash_of_a_parked_sale_is_in_the_drawer_of_the_z_that_saw_it(counter: Counter) -> None:
    counter.ring(WINE)
    assert take_payment.take_tender(counter.desk, "cash", 500).wait() is None
    park.park(counter.desk, "later").wait()
    session.declare_float(counter.desk, 0).wait()
    first = close_session.close(counter.desk, 500).wait().closing
    assert (first.drawer.part_paid, first.drawer.difference) == (500, 0)
    session.declare_float(counter.desk, 500).wait()
    park.recall(counter.desk).wait()
    assert take_payment.take_tender(counter.desk, "cash").wait() is not None
    second = close_session.close(counter.desk, 899).wait().closing
    assert (second.drawer.parts, second.drawer.difference) == (-500, 0)
