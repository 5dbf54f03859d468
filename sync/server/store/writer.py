"""The one thread that writes to an SQLite file: whatever waits for it shares a commit.

A commit costs a sync and writes each page that was touched; tills that come back together touch the
same ones. So work that is waiting when some is done joins its transaction, each piece behind a
savepoint of its own: one that fails takes nothing of the others along. Nobody is answered before
the commit; if that fails, nobody's work was done.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import Any, Final, TypeVar

from sync.server.store.db import Work

JOBS_A_COMMIT_MAX: Final = 16
JOIN_SECONDS: Final = 0.1  # nobody waits longer than this for others to join

T = TypeVar("T")


class Writer:
    """Writes, one piece of work after the other, in the order in which they came."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        """`connect` is called on the thread; what it raises is raised here, and nothing runs."""
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        opened: Future[None] = Future()
        self._thread = Thread(target=self._run, args=(connect, opened), name="server-store")
        self._thread.start()
        opened.result()

    def submit(self, work: Work[T]) -> Future[T]:
        """Have work done; its future has the result once that is on the disk."""
        job = _Job(work)
        self._queue.put(job)
        return job.future

    def close(self) -> None:
        """Finish what waits, and close the connection. Nothing may be submitted any more."""
        self._queue.put(None)
        self._thread.join()

    def _run(self, connect: Callable[[], sqlite3.Connection], opened: Future[None]) -> None:
        try:
            db = connect()
        except BaseException as error:  # noqa: BLE001 - raised again where the writer is made
            opened.set_exception(error)
            return
        opened.set_result(None)
        while (job := self._queue.get()) is not None:
            self._commit_with_others(db, job)
        db.close()

    def _commit_with_others(self, db: sqlite3.Connection, first: _Job) -> None:
        """Do a job and those that wait behind it, commit, and tell all of them."""
        group = [first]
        try:
            db.execute("BEGIN IMMEDIATE")
            first.do(db)
            until = monotonic() + JOIN_SECONDS
            while len(group) < JOBS_A_COMMIT_MAX and monotonic() < until:
                job = self._waiting()
                if job is None:
                    break
                group.append(job)
                job.do(db)
            db.execute("COMMIT")
        except BaseException as error:  # noqa: BLE001 - whoever waits is told
            if db.in_transaction:
                db.execute("ROLLBACK")
            for job in group:
                job.fail(error)
        for job in group:
            job.settle()

    def _waiting(self) -> _Job | None:
        """What waits already; None for nothing, or for the end."""
        try:
            job = self._queue.get_nowait()
        except Empty:
            return None
        if job is None:
            self._queue.put(None)
        return job


class _Job:
    """Work, and what became of it, which is told when its transaction is over."""

    def __init__(self, work: Work[Any]) -> None:
        self.future: Future[Any] = Future()
        self._work = work
        self._result: Any = None
        self._error: BaseException | None = None

    def do(self, db: sqlite3.Connection) -> None:
        """Do the work behind a savepoint. Raises only what ended the whole transaction."""
        if not self.future.set_running_or_notify_cancel():
            return
        db.execute("SAVEPOINT work")
        try:
            self._result = self._work(db)
        except BaseException as error:
            if not db.in_transaction:  # a full disk, an I/O error: nothing of it is left
                raise
            db.execute("ROLLBACK TO work")
            self._error = error
        db.execute("RELEASE work")

    def fail(self, error: BaseException) -> None:
        """The transaction was lost, and this with it."""
        self._error = error

    def settle(self) -> None:
        """Tell whoever waits."""
        if self.future.cancelled():
            return
        if self._error is not None:
            self.future.set_exception(self._error)
        else:
            self.future.set_result(self._result)
