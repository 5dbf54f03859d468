"""One line for what just happened: trouble says so in a word, the next key clears it."""

from __future__ import annotations

from pos.tui.text import Row, clean, fit
from pos.tui.widgets.rows import Rows


class MessageLine(Rows):
    """Shows one message at a time."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self.text = ""
        self._word = ""

    def say(self, text: str) -> None:
        """Show what was done."""
        self._set(text, "")

    def error(self, text: str) -> None:
        """Show what was refused."""
        self._set(text, "tui.message.error")

    def alert(self, text: str) -> None:
        """Show what must not be overlooked."""
        self._set(text, "tui.message.alert")

    def clear(self) -> None:
        """Show nothing."""
        self._set("", "")

    @property
    def is_trouble(self) -> bool:
        """Whether it shows a refusal or an alert, which no news may push away."""
        return bool(self._word)

    def _set(self, text: str, word: str) -> None:
        if (text, word) != (self.text, self._word):
            self.text, self._word = text, word
            self.redraw()

    def draw(self, width: int, height: int) -> list[Row]:  # noqa: ARG002  # one row
        """The one row; trouble fills it."""
        if not self.text:
            return []
        if self._word:
            word = self.language.say(self._word)
            return [[(fit(f" ■ {word} {clean(self.text)}", width), "error")]]
        return [[(fit(f" ● {clean(self.text)}", width), "notice")]]
