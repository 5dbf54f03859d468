"""What the card's screens look like: goldens that a person can read, at both sizes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from pos.app.ports import Abilities, DeviceHealth, DeviceState
from pos.domain.finding import Finding
from pos.domain.payment import State
from pos.domain.reconcile import TerminalTotals
from pos.tui.app import TillApp
from tests.pos.tui.shop import NOT_CHARGED, PlayedTerminal, Shop, Story, press, settled, type_in
from tests.pos.tui.test_day import choose
from tests.pos.tui.test_looks import SIZES, look, sale

WIRED = Abilities(cancels=True, cancellations=True, asks=True, end_of_day=True)
BY_HAND = Abilities(by_hand=True, cancellations=True, cheques=True)
FOUND = Finding(
    State.APPROVED, 1188, receipt="000123", details={"authorisation": "654321", "last4": "4242"}
)


def running(shop: Shop) -> Story:
    """The customer types the PIN on one of two terminals; a stop could be asked for."""
    shop.set_up(PlayedTerminal("Comptoir", WIRED), PlayedTerminal("Terrasse", WIRED))

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await sale(app, pilot)
        await press(app, pilot, "5", "f3", "enter")
        shop.terminal.shows_card("waiting_pin", "SAISIR CODE")
        await app.poll()
        await settled(app, pilot)

    return story


def by_hand(shop: Shop) -> Story:
    """A terminal that stands alone: the cashier is asked what it shows."""
    shop.set_up(PlayedTerminal("Comptoir", BY_HAND))

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await sale(app, pilot)
        await press(app, pilot, "f3")

    return story


def instead(shop: Shop) -> Story:
    """Cash was pressed while the card runs."""
    shop.set_up(PlayedTerminal("Comptoir", WIRED))

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await sale(app, pilot)
        await press(app, pilot, "f3")
        shop.terminal.shows_card()
        await app.poll()
        await press(app, pilot, "2", "0", "f2")

    return story


def unknown(shop: Shop) -> Story:
    """The end is unknown, above what a cashier may settle alone."""
    shop.set_up(PlayedTerminal("Comptoir", WIRED), resolve_alone_max=1000)

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await sale(app, pilot)
        await press(app, pilot, "f3")
        shop.terminal.answer(State.UNKNOWN, reason="card.line_lost")
        await settled(app, pilot)

    return story


def other_amount(shop: Shop) -> Story:
    """The answer broke off, and spoke of another amount; everything there is to say."""
    other = PlayedTerminal("Terrasse du fond de la cour", WIRED)
    shop.set_up(PlayedTerminal("Comptoir", WIRED), other, resolve_alone_max=0)

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await sale(app, pilot)
        await press(app, pilot, "f3", "down", "enter")
        shop.terminal = other
        other.answer(
            State.UNKNOWN, reason="card.line_lost", said="approved", answered_amount=123_456
        )
        await settled(app, pilot)

    return story


def still_busy(shop: Shop) -> Story:
    """Not charged, says the cashier, while the terminal is with the customer."""
    before = unknown(shop)

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await before(app, pilot)
        shop.terminal.state = DeviceHealth(DeviceState.ONLINE, "card.busy")
        await press(app, pilot, *NOT_CHARGED)

    return story


def proposal(shop: Shop) -> Story:
    """The terminal tells of an operation that may be the one."""
    before = unknown(shop)

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await before(app, pilot)
        shop.terminal.tells(FOUND)
        await settled(app, pilot)

    return story


def orphan(shop: Shop) -> Story:
    """The terminal tells of an operation that nobody knows."""
    shop.set_up(PlayedTerminal("Comptoir", WIRED))

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await sale(app, pilot)
        shop.terminal.tells(FOUND)
        await settled(app, pilot)

    return story


def before_z(shop: Shop) -> Story:
    """The day is to be closed with one unknown attempt and an orphan."""
    parked = parked_unknown(shop)

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await parked(app, pilot)
        await choose(app, pilot, "Clôture Z")

    return story


def parked_unknown(shop: Shop) -> Story:
    """A sale set aside with its unknown card, and an answer that is nobody's."""
    shop.set_up(PlayedTerminal("Comptoir", WIRED))

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await sale(app, pilot)
        await press(app, pilot, "f3")
        shop.terminal.answer(State.UNKNOWN, reason="card.no_answer")
        await settled(app, pilot)
        await press(app, pilot, "escape", "f9")
        shop.terminal.tells(Finding(State.APPROVED, 4200, receipt="000124"))
        await settled(app, pilot)
        await press(app, pilot, "escape")
        await type_in(app, pilot, ".2")

    return story


def differs(shop: Shop) -> Story:
    """The terminal's totals hold more than ours: one attempt was said not to be charged."""
    shop.set_up(PlayedTerminal("Comptoir", WIRED))

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await sale(app, pilot)
        await press(app, pilot, "f3")
        shop.terminal.answer(State.UNKNOWN)
        await settled(app, pilot)
        await press(app, pilot, *NOT_CHARGED, "f3")
        shop.terminal.answer(State.APPROVED)
        await settled(app, pilot)
        shop.terminal.tells(Finding(State.APPROVED, 4200, receipt="000124"))
        await settled(app, pilot)
        await press(app, pilot, "escape")
        shop.terminal.adds_up(TerminalTotals(2376, 2))
        await settled(app, pilot)

    return story


SCREENS: dict[str, Callable[[Shop], Story]] = {
    "card-running": running,
    "card-by-hand": by_hand,
    "card-instead": instead,
    "card-unknown": unknown,
    "card-other-amount": other_amount,
    "card-still-busy": still_busy,
    "card-proposal": proposal,
    "card-orphan": orphan,
    "card-parked": parked_unknown,
    "card-before-z": before_z,
    "card-differs": differs,
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", SCREENS)
def test_the_card_screen_is_the_one_that_was_looked_at(shop: Shop, name: str, size: str) -> None:
    story = SCREENS[name](shop)
    shop.sign_on(opening=15000)
    look(shop, story, SIZES[size], f"{name}-{size}", "fr")


@pytest.mark.parametrize(
    "name", ["card-running", "card-unknown", "card-still-busy", "card-differs"]
)
def test_the_card_screen_speaks_english(shop: Shop, name: str) -> None:
    story = SCREENS[name](shop)
    shop.sign_on()
    look(shop, story, SIZES["80x24"], f"{name}-80x24-en", "en")
