"""What can be wrong with a catalogue file: each mistake with its place and what was expected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from pos.store.errors import StoreError

PROBLEMS_MAX: Final = 10_000
VALUE_LENGTH_MAX: Final = 80


class Reason(StrEnum):
    """Why a value is refused, or what was noticed about it."""

    TOO_BIG = "too_big"
    ENCODING = "encoding"
    NO_HEADER = "no_header"
    COLUMN_MISSING = "column_missing"
    COLUMN_TWICE = "column_twice"
    QUOTES = "quotes"
    FIELDS = "fields"
    NO_PRODUCT = "no_product"
    CODE_MISSING = "code_missing"
    CODE_FORM = "code_form"
    CHECK_DIGIT = "check_digit"
    CODE_TWICE = "code_twice"
    LABEL_MISSING = "label_missing"
    TOO_LONG = "too_long"
    PRICE = "price"
    RATE = "rate"
    UNIT = "unit"
    KEY = "key"
    KEY_TWICE = "key_twice"
    # Noticed, and not refused:
    COLUMN_IGNORED = "column_ignored"
    CONTROL_CHARACTERS = "control_characters"


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake, or a notice. `line` counts from 1 as an editor does; 0 is the file as a whole.

    `number` is what some reasons speak of: the limit of a value, or the other line.
    """

    line: int
    column: str
    value: str
    reason: Reason
    expected: str
    number: int = field(default=0, compare=False)

    def __str__(self) -> str:
        place = f"line {self.line}" if self.line else "file"
        column = f", column {self.column}" if self.column else ""
        return f"{place}{column}: {self.value!r} ({self.reason}): expected {self.expected}"

    def to_data(self) -> dict[str, Any]:
        """The JSON value of it."""
        return {
            "line": self.line,
            "column": self.column,
            "value": self.value,
            "reason": str(self.reason),
            "expected": self.expected,
        }


def problem(
    line: int, column: str, value: str, reason: Reason, expected: str, number: int = 0
) -> Problem:
    """A problem whose value is short enough to be shown."""
    shown = value if len(value) <= VALUE_LENGTH_MAX else value[: VALUE_LENGTH_MAX - 1] + "…"
    return Problem(line, column, shown, reason, expected, number)


class CatalogueRefused(StoreError):
    """A catalogue file has mistakes, nothing of it was taken.

    `problems` has them by line, at most PROBLEMS_MAX; `omitted` counts those beyond.
    """

    def __init__(self, problems: Sequence[Problem], omitted: int = 0) -> None:
        self.problems = tuple(problems)
        self.omitted = omitted
        more = len(self.problems) + omitted - 1
        also = f", and {more} more" if more else ""
        super().__init__(f"the catalogue is refused: {self.problems[0]}{also}")


class Problems:
    """The problems found so far, up to a limit."""

    def __init__(self) -> None:
        self._found: list[Problem] = []
        self._omitted = 0

    def add(
        self, line: int, column: str, value: str, reason: Reason, expected: str, number: int = 0
    ) -> None:
        """Note one more."""
        if len(self._found) < PROBLEMS_MAX:
            self._found.append(problem(line, column, value, reason, expected, number))
        else:
            self._omitted += 1

    @property
    def found(self) -> tuple[Problem, ...]:
        """Those that were kept, by line."""
        return tuple(sorted(self._found, key=lambda problem: problem.line))

    def refuse_if_any(self) -> None:
        """Raise CatalogueRefused when there is one."""
        if self._found:
            raise CatalogueRefused(self.found, self._omitted)
