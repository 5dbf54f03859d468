"""The customer who changes to another means of payment while the card runs.

No other tender of the sale is taken meanwhile: what the cashier pressed waits here until the
terminal has said that nothing was charged, and is dropped when something was, or nobody knows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from pos.app.views import AttemptView
from pos.domain.errors import CardBusy
from pos.domain.payment import RUNNING, Attempt, State
from pos.tui.modals.menu import Menu
from pos.tui.widgets.choices import Choice

if TYPE_CHECKING:
    from pos.tui.app import TillApp

Pay: TypeAlias = Callable[[], Awaitable[bool]]
"""Takes a tender; whether it was taken."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A tender that was pressed while a card ran."""

    reference: str
    label: str
    pay: Pay


class Instead:
    """The one tender that waits for the end of a card."""

    def __init__(self, till: TillApp) -> None:
        self._till = till
        self._say = till.language.say
        self._waiting: Waiting | None = None

    @property
    def label(self) -> str:
        """What waits, to be shown; nothing when nothing does."""
        return self._waiting.label if self._waiting else ""

    async def wait(self, label: str, pay: Pay) -> None:
        """Take another tender once the running card of this sale has ended without a charge.

        Raises CardBusy when no card of this sale runs.
        """
        till = self._till
        running = next((x for x in till.cards.own() if x.state in RUNNING), None)
        if running is None:
            raise CardBusy
        self._waiting = Waiting(running.reference, label, pay)
        till.redraw()
        if not await self._is_meant(running, label):
            self._drop(running.reference)
        till.redraw()

    async def _is_meant(self, running: AttemptView, label: str) -> bool:
        """Whether the cashier gives the card up; what ended meanwhile was already seen to."""
        till = self._till
        if running.by_hand:
            first = self._say("tui.instead.by_hand", tender=label)
            return await till.by_hand.answer(running, first)
        ways = ["stop", "red"] if running.cancels else ["red"]
        choices = [Choice(way, self._say(f"tui.instead.{way}", tender=label)) for way in ways]
        choices.append(Choice("wait", self._say("tui.instead.wait")))
        twice = self._say(f"tui.instead.twice.{running.direction}")
        question = Menu(
            self._say("tui.instead.title"), choices, f"{till.cards.asked(running)}\n{twice}"
        )
        choice = await till.about.ask(running.reference, question)
        if choice is None or choice.value == "wait":
            return False
        if choice.value == "stop":
            till.cards.ask_to_stop(running)
        else:
            till.say(self._say("tui.instead.waiting", tender=label))
        return True

    def _drop(self, reference: str) -> None:
        if self._waiting and self._waiting.reference == reference:
            self._waiting = None

    def take(self, attempt: Attempt) -> Waiting | None:
        """The tender that waited for the end of this attempt; it waits no more."""
        waiting = self._waiting
        if waiting is None or waiting.reference != attempt.reference or attempt.state in RUNNING:
            return None
        self._waiting = None
        return waiting

    async def settle(self, attempt: Attempt, waiting: Waiting) -> None:
        """Take what waited if the card was not charged; else say loudly that it paid."""
        till = self._till
        if attempt.state is State.APPROVED:
            due = abs(till.sale_screen.shown.sale.due)
            key = "tui.instead.part" if due else f"tui.instead.done.{attempt.direction}"
            money = till.language.money
            till.alert(self._say(key, amount=money(attempt.charged), due=money(due)))
            return
        if till.desk.sale is None or till.desk.sale.id != attempt.sale:
            return  # parked meanwhile: nothing is taken for a sale that is not in sight
        message = till.sale_screen.message
        message.clear()
        if await waiting.pay():
            till.say(f"{self._say('tui.instead.taken')} {message.text}".rstrip())
