"""The function keys as buttons: the keyboard presses them by name, a finger by place."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events

from pos.tui.keys import Action, Group
from pos.tui.text import Row, fit, middle
from pos.tui.widgets.rows import Rows

_ONE_ROW_WIDTH = 96
_STYLES = {Group.PAY: "pay_label", Group.NOTE: "note_label", Group.JOB: "key_label"}


@dataclass(frozen=True, slots=True)
class Button:
    """A key on the bar."""

    action: Action
    key: str
    label: str


class KeyBar(Rows):
    """Twelve keys: one row of tall buttons on a wide screen, two rows of flat ones on a narrow."""

    def __init__(self, buttons: tuple[Button, ...], *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self._buttons = buttons

    def draw(self, width: int, height: int) -> list[Row]:  # noqa: ARG002  # two rows
        """Two rows of cells, whatever the width."""
        if width >= _ONE_ROW_WIDTH:
            return self._tall(width)
        half = (len(self._buttons) + 1) // 2
        return [self._flat(self._buttons[:half], width), self._flat(self._buttons[half:], width)]

    def _tall(self, width: int) -> list[Row]:
        top: Row = []
        bottom: Row = []
        for button, (start, end) in zip(
            self._buttons, _cells(len(self._buttons), width), strict=True
        ):
            room = end - start - 1
            top += [(middle(button.key, room), "key"), (" ", "text")]
            bottom += [(middle(button.label, room), _STYLES[button.action.group]), (" ", "text")]
        return [top, bottom]

    def _flat(self, buttons: tuple[Button, ...], width: int) -> Row:
        row: Row = []
        for button, (start, end) in zip(buttons, _cells(len(buttons), width), strict=True):
            key = f"{button.key:>3} "
            room = end - start - len(key) - 1
            style = _STYLES[button.action.group]
            row += [(key, "key"), (fit(f" {button.label}", room), style), (" ", "text")]
        return row

    def button_at(self, x: int, y: int) -> Button | None:
        """The button under a place."""
        buttons, width = self._buttons, self.size.width
        if width < _ONE_ROW_WIDTH:
            half = (len(buttons) + 1) // 2
            buttons = buttons[:half] if y == 0 else buttons[half:]
        for button, (start, end) in zip(buttons, _cells(len(buttons), width), strict=True):
            if start <= x < end:
                return button
        return None

    async def on_click(self, event: events.Click) -> None:
        """A tap does what the key does."""
        place = event.get_content_offset(self)
        button = self.button_at(place.x, place.y) if place else None
        if button:
            await self.screen.run_action(button.action.name)


def _cells(count: int, width: int) -> list[tuple[int, int]]:
    """The width shared by so many cells, left to right."""
    return [(i * width // count, (i + 1) * width // count) for i in range(count)]
