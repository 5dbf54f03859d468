"""When PostgreSQL should look again at how full a table is. Pure.

It does so by itself, but a minute later: until then it plans for the few rows that it last saw, and
reads a whole campaign to find the two hundred receipts of a batch. A shop's first hour, or the day
when all tills come back, fill tables faster than that.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

ROWS_MIN: Final = 500


class Growth:
    """Counts what one process has written; asks for a look each time that has doubled."""

    def __init__(self, rows_min: int = ROWS_MIN) -> None:
        self._rows_min = rows_min
        self._written: Counter[str] = Counter()
        self._next: dict[str, int] = {}

    def add(self, table: str, rows: int) -> None:
        """Note rows that were committed."""
        self._written[table] += rows

    def take_due(self) -> list[str]:
        """The tables to look at now, each once for so much growth."""
        due = [
            table
            for table, rows in self._written.items()
            if rows >= self._next.get(table, self._rows_min)
        ]
        for table in due:
            self._next[table] = 2 * self._written[table]
        return sorted(due)
