"""The technical log: one rotated file in the data folder, with nothing secret in it."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

from pos.domain.scrub import scrub

LOG_BYTES_MAX: Final = 1_000_000
LOG_FILES_MAX: Final = 5
STAMP_CHARS: Final = len("2026-11-25 10:42:07,123")
FORMAT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class ScrubbedFormatter(logging.Formatter):
    """Formats a record, traceback included, and takes out what looks like a card number."""

    def format(self, record: logging.LogRecord) -> str:
        """The line that is written; the time before it is ours."""
        line = super().format(record)
        return line[:STAMP_CHARS] + scrub(line[STAMP_CHARS:])


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
