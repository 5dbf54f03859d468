"""A simulated receipt as a picture.  Needs Pillow, which only demos and tests install.

The characters come from the bitmap font inside Pillow, drawn twice its size: the same picture on
every machine, whatever fonts it has.  One cell is 12 x 24 dots, as in a printer's font A.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

from drivers.errors import NotFound
from drivers.simulators.paper import PaperGap, PaperLine, PaperPicture, PaperQr

if TYPE_CHECKING:
    from PIL import Image

    from drivers.simulators.paper import Glyph, Item, Receipt, Side

CELL_WIDE: Final = 12
CELL_HIGH: Final = 24
FONT_WIDE: Final = 6
FONT_HIGH: Final = 12
MARGIN: Final = 16
QUIET_MODULES: Final = 4
WHITE: Final = 255
BLACK: Final = 0

# The font knows Latin-1; other signs are drawn from those it has, one over the other.
_DRAWN_AS: Final = {
    "€": "C=", "œ": "oe", "Œ": "OE", "’": "'", "‘": "`", "“": '"', "”": '"', "„": '"', "–": "-",
    "—": "-", "…": ".", "•": "*", "‚": ",", "™": "T", "Š": "S", "š": "s", "Ž": "Z", "ž": "z",
    "Ÿ": "Y", "‹": "<", "›": ">",
}  # fmt: skip


def picture(receipt: Receipt) -> bytes:
    """Draw a receipt; gives a PNG.  Raises NotFound when Pillow is not installed."""
    try:
        from PIL import Image
    except ImportError as error:
        raise NotFound(
            "pictures of receipts need Pillow: pip install pillow", key="simulator.no_pillow"
        ) from error
    strips = [_strip(item, receipt.dots) for item in receipt.items]
    height = sum(strip.height for strip in strips) + 2 * MARGIN
    sheet = Image.new("L", (receipt.dots + 2 * MARGIN, height), WHITE)
    top = MARGIN
    for strip in strips:
        sheet.paste(strip, (MARGIN, top))
        top += strip.height
    out = io.BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()


def _strip(item: Item, dots: int) -> Image.Image:
    match item:
        case PaperLine():
            return _line(item, dots)
        case PaperQr():
            return _placed(_qr(item), item.side, dots)
        case PaperPicture():
            return _placed(_raster(item), item.side, dots)
        case PaperGap():
            return _blank(dots, item.lines * CELL_HIGH)


def _blank(wide: int, high: int) -> Image.Image:
    from PIL import Image

    return Image.new("L", (wide, high), WHITE)


def _placed(part: Image.Image, side: Side, dots: int) -> Image.Image:
    strip = _blank(dots, part.height)
    spare = max(0, dots - part.width)
    strip.paste(part, ({"left": 0, "center": spare // 2, "right": spare}[side], 0))
    return strip


def _line(line: PaperLine, dots: int) -> Image.Image:
    row = _blank(max(1, line.cells * CELL_WIDE), line.high * CELL_HIGH)
    left = 0
    for glyph in line.glyphs:
        cell = _glyph(glyph)
        row.paste(cell, (left, row.height - cell.height))
        left += cell.width
    return _placed(row, line.side, dots)


def _glyph(glyph: Glyph) -> Image.Image:
    from PIL import Image, ImageDraw, ImageFont

    cell = Image.new("L", (FONT_WIDE, FONT_HIGH), WHITE)
    draw = ImageDraw.Draw(cell)
    font = ImageFont.load_default_imagefont()
    parts = _DRAWN_AS.get(glyph.char, glyph.char)
    for at, part in enumerate(parts):
        shown = part if part.isprintable() and ord(part) < 0x100 else "?"
        shift = 0 if len(parts) == 1 or parts[-1] == "=" else at * 2 - 1
        draw.text((shift, 0), shown, font=font, fill=BLACK)
    if glyph.underlined:
        draw.line((0, FONT_HIGH - 1, FONT_WIDE, FONT_HIGH - 1), fill=BLACK)
    size = (CELL_WIDE * glyph.wide, CELL_HIGH * glyph.high)
    large = cell.resize(size, Image.Resampling.NEAREST)
    return _thickened(large) if glyph.bold else large


def _thickened(cell: Image.Image) -> Image.Image:
    from PIL import ImageChops

    return ImageChops.darker(cell, ImageChops.offset(cell, 1, 0))


def _qr(code: PaperQr) -> Image.Image:
    import segno
    from PIL import Image

    symbol = segno.make_qr(code.data, error=code.level.lower(), boost_error=False)
    side = len(symbol.matrix) + 2 * QUIET_MODULES
    modules = Image.new("L", (side, side), WHITE)
    for y, row in enumerate(symbol.matrix_iter(border=QUIET_MODULES)):
        for x, module in enumerate(row):
            if module:
                modules.putpixel((x, y), BLACK)
    scale = max(1, code.module_dots)
    return modules.resize((side * scale, side * scale), Image.Resampling.NEAREST)


def _raster(part: PaperPicture) -> Image.Image:
    from PIL import Image

    if not part.bytes_a_row or not part.dots:
        return _blank(1, 1)
    size = (part.bytes_a_row * 8, len(part.dots) // part.bytes_a_row)
    return Image.frombytes("1", size, bytes(byte ^ 0xFF for byte in part.dots)).convert("L")
