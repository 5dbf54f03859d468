"""What SQLite itself can take in: batches of sales, one durable transaction a batch."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import Final

from bench.figure import Figure, median

BATCH: Final = 200
LINES: Final = 3
AT: Final = "2026-11-22T18:04:05.123+01:00"
_TABLES: Final = """
CREATE TABLE sale (id TEXT PRIMARY KEY, till TEXT, number INTEGER, at TEXT, total INTEGER);
CREATE TABLE line (
    sale TEXT, number INTEGER, label TEXT, quantity INTEGER, amount INTEGER, rate INTEGER,
    PRIMARY KEY (sale, number)
) WITHOUT ROWID;
CREATE TABLE payment (
    sale TEXT, number INTEGER, kind TEXT, amount INTEGER, PRIMARY KEY (sale, number)
) WITHOUT ROWID;
CREATE TABLE entry (
    enrolment INTEGER, number INTEGER, epoch INTEGER, digest BLOB, received_at TEXT, compact BLOB,
    PRIMARY KEY (enrolment, number)
);
CREATE TABLE ticket (
    digest BLOB, campaign TEXT, enrolment INTEGER, number INTEGER, kind TEXT,
    ticket_number INTEGER, day TEXT, total INTEGER, eligible INTEGER,
    PRIMARY KEY (digest, campaign)
) WITHOUT ROWID;
"""
_Insert = Callable[[sqlite3.Connection, range], None]


def five_rows_a_sale(path: Path, sales: int) -> float:
    """Sales a second: a row for the sale, three for its lines, one for its payment."""
    return _sales_a_second(path, sales, _five_rows)


def server_rows(path: Path, sales: int, entry_bytes: int) -> float:
    """Sales a second, in the rows that the campaign server keeps: the entry, and its ticket."""
    compact = b"x" * entry_bytes

    def insert(db: sqlite3.Connection, numbers: range) -> None:
        digests = [sha256(number.to_bytes(8, "big")).digest() for number in numbers]
        db.executemany(
            "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)",
            [(1, n, 1, digest, AT, compact) for n, digest in zip(numbers, digests, strict=True)],
        )
        db.executemany(
            "INSERT INTO ticket VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (digest, "demo", 1, n, "sale", n, AT[:10], 2534, 2534)
                for n, digest in zip(numbers, digests, strict=True)
            ],
        )

    return _sales_a_second(path, sales, insert)


def _five_rows(db: sqlite3.Connection, numbers: range) -> None:
    names = [f"7d1f6d2e-5a0e-4a57-9d0c-{number:012}" for number in numbers]
    db.executemany(
        "INSERT INTO sale VALUES (?, ?, ?, ?, ?)",
        [(name, "till-1", n, AT, 2534) for n, name in zip(numbers, names, strict=True)],
    )
    db.executemany(
        "INSERT INTO line VALUES (?, ?, ?, ?, ?, ?)",
        [(name, n, "Pain de campagne", 1000, 345, 550) for name in names for n in range(LINES)],
    )
    db.executemany(
        "INSERT INTO payment VALUES (?, ?, ?, ?)", [(name, 1, "cash", 2534) for name in names]
    )


def _sales_a_second(path: Path, sales: int, insert: _Insert) -> float:
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for pragma in ("journal_mode = WAL", "synchronous = FULL"):
            db.execute(f"PRAGMA {pragma}")
        db.executescript(_TABLES)
        start = perf_counter()
        for first in range(0, sales, BATCH):
            db.execute("BEGIN IMMEDIATE")
            insert(db, range(first, min(first + BATCH, sales)))
            db.execute("COMMIT")
        return sales / (perf_counter() - start)


def show_against(
    what: str, ours: list[float], same: list[float], five: list[float], hold: float, aim: float
) -> None:
    """Show a rate beside SQLite's own batch insert: of the same rows, and of five small ones."""
    ratio = median(ours) / median(same)
    Figure(
        what,
        f"{median(ours):,.0f} sales/s",
        f"{median(same):,.0f} /s (the same rows)",
        f"{ratio:.2f}",
        f">= {hold}",
        str(aim),
        ratio >= hold,
    ).show()
    Figure(
        "  against a sale as five small rows",
        f"{median(ours):,.0f} sales/s",
        f"{median(five):,.0f} /s",
        f"{median(ours) / median(five):.2f}",
    ).show()
