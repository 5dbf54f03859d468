"""PostgreSQL: a few connections, each with a thread of its own; any number of processes.

A write runs in one transaction that first takes an advisory lock named after its campaign: each
campaign has one writer at a time, whichever process it is in. A connection that breaks is answered
with "busy" and made anew at its next use; a till that was not answered sends again, and what was
committed after all is recognised.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock, local
from typing import Any, Final, TypeVar

import psycopg
from psycopg import IsolationLevel, errors
from psycopg.adapt import Loader

from sync.server.errors import BadConfig, Closed
from sync.server.store.db import PENDING_MAX, READS_PENDING_MAX, Queue, Rows, Work, busy
from sync.server.store.dialect import for_postgres, frozen_in_postgres, numbered
from sync.server.store.growth import Growth
from sync.server.store.schema import SHARED_STEPS, check_version

logger = logging.getLogger(__name__)

CONNECTIONS: Final = 4
READERS: Final = 2  # more, for reading alone: who waits for a campaign's lock holds up no page
CONNECT_SECONDS: Final = 5
STATEMENT_SECONDS: Final = 30
LOCK_SECONDS: Final = 10
ATTEMPTS_MAX: Final = 3
SERVER_VERSION_MIN: Final = 130_000
COPY_ROWS_MIN: Final = 8
# An insert that meets no conflict on purpose: COPY does the same, at a fifth of the time.
_PLAIN_INSERT: Final = re.compile(r"INSERT INTO ((\w+) \([\w, ]+\)) VALUES \([?, ]+\)")
# The lock under which the schema is made; campaigns' names cannot have a blank.
_SCHEMA_LOCK: Final = "the schema"
_DURABLE: Final = ("on", "remote_apply", "remote_write", "local")

T = TypeVar("T")


class PostgresDb:
    """A connection inside a transaction, as work sees it (store.db.Db)."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self.copied: Counter[str] = Counter()  # rows by table

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Rows:
        """Run a statement."""
        return self._connection.execute(numbered(sql).encode(), parameters)

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> Rows:
        """Run a statement for each row of parameters; rows that are only new are copied in."""
        cursor = self._connection.cursor()
        found, many = _PLAIN_INSERT.fullmatch(sql), list(rows)
        if not many:
            return cursor
        if found and len(many) >= COPY_ROWS_MIN:
            self.copied[found[2]] += len(many)
            with cursor.copy(f"COPY {found[1]} FROM STDIN".encode()) as copy:
                for row in many:
                    copy.write_row(row)
        else:
            cursor.executemany(numbered(sql).encode(), many)
        return cursor


class PostgresStore:
    """A Store in a PostgreSQL database."""

    def __init__(self, url: str, connections: int = CONNECTIONS) -> None:
        """Connect, check the server and make the schema; BadConfig when that cannot be."""
        self._url = url
        self._threads = ThreadPoolExecutor(connections, "server-store")
        self._readers = ThreadPoolExecutor(READERS, "server-reader")
        self._mine = local()
        self._open: set[psycopg.Connection[Any]] = set()
        self._growth, self._growing = Growth(), Lock()
        self._writes, self._reads = Queue(PENDING_MAX), Queue(READS_PENDING_MAX)
        self._closed = False
        try:
            self._threads.submit(lambda: _prepare(self._connection())).result()
        except psycopg.Error as error:
            self.close()
            raise BadConfig(f"PostgreSQL: {_first_line(error)}") from error
        except BaseException:
            self.close()
            raise

    async def read(self, work: Work[T]) -> T:
        """The result of work that only reads, all of it at one moment."""
        return await self._run(self._readers, self._reads, lambda: self._look(work))

    async def write(self, work: Work[T], lock: str = "") -> T:
        """The result of work, once its transaction is on the disk; an exception rolls it back."""
        return await self._run(self._threads, self._writes, lambda: self._change(work, lock))

    def write_now(self, work: Work[T], lock: str = "") -> T:
        """`write` for callers outside an event loop."""
        if self._closed:
            raise Closed("the store is closed")
        return self._threads.submit(
            lambda: self._attempt(lambda: self._change(work, lock))
        ).result()

    async def _run(self, threads: ThreadPoolExecutor, queue: Queue, job: Callable[[], T]) -> T:
        if self._closed:
            raise busy("stopping")
        with queue:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(threads, self._attempt, job)

    def close(self) -> None:
        """Finish the work that waits, and close the connections."""
        self._closed = True
        self._threads.shutdown()
        self._readers.shutdown()
        while self._open:
            self._open.pop().close()

    def _attempt(self, job: Callable[[], T]) -> T:
        """A job, run again when the database found it in another's way."""
        for _ in range(ATTEMPTS_MAX - 1):
            try:
                return self._once(job)
            except (errors.SerializationFailure, errors.DeadlockDetected):
                continue
        return self._once(job)

    def _once(self, job: Callable[[], T]) -> T:
        try:
            return job()
        except (errors.LockNotAvailable, errors.QueryCanceled) as error:
            raise busy(_first_line(error)) from error
        except (errors.SerializationFailure, errors.DeadlockDetected):
            raise
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            self._drop()
            logger.warning("the database: %s", _first_line(error))
            raise busy("the database cannot be reached") from error

    def _look(self, work: Work[T]) -> T:
        connection = self._connection(reads=True)
        with connection.transaction():
            return work(PostgresDb(connection))

    def _change(self, work: Work[T], lock: str) -> T:
        connection = self._connection()
        db = PostgresDb(connection)
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (lock,))
            result = work(db)
        self._look_at_growth(connection, db.copied)
        return result

    def _look_at_growth(self, connection: psycopg.Connection[Any], copied: Counter[str]) -> None:
        """Have the planner know what tables hold; what fails here fails nobody's work."""
        with self._growing:
            for table, rows in copied.items():
                self._growth.add(table, rows)
            due = self._growth.take_due()
        for table in due:
            try:
                connection.execute(f"ANALYZE {table}".encode())
            except psycopg.Error as error:
                logger.warning("the database: %s", _first_line(error))

    def _connection(self, *, reads: bool = False) -> psycopg.Connection[Any]:
        """This thread's connection; one that `reads` sees one moment, and may change nothing."""
        found: psycopg.Connection[Any] | None = getattr(self._mine, "connection", None)
        if found is None or found.closed:
            found = self._mine.connection = _connect(self._url)
            if reads:  # said with BEGIN, which saves each read a question of its own
                found.isolation_level, found.read_only = IsolationLevel.REPEATABLE_READ, True
            self._open.add(found)
        return found

    def _drop(self) -> None:
        found = getattr(self._mine, "connection", None)
        if found is not None:
            self._open.discard(found)
            found.close()
            self._mine.connection = None


class _Whole(Loader):
    """Sums of BIGINT come as NUMERIC: here they are whole numbers, always."""

    def load(self, data: Any) -> int:
        return int(bytes(data))


def _connect(url: str) -> psycopg.Connection[Any]:
    connection: psycopg.Connection[Any] = psycopg.connect(
        url,
        autocommit=True,
        connect_timeout=CONNECT_SECONDS,
        application_name="comptoir",
        options=f"-c statement_timeout={STATEMENT_SECONDS}s -c lock_timeout={LOCK_SECONDS}s"
        " -c timezone=UTC -c client_encoding=UTF8",
    )
    connection.adapters.register_loader("numeric", _Whole)
    return connection


def _prepare(connection: psycopg.Connection[Any]) -> None:
    """Check that commits are durable here, and bring the schema up to date."""
    if connection.info.server_version < SERVER_VERSION_MIN:
        raise BadConfig(f"PostgreSQL 13 or later, not {connection.info.server_version}")
    for name, wanted in (("fsync", ("on",)), ("synchronous_commit", _DURABLE)):
        found = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
        if found is None or found[0] not in wanted:
            raise BadConfig(f"PostgreSQL: expected {name} {' or '.join(wanted)}, got {found}")
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (_SCHEMA_LOCK,))
        _migrate(connection)


def _migrate(connection: psycopg.Connection[Any]) -> None:
    connection.execute("CREATE TABLE IF NOT EXISTS schema_version (number BIGINT NOT NULL)")
    found = connection.execute("SELECT max(number) FROM schema_version").fetchone()
    done = int(found[0]) if found and found[0] is not None else 1
    check_version(done)
    for number, (tables, frozen) in enumerate(SHARED_STEPS[done - 1 :], done + 1):
        script = for_postgres(tables) + frozen_in_postgres(frozen)
        connection.execute(script.encode())
        connection.execute("INSERT INTO schema_version VALUES (%s)", (number,))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
