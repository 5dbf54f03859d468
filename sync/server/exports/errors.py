"""What can be wrong with an export."""

from __future__ import annotations


class ExportProblem(Exception):
    """The root of this package's errors."""


class TooManyRows(ExportProblem):
    """A table is larger than a file may be."""

    def __init__(self, most: int) -> None:
        super().__init__(f"a file has at most {most} rows")
