"""One SQLite file: the one connection that writes it, and short reads beside it.

The journal's durability rests on WAL with `synchronous=FULL`: a commit returns after exactly one
sync. Checkpoints are never part of a commit: the writer runs them when it has nothing else to do.

After a sync that failed, nobody knows which of the unsynced bytes reached the disk, and the kernel
may report the next sync as good without having written them. The file is therefore put aside until
a full checkpoint has rewritten and synced everything that was committed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any, Final, TypeAlias

from pos.domain.errors import DiskFailed, DiskFull, NotRecorded
from pos.store import schema as schemas
from pos.store.errors import NotOurs, UnfitDatabase
from pos.store.schema import Schema
from pos.store.wal import has_more_frames

Value: TypeAlias = str | int | bytes | None
Row: TypeAlias = tuple[Any, ...]

BUSY_TIMEOUT_MS: Final = 2000
# A commit writes whole pages to the WAL, most of them for a few hundred bytes: small ones halve it.
PAGE_BYTES: Final = 2048
CHECKPOINT_PAGES: Final = 2000
CHECKPOINT_PAGES_MAX: Final = 16_000  # 32 MiB: then it cannot wait for a quiet moment
READERS_MAX: Final = 8
# First release without the WAL-reset bug (sqlite.org/wal.html#walresetbug) on the main line.
SAFE_SQLITE: Final = (3, 51, 3)
_BACKPORTS: Final = ((3, 44, 6), (3, 50, 7))
_FRAME_BYTES: Final = PAGE_BYTES + 24
_FULL, _NORMAL = 2, 1


class Database:
    """The writing connection of a file. Belongs to one thread at a time: the writer's."""

    def __init__(self, path: Path, schema: Schema) -> None:
        self._wal = path.with_name(path.name + "-wal")
        self.connection = _open(path)
        self._suspect = False
        self._synchronous = _FULL
        try:
            configure(self.connection)
            schemas.migrate(self.connection, schema)
        except sqlite3.DatabaseError as error:
            self.connection.close()
            raise _unusable(path, error) from error
        except BaseException:
            self.connection.close()
            raise

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """One transaction: committed when the block ends, rolled back if it raises.

        With `durable` the commit returns after one sync to disk. Raises DiskFull, DiskFailed or
        NotRecorded when SQLite refuses; the connection stays usable in every case.
        """
        try:
            self._heal()
            self._set_synchronous(_FULL if durable else _NORMAL)
            self.connection.execute("BEGIN IMMEDIATE")
            yield self.connection
            self.connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._abandon(error)
            raise refusal(error) from error
        except BaseException:
            self._abandon(None)
            raise

    def checkpoint(self) -> None:
        """Move the WAL into the file once it has grown. Never raises."""
        if self._suspect or not self.has_waiting(CHECKPOINT_PAGES):
            return
        with suppress(sqlite3.Error):
            self.connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def has_waiting(self, pages: int) -> bool:
        """Whether more than so many pages wait in the WAL to be moved into the file."""
        return has_more_frames(self._wal, pages)

    def close(self) -> None:
        """Close; as the last connection this also empties the WAL. Never raises."""
        with suppress(sqlite3.Error):
            self.connection.close()

    def _set_synchronous(self, level: int) -> None:
        if self._synchronous != level:
            self.connection.execute(f"PRAGMA synchronous = {level}")
            self._synchronous = level

    def _abandon(self, error: sqlite3.Error | None) -> None:
        """Roll back; after an I/O error, try at once to make the file trustworthy again."""
        if self.connection.in_transaction:
            try:
                self.connection.execute("ROLLBACK")
            except sqlite3.Error:
                self._suspect = True
        if error is not None and _primary(error) == sqlite3.SQLITE_IOERR:
            self._suspect = True
        with suppress(sqlite3.Error, NotRecorded):
            self._heal()

    def _heal(self) -> None:
        if not self._suspect:
            return
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")
        self._set_synchronous(_FULL)
        busy = self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise NotRecorded(reason="the disk failed and readers keep it from being repaired")
        self._suspect = False


class Reader:
    """Read-only connections of a file, for any thread. Reads are short: all rows at once."""

    def __init__(self, path: Path, schema: Schema) -> None:
        self.path = path
        self._schema: Schema = schema
        self._idle: list[sqlite3.Connection] = []
        self._lock = Lock()
        self._closed = False

    def rows(self, sql: str, parameters: Sequence[Value] = ()) -> list[Row]:
        """All rows of one query; DiskFailed or NotRecorded when SQLite refuses."""
        with self.snapshot() as connection:
            return connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Sequence[Value] = ()) -> Row | None:
        """The first row of a query."""
        with self.snapshot() as connection:
            found: Row | None = connection.execute(sql, parameters).fetchone()
            return found

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """A connection for a few reads. Keep it short: what it sees keeps the WAL growing."""
        try:
            connection = self._take()
            try:
                yield connection
            finally:
                self._put(connection)
        except sqlite3.Error as error:
            raise refusal(error) from error

    def close(self) -> None:
        """Close the connections; one that is in use closes when it comes back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _take(self) -> sqlite3.Connection:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return open_readonly(self.path, self._schema)

    def _put(self, connection: sqlite3.Connection) -> None:
        if connection.in_transaction:
            connection.rollback()
        with self._lock:
            if not self._closed and len(self._idle) < READERS_MAX:
                self._idle.append(connection)
                return
        connection.close()


def open_readonly(path: Path, schema: Schema) -> sqlite3.Connection:
    """A connection that cannot write. NotOurs or NewerSchema when the file is not ours to read."""
    if not path.is_file():
        raise NotOurs(f"{path}: there is no {schema} database here")
    connection = _open(path, "?mode=ro")
    try:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        connection.execute("PRAGMA query_only = ON")
        schemas.check(connection, schema)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise _unusable(path, error) from error
    except BaseException:
        connection.close()
        raise
    return connection


def sqlite_is_safe(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> bool:
    """Whether this SQLite is free of the WAL-reset bug.

    The till does not meet the bug, as each file has one writing connection, but a tool that writes
    beside it would: the log of each start and `comptoir journal verify` say so, to who maintains
    the till.
    """
    return version >= SAFE_SQLITE or any(
        version[:2] == fixed[:2] and version >= fixed for fixed in _BACKPORTS
    )


def refusal(error: sqlite3.Error) -> NotRecorded:
    """What to tell the person at the till when SQLite refuses."""
    code = _primary(error)
    if code == sqlite3.SQLITE_FULL:
        return DiskFull(reason=str(error))
    if code in _DISK_CODES:
        return DiskFailed(reason=str(error))
    return NotRecorded(reason=str(error))


_DISK_CODES: Final = frozenset(
    (
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
    )
)


def _primary(error: sqlite3.Error) -> int:
    """The primary result code; extended codes carry detail above the low byte."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF


def _open(path: Path, mode: str = "") -> sqlite3.Connection:
    try:
        return sqlite3.connect(
            path.absolute().as_uri() + mode,
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
    except sqlite3.Error as error:
        raise _unusable(path, error) from error


def configure(connection: sqlite3.Connection) -> None:
    """Set a writing connection up, and check that durability is really on; UnfitDatabase."""
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")  # of a new file, before it has a journal
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute(f"PRAGMA journal_size_limit = {CHECKPOINT_PAGES_MAX * _FRAME_BYTES}")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA recursive_triggers = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    synchronous = connection.execute("PRAGMA synchronous").fetchone()[0]
    if mode != "wal" or synchronous != _FULL:
        raise UnfitDatabase(
            f"expected journal_mode=wal and synchronous={_FULL}, got {mode} and {synchronous}"
        )


def _unusable(path: Path, error: sqlite3.Error) -> Exception:
    if _primary(error) in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}:
        return NotOurs(f"{path}: {error}")
    return refusal(error)
