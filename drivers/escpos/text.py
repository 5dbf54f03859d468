"""Making any text printable: one clean character for each cell of the paper."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

UNPRINTABLE: Final = "?"

# Used only where the printer's table lacks the sign itself.
_STAND_INS: Final = {
    "œ": "oe",
    "Œ": "OE",
    "æ": "ae",
    "Æ": "AE",
    "ß": "ss",
    "ẞ": "SS",
    "ø": "o",
    "Ø": "O",
    "ł": "l",
    "Ł": "L",
    "đ": "d",
    "Đ": "D",
    "ı": "i",
    "€": "EUR",
    "£": "GBP",
    "‘": "'",
    "’": "'",
    "‚": ",",
    "‛": "'",
    "′": "'",
    "ʼ": "'",
    "“": '"',
    "”": '"',
    "„": '"',
    "″": '"',
    "«": '"',
    "»": '"',
    "‹": "<",
    "›": ">",
    "‐": "-",
    "‑": "-",
    "‒": "-",
    "–": "-",
    "—": "-",
    "―": "-",
    "−": "-",
    "…": "...",
    "•": "*",
    "·": ".",
    "×": "x",
    "÷": "/",
    "⁄": "/",
    "°": "o",
    "№": "No",
    "™": "TM",
    "©": "(c)",
    "®": "(R)",
    "→": "->",
    "←": "<-",
    "≤": "<=",
    "≥": ">=",
}


def normalise(text: str, codec: str) -> str:
    """Give the text as a printer with this table can show it, one cell a character.

    Composed (NFC), every kind of space a plain one, line breaks and tabs too; control bytes,
    invisible marks and halves of characters gone; signs the table lacks replaced by the nearest
    letters, and by "?" only where there are none.  Never fails, whatever the text.
    """
    return "".join(_shown(char, codec) for char in unicodedata.normalize("NFC", text))


@lru_cache(maxsize=4096)
def _shown(char: str, codec: str) -> str:
    category = unicodedata.category(char)
    if category.startswith("Z") or char in "\t\n\r\v\f\x85":
        return " "
    if category.startswith("C"):
        return ""
    if _has(char, codec):
        return char
    if (stand_in := _STAND_INS.get(char)) is not None:
        return stand_in
    parts = unicodedata.normalize("NFKD", char)
    letters = "".join(_part(part, codec) for part in parts if not unicodedata.combining(part))
    if letters or category.startswith("M"):
        return letters
    return UNPRINTABLE


def _part(part: str, codec: str) -> str:
    if part.isspace():
        return " "
    return part if _has(part, codec) and part.isprintable() else _STAND_INS.get(part, "")


def _has(char: str, codec: str) -> bool:
    try:
        char.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def wrap(text: str, cells: int) -> list[str]:
    """Break normalised text at its spaces into lines of at most `cells`; long words are cut."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if len(joined) <= cells:
            line = joined
            continue
        if line:
            lines.append(line)
        while len(word) > cells:
            lines.append(word[:cells])
            word = word[cells:]
        line = word
    if line or not lines:
        lines.append(line)
    return lines
