"""The one thread that writes: jobs in order, each with its result in a Future.

Nothing else in the process holds a writing connection, so a slow disk delays only what waits for
the disk. When the queue is empty, leftover work (read models, checkpoints) runs in small pieces.
"""

from __future__ import annotations

import queue
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock, Thread
from typing import Any, Final, TypeVar

from pos.domain.errors import NotRecorded

T = TypeVar("T")
QUEUE_JOBS_MAX: Final = 1024
IDLE_AFTER_SECONDS: Final = 0.05
IDLE_PAUSE_SECONDS: Final = 0.002  # between two pieces of leftover work, for the other threads
STOP_TIMEOUT_SECONDS: Final = 30.0


class Writer:
    """Runs jobs one after the other.

    `idle` does one small piece of leftover work and says if more is left; it must not raise. It is
    called when no job waits, and also after a job once `overdue` says that it cannot wait longer.
    """

    def __init__(
        self,
        idle: Callable[[], bool],
        overdue: Callable[[], bool] = lambda: False,
        jobs_max: int = QUEUE_JOBS_MAX,
    ) -> None:
        self._idle = idle
        self._overdue = overdue
        self._jobs: queue.Queue[tuple[Callable[[], Any], Future[Any]] | None] = queue.Queue()
        self._jobs_max = jobs_max
        self._lock = Lock()
        self._closed = False
        self._thread = Thread(target=self._work, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Queue a job. Never waits: with a full queue or after `close` the Future has failed."""
        future: Future[T] = Future()
        with self._lock:
            trouble = self._trouble()
            if not trouble:
                self._jobs.put((job, future))
        if trouble:
            future.set_exception(NotRecorded(reason=trouble))
        return future

    def close(self, timeout_seconds: float = STOP_TIMEOUT_SECONDS) -> bool:
        """Finish the jobs that wait, take no more, and stop; False if that takes too long."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join(timeout_seconds)
        return not self._thread.is_alive()

    def _trouble(self) -> str:
        if self._closed:
            return "the till is closing"
        if self._jobs.qsize() >= self._jobs_max:
            return f"{self._jobs_max} jobs already wait for the disk"
        return ""

    def _work(self) -> None:
        wait: float | None = IDLE_AFTER_SECONDS
        while True:
            try:
                job = self._jobs.get(timeout=wait)
            except queue.Empty:
                wait = IDLE_PAUSE_SECONDS if self._idle() else None
                continue
            if job is None:
                return
            _run(*job)
            if self._overdue():
                self._idle()
            wait = IDLE_AFTER_SECONDS


def _run(job: Callable[[], Any], future: Future[Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = job()
    except BaseException as error:  # noqa: BLE001 - the Future carries every error to its caller
        future.set_exception(error)
    else:
        future.set_result(result)
