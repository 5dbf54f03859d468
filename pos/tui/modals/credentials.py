"""Who is there: a code and a PIN, which is never shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget

from pos.domain.errors import PosError
from pos.tui.modals.ask import press
from pos.tui.modals.question import Intro, Question
from pos.tui.text import Row, clean, fit, wrap
from pos.tui.widgets.bars import Header, StatusBar
from pos.tui.widgets.entry import Entry
from pos.tui.widgets.message_line import MessageLine
from pos.tui.widgets.pad import Pad
from pos.tui.widgets.rows import Rows

CODE_LENGTH_MAX: Final = 20
PIN_LENGTH_MAX: Final = 8
NOTICE_ROWS_MAX: Final = 5  # what the panel and the two bars leave free at 100x30


class Label(Rows):
    """A word above a field."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def draw(self, width: int, height: int) -> list[Row]:  # noqa: ARG002  # one row
        """The word."""
        return [[(fit(self._text, width), "hint")]]


class Credentials(Question[bool]):
    """Asks until `check` accepts; `closed` covers the whole screen and cannot be left.

    A `notice` stands above the panel, which has to keep its row for refusals.
    """

    def __init__(
        self,
        title: str,
        check: Callable[[str, str], Awaitable[object]],
        *,
        intro: str = "",
        notice: str = "",
        closed: bool = False,
    ) -> None:
        super().__init__(title, intro)
        self._check = check
        self._notice = notice
        self._covers = closed
        self._checking = False
        self._code = Entry(id="code", length_max=CODE_LENGTH_MAX)
        self._pin = Entry(id="pin", length_max=PIN_LENGTH_MAX, masked=True)
        self.set_class(closed, "-closed")

    def compose(self) -> ComposeResult:
        """The box; when the till is closed also the two bars."""
        if self._covers:
            with Vertical(id="top"):
                yield Header(self.till.desk.settings.shop)
                yield from self._notices()
        yield from super().compose()
        if self._covers:
            yield StatusBar()

    def _notices(self) -> list[Widget]:
        """The first rows of the notice, as wide as the screen."""
        width = self.app.size.width - 4
        lines = [line for part in self._notice.splitlines() for line in wrap(clean(part), width)]
        if not lines:
            return []
        notice = Intro(lines[:NOTICE_ROWS_MAX])
        notice.id = "notice"
        notice.styles.height = min(len(lines), NOTICE_ROWS_MAX)
        return [notice]

    def inside(self) -> list[Widget]:
        """The two fields."""
        say = self.till.language.say
        return [
            Label(say("tui.sign_on.code")),
            self._code,
            Label(say("tui.sign_on.pin")),
            self._pin,
            Pad(),
        ]

    def on_mount(self) -> None:
        """Begin with the code."""
        self._code.focus()
        if self._covers:
            hint = self.till.language.say("tui.sign_on.hint")
            self.query_one("#box").border_subtitle = hint

    @on(Pad.Pressed)
    def pressed(self, event: Pad.Pressed) -> None:
        """A key of the pad goes to the field in use."""
        event.stop()
        press(self._pin if self._pin.has_focus else self._code, event.key)

    @on(Entry.Changed)
    def changed(self, event: Entry.Changed) -> None:
        """Typing clears the refusal."""
        event.stop()
        if event.by_hand:
            self.query_one("#said", MessageLine).clear()

    @on(Entry.Submitted, "#code")
    def code_given(self, event: Entry.Submitted) -> None:
        """On to the PIN."""
        event.stop()
        if self._code.text.strip():
            self._pin.focus()

    @on(Entry.Submitted, "#pin")
    async def pin_given(self, event: Entry.Submitted) -> None:
        """Check both; a refusal leaves the code to be corrected and forgets the PIN."""
        event.stop()
        if self._checking:
            return
        self._checking = True
        try:
            await self._check(self._code.text.strip(), self._pin.take())
        except PosError as error:
            self.refuse(self.till.language.error(error))
            self.till.bell()
        else:
            self.dismiss(True)  # noqa: FBT003  # the answer
        finally:
            self._checking = False

    def action_leave(self) -> None:
        """Back to the code; out, unless the till is closed."""
        if self._pin.has_focus or self._covers:
            self._pin.set_text("")
            self._code.set_text("")
            self._code.focus()
        else:
            self.dismiss(None)
