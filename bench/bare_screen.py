"""The least that can show a scan: two widgets on Textual's line API, and no till behind them.

Each 13 digits and an Enter become one more line and a new total, as on the till's screen.
"""

from __future__ import annotations

from typing import Final

from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.events import Key
from textual.strip import Strip
from textual.widget import Widget

PRICE: Final = 125
READY: Final = "bare screen"


class Lines(Widget):
    """The last lines that fit."""

    DEFAULT_CSS = "Lines { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self.codes: list[str] = []

    def render_line(self, y: int) -> Strip:
        """One line of the sale."""
        number = max(len(self.codes) - self.size.height, 0) + y
        text = f"{number + 1:4} product {self.codes[number]}" if number < len(self.codes) else ""
        return Strip([Segment(text.ljust(self.size.width))])


class Total(Widget):
    """What is due."""

    DEFAULT_CSS = "Total { height: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self.cents = 0

    def render_line(self, y: int) -> Strip:
        """The one row."""
        text = f"{READY} total {self.cents}" if y == 0 else ""
        return Strip([Segment(text.ljust(self.size.width))])


class BareScreen(App[None]):
    """Digits until an Enter."""

    ENABLE_COMMAND_PALETTE = False

    def compose(self) -> ComposeResult:
        """Lines above, total below."""
        yield Lines()
        yield Total()

    def on_mount(self) -> None:
        """Nothing is typed yet."""
        self._typed = ""

    def on_key(self, event: Key) -> None:
        """Take a digit, or what an Enter completes."""
        if event.key != "enter":
            self._typed += event.character or ""
            return
        lines, total = self.query_one(Lines), self.query_one(Total)
        lines.codes.append(self._typed)
        total.cents += PRICE
        self._typed = ""
        lines.refresh()
        total.refresh()


if __name__ == "__main__":
    BareScreen().run()
