"""Keys for a finger: digits, comma, correction, Enter."""

from __future__ import annotations

from typing import Final

from textual import events
from textual.message import Message

from pos.tui.text import Row, middle
from pos.tui.widgets.rows import Rows

_KEYS: Final = (("7", "8", "9"), ("4", "5", "6"), ("1", "2", "3"), ("0", ",", "←"))
ENTER: Final = "↓"
ROWS_PER_KEY: Final = 2
_COLUMNS: Final = 4


class Pad(Rows):
    """Four rows of keys, the right column all Enter."""

    class Pressed(Message):
        """A key was tapped: a digit, a comma, `←` or `↓`."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def draw(self, width: int, height: int) -> list[Row]:
        """Each key two rows high, with its sign on the upper one."""
        rows: list[Row] = []
        for line, keys in enumerate(_KEYS):
            enter = "OK" if line == 1 else ""
            top: Row = []
            bottom: Row = []
            for column, sign in enumerate((*keys, enter)):
                room = (column + 1) * width // _COLUMNS - column * width // _COLUMNS - 1
                style = "pay_label" if column == _COLUMNS - 1 else "key_label"
                top += [(middle(sign, room), style), (" ", "text")]
                bottom += [(" " * room, style), (" ", "text")]
            rows += [top, bottom]
        return rows[:height]

    def on_click(self, event: events.Click) -> None:
        """A tap presses the key under it."""
        place = event.get_content_offset(self)
        if place is None:
            return
        column = min(place.x * _COLUMNS // max(self.size.width, 1), _COLUMNS - 1)
        line = min(place.y // ROWS_PER_KEY, len(_KEYS) - 1)
        self.post_message(self.Pressed(ENTER if column == _COLUMNS - 1 else _KEYS[line][column]))
