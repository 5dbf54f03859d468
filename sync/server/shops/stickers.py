"""Window stickers: four of A6 on a sheet of A4, to be cut along the thin lines."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from sync.server.shops import paper
from sync.server.shops.letter_words import TEXTS

if TYPE_CHECKING:
    from fpdf import FPDF

SHEETS_MAX: Final = 50
STICKERS_PER_SHEET: Final = 4
_WIDTH: Final = paper.A4_WIDTH_MM / 2
_HEIGHT: Final = paper.A4_HEIGHT_MM / 2
_EDGE: Final = 9.0
_QR_MM: Final = 62.0


def make_stickers(campaign: str, address: str, sheets: int, now: datetime) -> bytes:
    """The PDF of so many sheets. `address`: the page of the campaign's shops, drawn as a QR."""
    pdf = paper.new_document(campaign, now)
    for _ in range(min(sheets, SHEETS_MAX)):
        pdf.add_page()
        for number in range(STICKERS_PER_SHEET):
            _draw(pdf, campaign, address, number % 2 * _WIDTH, number // 2 * _HEIGHT)
        pdf.set_line_width(0.1)
        pdf.set_draw_color(150)
        pdf.line(_WIDTH, 0, _WIDTH, paper.A4_HEIGHT_MM)
        pdf.line(0, _HEIGHT, paper.A4_WIDTH_MM, _HEIGHT)
    return bytes(pdf.output())


def _draw(pdf: FPDF, campaign: str, address: str, x: float, y: float) -> None:
    left, room = x + _EDGE, _WIDTH - 2 * _EDGE
    french, english = TEXTS["fr"], TEXTS["en"]
    paper.write_line(pdf, campaign, left, y + 11, room, 19, style="B", align="C")
    paper.write_line(pdf, french["sticker"], left, y + 23, room, 16, style="B", align="C")
    paper.write_line(pdf, english["sticker"], left, y + 31, room, 12, align="C")
    paper.draw_qr(pdf, address, x + (_WIDTH - _QR_MM) / 2, y + 40, _QR_MM)
    paper.write_line(pdf, french["sticker_scan"], left, y + 106, room, 10.5, align="C")
    paper.write_line(pdf, english["sticker_scan"], left, y + 112, room, 9.5, align="C")
    shown = address.split("://", 1)[-1]
    paper.write_line(pdf, shown, left, y + 124, room, 9, font=paper.MONO, align="C")
