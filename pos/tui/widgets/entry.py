"""The one line that takes everything typed; also the field of every question."""

from __future__ import annotations

from typing import Final

from textual import events
from textual.message import Message

from pos.tui.text import Row, clean, fit, wide
from pos.tui.widgets.rows import Rows

LENGTH_MAX: Final = 60
_MASK: Final = "•"


class Entry(Rows, can_focus=True):
    """Text being typed, and beside it what it would do.

    No cursor keys: a till's line is short, Backspace and Escape correct it. `masked` text is never
    drawn.
    """

    class Changed(Message):
        """The text is another one now; `by_hand` when a key did it."""

        def __init__(self, entry: Entry, *, by_hand: bool = False) -> None:
            super().__init__()
            self.entry = entry
            self.by_hand = by_hand

        @property
        def control(self) -> Entry:
            """The entry, for @on."""
            return self.entry

    class Submitted(Changed):
        """Enter was pressed."""

    class Tapped(Changed):
        """A finger wants to type."""

    def __init__(
        self,
        *,
        id: str | None = None,  # noqa: A002  # Textual's name
        masked: bool = False,
        length_max: int = LENGTH_MAX,
        text: str = "",
    ) -> None:
        super().__init__(id=id)
        self.text = text
        self.hint = ""
        self._masked = masked
        self._length_max = length_max

    def set_text(self, text: str, *, by_hand: bool = False) -> None:
        """Replace the text."""
        text = text[: self._length_max]
        if text != self.text:
            self.text = text
            self.post_message(self.Changed(self, by_hand=by_hand))
        self.redraw()

    def type(self, text: str) -> None:
        """Add text at the end; control characters are left out."""
        self.set_text(
            self.text + "".join(sign for sign in text if sign.isprintable()), by_hand=True
        )

    def take(self) -> str:
        """The text, leaving the line empty."""
        text = self.text
        self.set_text("")
        return text

    def set_hint(self, hint: str) -> None:
        """What the text would do, shown at the right."""
        if hint != self.hint:
            self.hint = hint
            self.redraw()

    def draw(self, width: int, height: int) -> list[Row]:  # noqa: ARG002  # one row, whatever the height
        """The text with its cursor, and the hint."""
        shown = _MASK * len(self.text) if self._masked else clean(self.text)
        while shown and wide([(shown, "")]) > width - 4:
            shown = shown[1:]
        row: Row = [
            ("> ", "hint"),
            (shown, "strong"),
            (" ", "cursor" if self.has_focus else "text"),
        ]
        room = width - wide(row) - 2
        if room > 4 and self.hint:
            hint = clean(self.hint)
            row.append((fit("", room + 2 - min(wide([(hint, "")]), room)), "text"))
            row.append((fit(hint, min(wide([(hint, "")]), room)), "hint"))
        return [row]

    def on_focus(self) -> None:
        """Show the cursor."""
        self.redraw()

    def on_blur(self) -> None:
        """Hide the cursor."""
        self.redraw()

    def on_key(self, event: events.Key) -> None:
        """Take what is typed; leave the other keys to the screen."""
        if event.key == "enter":
            self.post_message(self.Submitted(self))
        elif event.key == "backspace":
            self.set_text(self.text[:-1], by_hand=True)
        elif event.key in {"escape", "delete"} and self.text:
            self.set_text("", by_hand=True)
        elif event.is_printable and event.character:
            self.type(event.character)
        else:
            return
        event.stop()
        event.prevent_default()

    def on_click(self) -> None:
        """A tap asks for keys to tap."""
        self.post_message(self.Tapped(self))

    def on_paste(self, event: events.Paste) -> None:
        """Take pasted text as typed."""
        event.stop()
        self.type(event.text)
