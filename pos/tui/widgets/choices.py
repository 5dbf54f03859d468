"""A list to choose from: arrows and Enter, or one tap. Never more rows than it was given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.message import Message

from pos.tui.text import Row, clean, ends
from pos.tui.widgets.rows import Rows


@dataclass(frozen=True, slots=True)
class Choice:
    """One row: what it stands for, its label, and what is said at its right end."""

    value: object
    label: str
    note: str = ""


class Choices(Rows):
    """Draws the choices around the chosen one."""

    class Picked(Message):
        """A choice was made."""

        def __init__(self, choices: Choices, choice: Choice) -> None:
            super().__init__()
            self.choices = choices
            self.choice = choice

        @property
        def control(self) -> Choices:
            """The list, for @on."""
            return self.choices

    def __init__(self, choices: Sequence[Choice] = (), *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self.choices = tuple(choices)
        self.index = 0
        self._top = 0

    def show(self, choices: Sequence[Choice]) -> None:
        """Show other choices, the first one chosen."""
        self.choices = tuple(choices)
        self.index = self._top = 0
        self.redraw()

    @property
    def chosen(self) -> Choice | None:
        """The choice that Enter makes."""
        return self.choices[self.index] if self.choices else None

    def move(self, by: int) -> None:
        """Choose another row, further down or up."""
        if self.choices:
            self.index = min(max(self.index + by, 0), len(self.choices) - 1)
            self.redraw()

    def pick(self) -> None:
        """Make the choice."""
        if self.chosen:
            self.post_message(self.Picked(self, self.chosen))

    def draw(self, width: int, height: int) -> list[Row]:
        """As many rows as fit."""
        self._top = min(max(self._top, self.index - height + 1), self.index)
        shown = self.choices[self._top : self._top + height]
        below = len(self.choices) - self._top - len(shown)
        text = " · ".join([f"↑ {self._top}"] * bool(self._top) + [f"↓ {below}"] * bool(below))
        if self.border_subtitle != text:
            self.border_subtitle = text
        rows = [self._row(self._top + y, choice, width) for y, choice in enumerate(shown)]
        if text and rows and not any(kind for kind, _ in self.styles.border):
            # Without a frame to say it, the last row does.
            rows[-1] = ends(rows[-1], [(f" {text} ", "hint")], width)
        return rows

    def _row(self, index: int, choice: Choice, width: int) -> Row:
        chosen = index == self.index
        style = "chosen" if chosen else "text"
        left: Row = [("→ " if chosen else "  ", style), (clean(choice.label), style)]
        note: Row = [(f" {clean(choice.note)} ", style if chosen else "dim")]
        return ends(left, note, width, style)

    def on_click(self, event: events.Click) -> None:
        """A tap makes the choice under it."""
        place = event.get_content_offset(self)
        if place and self._top + place.y < len(self.choices):
            self.index = self._top + place.y
            self.redraw()
            self.pick()
