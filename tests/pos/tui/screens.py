"""The screen as rows of text, and goldens of them. COMPTOIR_GOLDEN=write writes them anew."""

from __future__ import annotations

import os
import re
from html import unescape
from pathlib import Path

from rich.cells import cell_len

from pos.tui.app import TillApp

GOLDEN = Path(__file__).parent / "golden"
_TEXT = re.compile(
    r'<text class="[^"]*r\d+" x="([\d.]+)" y="[\d.]+"[^>]*line-(\d+)\)">(.*?)</text>'
)
_CELL_WIDTH = 12.2


def rows_of(app: TillApp) -> list[str]:
    """What stands on the screen, row by row, without trailing spaces."""
    width, height = app.size
    grid = [[" "] * width for _ in range(height)]
    for x, line, text in _TEXT.findall(app.export_screenshot()):
        column, row = round(float(x) / _CELL_WIDTH), int(line)
        for sign in unescape(text).replace("\u00a0", " "):
            if row < height and column < width:
                grid[row][column] = sign
            column += cell_len(sign)
    return ["".join(row).rstrip() for row in grid]


def text_of(app: TillApp) -> str:
    """The whole screen as one text."""
    return "\n".join(rows_of(app))


def check_golden(app: TillApp, name: str) -> None:
    """The screen is the one that was looked at and kept."""
    file, shown = GOLDEN / f"{name}.txt", text_of(app) + "\n"
    if os.environ.get("COMPTOIR_GOLDEN") == "write":
        file.write_text(shown, encoding="utf-8")
    assert shown == file.read_text(encoding="utf-8"), f"{name} looks different"
