"""What every sheet of paper needs: a document of A4 pages, text that fits, QR codes as shapes.

The letters are PDF's own (Helvetica, Courier) in Windows-1252: French and its euro need no font
file. fpdf2 is imported when a sheet is made, not when the server starts.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import TYPE_CHECKING, Final

import segno

if TYPE_CHECKING:
    from fpdf import FPDF

ENCODING: Final = "cp1252"
POINT_MM: Final = 25.4 / 72
A4_WIDTH_MM: Final = 210
A4_HEIGHT_MM: Final = 297
SANS: Final = "helvetica"
MONO: Final = "courier"
_SMALLEST_POINTS: Final = 7


def new_document(title: str, now: datetime) -> FPDF:
    """An empty document of A4 pages; whoever draws on it places everything, in millimetres."""
    from fpdf import FPDF

    pdf = FPDF(format="A4", unit="mm")
    pdf.core_fonts_encoding = ENCODING
    pdf.set_auto_page_break(False)
    pdf.set_margin(0)
    pdf.c_margin = 0
    pdf.set_title(printable(title))
    pdf.set_creation_date(now)
    return pdf


def printable(text: str) -> str:
    """A text in letters that the document has: an accent it lacks falls, another letter is "?"."""
    return "".join(_printable(char) for char in unicodedata.normalize("NFC", text))


def _printable(char: str) -> str:
    for form in (char, unicodedata.normalize("NFKD", char)[:1], "?"):
        try:
            form.encode(ENCODING)
        except UnicodeEncodeError:
            continue
        return form if form.isprintable() or form == "\n" else " "
    return "?"


def write_line(
    pdf: FPDF,
    text: str,
    x: float,
    y: float,
    width: float,
    points: float,
    *,
    style: str = "",
    font: str = SANS,
    align: str = "L",
) -> None:
    """One line with its top at y, drawn smaller or cut short when it is too long for its width."""
    shown = printable(text)
    pdf.set_font(font, style, points)
    while pdf.get_string_width(shown) > width and points > _SMALLEST_POINTS:
        points -= 0.5
        pdf.set_font_size(points)
    while pdf.get_string_width(shown) > width and shown:
        shown = shown.rstrip("…")[:-1] + "…"
    pdf.set_xy(x, y)
    pdf.cell(width, points * POINT_MM * 1.2, shown, align=align)


def write_block(
    pdf: FPDF,
    text: str,
    x: float,
    y: float,
    width: float,
    points: float,
    *,
    lines_max: int,
    style: str = "",
) -> float:
    """A paragraph with its top at y, drawn smaller or cut short when it takes too many lines.

    Where the next one may begin.
    """
    shown = printable(text)
    pdf.set_font(SANS, style, points)
    lines = _broken(pdf, shown, width)
    while len(lines) > lines_max and points > _SMALLEST_POINTS:
        points -= 0.5
        pdf.set_font_size(points)
        lines = _broken(pdf, shown, width)
    height = points * POINT_MM * 1.35
    for number, line in enumerate(lines[:lines_max]):
        pdf.set_xy(x, y + number * height)
        pdf.cell(width, height, line)
    return y + min(len(lines), lines_max) * height


def _broken(pdf: FPDF, text: str, width: float) -> list[str]:
    """The lines of a text in the document's letters; a word longer than a line is cut."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".lstrip()
        if pdf.get_string_width(longer) <= width:
            lines[-1] = longer
            continue
        lines += _cut(pdf, word, width)
    return [line for line in lines if line]


def _cut(pdf: FPDF, word: str, width: float) -> list[str]:
    parts = [""]
    for char in word:
        fits = pdf.get_string_width(parts[-1] + char) <= width
        parts = [*parts[:-1], parts[-1] + char] if fits else [*parts, char]
    return parts


def draw_qr(pdf: FPDF, text: str, x: float, y: float, side: float) -> None:
    """A QR code with its quiet zone in a square of so many millimetres."""
    code = segno.make_qr(text, error="m")
    rows = [bytes(row) for row in code.matrix_iter(border=4)]
    module = side / len(rows)
    pdf.set_fill_color(0, 0, 0)
    for number, row in enumerate(rows):
        for start, length in _dark_runs(row):
            pdf.rect(x + start * module, y + number * module, length * module, module, style="F")


def _dark_runs(row: bytes) -> list[tuple[int, int]]:
    """Where the dark modules of a row begin, and how many follow each other."""
    runs: list[tuple[int, int]] = []
    for at, dark in enumerate(row):
        if dark and runs and sum(runs[-1]) == at:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        elif dark:
            runs.append((at, 1))
    return runs
