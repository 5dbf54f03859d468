"""Ring up a few products of the demonstration and save the screen as SVG."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pos.config import Config
from pos.demo.box import Box, open_box
from pos.store.folder import DataFolder
from pos.tui.start import make

SIZE = (100, 30)
STARTED = datetime(2026, 11, 23, 10, 42, tzinfo=UTC)
# The reader's own monospaced font will do: a picture that loads nothing from elsewhere.
WEB_FONTS = re.compile(r"\s*@font-face \{[^}]*\}")
TYPED = ("login", "150\r", ".1\r", ".12\r", "2*.3\r", ".16\r", ".8\r", ".20\r", "-10%\r")


def clock_at(started: datetime) -> datetime:
    """A clock that only just moves, so that the picture is the same each time."""
    return started + timedelta(seconds=1)


async def draw(box: Box, path: Path) -> None:
    """Sell, and save what the cashier sees."""
    app = make(box.till.desk, box.till.language, box.till.config)
    async with app.run_test(size=SIZE) as pilot:
        for text in TYPED:
            keys = "1\r1111\r" if text == "login" else text
            for sign in keys:
                await pilot.press("enter" if sign == "\r" else sign)
                await pilot.pause(0.06)
            await pilot.pause(1.2 if text == "login" else 0.3)
        await pilot.pause(1.5)
        picture = WEB_FONTS.sub("", app.export_screenshot(title="Comptoir"))
        path.write_text(picture, encoding="utf-8")


def main() -> None:
    """Work in a folder that is thrown away."""
    target = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = folder
        with open_box(
            DataFolder(Path(folder) / "shop"),
            Config(),
            with_sync=False,
            clock=lambda: clock_at(STARTED),
        ) as box:
            asyncio.run(draw(box, target))


main()
