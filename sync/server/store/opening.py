"""Which database a server works on."""

from __future__ import annotations

from pathlib import Path

from sync.server.store.db import Store
from sync.server.store.sqlite import SqliteStore


def open_store(folder: Path, database: str | None) -> Store:
    """The store of a URL, or SQLite in the data folder; BadConfig when it cannot be opened."""
    if database is None:
        return SqliteStore(folder)
    from sync.server.store.postgres import PostgresStore

    return PostgresStore(database)
