"""Amounts three rows high, drawn with signs that every console font has."""

from __future__ import annotations

from typing import Final

HEIGHT: Final = 3
_SHAPES: Final = {
    "0": ("╭─╮", "│ │", "╰─╯"),
    "1": ("─╮ ", " │ ", "─┴─"),
    "2": ("──╮", "╭─╯", "╰──"),
    "3": ("──╮", " ─┤", "──╯"),
    "4": ("│ │", "╰─┤", "  │"),
    "5": ("╭──", "╰─╮", "──╯"),
    "6": ("╭──", "├─╮", "╰─╯"),
    "7": ("──╮", "  │", "  │"),
    "8": ("╭─╮", "├─┤", "╰─╯"),
    "9": ("╭─╮", "╰─┤", "──╯"),
    ",": (" ", " ", "•"),
    ".": (" ", " ", "•"),
    "-": ("  ", "──", "  "),
    " ": (" ", " ", " "),
    "€": ("╭── ", "┼─  ", "╰── "),
}


def draw(amount: str, width: int) -> tuple[str, ...]:
    """The three rows of an amount, or one plain row where they do not fit."""
    shapes = [_SHAPES[sign] for sign in amount if sign in _SHAPES]
    if sum(len(shape[0]) for shape in shapes) > width:
        return (amount,)
    return tuple("".join(shape[row] for shape in shapes) for row in range(HEIGHT))
