"""A finger or a mouse reaches every action."""

from __future__ import annotations

from textual.pilot import Pilot

from pos.tui.app import TillApp
from pos.tui.keys import BAR
from pos.tui.widgets.key_bar import KeyBar
from tests.pos.tui.screens import rows_of, text_of
from tests.pos.tui.shop import Shop, play, settled, type_in


async def tap(app: TillApp, pilot: Pilot[None], words: str) -> None:
    """Tap the first place where these words stand."""
    for y, row in enumerate(rows_of(app)):
        if words in row:
            await pilot.click(offset=(row.index(words) + 1, y))
            await settled(app, pilot)
            return
    raise AssertionError(f"{words} is not on the screen")


def test_a_sale_is_made_with_a_finger_alone(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await tap(app, pilot, "Crème fraîche")
        await tap(app, pilot, "10 €")
        assert shop.desk.last is not None
        assert shop.desk.last.ticket.change == 765

    play(shop.app(), story, (100, 30))


def test_a_line_is_voided_with_a_finger_alone(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".1")
        await type_in(app, pilot, ".2")
        await tap(app, pilot, "Baguette")
        await tap(app, pilot, "Menu")
        await tap(app, pilot, "Annuler la ligne")
        assert shop.desk.sale is not None
        assert len(shop.desk.sale.lines) == 1

    play(shop.app(), story)


def test_an_amount_is_typed_with_a_finger(shop: Shop) -> None:
    shop.sign_on(opening=10000)

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await tap(app, pilot, "Menu")
        await tap(app, pilot, "Prélèvement")
        for key in ("7 ", "5 ", "OK"):
            await tap(app, pilot, f" {key}")
        entry = shop.store.ledger.last("cash")
        assert entry is not None
        assert entry.data["amount"] == 7500

    play(shop.app(), story, (100, 30))


def test_every_cell_of_the_key_bar_is_a_key_at_every_width(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        bar = app.screen.query_one(KeyBar)
        width = bar.size.width
        hit = {b.action.name for y in (0, 1) for x in range(width) if (b := bar.button_at(x, y))}
        assert hit == {action.name for action in BAR}
        assert "F12" in text_of(app)

    play(shop.app(), story)
