"""What a simulated printer has put on paper."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final, Literal

RECEIPTS_KEPT_MAX: Final = 100
ITEMS_MAX: Final = 2000

Side = Literal["left", "center", "right"]


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character as printed."""

    char: str
    bold: bool = False
    underlined: bool = False
    wide: int = 1
    high: int = 1


@dataclass(frozen=True, slots=True)
class PaperLine:
    """One printed line."""

    glyphs: tuple[Glyph, ...]
    side: Side = "left"

    @property
    def text(self) -> str:
        """The characters alone."""
        return "".join(glyph.char for glyph in self.glyphs)

    @property
    def cells(self) -> int:
        """How many cells of the paper it takes."""
        return sum(glyph.wide for glyph in self.glyphs)

    @property
    def high(self) -> int:
        """How many times a plain line's height it takes."""
        return max((glyph.high for glyph in self.glyphs), default=1)

    @property
    def bold(self) -> bool:
        """Whether all that is visible of it is bold."""
        visible = [glyph for glyph in self.glyphs if not glyph.char.isspace()]
        return bool(visible) and all(glyph.bold for glyph in visible)

    @property
    def double(self) -> bool:
        """Whether all of it is twice as wide and as high."""
        return bool(self.glyphs) and all(g.wide == g.high == 2 for g in self.glyphs)


@dataclass(frozen=True, slots=True)
class PaperQr:
    """A QR code drawn by the printer; `level` is L, M, Q or H."""

    data: bytes
    module_dots: int
    level: str
    side: Side


@dataclass(frozen=True, slots=True)
class PaperPicture:
    """A raster picture: rows of `bytes_a_row` bytes, the highest bit on the left."""

    bytes_a_row: int
    dots: bytes
    side: Side


@dataclass(frozen=True, slots=True)
class PaperGap:
    """Paper fed without printing."""

    lines: int


Item = PaperLine | PaperQr | PaperPicture | PaperGap


@dataclass(frozen=True, slots=True)
class Receipt:
    """What lies between two cuts."""

    number: int
    columns: int
    dots: int
    items: tuple[Item, ...]

    @property
    def lines(self) -> list[str]:
        """The printed lines' characters."""
        return [item.text for item in self.items if isinstance(item, PaperLine)]

    @property
    def qr_codes(self) -> list[str]:
        """What the QR codes carry."""
        return [item.data.decode("latin-1") for item in self.items if isinstance(item, PaperQr)]

    def text(self) -> str:
        """Give the receipt as lines of text."""
        return "".join(f"{line.rstrip()}\n" for item in self.items for line in self._shown(item))

    def _shown(self, item: Item) -> list[str]:
        match item:
            case PaperLine():
                indent = {"left": 0, "center": 2, "right": 1}[item.side]
                spare = self.columns - item.cells
                return [" " * (spare // indent if indent and spare > 0 else 0) + item.text]
            case PaperQr():
                return [f"[QR {item.data.decode('latin-1')}]"]
            case PaperPicture():
                rows = len(item.dots) // item.bytes_a_row if item.bytes_a_row else 0
                return [f"[picture {item.bytes_a_row * 8} x {rows}]"]
            case PaperGap():
                return [""] * item.lines


class Roll:
    """The paper that came out: finished receipts, the newest kept, and the one under way.

    `lines_left` is how many lines may still be printed before the roll is empty.
    """

    def __init__(self, columns: int, dots: int) -> None:
        self.columns = columns
        self.dots = dots
        self.receipts: deque[Receipt] = deque(maxlen=RECEIPTS_KEPT_MAX)
        self.receipts_total = 0
        self.lines_total = 0
        self.lines_left: int | None = None
        self._items: deque[Item] = deque(maxlen=ITEMS_MAX)

    @property
    def under_way(self) -> Receipt:
        """What was printed since the last cut."""
        return Receipt(self.receipts_total + 1, self.columns, self.dots, tuple(self._items))

    def put(self, item: Item) -> None:
        """Print something."""
        self._items.append(item)
        self.lines_total += 1
        if self.lines_left is not None:
            self.lines_left = max(0, self.lines_left - 1)

    def cut(self) -> None:
        """End the receipt."""
        self.receipts.append(self.under_way)
        self.receipts_total += 1
        self._items.clear()
