"""A widget drawn row by row: only rows that changed are painted again."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from pos.tui.text import Row

if TYPE_CHECKING:
    from pos.i18n import Language
    from pos.tui.app import TillApp


class Rows(Widget):
    """Its subclasses say what the rows are; `redraw` compares and repaints."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id, classes=classes)
        self._rows: list[Row] = []
        self._strips: list[Strip] = []
        self._drawn_width = -1
        self._ground = Style()

    @property
    def till(self) -> TillApp:
        """The application."""
        return cast("TillApp", self.app)

    @property
    def language(self) -> Language:
        """The language of the screen."""
        return self.till.language

    def draw(self, width: int, height: int) -> list[Row]:
        """The rows as they should be now, for this many cells."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw again, painting only the rows that differ."""
        width, height = self.size
        if not width or not height:
            return
        rows = self.draw(width, height)[:height]
        if width != self._drawn_width:
            self._rows, self._strips, self._drawn_width = [], [], width
            self._ground = self.rich_style
            self.refresh()
        before = self._rows
        changed = [
            y
            for y in range(max(len(rows), len(before)))
            if y >= len(rows) or y >= len(before) or rows[y] != before[y]
        ]
        self._strips = [
            self._strips[y] if y < len(before) and rows[y] == before[y] else self._strip(row)
            for y, row in enumerate(rows)
        ]
        self._rows = rows
        if changed:
            self.refresh(*(Region(0, y, width, 1) for y in changed))

    def render_line(self, y: int) -> Strip:
        """Textual's line API: one row of the widget."""
        if self._drawn_width != self.size.width:
            self.redraw()
        if y < len(self._strips):
            return self._strips[y]
        return Strip.blank(self.size.width, self._ground)

    def _strip(self, row: Row) -> Strip:
        palette = self.till.palette
        ground = self._ground
        segments = [Segment(text, ground + getattr(palette, style)) for text, style in row if text]
        return Strip(segments).adjust_cell_length(self.size.width, ground)

    def on_resize(self) -> None:
        """Draw for the new size."""
        self._drawn_width = -1
        self.redraw()
