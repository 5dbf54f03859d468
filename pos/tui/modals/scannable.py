"""Something for the customer's phone: a QR code where the screen has room, and what to type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widget import Widget

from pos.tui.modals.question import Question
from pos.tui.text import Row, clean, fit, wrap
from pos.tui.widgets.rows import Rows

QUIET_MODULES: Final = 2  # half of what the standard asks for: phones read it, and 30 rows hold it
WORDS_WIDTH: Final = 38
NARROW_WIDTH: Final = 56
FRAME_ROWS: Final = 4  # the box's frame, and the two bars that stay in sight
_HALVES: Final = {(0, 0): " ", (1, 0): "▀", (0, 1): "▄", (1, 1): "█"}


def qr_rows(data: str) -> list[str]:
    """A QR code in half blocks, two modules a sign, dark on light, its quiet zone included."""
    import segno  # loaded when the first one is shown

    symbol = segno.make_qr(data, error="l", boost_error=False)
    matrix = [list(row) for row in symbol.matrix_iter(border=QUIET_MODULES)]
    if len(matrix) % 2:
        matrix.append([0] * len(matrix[0]))
    pairs = zip(matrix[::2], matrix[1::2], strict=True)
    return ["".join(_HALVES[x, y] for x, y in zip(*pair, strict=True)) for pair in pairs]


class Sheet(Rows):
    """The code at the left, words at the right; words alone where there is no code."""

    def __init__(self, code: list[str], words: list[Row]) -> None:
        super().__init__(id="sheet")
        self._code = code
        self._words = words

    def draw(self, width: int, height: int) -> list[Row]:
        """Row by row; both parts were made for the width that the sheet was given."""
        del width
        if not self._code:
            return self._words[:height]
        blank: Row = [(" " * WORDS_WIDTH, "text")]
        top = max((len(self._code) - len(self._words)) // 2, 0)
        beside = [*[blank] * top, *self._words, *[blank] * height][:height]
        rows = zip(self._code, beside, strict=False)
        return [[(modules, "qr"), ("  ", "text"), *words] for modules, words in rows]


@dataclass(frozen=True, slots=True)
class Beside:
    """What is said beside the code, and alone where the screen has no room for it."""

    code: list[str]
    alone: list[str]


class Scannable(Question[bool]):
    """Shows it. True: it is wanted on paper; what is `typed` is shown large."""

    BINDINGS: ClassVar[list[BindingType]] = [("enter", "leave", ""), ("f11", "on_paper", "")]

    def __init__(self, title: str, data: str, words: Beside, typed: str, hint: str) -> None:
        super().__init__(title, hint=hint)
        self._data = data
        self._beside = words
        self._typed = typed

    def compose(self) -> ComposeResult:
        """The box without a message line: its row is the code's."""
        with Vertical(id="box") as box:
            yield from self.inside()
        box.styles.width = self.width
        box.border_title = f" {clean(self._title)} "
        box.border_subtitle = self._hint

    def inside(self) -> list[Widget]:
        """The sheet, as large as the screen allows."""
        code = qr_rows(self._data) if self._data else []
        size = self.app.size
        fits = code and len(code) + FRAME_ROWS <= size.height
        wide = len(code[0]) + WORDS_WIDTH + 6 if code else 0
        code = code if fits and wide <= size.width else []
        self.width = wide if code else NARROW_WIDTH  # type: ignore[misc]  # as the code needs
        said = self._beside.code if code else self._beside.alone
        words = self._words(said, WORDS_WIDTH if code else NARROW_WIDTH - 4)
        sheet = Sheet(code, words)
        sheet.styles.width = self.width - 4
        sheet.styles.height = max(len(code), len(words))
        return [sheet]

    def _words(self, said: list[str], width: int) -> list[Row]:
        rows: list[Row] = []
        for text in said:
            rows += [[(fit(line, width), "text")] for line in wrap(clean(text), width)]
        if self._typed:
            rows += [[(" " * width, "text")], [(fit(self._typed, width), "due")]]
        return rows

    def action_on_paper(self) -> None:
        """It is wanted on paper."""
        self.dismiss(result=True)
