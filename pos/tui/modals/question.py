"""What all questions share: a framed box, a message line, Escape to leave without an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widget import Widget

from pos.tui.text import Row, clean, fit, wrap
from pos.tui.widgets.message_line import MessageLine
from pos.tui.widgets.rows import Rows

if TYPE_CHECKING:
    from pos.tui.app import TillApp

T = TypeVar("T")


class Intro(Rows):
    """A few sentences above a question."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self._texts = lines

    def draw(self, width: int, height: int) -> list[Row]:
        """The sentences, as they were wrapped."""
        return [[(fit(line, width), "text")] for line in self._texts][:height]


class Question(ModalScreen[T | None]):
    """A box over the sale. A scan is refused unless `takes_scans`."""

    AUTO_FOCUS: ClassVar[str | None] = ""
    BINDINGS: ClassVar[list[BindingType]] = [("escape", "leave", "")]
    takes_scans: ClassVar[bool] = False
    width: ClassVar[int] = 60

    def __init__(self, title: str, intro: str = "", hint: str = "") -> None:
        super().__init__()
        self._title = title
        self._intro = intro
        self._hint = hint

    @property
    def till(self) -> TillApp:
        """The application."""
        return cast("TillApp", self.app)

    def compose(self) -> ComposeResult:
        """The box with what the subclass puts inside."""
        with Vertical(id="box") as box:
            if self._intro:
                intro = Intro(self.intro_lines)
                intro.styles.height = len(self.intro_lines)
                yield intro
            yield from self.inside()
            yield MessageLine(id="said")
        box.styles.width = self.width
        box.border_title = f" {clean(self._title)} "
        box.border_subtitle = self._hint or self.till.language.say("tui.ask.hint")

    @property
    def intro_lines(self) -> list[str]:
        """The sentences above the question, wrapped to the box."""
        parts = self._intro.splitlines()
        return [line for part in parts for line in wrap(clean(part), self.width - 4)]

    def inside(self) -> list[Widget]:
        """What the box holds."""
        raise NotImplementedError

    def scanned(self, code: str) -> None:
        """Take a scan, where that makes sense (`takes_scans`)."""

    def refuse(self, text: str) -> None:
        """Say why not, inside the box; one that is not drawn yet has no place for it."""
        for line in self.query("#said").results(MessageLine):
            line.error(text)

    def action_leave(self) -> None:
        """Leave without an answer."""
        self.dismiss(None)
