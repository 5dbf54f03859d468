"""What the screen looks like: goldens that a person can read, and signs that every console has."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from pos.adapters.campaigns import STOPPED
from pos.app.campaign_ports import CampaignLink
from pos.app.ports import DeviceHealth, DeviceState
from pos.domain.payment import State
from pos.tui.app import TillApp
from pos.tui.text import SIGNS
from tests.pos.tui.screens import check_golden, rows_of, text_of
from tests.pos.tui.shop import BREAD, Shop, Story, burst, play, press, settled, type_in

FLOOR, TARGET, PHONE = (80, 24), (100, 30), (66, 20)
SIZES = {"80x24": FLOOR, "100x30": TARGET}


async def sale(app: TillApp, pilot: Pilot[None]) -> None:
    """A sale with everything that a line can have."""
    burst(app, BREAD + "\r")
    await settled(app, pilot)
    await type_in(app, pilot, "3*.2")
    await type_in(app, pilot, "0,350*.3")
    await type_in(app, pilot, "SAC@3,00")
    await press(app, pilot, "up", "up")
    await type_in(app, pilot, "-10%")


async def sold(app: TillApp, pilot: Pilot[None]) -> None:
    """A sale just paid with a note."""
    await sale(app, pilot)
    await press(app, pilot, "f7")


async def searching(app: TillApp, pilot: Pilot[None]) -> None:
    """Letters being typed."""
    await sale(app, pilot)
    await press(app, pilot, "escape", "b", "a")


async def waiting_for_card(app: TillApp, pilot: Pilot[None]) -> None:
    """The customer has the terminal."""
    await sale(app, pilot)
    await press(app, pilot, "5", "f3")


async def menu(app: TillApp, pilot: Pilot[None]) -> None:
    """The menu of jobs."""
    await sale(app, pilot)
    await press(app, pilot, "f10", "down", "down")


async def counting(app: TillApp, pilot: Pilot[None]) -> None:
    """The drawer being counted."""
    await press(app, pilot, "f10", *["down"] * 13, "enter", "down", "3", "enter", "1", "2")


async def help_page(app: TillApp, pilot: Pilot[None]) -> None:
    """All keys."""
    await press(app, pilot, "f1")


async def ready(app: TillApp, pilot: Pilot[None]) -> None:
    """Nothing sold yet."""


SCREENS: dict[str, Story] = {
    "ready": ready,
    "sale": sale,
    "sold": sold,
    "searching": searching,
    "card": waiting_for_card,
    "menu": menu,
    "counting": counting,
    "help": help_page,
}


def look(shop: Shop, story: Story, size: tuple[int, int], name: str, language: str) -> None:
    """Play a story and compare what it leaves on the screen."""

    async def looked(app: TillApp, pilot: Pilot[None]) -> None:
        await story(app, pilot)
        check_golden(app, name)
        strange = {sign for sign in text_of(app) if not known(sign)}
        assert not strange, f"signs that a console's font may not have: {strange}"

    play(shop.app(language), looked, size)


def known(sign: str) -> bool:
    """Whether a plain Debian console shows this sign."""
    return sign == "\n" or " " <= sign <= "~" or "\u00a1" <= sign <= "\u017f" or sign in SIGNS


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", SCREENS)
def test_the_screen_is_the_one_that_was_looked_at(shop: Shop, name: str, size: str) -> None:
    shop.sign_on(opening=15000)
    look(shop, SCREENS[name], SIZES[size], f"{name}-{size}", "fr")


def test_the_screen_speaks_english(shop: Shop) -> None:
    shop.sign_on()
    look(shop, sale, FLOOR, "sale-80x24-en", "en")


def test_the_sign_on_screen_is_the_one_that_was_looked_at(shop: Shop) -> None:
    look(shop, ready, FLOOR, "sign-on-80x24", "fr")


def test_an_unknown_card_and_sick_devices_are_told_in_words(shop: Shop) -> None:
    shop.sign_on()
    shop.printer.state = DeviceHealth(DeviceState.OFFLINE)
    shop.campaigns.state = CampaignLink(("city",), 12, "2026-11-22T10:15:00.000+01:00")

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await sale(app, pilot)
        await press(app, pilot, "f3")
        shop.terminal.answer(State.UNKNOWN)
        await settled(app, pilot)
        await app.poll()
        await settled(app, pilot)

    look(shop, story, TARGET, "unknown-100x30", "fr")


@pytest.mark.parametrize("size", [FLOOR, TARGET])
@pytest.mark.parametrize(
    ("waiting", "code", "told"),
    [
        (0, "fr", " Sync arrêtée"),
        (0, "en", " Sync stopped"),
        (12, "fr", ", Sync arrêtée"),
    ],
)
def test_a_sync_that_does_not_run_is_said_in_the_bar(
    shop: Shop, size: tuple[int, int], waiting: int, code: str, told: str
) -> None:
    shop.sign_on()
    oldest = "2026-11-22T10:15:00.000+01:00" if waiting else None
    shop.campaigns.state = CampaignLink(("city",), waiting, oldest, STOPPED)

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await app.poll()
        await settled(app, pilot)
        campaigns = rows_of(app)[-1].rpartition("│")[2]
        assert "■" in campaigns
        assert campaigns.rstrip().endswith(told)
        assert "à jour" not in campaigns

    play(shop.app(code), story, size)


@pytest.mark.parametrize("size", [PHONE, (50, 15), (132, 43)])
def test_other_sizes_still_show_what_is_due(shop: Shop, size: tuple[int, int]) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".1")
        assert "1,20" in text_of(app)
        assert len(rows_of(app)) == size[1]

    play(shop.app(), story, size)


def test_a_console_with_sixteen_colours_gets_the_same_words(shop: Shop) -> None:
    from pos.i18n import language

    shop.sign_on()
    app = TillApp(shop.desk, language("fr"), environment={"TERM": "linux"})

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await sale(app, pilot)
        check_golden(app, "sale-80x24")

    play(app, story, FLOOR)


@pytest.mark.parametrize("size", SIZES)
def test_the_first_sign_on_shows_its_notice_and_its_refusals(shop: Shop, size: str) -> None:
    app = shop.app()
    app.notice = "Démonstration : code 1, PIN 1111.\nTickets : /tmp/essai/tickets\nTerminal : joué"

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, "1")
        await type_in(app, pilot, "2222")
        check_golden(app, f"sign-on-notice-{size}")

    play(app, story, SIZES[size])


def test_notes_and_counts_are_written_as_english_does(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".1")
        shown = text_of(app)
        assert "€5 " in shown
        assert "(1 line)" in shown

    play(shop.app("en"), story)


@pytest.mark.parametrize(("size", "language"), [(FLOOR, "fr"), (TARGET, "fr"), (TARGET, "en")])
def test_the_help_cuts_nothing_and_names_the_notes(
    shop: Shop, size: tuple[int, int], language: str
) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await press(app, pilot, "f1")
        shown = text_of(app)
        assert "…" not in "".join(row for row in rows_of(app) if "F" in row)
        assert ("€5 note" if language == "en" else "billet de 5 €") in shown

    play(shop.app(language), story, size)


@pytest.mark.parametrize(
    ("size", "who"),
    [(FLOOR, "1 Camille (caisse)"), (PHONE, "1 Camille │"), (TARGET, "1 Camille (caisse)")],
)
def test_the_header_names_who_works(shop: Shop, size: tuple[int, int], who: str) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        assert who in rows_of(app)[0]

    play(shop.app(), story, size)
