"""The part of a simulated printer that obeys commands and marks the paper.  Pure."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from drivers.simulators.paper import Glyph, PaperGap, PaperLine, PaperPicture, PaperQr, Side

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from drivers.simulators.escpos_tokens import Token
    from drivers.simulators.paper import Roll

# Tables of an Epson-compatible printer, by the number that ESC t takes.
EPSON_PAGES: Final[dict[int, str]] = {
    0: "cp437", 2: "cp850", 3: "cp860", 4: "cp863", 5: "cp865", 13: "cp857", 14: "cp737",
    15: "iso8859-7", 16: "cp1252", 17: "cp866", 18: "cp852", 19: "cp858", 40: "iso8859-15",
}  # fmt: skip
# What ESC R 1 (France) puts in place of ASCII signs.
FRENCH_SET: Final = {
    "@": "à",
    "[": "°",
    "\\": "ç",
    "]": "§",
    "{": "é",
    "|": "ù",
    "}": "è",
    "~": "¨",
}
IDEOGRAM: Final = "〓"
UNDEFINED: Final = "▯"
UNKNOWN_KEPT_MAX: Final = 100
_SIDES: Final[dict[int, Side]] = {0: "left", 1: "center", 2: "right"}
_MODE_COMMANDS: Final = (
    b"\x1ba",
    b"\x1bE",
    b"\x1b-",
    b"\x1bt",
    b"\x1bR",
    b"\x1d!",
    b"\x1c.",
    b"\x1c&",
    b"\x1bM",
    b"\x1b2",
    b"\x1b3",
    b"\x1bc",
)
_QR_LEVELS: Final = {0x30: "L", 0x31: "M", 0x32: "Q", 0x33: "H"}


@dataclass(slots=True)
class _Modes:
    """Everything that ESC @ puts back."""

    page: int = 0
    france: bool = False
    kanji: bool = False
    bold: bool = False
    underlined: bool = False
    wide: int = 1
    high: int = 1
    side: Side = "left"
    qr_module: int = 3
    qr_level: str = "L"
    qr_data: bytes = b""


class PrintHead:
    """Takes the tokens that mark paper, in turn; `unknown` keeps those it does not know."""

    def __init__(
        self, roll: Roll, pages: Mapping[int, str] = EPSON_PAGES, *, kanji_at_start: bool = False
    ) -> None:
        self._roll = roll
        self._pages = pages
        self._kanji_at_start = kanji_at_start
        self._modes = _Modes(kanji=kanji_at_start)
        self._line: list[Glyph] = []
        self._half_ideogram = False
        self.unknown: list[bytes] = []
        self._actions: dict[bytes, Callable[[bytes], None]] = {
            b"\n": lambda _: self._end_line(),
            b"\r": lambda _: None,
            b"\x1b@": lambda _: self.reset(),
            b"\x1bd": lambda raw: self._feed(raw[2]),
            b"\x1bJ": lambda raw: self._feed(1 if raw[2] else 0),
            b"\x1b!": self._print_mode,
            b"\x1d(": self._function,
            b"\x1dv": self._picture,
            b"\x1dV": lambda _: self._cut(),
            **dict.fromkeys(_MODE_COMMANDS, self._mode),
        }

    def obey(self, token: Token) -> None:
        """Carry out one token."""
        if token.is_text:
            self._text(token.raw)
            return
        action = self._actions.get(token.name)
        if action is not None:
            action(token.raw)
        elif len(self.unknown) < UNKNOWN_KEPT_MAX:
            self.unknown.append(token.raw)

    def reset(self) -> None:
        """Go back to the modes of the start; the line under way is lost."""
        self._modes = _Modes(kanji=self._kanji_at_start)
        self._line.clear()
        self._half_ideogram = False

    def _mode(self, raw: bytes) -> None:
        modes, value = self._modes, raw[-1]
        match raw[:2]:
            case b"\x1ba":
                modes.side = _SIDES.get(value % 0x30, modes.side)
            case b"\x1bE":
                modes.bold = bool(value & 1)
            case b"\x1b-":
                modes.underlined = bool(value % 0x30)
            case b"\x1bt":
                modes.page = value
            case b"\x1bR":
                modes.france = value == 1
            case b"\x1d!":
                modes.wide, modes.high = (value >> 4) % 8 + 1, value % 8 + 1
            case b"\x1c." | b"\x1c&":
                modes.kanji = raw[1:2] == b"&"
            case _:
                pass  # fonts, line spacing and panel buttons leave the text as it is

    def _print_mode(self, raw: bytes) -> None:
        modes, value = self._modes, raw[2]
        modes.bold, modes.underlined = bool(value & 0x08), bool(value & 0x80)
        modes.high, modes.wide = 1 + bool(value & 0x10), 1 + bool(value & 0x20)

    def _text(self, raw: bytes) -> None:
        for byte in raw:
            char = self._char(byte)
            if not char:
                continue
            modes = self._modes
            glyph = Glyph(char, modes.bold, modes.underlined, modes.wide, modes.high)
            if sum(one.wide for one in self._line) + glyph.wide > self._roll.columns:
                self._end_line()
            self._line.append(glyph)

    def _char(self, byte: int) -> str:
        modes = self._modes
        if modes.kanji and (byte >= 0x80 or self._half_ideogram):
            self._half_ideogram = not self._half_ideogram
            return "" if self._half_ideogram else IDEOGRAM
        if byte < 0x80:
            char = chr(byte)
            return FRENCH_SET.get(char, char) if modes.france else char
        codec = self._pages.get(modes.page, "ascii")
        return codecs.decode(bytes([byte]), codec, "replace").replace("\ufffd", UNDEFINED)

    def _end_line(self) -> None:
        self._roll.put(PaperLine(tuple(self._line), self._modes.side))
        self._line.clear()

    def _flush(self) -> None:
        if self._line:
            self._end_line()

    def _feed(self, lines: int) -> None:
        self._flush()
        if lines:
            self._roll.put(PaperGap(lines))

    def _cut(self) -> None:
        self._flush()
        self._roll.cut()

    def _picture(self, raw: bytes) -> None:
        self._flush()
        width = int.from_bytes(raw[4:6], "little")
        self._roll.put(PaperPicture(width, raw[8:], self._modes.side))

    def _function(self, raw: bytes) -> None:
        if raw[2:3] != b"k" or len(raw) < 8 or raw[5] != 0x31:
            if len(self.unknown) < UNKNOWN_KEPT_MAX:
                self.unknown.append(raw)
            return
        self._qr(raw[6], raw[7:])

    def _qr(self, function: int, parameters: bytes) -> None:
        modes = self._modes
        match function:
            case 0x43:
                modes.qr_module = parameters[0]
            case 0x45:
                modes.qr_level = _QR_LEVELS.get(parameters[0], modes.qr_level)
            case 0x50:
                modes.qr_data = parameters[1:]
            case 0x51 if modes.qr_data:
                self._flush()
                self._roll.put(PaperQr(modes.qr_data, modes.qr_module, modes.qr_level, modes.side))
            case _:
                pass  # the model is always 2 here, and an empty symbol prints nothing
