"""Count the drawer: so many of each coin and note, without being told what is expected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from textual import events, on
from textual.binding import BindingType
from textual.message import Message
from textual.widget import Widget

from pos.domain.money import Cents
from pos.tui.modals.question import Question
from pos.tui.text import Row, ends, right
from pos.tui.widgets.pad import ENTER, Pad
from pos.tui.widgets.rows import Rows

PIECES: Final[tuple[Cents, ...]] = (
    *(20000, 10000, 5000, 2000, 1000, 500),
    *(200, 100, 50, 20, 10, 5, 2, 1),
)
_DIGITS_MAX: Final = 4
_PER_COLUMN: Final = len(PIECES) // 2


@dataclass(frozen=True, slots=True)
class Counted:
    """The answer: what is in the drawer, or nothing when nobody counted."""

    cents: Cents | None


class Drawer(Rows):
    """Two columns of pieces with their counts, then the two ways to close."""

    class Tapped(Message):
        """A row was tapped: a piece, or after them one of the two ways to close."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self) -> None:
        super().__init__(id="drawer")
        self.counts = [0] * len(PIECES)
        self.index = 0

    @property
    def cents(self) -> Cents:
        """What was counted so far."""
        return sum(piece * count for piece, count in zip(PIECES, self.counts, strict=True))

    def draw(self, width: int, height: int) -> list[Row]:
        """The pieces, the sum, the two ways to close."""
        half = width // 2
        rows: list[Row] = [
            [
                *self._piece(line, half - 1),
                (" ", "text"),
                *self._piece(line + _PER_COLUMN, width - half),
            ]
            for line in range(_PER_COLUMN)
        ]
        say = self.language.say
        rows.append([("─" * width, "dim")])
        total = self.language.money(self.cents)
        rows.append(ends([(f" {say('tui.count.total')}", "text")], [(f"{total} ", "due")], width))
        for way, key in enumerate(("tui.count.close", "tui.count.skip")):
            chosen = self.index == len(PIECES) + way
            style = "chosen" if chosen else "text"
            rows.append(ends([(f"{'→' if chosen else ' '} {say(key)}", style)], [], width, style))
        return rows[:height]

    def _piece(self, index: int, width: int) -> Row:
        piece, count = PIECES[index], self.counts[index]
        chosen = index == self.index
        style = "chosen" if chosen else "text"
        label = f"{'→' if chosen else ' '}{right(self.language.money(piece), 9)} ×"
        number = f"{right(str(count) if count else '-', 5)} "
        return ends([(label, style)], [(number, style)], width, style)

    def on_click(self, event: events.Click) -> None:
        """A tap chooses a piece, or closes."""
        place = event.get_content_offset(self)
        if place is None:
            return
        if place.y < _PER_COLUMN:
            column = 0 if place.x < self.size.width // 2 else 1
            self.post_message(self.Tapped(place.y + column * _PER_COLUMN))
        elif place.y >= _PER_COLUMN + 2:
            self.post_message(self.Tapped(len(PIECES) + place.y - _PER_COLUMN - 2))


class Count(Question[Counted]):
    """Digits count the chosen piece, Enter goes on to the next."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("up", "move(-1)", ""),
        ("down", "move(1)", ""),
        ("left", f"move(-{_PER_COLUMN})", ""),
        ("right", f"move({_PER_COLUMN})", ""),
        ("enter", "enter", ""),
    ]
    width = 60

    def __init__(self, title: str, intro: str) -> None:
        super().__init__(title, intro)
        self._drawer = Drawer()

    def inside(self) -> list[Widget]:
        """The drawer, and keys for a finger."""
        return [self._drawer, Pad()]

    def on_mount(self) -> None:
        """Say how it is used."""
        self.query_one("#box").border_subtitle = self.till.language.say("tui.count.hint")

    def action_move(self, by: int) -> None:
        """Choose another row."""
        last = len(PIECES) + 1
        self._drawer.index = min(max(self._drawer.index + by, 0), last)
        self._drawer.redraw()

    def action_enter(self) -> None:
        """On to the next piece; on the last rows, close."""
        way = self._drawer.index - len(PIECES)
        if way < 0:
            self.action_move(1)
        else:
            self.dismiss(Counted(self._drawer.cents if way == 0 else None))

    def on_key(self, event: events.Key) -> None:
        """Digits and Backspace change the count."""
        if event.character and event.character in "0123456789":
            self._type(event.character)
        elif event.key == "backspace":
            self._type("←")

    def _type(self, sign: str) -> None:
        index = self._drawer.index
        if index >= len(PIECES):
            return
        count = self._drawer.counts[index]
        if sign == "←":
            self._drawer.counts[index] = count // 10
        elif sign.isdigit() and len(str(count)) < _DIGITS_MAX:
            self._drawer.counts[index] = count * 10 + int(sign)
        self._drawer.redraw()

    @on(Pad.Pressed)
    def pressed(self, event: Pad.Pressed) -> None:
        """A key of the pad."""
        event.stop()
        if event.key == ENTER:
            self.action_enter()
        else:
            self._type(event.key)

    @on(Drawer.Tapped)
    def tapped(self, event: Drawer.Tapped) -> None:
        """A row under a finger."""
        event.stop()
        self._drawer.index = event.index
        self._drawer.redraw()
        if event.index >= len(PIECES):
            self.action_enter()
