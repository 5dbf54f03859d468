"""The ESC/POS commands this driver sends, as bytes (source: Epson's ESC/POS command reference)."""

from __future__ import annotations

from typing import Final

from drivers.errors import LocalProtocolError

INIT: Final = b"\x1b@"
KANJI_OFF: Final = b"\x1c."  # Chinese clones pair 8-bit bytes into ideograms without it
SET_USA: Final = b"\x1bR\x00"  # national sets replace # @ [ \ ] { | } ~ by accents
LINE_END: Final = b"\n"
CENTRED: Final = b"\x1ba\x01"
LEFT: Final = b"\x1ba\x00"
BOLD: Final = {False: b"\x1bE\x00", True: b"\x1bE\x01"}
DOUBLE: Final = {False: b"\x1d!\x00", True: b"\x1d!\x11"}
CUT: Final = b"\x1dVB\x00"  # function B: feeds to the cutter by itself
BARRIER: Final = b"\x1dr\x01"  # answered once everything before it was processed
CLEAR_AND_RECOVER: Final = b"\x10\x05\x02"  # DLE ENQ 2: clears the printer's buffers
PROCESS_ID_CHARS: Final = 4

_QR_MODEL_2: Final = b"\x1d(k\x04\x001A2\x00"
_QR_LEVEL_M: Final = b"\x1d(k\x03\x001E1"
_QR_PRINT: Final = b"\x1d(k\x03\x001Q0"
_DRAWER: Final = {2: 0, 5: 1}
_PULSE_ON_2MS: Final = 25
_PULSE_OFF_2MS: Final = 250
_PULSE_100MS: Final = 1


def code_page(number: int) -> bytes:
    """ESC t: choose the table of signs."""
    return b"\x1bt" + bytes([number])


def feed(lines: int) -> bytes:
    """ESC d: feed lines."""
    return b"\x1bd" + bytes([lines])


def kick(pin: int) -> bytes:
    """ESC p: open the drawer, in turn with the printing (50 ms on, 500 ms off)."""
    return b"\x1bp" + bytes([_DRAWER[pin], _PULSE_ON_2MS, _PULSE_OFF_2MS])


def kick_now(pin: int) -> bytes:
    """DLE DC4: open the drawer at once, even when the printer is stopped (100 ms)."""
    return b"\x10\x14\x01" + bytes([_DRAWER[pin], _PULSE_100MS])


def ask_status(number: int) -> bytes:
    """DLE EOT: ask for status byte `number` (1 printer, 2 offline cause, 3 error, 4 paper)."""
    return b"\x10\x04" + bytes([number])


def process_id(tag: str) -> bytes:
    """GS ( H: have the printer answer with `tag` (4 printable ASCII) once all before is printed."""
    if len(tag) != PROCESS_ID_CHARS or not (tag.isascii() and tag.isprintable()):
        raise LocalProtocolError(f"a process id is 4 printable ASCII characters, not {tag!r}")
    return b"\x1d(H\x06\x0000" + tag.encode("ascii")


def qr(data: str, dots_a_module: int) -> tuple[bytes, ...]:
    """GS ( k: a QR code drawn by the printer: model 2, level M, in five commands."""
    payload = data.encode("ascii")
    length = (len(payload) + 3).to_bytes(2, "little")
    return (
        _QR_MODEL_2,
        b"\x1d(k\x03\x001C" + bytes([dots_a_module]),
        _QR_LEVEL_M,
        b"\x1d(k" + length + b"1P0" + payload,
        _QR_PRINT,
    )


def raster(bytes_a_row: int, rows: int, dots: bytes) -> bytes:
    """GS v 0: a picture of `rows` rows, at most 255 (clones stop at more)."""
    return b"\x1dv0\x00" + bytes_a_row.to_bytes(2, "little") + rows.to_bytes(2, "little") + dots
