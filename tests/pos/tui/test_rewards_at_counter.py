"""A campaign at the screen: earned, claimed by a phone's camera, spent as a voucher, by phone."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import zxingcpp
from msgspec.structs import replace as changed
from PIL import Image, ImageOps
from textual.pilot import Pilot

from pos.app import pay_by_phone
from pos.app.refund import refund
from pos.domain.errors import VoucherRefused
from pos.domain.payment import State
from pos.tui.app import TillApp
from sync.contract import claims, courier
from sync.contract.calls import NewReservation, Reservation
from sync.contract.feed import Carnet
from sync.contract.operations import VoucherRef
from sync.contract.rewards.rules import Percent
from sync.contract.voucher import Audience
from tests.pos.rewards import RULES, SERVER, SHOP, granted, lease, voucher
from tests.pos.tui.screens import check_golden, rows_of, text_of
from tests.pos.tui.shop import BREAD, Shop, burst, play, press, settled, type_in

WIDE, FLOOR = (100, 30), (80, 24)
VERSION_7 = 45  # modules
DAY: dict[str, Any] = {
    "from_at": "2026-11-22T00:00:00+01:00",
    "until_at": "2026-11-24T00:00:00+01:00",
}


@pytest.fixture
def joined(shop: Shop) -> Shop:
    """A till in a campaign, with a cashier at it."""
    own = voucher(9, 20, audience=Audience.SHOP, audience_id=SHOP)
    carnet = Carnet(id=1, value=20, vouchers=(own,))
    shop.campaigns.ids = ("noel",)
    shop.campaigns.granted = (granted(lease(amount=600, **DAY), carnets=(carnet,)),)
    shop.sign_on()
    return shop


def held(value: int = 500) -> Reservation:
    """What a server says that holds a voucher."""
    return Reservation("hold", VoucherRef(7, 0), value, "tender", "2026-11-22T19:00:00+01:00")


def picture(app: TillApp) -> Image.Image:
    """The QR code of the screen as a camera sees it: four dots a module, dark all around."""
    rows = [row for row in rows_of(app) if any(sign in row for sign in "▀▄█")]
    left = min(row.find(sign) for row in rows for sign in "▀▄█" if sign in row)
    modules = Image.new("L", (VERSION_7 + 4, 2 * len(rows) + 4), 255)
    for y, row in enumerate(rows):
        for x, sign in enumerate(row[left : left + VERSION_7]):
            modules.putpixel((x + 2, 2 * y + 2), 0 if sign in "▀█" else 255)
            modules.putpixel((x + 2, 2 * y + 3), 0 if sign in "▄█" else 255)
    large = modules.resize((4 * modules.width, 4 * modules.height), Image.Resampling.NEAREST)
    return ImageOps.expand(large, 40, 20)


def test_what_the_sale_earns_stands_under_its_total(joined: Shop) -> None:
    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".1")
        assert "0,24" in text_of(app)
        await press(app, pilot, "f2")
        assert "0,24" in text_of(app)

    play(joined.app(), story)


def test_why_it_earns_nothing_is_said(joined: Shop) -> None:
    joined.campaigns.granted = (granted(state="paused"),)

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".1")
        shown = " ".join(text_of(app).replace("│", " ").split())
        assert "la campagne est suspendue" in shown

    play(joined.app(), story, WIDE)


def test_a_phone_reads_the_claim_off_the_screen(joined: Shop) -> None:
    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".1")
        await press(app, pilot, "f2", "f10", "enter")
        (found,) = zxingcpp.read_barcodes(picture(app))
        claim = claims.read(found.text.rpartition("/")[2]).claim
        assert claim.amount == 24
        assert claims.code(claim.secret) in text_of(app)
        await press(app, pilot, "f11")
        assert joined.store.ledger.jobs()[-1].title == "Gain à réclamer"

    play(joined.app(), story, WIDE)


def test_a_small_screen_shows_the_code_to_type_instead(joined: Shop) -> None:
    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".1")
        await press(app, pilot, "f2", "f10", "enter")
        secret = joined.store.ledger.rewards.claims(1)[0].secret
        shown = text_of(app)
        assert claims.code(bytes.fromhex(secret)) in shown
        assert "https://noel.example/c" in shown
        assert "▀" not in shown
        assert "Scannez ce code" not in shown

    play(joined.app(), story, FLOOR)


def test_a_scanned_voucher_pays(joined: Shop) -> None:
    joined.campaigns.answer = held(50)

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".1")
        burst(app, voucher(0, 50) + "\r")
        await settled(app, pilot)
        assert "Reste à payer : 0,70 €" in text_of(app)
        assert "Bon" in text_of(app)
        await press(app, pilot, "f2")
        assert joined.desk.last is not None
        assert joined.desk.last.ticket.tenders[0].details["mode"] == "online"

    play(joined.app(), story)


@pytest.mark.parametrize(("again", "paid"), [((), [-120]), ((BREAD,), [-120, 120])])
def test_goods_that_rewards_had_paid_come_back_by_the_key_of_cash(
    joined: Shop, again: tuple[str, ...], paid: list[int]
) -> None:
    joined.campaigns.answer = held(120)

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".1")
        burst(app, voucher(0, 120) + "\r")
        await settled(app, pilot)
        joined.sign_on("2", None)
        refund(joined.desk, 1).wait()
        app.redraw()
        for code in again:
            await type_in(app, pilot, code)
        await press(app, pilot, "f2")
        assert joined.desk.last is not None
        assert [x.amount for x in joined.desk.last.ticket.tenders] == paid

    play(joined.app(), story)


def test_while_the_server_is_asked_the_screen_lives(joined: Shop) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def reserve(wish: NewReservation, key: str) -> Reservation:
        asked.set()
        assert go_on.wait(10)
        return held(50)

    joined.campaigns.reserve = reserve  # type: ignore[method-assign]

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".1")
        burst(app, voucher(0, 50) + "\r")
        while not asked.is_set():
            await pilot.pause(0.01)
        assert "la campagne est interrogée" in text_of(app)
        await pilot.press("1", "2")
        await pilot.pause(0.1)
        assert app.sale_screen.entry.text == "12"
        go_on.set()
        await settled(app, pilot)
        assert "Reste à payer" in text_of(app)

    play(joined.app(), story)


def test_a_refused_voucher_is_told_and_the_sale_stays(joined: Shop) -> None:
    joined.campaigns.answer = VoucherRefused(cause="voucher-spent")

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".1")
        burst(app, voucher(0, 50) + "\r")
        await settled(app, pilot)
        assert "Bon déjà utilisé" in text_of(app)
        assert app.sale_screen.shown.sale.due == 120

    play(joined.app(), story)


def test_a_code_is_typed_from_the_menu_of_tenders(joined: Shop) -> None:
    joined.campaigns.answer = held(50)

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".1")
        await press(app, pilot, "f4", "down", "enter")
        await type_in(app, pilot, "ABCDEFGH23")
        assert joined.campaigns.asked[0].voucher == "ABCDEFGH23"
        assert app.sale_screen.shown.sale.due == 70

    play(joined.app(), story)


def test_the_customers_phone_pays_what_was_typed(joined: Shop) -> None:
    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".1")
        await pilot.press("1")
        await press(app, pilot, "f4", "down", "down", "enter")
        (found,) = zxingcpp.read_barcodes(picture(app))
        challenge = courier.read(found.text.rpartition("/")[2]).challenge
        assert challenge.amount == 100
        await press(app, pilot, "enter")
        key = joined.store.identity.public
        digits = courier.answer(courier.shared_secret(SERVER, key), challenge)
        await type_in(app, pilot, digits)
        assert app.sale_screen.shown.sale.due == 20

    play(joined.app(), story, WIDE)


def test_the_digits_may_come_later_and_the_code_on_paper(joined: Shop) -> None:
    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".1")
        await press(app, pilot, "f4", "down", "down", "enter")
        assert "ne tient pas" in text_of(app)
        await press(app, pilot, "f11", "escape")
        assert "Tél. sollicité     1,20" in text_of(app)
        job = joined.store.ledger.jobs()[-1]
        assert any(block["block"] == "qr" for block in job.page)
        await press(app, pilot, "f4", "down", "enter")
        await type_in(app, pilot, "00000000")
        assert "Essais restants : 4" in text_of(app)

    play(joined.app(), story)


UNHEARD = "Le téléphone du client a-t-il payé"


async def ask_a_phone(app: TillApp, pilot: Pilot[None], cents: str) -> str:
    """Ring up bread, ask a phone for so much and close the question; the phone's digits."""
    await type_in(app, pilot, ".1")
    await press(app, pilot, *cents, "f4", "down", "down", "enter")
    await press(app, pilot, "enter", "escape")
    asked = pay_by_phone.again(app.desk)
    challenge = courier.read(asked.address.rpartition("/")[2]).challenge
    return courier.answer(
        courier.shared_secret(SERVER, app.desk.ports.identity.key.public), challenge
    )


@pytest.mark.parametrize("keys", ["f2", "f3", "2 f2", "f5"])
@pytest.mark.parametrize("size", [FLOOR, WIDE])
def test_a_tender_that_ends_the_sale_asks_once_whether_the_phone_paid(
    joined: Shop, keys: str, size: tuple[int, int]
) -> None:
    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await ask_a_phone(app, pilot, "1")
        *typed, key = keys.split()
        await press(app, pilot, *typed, key)
        assert UNHEARD in text_of(app)
        await press(app, pilot, "escape")
        assert app.sale_screen.entry.text == ("2,00" if typed else "")
        await press(app, pilot, key)
        assert UNHEARD in text_of(app)
        await press(app, pilot, "enter")
        if key == "f3":
            joined.terminal.answer(State.DECLINED)
            await settled(app, pilot)
            await press(app, pilot, "f3")
            assert UNHEARD not in text_of(app)
            joined.terminal.answer(State.APPROVED)
            await settled(app, pilot)
        assert joined.desk.last is not None
        assert joined.desk.sale is None

    play(joined.app(), story, size)


def test_a_part_that_leaves_room_for_the_phone_is_taken_at_once(joined: Shop) -> None:
    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await ask_a_phone(app, pilot, "1")
        await press(app, pilot, "0", "comma", "2", "0", "f2")
        assert app.sale_screen.shown.sale.due == 100

    play(joined.app(), story)


def test_the_digits_typed_there_count_instead_of_the_tender(joined: Shop) -> None:
    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        digits = await ask_a_phone(app, pilot, "1")
        await press(app, pilot, "2", "f2")
        await type_in(app, pilot, "00000000")
        assert "Essais restants : 4" in text_of(app)
        await press(app, pilot, *["backspace"] * 8)
        await type_in(app, pilot, digits)
        assert "Reste à payer : 0,20 €" in text_of(app)
        assert app.sale_screen.entry.text == "2,00"
        await press(app, pilot, "f2")
        assert joined.desk.last is not None
        assert [x.amount for x in joined.desk.last.ticket.tenders] == [100, 20]

    play(joined.app(), story)


def test_a_phone_that_paid_all_of_it_ends_the_sale_and_no_cash_is_taken(joined: Shop) -> None:
    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        digits = await ask_a_phone(app, pilot, "")
        await press(app, pilot, "2", "f2")
        await type_in(app, pilot, digits)
        assert joined.desk.last is not None
        assert [x.amount for x in joined.desk.last.ticket.tenders] == [120]
        assert app.sale_screen.entry.text == ""

    play(joined.app(), story)


def test_cash_that_waits_for_the_end_of_a_card_asks_about_the_phone_when_it_is_taken(
    joined: Shop,
) -> None:
    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await ask_a_phone(app, pilot, "1")
        await press(app, pilot, "0", "comma", "5", "0", "f3")
        await press(app, pilot, "f2", "enter")
        assert UNHEARD not in text_of(app)
        joined.terminal.answer(State.DECLINED)
        await settled(app, pilot)
        assert UNHEARD in text_of(app)
        await press(app, pilot, "escape")
        assert "à la place" not in app.sale_screen.message.text
        assert app.sale_screen.shown.sale.due == 120

    play(joined.app(), story)


def test_the_reward_is_handed_out_on_paper_from_the_menu(joined: Shop) -> None:
    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".1")
        await press(app, pilot, "f10", "down", "down", "enter")
        assert "bons papier" in text_of(app)
        await press(app, pilot, "f2")
        kept = joined.store.ledger.rewards.claims(1)
        assert [one.amount for one in kept] == [20, 4]

    play(joined.app(), story)


@pytest.mark.parametrize("size", [FLOOR, WIDE])
def test_the_screen_of_a_sale_that_earns(joined: Shop, size: tuple[int, int]) -> None:
    rules = (Percent(id="back", rate=2000, floor=200),)
    waiting = granted(rules=changed(RULES, campaign="ete", name="Été au marché", rules=rules))
    joined.campaigns.granted = (*joined.campaigns.granted, waiting)
    joined.campaigns.answer = held(50)

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".1")
        burst(app, voucher(0, 50) + "\r")
        await settled(app, pilot)
        check_golden(app, f"campaign-sale-{size[0]}x{size[1]}")
        await press(app, pilot, "f2")
        check_golden(app, f"campaign-sold-{size[0]}x{size[1]}")

    play(joined.app(), story, size)


def test_a_customer_who_comes_back_later_still_gets_the_claim(joined: Shop) -> None:
    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".1")
        await press(app, pilot, "f2")
        await type_in(app, pilot, ".4")
        await press(app, pilot, "f2", "f10", "down", "enter")
        await type_in(app, pilot, "1")
        secret = joined.store.ledger.rewards.claims(1)[0].secret
        assert claims.code(bytes.fromhex(secret)) in text_of(app)

    play(joined.app(), story)
