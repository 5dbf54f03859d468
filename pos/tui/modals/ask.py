"""Ask for a text, a number or an amount; what cannot be understood stays to be corrected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from textual import on
from textual.widget import Widget

from pos.domain.errors import PosError
from pos.tui.modals.question import Question
from pos.tui.widgets.entry import Entry
from pos.tui.widgets.message_line import MessageLine
from pos.tui.widgets.pad import ENTER, Pad

T = TypeVar("T")


class Ask(Question[T], Generic[T]):
    """One field. `read` turns its text into the answer, or raises the PosError that is shown."""

    width = 52

    def __init__(
        self,
        title: str,
        read: Callable[[str], T],
        *,
        intro: str = "",
        text: str = "",
        pad: bool = True,
        scans: bool = False,
        tall: bool = False,
    ) -> None:
        super().__init__(title, intro)
        self._read = read
        self._pad = pad
        self.takes_scans = scans  # type: ignore[misc]  # a question of this kind decides for itself
        self._entry = Entry(id="answer", text=text)
        self.set_class(tall, "-pad")  # opened by a finger: keys on any screen

    def inside(self) -> list[Widget]:
        """The field, and keys for a finger."""
        return [self._entry, *([Pad()] if self._pad else [])]

    def on_mount(self) -> None:
        """Type into the field at once."""
        self._entry.focus()

    def scanned(self, code: str) -> None:
        """A scan is the answer."""
        self._entry.set_text(code)
        self._answer()

    @on(Pad.Pressed)
    def pressed(self, event: Pad.Pressed) -> None:
        """A key of the pad."""
        event.stop()
        self.query_one("#said", MessageLine).clear()
        press(self._entry, event.key)

    @on(Entry.Changed)
    def changed(self, event: Entry.Changed) -> None:
        """Typing clears the refusal; Enter, which comes here too, does not."""
        event.stop()
        if event.by_hand:
            self.query_one("#said", MessageLine).clear()

    @on(Entry.Submitted)
    def submitted(self, event: Entry.Submitted) -> None:
        """Enter answers."""
        event.stop()
        self._answer()

    def _answer(self) -> None:
        try:
            answer = self._read(self._entry.text)
        except PosError as error:
            self.refuse(self.till.language.error(error))
        else:
            self.dismiss(answer)


def press(entry: Entry, key: str) -> None:
    """Do to an entry what a key of the pad does."""
    if key == ENTER:
        entry.post_message(Entry.Submitted(entry))
    elif key == "←":
        entry.set_text(entry.text[:-1])
    else:
        entry.type(key)
