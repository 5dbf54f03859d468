"""Tables as CSV: for open data (RFC 4180, UTF-8), and for a French Excel. Pure, in pieces.

A spreadsheet takes a cell that begins with = + - or @ for a formula: texts that do, get an
apostrophe in front. Amounts are exact decimals of integer cents.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

from sync.server.exports.errors import TooManyRows

ROWS_MAX: Final = 200_000
ROWS_PER_PIECE: Final = 500
FORMULA_STARTS: Final = "=+-@\t\r\n＝＋－＠"
BOM: Final = "\ufeff"

Value: TypeAlias = str | int | None
Row: TypeAlias = Sequence[Value]


class Kind(Enum):
    """What a column holds; None is an empty cell in any."""

    TEXT = "text"
    CODE = "code"  # digits and capitals that no spreadsheet may take for a number
    COUNT = "count"
    CENTS = "cents"  # written in euros
    DEGREES = "degrees"  # a decimal, as text


@dataclass(frozen=True, slots=True)
class Flavour:
    """How a reader of the file wants it."""

    separator: str
    decimal: str
    start: str = ""
    is_excel: bool = False


OPEN_DATA: Final = Flavour(",", ".")
EXCEL_FR: Final = Flavour(";", ",", BOM, is_excel=True)


def write(
    header: Sequence[str], kinds: Sequence[Kind], rows: Sequence[Row], flavour: Flavour
) -> Iterator[bytes]:
    """A table in pieces of UTF-8, lines ended by CR LF. Raises TooManyRows above ROWS_MAX."""
    if len(rows) > ROWS_MAX:
        raise TooManyRows(ROWS_MAX)
    return _pieces(header, kinds, rows, flavour)


def _pieces(
    header: Sequence[str], kinds: Sequence[Kind], rows: Sequence[Row], flavour: Flavour
) -> Iterator[bytes]:
    piece = [flavour.start + _line([_text(name) for name in header], flavour)]
    for row in rows:
        cells = [_cell(one, kind, flavour) for one, kind in zip(row, kinds, strict=True)]
        piece.append(_line(cells, flavour))
        if len(piece) >= ROWS_PER_PIECE:
            yield "".join(piece).encode()
            piece = []
    yield "".join(piece).encode()


def euros(cents: int, decimal: str = ".") -> str:
    """Cents as a decimal number of euros: 1234 is 12.34."""
    sign, size = "-" if cents < 0 else "", abs(cents)
    return f"{sign}{size // 100}{decimal}{size % 100:02}"


def _cell(value: Value, kind: Kind, flavour: Flavour) -> str:
    if value is None:
        return ""
    if isinstance(value, int):
        return euros(value, flavour.decimal) if kind is Kind.CENTS else str(int(value))
    if kind is Kind.CODE and flavour.is_excel and _CODE.fullmatch(value):
        return f'="{value}"'  # keeps leading zeros, and all 14 digits
    if kind is Kind.DEGREES and _DEGREES.fullmatch(value):
        return value.replace(".", flavour.decimal)
    return _text(value)


def _text(value: str) -> str:
    """A text that no spreadsheet runs; it may stand behind spaces, too."""
    return f"'{value}" if value.lstrip(" \xa0").startswith(tuple(FORMULA_STARTS)) else value


def _line(cells: Sequence[str], flavour: Flavour) -> str:
    return flavour.separator.join(_quoted(cell, flavour) for cell in cells) + "\r\n"


def _quoted(cell: str, flavour: Flavour) -> str:
    if any(sign in cell for sign in (flavour.separator, '"', "\r", "\n")):
        doubled = cell.replace('"', '""')
        return f'"{doubled}"'
    return cell


_CODE: Final = re.compile(r"[0-9A-Z]{1,20}")
_DEGREES: Final = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,7})?")
