"""SQLite: one file, one connection, one thread that owns it.

Reads and writes queue for that thread, so nothing inside the process ever meets a locked database,
and no second connection can checkpoint under a writer. Every campaign's lock is the thread itself.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from sync.server.errors import BadConfig, Closed
from sync.server.store.db import PENDING_MAX, Work, busy
from sync.server.store.schema import migrate

BUSY_TIMEOUT_SECONDS: Final = 5.0
_FULL: Final = 2

T = TypeVar("T")


class SqliteStore:
    """A Store in a data folder."""

    def __init__(self, folder: Path) -> None:
        """Open or make `server.db` in a folder; BadConfig when that cannot be."""
        self._lock = _lock(folder / "server.lock")
        self._thread = ThreadPoolExecutor(1, "server-store")
        self._pending = 0
        self._closed = False
        try:
            self._db = self._thread.submit(_open, folder / "server.db").result()
        except BaseException:
            self._thread.shutdown()
            os.close(self._lock)
            raise

    async def read(self, work: Work[T]) -> T:
        """The result of work that only reads."""
        return await self._queue(lambda: work(self._db))

    async def write(self, work: Work[T], lock: str = "") -> T:  # noqa: ARG002 - one thread writes
        """The result of work, once its transaction is on the disk; an exception rolls it back."""
        return await self._queue(lambda: _transaction(self._db, work))

    def write_now(self, work: Work[T], lock: str = "") -> T:  # noqa: ARG002 - one thread writes
        """`write` for callers outside an event loop."""
        if self._closed:
            raise Closed("the store is closed")
        return self._thread.submit(lambda: _transaction(self._db, work)).result()

    async def _queue(self, job: Callable[[], T]) -> T:
        if self._closed:
            raise busy("stopping")
        if self._pending >= PENDING_MAX:
            raise busy(f"{PENDING_MAX} requests wait for the disk")
        self._pending += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, job)
        except sqlite3.OperationalError as error:
            # A full or failing disk: nothing was stored, the till keeps it all and comes back.
            raise busy(f"the disk: {error}") from error
        finally:
            self._pending -= 1

    def close(self) -> None:
        """Finish the work that waits, close the file and let another process have it."""
        if self._closed:
            return
        self._closed = True
        self._thread.submit(self._db.close).result()
        self._thread.shutdown()
        os.close(self._lock)


def _lock(path: Path) -> int:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise BadConfig(f"another server runs on {path.parent}") from error
    return handle


def _open(path: Path) -> sqlite3.Connection:
    try:
        db = sqlite3.connect(path, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None)
    except sqlite3.Error as error:
        raise BadConfig(f"cannot open {path}: {error}") from error
    try:
        path.chmod(0o600)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            db.execute(f"PRAGMA {pragma}")
        _assert_durable(db)
        migrate(db)
    except sqlite3.DatabaseError as error:
        db.close()
        raise BadConfig(f"{path} is no database of this server: {error}") from error
    except BaseException:
        db.close()
        raise
    return db


def _assert_durable(db: sqlite3.Connection) -> None:
    (mode,) = db.execute("PRAGMA journal_mode").fetchone()
    (level,) = db.execute("PRAGMA synchronous").fetchone()
    if mode != "wal" or level != _FULL:
        raise BadConfig(f"expected WAL and synchronous FULL, got {mode} and {level}")


def _transaction(db: sqlite3.Connection, work: Work[T]) -> T:
    db.execute("BEGIN IMMEDIATE")
    try:
        result = work(db)
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    return result
