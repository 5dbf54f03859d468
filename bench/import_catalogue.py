"""Import of a catalogue of 100,000 products, against SQLite taking in the same rows."""

from __future__ import annotations

import csv
import io
import sqlite3
from contextlib import closing
from pathlib import Path

from bench.figure import Figure, seconds
from bench.place import PRODUCTS, catalogue, workspace
from pos.bootstrap import now, open_for_writing
from pos.store.catalogue import index_words
from pos.store.folder import DataFolder
from pos.store.loading import load_catalogue
from pos.store.opening import Store

_TABLE = """
CREATE TABLE product (
    id INTEGER PRIMARY KEY, code TEXT UNIQUE, label TEXT, folded TEXT, price TEXT, rate TEXT
)
"""
_INDEX = """
CREATE VIRTUAL TABLE words USING fts5 (
    folded, content = 'product', content_rowid = 'id', prefix = '1 2 3 4 5 6',
    detail = none, columnsize = 0, tokenize = 'ascii'
)
"""


def main() -> None:
    """Import a new catalogue, the same again, and the same rows into a bare table."""
    raw = catalogue()
    with workspace() as path, open_for_writing(DataFolder(path / "data")) as store:
        bare = seconds(lambda: _bare(path / "bare.db", raw))
        first = seconds(lambda: _load(store, raw))
        again = seconds(lambda: _load(store, raw))
    Figure(
        f"catalogue import, {PRODUCTS:,} new products",
        f"{first:.1f} s",
        f"{bare:.1f} s (same rows, index)",
        f"{first / bare:.1f}",
        "seconds",
    ).show()
    Figure("  the same file again", f"{again:.1f} s").show()


def _load(store: Store, raw: bytes) -> None:
    load_catalogue(store, raw, now)


def _bare(path: Path, raw: bytes) -> None:
    """Split the lines and insert them; nothing is checked."""
    rows = csv.reader(io.StringIO(raw.decode("utf-8"), newline=""), delimiter=";")
    next(rows)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(_TABLE)
        db.execute(_INDEX)
        db.executemany(
            "INSERT INTO product (code, label, folded, price, rate) VALUES (?, ?, ?, ?, ?)",
            ((code, label, index_words(label), price, rate) for code, label, price, rate in rows),
        )
        db.execute("INSERT INTO words (words) VALUES ('rebuild')")


if __name__ == "__main__":
    main()
