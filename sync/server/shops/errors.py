"""What can be wrong with a list of shops as a whole.

BadList    the file cannot be read as a list; `reason` names the sentence that says why
"""

from __future__ import annotations

from typing import Final

# The reasons; each has its sentence in `organiser.words.shops`.
TOO_LARGE: Final = "too_large"
NOT_TEXT: Final = "not_text"
EMPTY: Final = "empty"
NO_NAME_COLUMN: Final = "no_name_column"
NO_SIRET_COLUMN: Final = "no_siret_column"
COLUMN_TWICE: Final = "column_twice"
BROKEN_QUOTES: Final = "broken_quotes"
TOO_MANY_LINES: Final = "too_many_lines"
REASONS: Final = (
    *(TOO_LARGE, NOT_TEXT, EMPTY, NO_NAME_COLUMN, NO_SIRET_COLUMN),
    *(COLUMN_TWICE, BROKEN_QUOTES, TOO_MANY_LINES),
)


class BadList(ValueError):
    """A file that is no list of shops; `detail` is what was found, or empty."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
