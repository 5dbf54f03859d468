"""What SQLite itself can take in: batches of sales, one durable transaction a batch."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from time import perf_counter
from typing import Final

BATCH: Final = 200
LINES: Final = 3
_TABLES: Final = (
    "CREATE TABLE sale (id TEXT PRIMARY KEY, till TEXT, number INTEGER, at TEXT, total INTEGER)",
    "CREATE TABLE line (sale TEXT, number INTEGER, label TEXT, quantity INTEGER, amount INTEGER,"
    " rate INTEGER, PRIMARY KEY (sale, number)) WITHOUT ROWID",
    "CREATE TABLE payment (sale TEXT, number INTEGER, kind TEXT, amount INTEGER,"
    " PRIMARY KEY (sale, number)) WITHOUT ROWID",
    "CREATE TABLE document (enrolment INTEGER, number INTEGER, body BLOB,"
    " PRIMARY KEY (enrolment, number))",
)
_Insert = Callable[[sqlite3.Connection, range], None]


def five_rows_a_sale(path: Path, sales: int) -> float:
    """Sales a second: a row for the sale, three for its lines, one for its payment."""
    return _sales_a_second(path, sales, _five_rows)


def one_row_a_sale(path: Path, sales: int, body: bytes) -> float:
    """Sales a second, each as one document under its number."""

    def insert(db: sqlite3.Connection, numbers: range) -> None:
        db.executemany("INSERT INTO document VALUES (1, ?, ?)", ((n, body) for n in numbers))

    return _sales_a_second(path, sales, insert)


def _five_rows(db: sqlite3.Connection, numbers: range) -> None:
    names = [f"7d1f6d2e-5a0e-4a57-9d0c-{number:012}" for number in numbers]
    db.executemany(
        "INSERT INTO sale VALUES (?, ?, ?, ?, ?)",
        ((name, "till-1", n, "2026-11-22T18:04:05.123+01:00", 2534) for n, name in zip(numbers, names, strict=True)),
    )
    db.executemany(
        "INSERT INTO line VALUES (?, ?, ?, ?, ?, ?)",
        ((name, line, "Pain de campagne", 1000, 345, 550) for name in names for line in range(LINES)),
    )
    db.executemany(
        "INSERT INTO payment VALUES (?, ?, ?, ?)", ((name, 1, "cash", 2534) for name in names)
    )


def _sales_a_second(path: Path, sales: int, insert: _Insert) -> float:
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for pragma in ("journal_mode = WAL", "synchronous = FULL"):
            db.execute(f"PRAGMA {pragma}")
        for table in _TABLES:
            db.execute(table)
        start = perf_counter()
        for first in range(0, sales, BATCH):
            db.execute("BEGIN IMMEDIATE")
            insert(db, range(first, min(first + BATCH, sales)))
            db.execute("COMMIT")
        return sales / (perf_counter() - start)
