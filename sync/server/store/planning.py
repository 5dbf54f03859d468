"""What SQLite's planner is told of our tables, which begin with a campaign and hold many rows.

Without it SQLite takes the primary key, of which it knows only the campaign, over an index that
leads to the row: each claim would read every reward of its campaign. The numbers are a rule of
ours and no measurement, so that plans are the same on every machine and do not change with data.
PostgreSQL measures for itself.
"""

from __future__ import annotations

import sqlite3
from typing import Final

ROWS: Final = 1_000_000
OF_CAMPAIGN: Final = ROWS // 4
OF_SECOND: Final = 1_000  # rows that share the campaign and one thing more
ALIKE: Final = 10  # rows that an index does not tell apart


def tell_planner(db: sqlite3.Connection) -> None:
    """Give every index of a campaign's table its numbers."""
    db.execute("ANALYZE sqlite_master")  # makes the table of statistics, and looks at no row
    db.execute("DELETE FROM sqlite_stat1")
    tables = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    rows = [row for (table,) in tables for row in _numbers(db, table)]
    db.executemany("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", rows)
    db.execute("ANALYZE sqlite_master")  # reads them


def _numbers(db: sqlite3.Connection, table: str) -> list[tuple[str, str, str]]:
    found = []
    for _, index, unique, origin, _ in db.execute(f"PRAGMA index_list({table})").fetchall():
        columns = [row[2] for row in db.execute(f"PRAGMA index_info({index})").fetchall()]
        if columns[0] == "campaign":
            # The primary key of a table without rowid goes by the table's name.
            name = table if origin == "pk" else index
            found.append((table, name, _stat(len(columns), is_unique=bool(unique))))
    return found


def _stat(columns: int, *, is_unique: bool) -> str:
    """Rows in all, then how many share the first column, the first two, and so on."""
    shared = [OF_CAMPAIGN, *(max(OF_SECOND // 10**n, ALIKE) for n in range(columns - 1))]
    if columns > 1:
        shared[-1] = 1 if is_unique else ALIKE
    return " ".join(map(str, (ROWS, *shared)))
