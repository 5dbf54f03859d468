"""The card under way, in rows for the panel: amount and state first, and how to stop it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pos.app.views import AttemptView
from pos.domain.payment import RUNNING, State
from pos.i18n import Language
from pos.tui import card_words
from pos.tui.text import Row, clean, ends, fit, wide, wrap

OTHERS_MIN = 2  # rows that other sales' cards get, whatever the sale under way needs
SALE_ROWS = 5  # the large amount, the rule, the total: they stay before other sales' cards


@dataclass(frozen=True, slots=True)
class CardRows:
    """Draws attempts. `named`: there are several terminals; `then`: the tender that waits.

    `selling`: a sale is under way, so that Enter is its own attempt's; `menu` is the menu's hint.
    """

    language: Language
    width: int
    named: bool
    selling: bool
    then: str
    menu: str

    def draw(self, attempts: Sequence[AttemptView], height: int) -> list[Row]:
        """Those of the sale under way in full, then the others in a row each."""
        own = [row for x in attempts if not x.other for row in self._own(x)]
        others = [x for x in attempts if x.other]
        if not others:
            return own[:height]
        room = max(height - len(own) - SALE_ROWS, OTHERS_MIN)
        return [*own, *self._others(others, room)][:height]

    # --- of the sale under way -------------------------------------------------------------------

    def _own(self, attempt: AttemptView) -> list[Row]:
        style = _style(attempt)
        rows: list[Row] = [[("─" * self.width, style)], *self._head(attempt, style)]
        if self.named:
            rows += self._lines(self.language.say("tui.card.on", terminal=attempt.terminal), "text")
        rows += self._lines(card_words.now(self.language, attempt), "strong")
        if attempt.said.text and attempt.state in RUNNING:
            rows += self._lines(
                self.language.say("tui.card.says", text=clean(attempt.said.text)), "text"
            )
        rows += self._lines(self._hint(attempt), "hint")
        if self.then and attempt.state in RUNNING:
            rows += self._lines(self.language.say("tui.card.then", tender=self.then), "strong")
        return rows

    def _head(self, attempt: AttemptView, style: str) -> list[Row]:
        label = card_words.head(self.language, attempt.direction)
        amount = self.language.money(attempt.amount)
        if wide([(f"{label} {amount}", style)]) <= self.width:
            return [[(fit(f"{label} {amount}", self.width), style)]]
        return [[(fit(label, self.width), style)], [(fit(amount, self.width), style)]]

    def _hint(self, attempt: AttemptView) -> str:
        if attempt.state not in RUNNING or attempt.by_hand:
            return self.language.say("tui.card.answer")
        return self.language.say("tui.card.stop" if attempt.cancels else "tui.card.cancel")

    def _lines(self, text: str, style: str) -> list[Row]:
        return [[(line, style)] for line in wrap(clean(text), self.width)]

    # --- of other sales --------------------------------------------------------------------------

    def _others(self, attempts: Sequence[AttemptView], room: int) -> list[Row]:
        title = f"── {self.language.say('tui.card.others')} "
        rows: list[Row] = [[((title + "─" * self.width)[: self.width], "warn")]]
        shown = attempts if len(attempts) < room else attempts[: max(room - 2, 0)]
        rows += [self._other(attempt) for attempt in shown]
        if len(shown) < len(attempts):
            left = len(attempts) - len(shown)
            rows += self._lines(self.language.say("tui.card.more", count=left), "bad")
        hint = self.menu if self.selling else self.language.say("tui.card.answer")
        return [*rows, *(self._lines(hint, "hint") if len(rows) < room else [])]

    def _other(self, attempt: AttemptView) -> Row:
        style = _style(attempt)
        state: Row = [(card_words.short(self.language, attempt), style)]
        amount: Row = [(f" {self.language.money(attempt.amount)}", style)]
        return ends(state, amount, self.width, style)


def _style(attempt: AttemptView) -> str:
    return "bad" if attempt.state in {State.UNKNOWN, State.ORPHAN} else "warn"
