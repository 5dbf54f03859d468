"""A page for a receipt printer: typed elements, safe by construction.

Text is text: no element carries bytes, so that nothing in a product's name can become a command.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from drivers.errors import LocalProtocolError

Align = Literal["left", "center", "right"]

# A version 20 symbol at level M, far above what a receipt carries, still fits 58 mm paper.
QR_BYTES_MAX: Final = 660
FEED_LINES_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph, wrapped at words; `double` is twice as wide and as high."""

    text: str
    bold: bool = False
    double: bool = False
    align: Align = "left"


@dataclass(frozen=True, slots=True)
class Columns:
    """Words on the left, wrapped, and an amount on the right, never cut."""

    left: str
    right: str
    bold: bool = False
    double: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across the paper."""

    char: str = "-"

    def __post_init__(self) -> None:
        if len(self.char) != 1 or not self.char.isprintable():
            raise LocalProtocolError(f"a rule is drawn with one visible sign, not {self.char!r}")


@dataclass(frozen=True, slots=True)
class Qr:
    """A QR code, centred.  Printable ASCII only: readers disagree on anything else."""

    data: str

    def __post_init__(self) -> None:
        if not (self.data.isascii() and self.data.isprintable() and self.data):
            raise LocalProtocolError("a QR code carries printable ASCII, at least one character")
        if len(self.data) > QR_BYTES_MAX:
            raise LocalProtocolError(
                f"a QR code carries {QR_BYTES_MAX} bytes at most, not {len(self.data)}"
            )


@dataclass(frozen=True, slots=True)
class Feed:
    """Empty lines."""

    lines: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.lines <= FEED_LINES_MAX:
            raise LocalProtocolError(f"1 to {FEED_LINES_MAX} lines are fed, not {self.lines}")


@dataclass(frozen=True, slots=True)
class Cut:
    """The end of a receipt."""


@dataclass(frozen=True, slots=True)
class Kick:
    """Opens the cash drawer wired to this pin of the printer's drawer socket."""

    pin: Literal[2, 5] = 2


Element = Text | Columns | Rule | Qr | Feed | Cut | Kick
Page = tuple[Element, ...]
