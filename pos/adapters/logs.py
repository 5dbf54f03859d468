"""The technical log: one rotated file in the data folder, with nothing secret in it."""

from __future__ import annotations

import logging
import re
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

LOG_BYTES_MAX: Final = 1_000_000
LOG_FILES_MAX: Final = 5
FORMAT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"
MASK: Final = "[card number]"
# PCI DSS 4.0.1, 3.4.1: runs of 13 to 19 digits, however they are grouped, that pass the Luhn check.
_CARD_LIKE = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")


def scrub(text: str) -> str:
    """The text without anything that could be a card number."""
    return _CARD_LIKE.sub(lambda found: MASK if _luhn(found[0]) else found[0], text)


def _luhn(text: str) -> bool:
    digits = [int(sign) for sign in text if sign.isdigit()]
    doubled = [2 * d - 9 * (d > 4) if i % 2 else d for i, d in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


class ScrubbedFormatter(logging.Formatter):
    """Formats a record, traceback included, and takes out what looks like a card number."""

    def format(self, record: logging.LogRecord) -> str:
        """The line that is written."""
        return scrub(super().format(record))


class _LogFile(RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """A disk that takes no log is no reason to write a traceback over the till's screen."""


def log_to(folder: Path, name: str) -> logging.Handler:
    """Write the program's log to `folder/NAME.log`; call `remove` with the result at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    handler = _LogFile(
        folder / f"{name}.log",
        maxBytes=LOG_BYTES_MAX,
        backupCount=LOG_FILES_MAX,
        encoding="utf-8",
        delay=True,
    )
    handler.setFormatter(ScrubbedFormatter(FORMAT))
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it tells of each request
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    root.addHandler(handler)
    return handler


def remove(handler: logging.Handler) -> None:
    """Stop writing, and close the file."""
    logging.getLogger().removeHandler(handler)
    handler.close()
