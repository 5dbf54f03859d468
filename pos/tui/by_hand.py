"""A terminal that stands alone: the cashier types the amount on it, and says what it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pos.app.pay_by_card import answer_by_hand
from pos.app.views import AttemptView
from pos.domain.errors import BadInput
from pos.domain.money import Cents, parse_amount
from pos.domain.payment import Direction, State
from pos.tui import card_words
from pos.tui.modals.ask import Ask
from pos.tui.modals.menu import Menu
from pos.tui.widgets.choices import Choice

if TYPE_CHECKING:
    from pos.tui.app import TillApp

LAST_DIGITS: Final = 4
OTHER: Final = "other"  # approved, and not what was asked
ANSWERS: Final = (State.APPROVED, State.DECLINED, State.CANCELLED, State.UNKNOWN)


class ByHand:
    """The questions that stand for its answers."""

    def __init__(self, till: TillApp) -> None:
        self._till = till
        self._say = till.language.say

    async def answer(self, attempt: AttemptView, first: str = "") -> bool:
        """What the terminal shows, asked of the cashier; False for later."""
        till = self._till
        answer = await self._asked(attempt, first)
        if answer is None:
            return False
        state, number, last4, amount = answer
        news = await till.record(
            lambda: answer_by_hand(
                till.desk,
                attempt.reference,
                state,
                authorisation=number,
                last4=last4,
                amount=amount,
            )
        )
        await till.cards.ended(news)
        return True

    async def _asked(
        self, attempt: AttemptView, first: str
    ) -> tuple[State, str, str, Cents | None] | None:
        """The answer with what its paper tells; who leaves the paper is asked anew."""
        choices = [Choice(state, self._say(f"tui.hand.{state}")) for state in ANSWERS]
        if attempt.direction is not Direction.CANCELLATION:
            choices.insert(1, Choice(OTHER, self._say("tui.hand.other")))
        choices.append(Choice(None, self._say("tui.hand.later")))
        title = self._say(f"tui.hand.title.{attempt.direction}")
        intro = "\n".join([*([first] if first else []), self._intro(attempt)])
        while True:
            choice = await self._till.about.ask(attempt.reference, Menu(title, choices, intro))
            if choice is None or choice.value is None:
                return None
            other = choice.value == OTHER
            state = State.APPROVED if other else State(str(choice.value))
            if state is not State.APPROVED:
                return state, "", "", None
            amount = await self._amount(attempt) if other else None
            if other and amount is None:
                continue
            told = await self._paper(attempt)
            if told is not None:
                return (state, *told, amount)

    def _intro(self, attempt: AttemptView) -> str:
        language, terminals = self._till.language, self._till.desk.ports.terminals
        return self._say(
            f"tui.hand.intro.{attempt.direction}",
            amount=language.money(attempt.amount),
            terminal=card_words.the_terminal(language, attempt.terminal, terminals),
        )

    async def _amount(self, attempt: AttemptView) -> Cents | None:
        question = Ask(
            self._say("tui.hand.other"), parse_amount, intro=self._say("tui.resolve.other_intro")
        )
        return await self._till.about.ask(attempt.reference, question)

    async def _paper(self, attempt: AttemptView) -> tuple[str, str] | None:
        """The authorisation number and last digits, as far as the cashier gives them."""
        title, about = self._say("tui.hand.approved"), self._till.about
        number = await about.ask(
            attempt.reference, Ask(title, str.strip, intro=self._say("tui.hand.number"))
        )
        if number is None:
            return None
        digits = await about.ask(
            attempt.reference, Ask(title, _last_digits, intro=self._say("tui.hand.last4"))
        )
        return None if digits is None else (number, digits)


def _last_digits(text: str) -> str:
    digits = text.strip()
    if digits and not (len(digits) == LAST_DIGITS and digits.isascii() and digits.isdigit()):
        raise BadInput
    return digits
