"""Taking money: four presses, notes, cards, and what the terminal did not say."""

from __future__ import annotations

from textual.pilot import Pilot

from pos.domain.payment import State
from pos.tui.app import TillApp
from tests.pos.tui.screens import text_of
from tests.pos.tui.shop import BREAD, NOT_CHARGED, Shop, burst, play, press, settled, type_in

FOUR = 4


async def three_items(app: TillApp, pilot: Pilot[None]) -> int:
    """Scan three items: how many presses that took."""
    for _ in range(FOUR - 1):
        burst(app, BREAD + "\r")
        await settled(app, pilot)
    return FOUR - 1


def test_three_items_in_cash_take_four_presses(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        presses = await three_items(app, pilot)
        await press(app, pilot, "f2")
        assert presses + 1 == FOUR
        assert shop.desk.last is not None
        assert shop.desk.last.ticket.total.ttc == 360
        assert shop.printer.kicks == 1
        assert "PAYÉ" in text_of(app)

    play(shop.app(), story)


def test_three_items_with_a_note_take_four_presses_and_show_the_change(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        presses = await three_items(app, pilot)
        await press(app, pilot, "f6")
        assert presses + 1 == FOUR
        assert shop.desk.last is not None
        assert shop.desk.last.ticket.change == 640
        assert "RENDU" in text_of(app)
        assert "6,40" in text_of(app)

    play(shop.app(), story)


def test_three_items_by_card_take_four_presses(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        presses = await three_items(app, pilot)
        await press(app, pilot, "f3")
        assert presses + 1 == FOUR
        assert "CARTE 3,60 €" in text_of(app)
        assert "Pour annuler" in text_of(app)
        shop.terminal.answer(State.APPROVED)
        await settled(app, pilot)
        assert shop.desk.last is not None
        assert "Carte acceptée" in text_of(app)

    play(shop.app(), story)


def test_an_amount_before_the_key_is_shown_as_euros_and_given(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".1")
        await press(app, pilot, "2", "0")
        assert "20,00 €" in text_of(app)
        await press(app, pilot, "f2")
        assert shop.desk.last is not None
        assert shop.desk.last.ticket.change == 1880

    play(shop.app(), story)


def test_a_part_by_card_and_the_rest_in_cash(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".4")
        await press(app, pilot, "2", "f3")
        shop.terminal.answer(State.APPROVED)
        await settled(app, pilot)
        assert "2,50" in text_of(app)
        await press(app, pilot, "f2")
        assert shop.desk.last is not None
        assert [t.amount for t in shop.desk.last.ticket.tenders] == [200, 250]

    play(shop.app(), story)


def test_a_declined_card_leaves_the_sale_to_be_paid_otherwise(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".1")
        await press(app, pilot, "f3")
        shop.terminal.answer(State.DECLINED)
        await settled(app, pilot)
        assert "Carte refusée" in text_of(app)
        await press(app, pilot, "f2")
        assert shop.desk.last is not None

    play(shop.app(), story)


def test_an_unknown_card_leads_the_cashier_to_the_paper(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".1")
        await press(app, pilot, "f3")
        shop.terminal.answer(State.UNKNOWN)
        await settled(app, pilot)
        shown = text_of(app)
        assert "Paiement par carte à éclaircir" in shown
        assert "Paiement de 1,20 € sur le terminal, demandé le 22/11/2026" in shown
        await press(app, pilot, "enter")
        await press(app, pilot, "enter")
        assert len(shop.desk.attempts) == 1
        await type_in(app, pilot, "123456")
        assert shop.desk.last is not None
        assert shop.desk.last.ticket.tenders[0].details["authorisation"] == "123456"

    play(shop.app(), story)


def test_while_a_card_is_unknown_the_sale_waits_and_says_why(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".1")
        await press(app, pilot, "f3")
        shop.terminal.answer(State.UNKNOWN)
        await settled(app, pilot)
        await press(app, pilot, "escape", "f2")
        assert "Paiement par carte à éclaircir" in text_of(app)
        await press(app, pilot, *NOT_CHARGED)
        assert shop.desk.attempts == ()
        await press(app, pilot, "f2")
        assert shop.desk.last is not None

    play(shop.app(), story)


def test_other_tenders_are_chosen_from_a_list(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".1")
        await press(app, pilot, "1", "0", "f4", "enter")
        assert shop.desk.last is not None
        assert shop.desk.last.ticket.tenders[0].kept == 880

    play(shop.app(), story)


def test_a_card_can_be_awaited_with_the_sale_parked(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".1")
        await press(app, pilot, "f3", "f9")
        await type_in(app, pilot, ".2")
        shop.terminal.answer(State.APPROVED)
        await settled(app, pilot)
        assert shop.desk.last is not None
        assert shop.desk.sale is not None
        assert [line.product.label for line in shop.desk.sale.lines] == ["Crème fraîche épaisse"]

    play(shop.app(), story)


def test_scans_on_the_heels_of_a_payment_begin_the_next_sale(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        burst(app, BREAD + "\r")
        burst_f2(app)
        burst(app, BREAD + "\r")
        await settled(app, pilot)
        assert shop.desk.last is not None
        assert len(shop.desk.last.ticket.lines) == 1
        assert shop.desk.sale is not None
        assert len(shop.desk.sale.lines) == 1
        assert len(shop.store.ledger.drafts()) == 1

    play(shop.app(), story)


def burst_f2(app: TillApp) -> None:
    """F2 right between two scans."""
    from textual import events

    event = events.Key("f2", None)
    event.set_sender(app)
    driver = app._driver  # real key events enter where the terminal's do
    assert driver is not None
    driver.send_message(event)


def test_a_note_key_with_nothing_to_pay_says_so_and_types_nothing(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".1")
        await press(app, pilot, "f6", "f6")
        assert "Rien à régler" in text_of(app)
        assert app.sale_screen.entry.text == ""

    play(shop.app(), story)
