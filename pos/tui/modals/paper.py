"""A document on the screen, as it would come out on paper."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.widget import Widget

from pos.tui.modals.question import Question
from pos.tui.text import Row, clean, fit
from pos.tui.widgets.rows import Rows

COLUMNS = 42


class Sheet(Rows):
    """Lines of text, scrolled by whole rows."""

    def __init__(self, text: str) -> None:
        super().__init__(id="sheet")
        self._lines = text.splitlines()
        self._top = 0

    @property
    def count(self) -> int:
        """How many lines there are."""
        return len(self._lines)

    def move(self, by: int) -> None:
        """Scroll."""
        self._top = min(max(self._top + by, 0), max(self.count - self.size.height, 0))
        self.redraw()

    def draw(self, width: int, height: int) -> list[Row]:
        """The lines that fit."""
        shown = self._lines[self._top : self._top + height]
        return [[(fit(clean(line), width), "text")] for line in shown]

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll by the wheel or a finger."""
        event.stop()
        self.move(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll by the wheel or a finger."""
        event.stop()
        self.move(-3)

    def on_click(self) -> None:
        """A tap turns the page."""
        self.move(self.size.height - 1)


class Paper(Question[bool]):
    """Shows a text; Enter or Escape closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("up", "move(-1)", ""),
        ("down", "move(1)", ""),
        ("pageup", "move(-10)", ""),
        ("pagedown", "move(10)", ""),
        ("enter", "leave", ""),
    ]
    width = COLUMNS + 4

    def __init__(self, title: str, text: str, *, width: int | None = None) -> None:
        super().__init__(title)
        self._sheet = Sheet(text)
        if width:
            self.width = width  # type: ignore[misc]  # the help is wider than a receipt

    def inside(self) -> list[Widget]:
        """The sheet."""
        return [self._sheet]

    def on_mount(self) -> None:
        """No higher than its text; the frame leaves the two bars in sight."""
        self._sheet.styles.width = self.width - 4
        self._sheet.styles.height = max(min(self._sheet.count, self.app.size.height - 6), 1)
        self.query_one("#box").border_subtitle = self.till.language.say("tui.paper.hint")

    def action_move(self, by: int) -> None:
        """Scroll."""
        self._sheet.move(by)
