"""QR codes: how large a module may be, and a picture of one for printers that cannot draw it."""

from __future__ import annotations

from typing import Final

from drivers.escpos.commands import raster

MODULE_DOTS_MAX: Final = 6  # 0.75 mm at 8 dots a mm: read at arm's length
RASTER_MODULE_DOTS_MAX: Final = 4  # a picture takes its dots squared in time on a slow line
SLICE_ROWS_MAX: Final = 255
QUIET_MODULES: Final = 4

# Bytes that a symbol holds at level M, version 1 to 20 (ISO/IEC 18004, table 7).
_BYTES_AT_M: Final = (
    14, 26, 42, 62, 84, 106, 122, 152, 180, 213, 251, 287, 331, 362, 412, 450, 504, 560, 624, 666,
)  # fmt: skip


def module_dots(data: str, dots: int) -> int:
    """Give the dots a module may take so that the symbol with its margins fits the paper."""
    version = next(v for v, held in enumerate(_BYTES_AT_M, start=1) if len(data) <= held)
    modules = 17 + 4 * version + 2 * QUIET_MODULES
    return max(1, min(MODULE_DOTS_MAX, dots // modules))


def raster_qr(data: str, dots: int) -> list[bytes]:
    """Give the symbol as pictures one below the other."""
    import segno  # only printers without QR codes of their own need it

    scale = min(RASTER_MODULE_DOTS_MAX, module_dots(data, dots))
    symbol = segno.make_qr(data, error="m", boost_error=False)
    rows = [_row(row, scale) for row in symbol.matrix for _ in range(scale)]
    width = len(rows[0])
    return [
        raster(width, len(part), b"".join(part))
        for part in (rows[at : at + SLICE_ROWS_MAX] for at in range(0, len(rows), SLICE_ROWS_MAX))
    ]


def _row(modules: bytearray | tuple[int, ...], scale: int) -> bytes:
    bits = "".join("1" * scale if module else "0" * scale for module in modules)
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")
