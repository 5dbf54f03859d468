"""Cards at the end of the day: what is still open before the Z, and each terminal's totals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pos.app.card_attempts import prepared_at
from pos.app.desk import TotalsNews
from pos.app.reconcile_cards import end_of_day, reconcile
from pos.domain.errors import BadQuantity, CardMissing
from pos.domain.money import Cents, parse_amount
from pos.domain.reconcile import Comparison, TerminalTotals
from pos.tui import card_words
from pos.tui.comparison import WIDTH, comparison_text
from pos.tui.modals.ask import Ask
from pos.tui.modals.menu import Menu
from pos.tui.modals.paper import Paper
from pos.tui.widgets.choices import Choice

if TYPE_CHECKING:
    from pos.app.views import AttemptView
    from pos.tui.app import TillApp

COUNT_MAX = 99_999


class CardDay:
    """The acts around cards that end a day."""

    def __init__(self, till: TillApp) -> None:
        self._till = till
        self._say = till.language.say

    # --- before the Z ----------------------------------------------------------------------------

    async def see_open(self) -> frozenset[str] | None:
        """Show what is open until it is settled or accepted; its references, None to go back."""
        while True:
            attempts = self._till.cards.open()
            if not attempts:
                return frozenset()
            choices = [Choice(x, self._row(x), self._note(x)) for x in attempts]
            choices.append(Choice("close", self._say("tui.open_cards.close")))
            choices.append(Choice("back", self._say("tui.open_cards.back")))
            question = Menu(
                self._say("tui.open_cards.title"), choices, self._say("tui.open_cards.intro")
            )
            choice = await self._till.ask(question)
            if choice is None or choice.value == "back":
                return None
            if choice.value == "close":
                return frozenset(attempt.reference for attempt in attempts)
            chosen = next(attempt for attempt in attempts if attempt is choice.value)
            await self._till.cards.look(chosen.reference)

    def _row(self, attempt: AttemptView) -> str:
        language = self._till.language
        amount = language.money(attempt.amount)
        return f"{amount} · {card_words.short(language, attempt)}"

    def _note(self, attempt: AttemptView) -> str:
        at = prepared_at(self._till.desk, attempt.reference)
        time = self._till.language.time(at) if at else "?"
        return f"{time} · {attempt.terminal}"

    # --- totals of the terminals -----------------------------------------------------------------

    async def end_of_day(self) -> None:
        """Compare what a terminal added up with what the till has of it."""
        till = self._till
        name = await self._which_terminal()
        if name is None:
            return
        if till.desk.ports.terminals[name].abilities.end_of_day:
            way = await self._which_way(name)
            if way is None:
                return
            if way == "ask":
                await till.allowed(lambda: end_of_day(till.desk, name))
                till.say(self._say("tui.card_day.asked", terminal=name))
                return
        await self._type_in(name)

    async def _which_terminal(self) -> str | None:
        till, language = self._till, self._till.language
        terminals = till.desk.ports.terminals
        if not terminals:
            raise CardMissing
        if len(terminals) == 1:
            return next(iter(terminals))
        choices = [
            Choice(name, name, language.say(f"tui.device.terminal.{terminal.health().state}"))
            for name, terminal in terminals.items()
        ]
        choice = await till.ask(Menu(self._say("tui.card_day.which"), choices))
        return str(choice.value) if choice else None

    async def _which_way(self, name: str) -> str | None:
        choices = [
            Choice("ask", self._say("tui.card_day.ask")),
            Choice("type", self._say("tui.card_day.type")),
        ]
        choice = await self._till.ask(Menu(self._title(name), choices))
        return str(choice.value) if choice else None

    async def _type_in(self, name: str) -> None:
        till, title = self._till, self._title(name)
        total = await till.ask(Ask(title, _signed_amount, intro=self._say("tui.card_day.total")))
        if total is None:
            return
        answer = await till.ask(Ask(title, _count, intro=self._say("tui.card_day.count")))
        if answer is None:
            return
        count = answer[0] if answer else None
        totals = TerminalTotals(total, count)
        await self._show(await till.record(lambda: reconcile(till.desk, name, totals)))

    async def totals_arrived(self, news: TotalsNews) -> None:
        """A terminal ended its day, or could not."""
        if news.comparison is None:
            self._till.alert(self._say("tui.card_day.none", terminal=news.terminal))
            return
        await self._show(news.comparison)

    async def _show(self, comparison: Comparison) -> None:
        language = self._till.language
        key = "tui.card_day.agrees" if comparison.agrees else "tui.card_day.differs"
        difference = language.money(comparison.difference)
        told = self._say(key, terminal=comparison.terminal, difference=difference)
        if comparison.agrees:
            self._till.say(told)
        else:
            self._till.alert(told)
        text = comparison_text(comparison, language)
        await self._till.ask(Paper(self._title(comparison.terminal), text, width=WIDTH))

    def _title(self, terminal: str) -> str:
        return self._say("tui.card_day.title", terminal=terminal)


def _signed_amount(text: str) -> Cents:
    """The total of a terminal's paper, which refunds may have taken below nothing."""
    stripped = text.strip()
    if stripped.startswith("-"):
        return -parse_amount(stripped[1:])
    return parse_amount(stripped)


def _count(text: str) -> tuple[int, ...]:
    """A number of operations; nothing typed is no number."""
    stripped = text.strip()
    if not stripped:
        return ()
    if not (stripped.isascii() and stripped.isdigit()) or int(stripped) > COUNT_MAX:
        raise BadQuantity(text=text)
    return (int(stripped),)
