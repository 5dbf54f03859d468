"""The one layout engine: where each character of a page goes on the paper.

The encoder, the plain-text receipt and the preview on screen all print these rows, so that what
is shown is what comes out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from drivers.escpos.page import Columns, Cut, Feed, Kick, Page, Qr, Rule, Text
from drivers.escpos.text import normalise, wrap

if TYPE_CHECKING:
    from drivers.escpos.page import Align, Element

DEFAULT_CODEC: Final = "cp1252"
LEFT_CELLS_MIN: Final = 8  # less room than this beside an amount: the amount gets its own line
CUT_MARK: Final = "- "


@dataclass(frozen=True, slots=True)
class Line:
    """One line of characters, placed with spaces; a doubled one takes half as many cells."""

    text: str
    bold: bool = False
    double: bool = False


Row = Line | Qr | Feed | Cut | Kick


def lay_out(page: Page, columns: int, codec: str = DEFAULT_CODEC) -> tuple[Row, ...]:
    """Place a page on paper of `columns` cells, in the signs that `codec` has."""
    rows: list[Row] = []
    for element in page:
        rows.extend(_rows(element, columns, codec))
    return tuple(rows)


def plain(page: Page, columns: int, codec: str = DEFAULT_CODEC) -> str:
    """Give the page as lines of text, as it comes out of the printer."""
    lines: list[str] = []
    for row in lay_out(page, columns, codec):
        match row:
            case Line():
                lines.append(row.text)
            case Qr():
                lines += wrap(f"[QR {row.data}]", columns)
            case Feed():
                lines += [""] * row.lines
            case Cut():
                lines.append((CUT_MARK * columns)[:columns].rstrip())
            case Kick():
                pass
    return "".join(f"{line}\n" for line in lines)


def _rows(element: Element, columns: int, codec: str) -> list[Row]:
    match element:
        case Text():
            return _text(element, columns, codec)
        case Columns():
            return _columns(element, columns, codec)
        case Rule():
            char = normalise(element.char, codec)[:1]
            return [Line((char * columns)[:columns])]
        case _:
            return [element]


def _text(element: Text, columns: int, codec: str) -> list[Row]:
    cells = columns // 2 if element.double else columns
    return [
        Line(_placed(line, cells, element.align), element.bold, element.double)
        for line in wrap(normalise(element.text, codec), cells)
    ]


def _placed(line: str, cells: int, align: Align) -> str:
    if align == "left":
        return line
    line = line.strip()
    return line.rjust(cells) if align == "right" else line.center(cells).rstrip()


def _columns(element: Columns, columns: int, codec: str) -> list[Row]:
    cells = columns // 2 if element.double else columns
    left = normalise(element.left, codec).rstrip()
    right = normalise(element.right, codec).strip()
    if left and len(left) + 1 + len(right) > cells and cells - len(right) - 1 < LEFT_CELLS_MIN:
        lines = wrap(left, cells) + [line.rjust(cells) for line in wrap(right, cells)]
    else:
        lines = _side_by_side(left, right, cells)
    return [Line(line.rstrip(), element.bold, element.double) for line in lines]


def _side_by_side(left: str, right: str, cells: int) -> list[str]:
    if not left:
        return [line.rjust(cells) for line in wrap(right, cells)]
    room = cells - len(right) - 1 if right else cells
    *above, last = wrap(left, room)
    return [*above, last + right.rjust(cells - len(last))]
