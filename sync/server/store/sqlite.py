"""SQLite: one file, one connection that writes on a thread of its own, and a few that read.

Writes queue for their thread, so none ever meets a locked database; every campaign's lock is that
thread. Readers are opened read-only: they see the last commit, hold up no till, and can never
checkpoint under the writer.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import local
from typing import Final, TypeVar

from sync.server.errors import BadConfig, Closed
from sync.server.store.db import PENDING_MAX, READS_PENDING_MAX, Queue, Work, busy
from sync.server.store.schema import migrate
from sync.server.store.writer import Writer

BUSY_TIMEOUT_SECONDS: Final = 5.0
READERS: Final = 2
# Rewards are found by hashes, so that each batch touches pages all over the file: with room for
# them, and with checkpoints far apart, most are written once instead of each time.
CACHE_KIB: Final = 64 * 1024
CHECKPOINT_PAGES: Final = 16 * 1024
_PRAGMAS: Final = (
    *("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"),
    *(f"cache_size = -{CACHE_KIB}", f"wal_autocheckpoint = {CHECKPOINT_PAGES}"),
)
_FULL: Final = 2

T = TypeVar("T")


class SqliteStore:
    """A Store in a data folder."""

    def __init__(self, folder: Path) -> None:
        """Open or make `server.db` in a folder; BadConfig when that cannot be."""
        self._lock = _lock(folder / "server.lock")
        self._path = folder / "server.db"
        self._readers = ThreadPoolExecutor(READERS, "server-reader")
        self._mine = local()
        self._open: set[sqlite3.Connection] = set()
        self._writes, self._reads = Queue(PENDING_MAX), Queue(READS_PENDING_MAX)
        self._closed = False
        try:
            self._writer = Writer(lambda: _open(self._path))
        except BaseException:
            self._readers.shutdown()
            os.close(self._lock)
            raise

    async def read(self, work: Work[T]) -> T:
        """The result of work that only reads, all of it at one moment."""
        return await self._answer(
            self._reads, lambda: self._readers.submit(lambda: _look(self._reader(), work))
        )

    async def write(self, work: Work[T], lock: str = "") -> T:  # noqa: ARG002 - one thread writes
        """The result of work, once its transaction is on the disk; an exception rolls it back."""
        return await self._answer(self._writes, lambda: self._writer.submit(work))

    def write_now(self, work: Work[T], lock: str = "") -> T:  # noqa: ARG002 - one thread writes
        """`write` for callers outside an event loop."""
        if self._closed:
            raise Closed("the store is closed")
        return self._writer.submit(work).result()

    async def _answer(self, queue: Queue, submit: Callable[[], Future[T]]) -> T:
        if self._closed:
            raise busy("stopping")
        try:
            with queue:
                return await asyncio.wrap_future(submit())
        except sqlite3.OperationalError as error:
            # A full or failing disk: nothing was stored, the till keeps it all and comes back.
            raise busy(f"the disk: {error}") from error

    def _reader(self) -> sqlite3.Connection:
        """This thread's connection."""
        found: sqlite3.Connection | None = getattr(self._mine, "connection", None)
        if found is None:
            found = self._mine.connection = _open_reader(self._path)
            self._open.add(found)
        return found

    def close(self) -> None:
        """Finish the work that waits, close the file and let another process have it."""
        if self._closed:
            return
        self._closed = True
        self._readers.shutdown()
        while self._open:
            self._open.pop().close()
        self._writer.close()
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
        for pragma in _PRAGMAS:
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


def _open_reader(path: Path) -> sqlite3.Connection:
    # Closed at the end by the thread that closes the store.
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        timeout=BUSY_TIMEOUT_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )


def _look(db: sqlite3.Connection, work: Work[T]) -> T:
    db.execute("BEGIN")
    try:
        return work(db)
    finally:
        db.execute("ROLLBACK")


def _assert_durable(db: sqlite3.Connection) -> None:
    (mode,) = db.execute("PRAGMA journal_mode").fetchone()
    (level,) = db.execute("PRAGMA synchronous").fetchone()
    if mode != "wal" or level != _FULL:
        raise BadConfig(f"expected WAL and synchronous FULL, got {mode} and {level}")
