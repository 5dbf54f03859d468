"""The day around the sales: signing on, the float, returns, cash, X, Z, the lock."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from pos.store.staff import set_active
from pos.tui.app import TillApp
from tests.pos.tui.screens import text_of
from tests.pos.tui.shop import Shop, play, press, settled, type_in


async def choose(app: TillApp, pilot: Pilot[None], label: str) -> None:
    """Choose a row of the menu by its words."""
    await press(app, pilot, "f10")
    for _ in range(20):
        if any(row.find(f"→ {label}") >= 0 for row in text_of(app).splitlines()):
            break
        await press(app, pilot, "down")
    await press(app, pilot, "enter")


def test_the_day_begins_with_a_pin_that_is_never_shown_and_a_float(shop: Shop) -> None:
    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        assert "Identifiez-vous" in text_of(app)
        await type_in(app, pilot, "1")
        await press(app, pilot, *"2222")
        assert "2222" not in text_of(app)
        await press(app, pilot, "enter")
        assert "PIN faux" in text_of(app)
        await type_in(app, pilot, "1111")
        assert "Fond de caisse" in text_of(app)
        await type_in(app, pilot, "150")
        assert shop.desk.session is not None
        assert "150,00" in text_of(app)

    play(shop.app(), story)


def test_a_closed_till_takes_no_scan_and_no_escape(shop: Shop) -> None:
    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await press(app, pilot, "escape", "f2", "f10")
        assert "Identifiez-vous" in text_of(app)

    play(shop.app(), story)


def test_the_lock_keeps_the_sale(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".1")
        await press(app, pilot, "f12")
        assert shop.desk.operator is None
        assert "Baguette" not in text_of(app)
        await type_in(app, pilot, "2")
        await type_in(app, pilot, "2222")
        assert "Baguette" in text_of(app)

    play(shop.app(), story)


def test_a_trainee_sees_on_every_screen_that_nothing_is_real(shop: Shop) -> None:
    shop.sign_on("3", None)

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".1")
        assert text_of(app).count("ÉCOLE - FACTICE") >= 2
        await press(app, pilot, "f10")
        assert "ÉCOLE - FACTICE" in text_of(app)
        await press(app, pilot, "escape", "f3")
        assert "FACTICE, vente d'école" in text_of(app)

    play(shop.app(), story)


def test_parked_sales_come_back_by_name(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        for name in ("ana", "bob"):
            await type_in(app, pilot, ".1")
            await press(app, pilot, *name, "f9")
        assert "2 en att." in text_of(app)
        await press(app, pilot, "f9", "down", "enter")
        assert shop.desk.sale is not None
        assert "Vente reprise : bob" in text_of(app)

    play(shop.app(), story)


def test_a_ticket_is_refunded_in_cash(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, "3*.2")
        await press(app, pilot, "f2")
        await choose(app, pilot, "Rembourser")
        await type_in(app, pilot, "01-1-0000001")
        await press(app, pilot, "down", "enter", "1", "enter")
        assert "À RENDRE AU CLIENT" in text_of(app)
        await press(app, pilot, "f2")
        assert shop.desk.last is not None
        assert shop.desk.last.ticket.total.ttc == -235
        shown = text_of(app)
        assert "Retour n° 2 : 2,35 € rendus" in shown
        assert "Retour n° 2 enregistré" in shown
        assert "Rendu  " not in shown

    play(shop.app(), story)


def test_cash_moves_ask_amount_and_reason(shop: Shop) -> None:
    shop.sign_on(opening=10000)

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await choose(app, pilot, "Sortie")
        await type_in(app, pilot, "12,50")
        await press(app, pilot, "p", "a", "i", "n", "enter")
        entry = shop.store.ledger.last("cash")
        assert entry is not None
        assert entry.data == {"kind": "paid_out", "amount": 1250, "reason": "pain"}

    play(shop.app(), story)


def test_cancelling_a_sale_asks_first(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".1")
        await choose(app, pilot, "Annuler toute")
        await press(app, pilot, "enter")
        assert shop.desk.sale is not None
        await choose(app, pilot, "Annuler toute")
        await press(app, pilot, "down", "enter")
        assert shop.desk.sale is None

    play(shop.app(), story)


def test_a_manager_can_approve_one_act(shop: Shop) -> None:
    shop.desk = shop.new_desk(manager_acts=frozenset({"discount"}))
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".1")
        await type_in(app, pilot, "-50%")
        assert "Accord d'un responsable" in text_of(app)
        await type_in(app, pilot, "2")
        await type_in(app, pilot, "2222")
        assert shop.desk.sale is not None
        assert shop.desk.sale.discount is not None
        await press(app, pilot, "f2")
        assert shop.desk.last is not None
        assert shop.desk.last.ticket.total.ttc == 60

    play(shop.app(), story)


def test_the_z_counts_the_drawer_and_locks_the_till(shop: Shop) -> None:
    shop.sign_on(opening=10000)

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".4")
        await press(app, pilot, "f2")
        await choose(app, pilot, "Clôture Z")
        await press(app, pilot, "down", "1", "right", "9", "enter")
        assert "104,50 €" in text_of(app)
        await press(app, pilot, *["down"] * 5, "enter")
        assert "CLÔTURE Z" in text_of(app)
        closing = shop.store.ledger.last("closing")
        assert closing is not None
        assert closing.data["drawer"]["counted"] == 10450
        await press(app, pilot, "enter")
        assert "Identifiez-vous" in text_of(app)
        assert shop.desk.session is None

    play(shop.app(), story)


def test_without_a_printer_the_receipt_is_shown(shop: Shop) -> None:
    from pos.app.ports import DeviceHealth, DeviceState

    shop.printer.state = DeviceHealth(DeviceState.MISSING)
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".1")
        await press(app, pilot, "f2", "f11")
        assert "VENTE 01-1-0000001" in text_of(app)
        await press(app, pilot, "enter")
        assert app.screen is app.sale_screen

    play(shop.app(), story)


def test_leaving_the_program_is_asked_and_refused_by_default(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await pilot.press("ctrl+q")
        await settled(app, pilot)
        assert "Quitter la caisse ?" in text_of(app)
        await press(app, pilot, "enter")
        assert app.is_running

    play(shop.app(), story)


@pytest.mark.parametrize("size", [(80, 24), (100, 30)])
@pytest.mark.parametrize("empty", [False, True])
def test_a_refusal_is_seen_under_a_long_notice(
    shop: Shop, size: tuple[int, int], *, empty: bool
) -> None:
    if empty:
        dismiss_all(shop)
    app = shop.app()
    app.notice = "\n".join(
        f"Ligne {number} d'un long avis de la démonstration" for number in range(9)
    )

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        assert "Ligne 0" in text_of(app)
        await type_in(app, pilot, "1")
        await type_in(app, pilot, "9999")
        shown = text_of(app)
        assert "REFUSÉ :" in shown
        assert "Ctrl+Q : quitter" in shown
        assert ("comptoir staff add CODE --name NOM" in shown) is empty

    play(app, story, size)


def test_a_closed_till_can_be_left(shop: Shop) -> None:
    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await pilot.press("ctrl+q")
        await settled(app, pilot)
        assert "Quitter la caisse ?" in text_of(app)
        await press(app, pilot, "enter")
        assert "Identifiez-vous" in text_of(app)
        await pilot.press("ctrl+q")
        await settled(app, pilot)
        await pilot.press("down", "enter")
        for _ in range(100):
            if app.return_code is not None:
                break
            await pilot.pause(0.01)
        assert app.return_code == 0

    play(shop.app(), story)


def dismiss_all(shop: Shop) -> None:
    """Nobody can sign on any more."""

    def work(tx: Any) -> None:
        for code in "123":
            set_active(tx.connection, code, active=False)

    shop.store.ledger.run(work, "till").result(10)


def test_a_menu_longer_than_the_screen_says_how_much_is_below(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await press(app, pilot, "f10")
        assert "↓ 3" in text_of(app)
        await press(app, pilot, *["down"] * 15)
        assert "↑ 3" in text_of(app)

    play(shop.app(), story, (80, 20))
