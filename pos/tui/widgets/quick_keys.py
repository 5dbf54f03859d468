"""Products on keys of their own: a tap, or `.` and the number, rings one up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual import events
from textual.message import Message

from pos.domain.catalogue import QuickKey
from pos.tui.text import Row, clean, fit, wrap
from pos.tui.widgets.rows import Rows

COLUMNS: Final = 5
ROWS_PER_KEY: Final = 2
SHOWN_MAX: Final = 20


class QuickKeys(Rows):
    """The first twenty quick keys, in five columns."""

    class Pressed(Message):
        """A quick key was tapped."""

        def __init__(self, position: int) -> None:
            super().__init__()
            self.position = position

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self._keys: dict[int, QuickKey] = {}

    def show(self, keys: Sequence[QuickKey]) -> None:
        """Show these keys, each at its place."""
        self._keys = {key.position: key for key in keys if 1 <= key.position <= SHOWN_MAX}
        self.set_class(not self._keys, "-empty")
        self.styles.height = -(-max(self._keys, default=0) // COLUMNS) * ROWS_PER_KEY
        self.redraw()

    def draw(self, width: int, height: int) -> list[Row]:
        """Rows of cells, each two rows high: number and label."""
        lines = min(height // ROWS_PER_KEY, SHOWN_MAX // COLUMNS)
        return [row for line in range(lines) for row in self._line(line, width)]

    def _line(self, line: int, width: int) -> tuple[Row, Row]:
        top: Row = []
        bottom: Row = []
        for column in range(COLUMNS):
            room = (column + 1) * width // COLUMNS - column * width // COLUMNS - 1
            position = line * COLUMNS + column + 1
            key = self._keys.get(position)
            words = (wrap(clean(key.label), room - 5) if key else []) + ["", ""]
            number = f"{f'.{position}':>3} " if key else "    "
            sign, label = ("key", "key_label") if key else ("text", "text")
            top += [(number, sign), (fit(words[0], room - 4), label), (" ", "text")]
            bottom += [("    ", sign), (fit(words[1], room - 4), label), (" ", "text")]
        return top, bottom

    def on_click(self, event: events.Click) -> None:
        """A tap rings up the product under it."""
        place = event.get_content_offset(self)
        if place is None:
            return
        column = min(place.x * COLUMNS // max(self.size.width, 1), COLUMNS - 1)
        position = place.y // ROWS_PER_KEY * COLUMNS + column + 1
        if position in self._keys:
            self.post_message(self.Pressed(position))
