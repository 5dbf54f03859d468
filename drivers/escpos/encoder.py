"""A page to the bytes of one printer.

Bytes come in atoms: a whole command, or a whole line of text.  Between two atoms a real-time
command (status, drawer) may be sent; inside one, the printer would take it for data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from drivers.escpos import commands
from drivers.escpos.layout import Line, Row, lay_out
from drivers.escpos.page import Cut, Feed, Kick, Qr
from drivers.escpos.raster_qr import module_dots, raster_qr
from drivers.escpos.text import wrap

if TYPE_CHECKING:
    from drivers.escpos.page import Page
    from drivers.escpos.profiles import Profile

TEAR_OFF_LINES: Final = 5  # from the print head to the tear bar of a printer without cutter


def encode(page: Page, profile: Profile) -> bytes:
    """Give the bytes of a page, from the initialisation on; the barrier is the job's affair."""
    return b"".join(encode_atoms(page, profile))


def encode_atoms(page: Page, profile: Profile) -> tuple[bytes, ...]:
    """Give the bytes of a page in atoms."""
    encoder = _Encoder(profile)
    for row in lay_out(page, profile.columns, profile.code_page.codec):
        encoder.add(row)
    return tuple(encoder.atoms)


class _Encoder:
    """Follows the printer's modes, so that each is sent only when it changes."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._bold = False
        self._double = False
        # ESC @ puts the code page back to the printer's default: both always go together.
        self.atoms = [
            commands.INIT,
            commands.KANJI_OFF,
            commands.SET_USA,
            commands.code_page(profile.code_page.number),
        ]

    def add(self, row: Row) -> None:
        match row:
            case Line():
                self._line(row)
            case Qr():
                self._qr(row)
            case Feed():
                self.atoms.append(commands.feed(row.lines))
            case Cut():
                cut = commands.CUT if self._profile.has_cut else commands.feed(TEAR_OFF_LINES)
                self.atoms.append(cut)
            case Kick():
                self.atoms.append(commands.kick(row.pin))

    def _line(self, line: Line) -> None:
        if line.bold != self._bold:
            self.atoms.append(commands.BOLD[line.bold])
            self._bold = line.bold
        if line.double != self._double:
            self.atoms.append(commands.DOUBLE[line.double])
            self._double = line.double
        text = line.text.encode(self._profile.code_page.codec)
        self.atoms.append(text + commands.LINE_END)

    def _qr(self, qr: Qr) -> None:
        profile = self._profile
        if not (profile.has_qr or profile.has_raster):
            for text in wrap(qr.data, profile.columns):
                self._line(Line(text))
            return
        self.atoms.append(commands.CENTRED)
        if profile.has_qr:
            self.atoms.extend(commands.qr(qr.data, module_dots(qr.data, profile.dots)))
        else:
            self.atoms.extend(raster_qr(qr.data, profile.dots))
        self.atoms.append(commands.LEFT)
