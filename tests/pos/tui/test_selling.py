"""Selling with the keyboard and the scanner: what a cashier does all day."""

from __future__ import annotations

from textual.pilot import Pilot

from pos.domain.sale import EntryMethod
from pos.store.loading import load_catalogue
from pos.tui.app import TillApp
from tests.pos.tui.screens import text_of
from tests.pos.tui.shop import BANANA, BREAD, CHEESE, Shop, burst, play, press, settled, type_in
from tests.pos.tui.test_day import choose

BY_WEIGHT = f"""ean13;libelle;prix_ttc;tva;code;unite;touche
;Tomates;2,99;5,5;00042;kg;
{BANANA};Bananes;1,99;5,5;;kg;3
""".encode()


def test_a_scan_in_one_burst_is_one_line_and_never_a_button(shop: Shop) -> None:
    shop.sign_on()
    app = shop.app()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        burst(app, BREAD + "\r")
        await settled(app, pilot)
        assert shop.desk.sale is not None
        assert [line.product.code for line in shop.desk.sale.lines] == [BREAD]
        assert shop.desk.sale.lines[0].entry is EntryMethod.SCANNED
        assert "Baguette tradition" in text_of(app)
        assert BREAD not in text_of(app)

    play(app, story)


def test_a_scan_while_a_question_is_open_is_refused_and_types_nothing(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await press(app, pilot, "f10")
        question = app.screen
        burst(app, BREAD + "\r")
        await settled(app, pilot)
        assert app.screen is question
        assert "Scan ignoré" in text_of(app)
        assert shop.desk.sale is None

    play(shop.app(), story)


def test_a_quantity_waiting_in_the_entry_line_counts_for_the_scan(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await press(app, pilot, "3", "asterisk")
        burst(app, BREAD + "\r")
        await settled(app, pilot)
        assert shop.desk.sale is not None
        assert shop.desk.sale.lines[0].quantity == 3000

    play(shop.app(), story)


def test_text_half_typed_survives_a_scan(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await press(app, pilot, "c", "r")
        burst(app, BREAD + "\r")
        await settled(app, pilot)
        assert shop.desk.sale is not None
        assert len(shop.desk.sale.lines) == 1
        assert "> cr" in text_of(app)

    play(shop.app(), story)


def test_a_misread_scan_is_told_and_rings_up_nothing(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        burst(app, BREAD[:-1] + "5\r")
        await settled(app, pilot)
        assert "mal lu" in text_of(app)
        assert shop.desk.sale is None

    play(shop.app(), story)


def test_letters_search_and_enter_takes_the_chosen_product(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await press(app, pilot, "c", "r", "e", "m")
        assert "Crème fraîche épaisse" in text_of(app)
        await press(app, pilot, "enter")
        assert shop.desk.sale is not None
        assert shop.desk.sale.lines[0].product.code == CHEESE
        assert shop.desk.sale.lines[0].entry is EntryMethod.SEARCHED

    play(shop.app(), story)


def test_what_is_refused_comes_back_to_be_corrected(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, "4711")
        assert "REFUSÉ" in text_of(app)
        assert "> 4711" in text_of(app)
        await press(app, pilot, "backspace")
        assert "REFUSÉ" not in text_of(app)

    play(shop.app(), story)


def test_weights_prices_quick_keys_and_discounts_are_typed_in_one_line(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, f"0,350*{'.'}3")
        await type_in(app, pilot, "SAC@3,00")
        await type_in(app, pilot, ".1")
        await press(app, pilot, "up")
        await type_in(app, pilot, "-10%")
        sale = shop.desk.sale
        assert sale is not None
        assert [(x.quantity, x.unit_price, x.net) for x in sale.lines] == [
            (350, 199, 70),
            (1000, 300, 300),
            (1000, 120, 108),
        ]

    play(shop.app(), story)


def test_delete_voids_the_chosen_line_and_leaves_its_trace(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".1")
        await type_in(app, pilot, ".2")
        await press(app, pilot, "up", "up", "delete")
        sale = shop.desk.sale
        assert sale is not None
        assert [line.product.code for line in sale.lines] == [CHEESE]
        event = shop.store.ledger.last("event")
        assert event is not None
        assert event.data["name"] == "line_voided"

    play(shop.app(), story)


def test_pasted_text_is_typed_and_a_pasted_scan_is_a_scan(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        from textual import events

        app.post_message(events.Paste("cre"))
        await settled(app, pilot)
        assert "> cre" in text_of(app)
        await press(app, pilot, "escape")
        app.post_message(events.Paste(BREAD + "\r"))
        await settled(app, pilot)
        assert shop.desk.sale is not None
        assert shop.desk.sale.lines[0].product.code == BREAD

    play(shop.app(), story)


def test_what_is_sold_by_weight_asks_for_it_when_found_or_on_a_quick_key(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".3")
        assert "Combien de kilos, à 1,99 €" in text_of(app)
        assert shop.desk.sale is None or not shop.desk.sale.lines
        await type_in(app, pilot, "0,350")
        await type_in(app, pilot, "bana")
        await type_in(app, pilot, "0,5")
        assert shop.desk.sale is not None
        assert [(x.quantity, x.entry) for x in shop.desk.sale.lines] == [
            (350, EntryMethod.QUICK_KEY),
            (500, EntryMethod.SEARCHED),
        ]

    play(shop.app(), story)


def test_a_weight_that_was_not_given_sells_nothing_and_leaves_what_was_typed(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".3")
        await type_in(app, pilot, "0")
        assert "REFUSÉ" in text_of(app)
        await press(app, pilot, "escape")
        await press(app, pilot, "escape")
        assert app.screen is app.sale_screen
        assert "> .3" in text_of(app)
        assert shop.desk.sale is None or not shop.desk.sale.lines

    play(shop.app(), story)


def test_a_weight_typed_or_inside_the_code_is_not_asked_again(shop: Shop) -> None:
    shop.sign_on()
    load_catalogue(shop.store, BY_WEIGHT, lambda: shop.now)

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, "0,350*.3")
        burst(app, "2100042012509\r")
        await settled(app, pilot)
        assert app.screen is app.sale_screen
        assert shop.desk.sale is not None
        assert [x.quantity for x in shop.desk.sale.lines] == [350, 1250]

    play(shop.app(), story)


def test_goods_by_weight_that_come_back_are_weighed_too(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await choose(app, pilot, "Reprendre un article")
        await type_in(app, pilot, BANANA)
        await type_in(app, pilot, "0,500")
        assert shop.desk.sale is not None
        assert [x.quantity for x in shop.desk.sale.lines] == [-500]

    play(shop.app(), story)


def test_a_quick_hand_and_a_paste_are_no_scan(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        from textual import events

        burst(app, f"0,350*{BANANA}\r")
        await settled(app, pilot)
        app.post_message(events.Paste("2*SAC@3,00"))
        await settled(app, pilot)
        assert "> 2*SAC@3,00" in text_of(app)
        await press(app, pilot, "enter")
        assert shop.desk.sale is not None
        assert [(x.quantity, x.net) for x in shop.desk.sale.lines] == [(350, 70), (2000, 600)]

    play(shop.app(), story)
