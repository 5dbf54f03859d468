"""Pairing letters: an A4 page for each shop, to be folded into a French window envelope.

A code by post proves that whoever types it opens the shop's mail. It must not show through the
window, wherever the sheet slides: nothing but the address is drawn there.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sync.server import texts
from sync.server.reference.hours import PARIS
from sync.server.shops import paper
from sync.server.shops.letter_words import TEXTS
from sync.server.texts import Language

if TYPE_CHECKING:
    from fpdf import FPDF

LETTERS_MAX: Final = 100  # a file: a second or two of work, and a pile that a person can fold
SENDER_LINES_MAX: Final = 6
SENDER_CHARS_MAX: Final = 60
# A sheet folded in three, in a DL envelope (110 x 220 mm) whose window of 35 x 100 mm lies 20 mm
# from the right and from the bottom edge: what is seen however the sheet lies in it, in mm of the
# sheet: left, top, right, bottom.
SEEN_ALWAYS: Final = (100, 55, 190, 79)
SEEN_PERHAPS: Final = (90, 44, 200, 90)
ADDRESS_LINE_CHARS: Final = 38  # La Poste reads no more (NF Z10-011)
_ADDRESS_LINE_MM: Final = 4.6
_LEFT: Final = 22.0
_WIDTH: Final = paper.A4_WIDTH_MM - 2 * _LEFT
_BELOW_FOLD: Final = 101.0
_QR_MM: Final = 36.0
_BOX_MM: Final = 40.0


@dataclass(frozen=True, slots=True)
class Letter:
    """To whom (`id` is the shop's), and the code; `expires_at` as the server writes times."""

    id: str
    shop: str
    address: str
    postcode: str
    town: str
    code: str
    expires_at: str

    def with_code(self, code: str, expires_at: str) -> Letter:
        """The same letter, with the code to send."""
        return replace(self, code=code, expires_at=expires_at)


@dataclass(frozen=True, slots=True)
class Occasion:
    """What all letters of a campaign say. `sender`: name, address and telephone, a line each."""

    campaign: str
    sponsors: Sequence[str]
    origin: str
    sender: Sequence[str]
    language: Language


def pairing_text(origin: str, code: str) -> str:
    """What a pairing QR holds: the server's address, then "#" and the code.

    A phone that opens it sends no code anywhere: what follows "#" stays in the browser (RFC 3986).
    """
    return f"{origin}/#{code}"


def grouped(code: str) -> str:
    """A code in two halves, as people read it aloud."""
    return f"{code[:4]}-{code[4:]}"


def make_letters(letters: Sequence[Letter], occasion: Occasion, now: datetime) -> bytes:
    """The PDF: a page for each of at most LETTERS_MAX letters."""
    pdf = paper.new_document(occasion.campaign, now)
    for letter in letters[:LETTERS_MAX]:
        pdf.add_page()
        _write_sender(pdf, occasion.sender)
        _write_address(pdf, letter)
        y = _write_opening(pdf, letter, occasion)
        y = _write_code(pdf, letter, occasion, y)
        _write_steps(pdf, letter, occasion, y)
    return bytes(pdf.output())


def address_lines(letter: Letter) -> list[str]:
    """The lines of the address: at most five, the last with the town in capitals."""
    street = textwrap.wrap(letter.address, ADDRESS_LINE_CHARS)[:3]
    town = f"{letter.postcode} {letter.town.upper()}".strip()
    return [line for line in (letter.shop, *street, town) if line]


def _write_sender(pdf: FPDF, sender: Sequence[str]) -> None:
    for number, line in enumerate(sender[:SENDER_LINES_MAX]):
        style = "" if number else "B"
        paper.write_line(pdf, line, _LEFT, 16 + number * 4.6, 66, 10, style=style)


def _write_address(pdf: FPDF, letter: Letter) -> None:
    left, top, right, _ = SEEN_ALWAYS
    for number, line in enumerate(address_lines(letter)):
        y = top + 0.5 + number * _ADDRESS_LINE_MM
        paper.write_line(pdf, line, left + 3, y, right - left - 5, 10.5)


def _write_opening(pdf: FPDF, letter: Letter, occasion: Occasion) -> float:
    words = TEXTS[occasion.language]
    names = [*occasion.sponsors]
    listed = words["and"].join([one for one in (", ".join(names[:-1]), *names[-1:]) if one])
    sponsors = words["sponsors"].format(names=listed) if names else ""
    subject = words["subject"].format(campaign=occasion.campaign)
    what = words["what"].format(shop=letter.shop, campaign=occasion.campaign, sponsors=sponsors)
    y = paper.write_block(pdf, subject, _LEFT, _BELOW_FOLD, _WIDTH, 13, lines_max=2, style="B")
    y = paper.write_block(pdf, words["greeting"], _LEFT, y + 3, _WIDTH, 10.5, lines_max=1)
    return paper.write_block(pdf, what, _LEFT, y + 1.5, _WIDTH, 10.5, lines_max=6)


def _write_code(pdf: FPDF, letter: Letter, occasion: Occasion, y: float) -> float:
    words, top = TEXTS[occasion.language], y + 4
    expires = datetime.fromisoformat(letter.expires_at).astimezone(PARIS)
    moment = texts.moment(expires.isoformat(), occasion.language)
    room = _WIDTH - _QR_MM - 12
    pdf.set_line_width(0.5)
    pdf.rect(_LEFT, top, _WIDTH, _BOX_MM)
    paper.write_line(pdf, words["code"], _LEFT + 5, top + 4, room, 10.5)
    code = grouped(letter.code)
    paper.write_line(pdf, code, _LEFT + 5, top + 10, room, 38, style="B", font=paper.MONO)
    until = words["until"].format(moment=moment)
    paper.write_block(pdf, until, _LEFT + 5, top + 28, room, 9.5, lines_max=2)
    payload = pairing_text(occasion.origin, letter.code)
    paper.draw_qr(pdf, payload, _LEFT + _WIDTH - _QR_MM - 2, top + 2, _QR_MM)
    return top + _BOX_MM


def _write_steps(pdf: FPDF, letter: Letter, occasion: Occasion, y: float) -> None:
    words = TEXTS[occasion.language]
    y = (
        paper.write_block(pdf, words["steps"], _LEFT, y + 5, _WIDTH, 11.5, lines_max=1, style="B")
        + 1
    )
    for number, name in enumerate(("online", "type", "digits", "sticker"), 1):
        paper.write_line(pdf, f"{number}.", _LEFT, y, 6, 10.5, style="B")
        text = words[f"step_{name}"]
        y = paper.write_block(pdf, text, _LEFT + 7, y, _WIDTH - 7, 10.5, lines_max=2) + 1
        if name == "type":
            typed = f"comptoir sync enrol --server {occasion.origin} --code {grouped(letter.code)}"
            paper.write_line(pdf, typed, _LEFT + 7, y, _WIDTH - 7, 10.5, font=paper.MONO)
            y += 6
    y = paper.write_block(
        pdf, words["why_title"], _LEFT, y + 3, _WIDTH, 10.5, lines_max=1, style="B"
    )
    y = paper.write_block(pdf, words["why"], _LEFT, y, _WIDTH, 10.5, lines_max=3)
    paper.write_block(pdf, words["keep"], _LEFT, y + 3, _WIDTH, 9.5, lines_max=3)
