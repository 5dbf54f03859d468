"""The file campaign.db: one writing connection under a lock file, short reads for who looks on."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Final

from sync.errors import InUse, StateError
from sync.schema import check_known, migrate

BUSY_TIMEOUT_SECONDS: Final = 5.0
LOOK_TIMEOUT_SECONDS: Final = 0.5  # a status bar does not wait for a writer
_FULL: Final = 2


class Database:
    """The writing connection. Threads take turns; errors of SQLite come out as StateError."""

    def __init__(self, path: Path) -> None:
        """Open or make the file; InUse when another process writes it, StateError otherwise."""
        self._turn = RLock()
        self._holder = _hold(path.with_suffix(".lock"))
        try:
            self._db = _open(path)
        except BaseException:
            os.close(self._holder)
            raise

    def close(self) -> None:
        """Close the file and let another process write it."""
        with self._turn:
            self._db.close()
            os.close(self._holder)

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """The connection, for queries."""
        with self._turn, _translated():
            yield self._db

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """The connection in a transaction: on the disk when the block ends, undone if it raises."""
        with self._turn, _translated():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise


class Looker:
    """A read-only connection, for any thread of any process; opened when there is a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = RLock()
        self._db: sqlite3.Connection | None = None

    def close(self) -> None:
        """Let the file go; the next read opens it again."""
        with self._turn:
            if self._db is not None:
                self._db.close()
                self._db = None

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection | None]:
        """The connection, for short queries; None while there is no file."""
        with self._turn, _translated():
            if self._db is None and self._path.exists():
                self._db = _open_to_look(self._path)
            yield self._db


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StateError(f"campaign.db: {error}") from error


def _hold(path: Path) -> int:
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StateError(f"cannot open {path}: {error.strerror}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise InUse(f"another sync process runs on {path.parent}") from error
    return handle


def _open(path: Path) -> sqlite3.Connection:
    try:
        db = sqlite3.connect(
            path, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise StateError(f"cannot open {path}: {error}") from error
    try:
        path.chmod(0o600)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            db.execute(f"PRAGMA {pragma}")
        _assert_durable(db)
        migrate(db)
    except BaseException as error:
        db.close()
        if isinstance(error, sqlite3.Error):
            raise StateError(f"{path} cannot be used: {error}") from error
        raise
    return db


def _open_to_look(path: Path) -> sqlite3.Connection | None:
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        timeout=LOOK_TIMEOUT_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    known = 0
    try:
        known = check_known(db)
    finally:
        if not known:  # an error, or a file that its writer is only just making
            db.close()
    return db if known else None


def _assert_durable(db: sqlite3.Connection) -> None:
    (mode,) = db.execute("PRAGMA journal_mode").fetchone()
    (level,) = db.execute("PRAGMA synchronous").fetchone()
    if mode != "wal" or level != _FULL:
        raise StateError(f"expected WAL and synchronous FULL, got {mode} and {level}")
