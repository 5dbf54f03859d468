"""Choose one of a few: arrows and Enter, or one tap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.widget import Widget

from pos.tui.modals.question import Question
from pos.tui.widgets.choices import Choice, Choices

AROUND_ROWS = 7  # frame, margins, message, and the two bars that stay in sight


class Menu(Question[Choice]):
    """A title, perhaps a few sentences, and the choices."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("up", "move(-1)", ""),
        ("down", "move(1)", ""),
        ("pageup", "move(-10)", ""),
        ("pagedown", "move(10)", ""),
        ("enter", "pick", ""),
    ]
    width = 66

    def __init__(self, title: str, choices: Sequence[Choice], intro: str = "") -> None:
        super().__init__(title, intro)
        self._list = Choices(choices, id="choices")

    def on_mount(self) -> None:
        """Use the language's hint, and no more rows than there are."""
        around = AROUND_ROWS + len(self.intro_lines)
        self._list.styles.height = max(
            min(len(self._list.choices), self.app.size.height - around), 1
        )
        self.query_one("#box").border_subtitle = self.till.language.say("tui.menu.hint")

    def inside(self) -> list[Widget]:
        """The list."""
        return [self._list]

    def action_move(self, by: int) -> None:
        """Choose another row."""
        self._list.move(by)

    def action_pick(self) -> None:
        """Make the choice."""
        self._list.pick()

    @on(Choices.Picked)
    def picked(self, event: Choices.Picked) -> None:
        """Give the answer."""
        event.stop()
        self.dismiss(event.choice)
