"""The one thread that writes to an SQLite file: whatever waits for it shares a commit.

A commit costs a sync and writes each page that was touched; tills that come back together touch the
same ones. So work that is waiting when some is done joins its transaction, and nobody is answered
before the commit. When work fails that has changed something already, or the commit does, all that
shared the transaction is undone and done again, each piece in one of its own: a savepoint for each
would cost all of them a copy of every page.
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
            _roll_back(db)
            if len(group) == 1:
                first.fail(error)
            else:
                for job in group:
                    _do_alone(db, job)
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


def _do_alone(db: sqlite3.Connection, job: _Job) -> None:
    """Do a job in a transaction that is nobody else's."""
    try:
        db.execute("BEGIN IMMEDIATE")
        job.do(db)
        db.execute("COMMIT")
    except BaseException as error:  # noqa: BLE001 - whoever waits is told
        _roll_back(db)
        job.fail(error)


def _roll_back(db: sqlite3.Connection) -> None:
    if db.in_transaction:  # a full disk, an I/O error have ended it already
        db.execute("ROLLBACK")


class _Job:
    """Work, and what became of it, which is told when its transaction is over."""

    def __init__(self, work: Work[Any]) -> None:
        self.future: Future[Any] = Future()
        self._work = work
        self._result: Any = None
        self._error: BaseException | None = None

    def do(self, db: sqlite3.Connection) -> None:
        """Do the work, perhaps a second time. Raises what it raised if there is something to undo.

        A refusal mostly comes before any change: then the others may go on.
        """
        if self.future.cancelled():
            return
        if not (self.future.running() or self.future.set_running_or_notify_cancel()):
            return
        self._error, before = None, db.total_changes
        try:
            self._result = self._work(db)
        except BaseException as error:
            if db.total_changes != before or not db.in_transaction:
                raise
            self._error = error

    def fail(self, error: BaseException) -> None:
        """It was undone, for this."""
        self._error = error

    def settle(self) -> None:
        """Tell whoever waits."""
        if self.future.cancelled():
            return
        if self._error is not None:
            self.future.set_exception(self._error)
        else:
            self.future.set_result(self._result)
