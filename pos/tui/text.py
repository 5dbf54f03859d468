"""Text for cells: a row is a list of spans, and a span is text with the name of its style.

Everything that is drawn passes `clean`, so that a name in a catalogue can neither move the cursor
nor ask a console's font for a sign it does not have.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final, TypeAlias

from rich.cells import cell_len, set_cell_size

Span: TypeAlias = tuple[str, str]
Row: TypeAlias = list[Span]

SIGNS: Final = frozenset("─│┌┐└┘├┤┬┴┼═║╭╮╯╰█░▒■●·•…→←↑↓▲▼×€£«»°§¤")
_SPELLED: Final = str.maketrans(
    {
        "’": "'",
        "‘": "'",
        "“": '"',
        "”": '"',
        "–": "-",
        "—": "-",
        "\u00a0": " ",
        "\u202f": " ",
        "\u2009": " ",
    }
)


def clean(text: str) -> str:
    """Text that any of our screens can show: control characters are spaces, strange signs `·`."""
    if text.isascii() and text.isprintable():
        return text
    composed = unicodedata.normalize("NFC", text).translate(_SPELLED)
    return "".join(sign if _shows(sign) else _instead(sign) for sign in composed)


def _shows(sign: str) -> bool:
    latin = " " <= sign <= "~" or "\u00a1" <= sign <= "\u017f"
    return (latin and sign.isprintable()) or sign in SIGNS


def _instead(sign: str) -> str:
    return " " if unicodedata.category(sign) in {"Cc", "Cf", "Zs", "Zl", "Zp"} else "·"


def fit(text: str, width: int) -> str:
    """The text in exactly this many cells; what does not fit ends in `…`."""
    if width <= 0:
        return ""
    if cell_len(text) > width:
        return set_cell_size(text, width - 1) + "…"
    return set_cell_size(text, width)


def right(text: str, width: int) -> str:
    """The text at the right end of this many cells."""
    return fit(text, width) if cell_len(text) > width else " " * (width - cell_len(text)) + text


def middle(text: str, width: int) -> str:
    """The text in the middle of this many cells."""
    return fit(" " * max((width - cell_len(text)) // 2, 0) + text, width)


def wide(row: Iterable[Span]) -> int:
    """How many cells a row takes."""
    return sum(cell_len(text) for text, _ in row)


def ends(left: Row, right_end: Row, width: int, fill: str = "text") -> Row:
    """Two rows at the two ends of one; the left one gives way, a blank between them."""
    room = width - wide(right_end)
    gap = 1 if wide(left) > room else 0
    room -= gap
    kept: Row = []
    for text, style in left:
        if room <= 0:
            break
        if cell_len(text) > room:
            text = fit(text, room)
        kept.append((text, style))
        room -= cell_len(text)
    return [*kept, (" " * max(room + gap, 0), fill), *right_end]


def wrap(text: str, width: int) -> list[str]:
    """The text in lines of at most this many cells, broken at spaces where there are any."""
    lines, line = [], ""
    for word in text.split():
        while cell_len(word) > width:
            if line:
                lines.append(line)
                line = ""
            lines.append(word[:width])
            word = word[width:]
        longer = f"{line} {word}" if line else word
        if cell_len(longer) > width:
            lines.append(line)
            longer = word
        line = longer
    return [*lines, line] if line else lines
