"""A line of its own to one server, for calls that a shopper waits for.

Uploads and long polls have other lines, so that nobody queues behind them. While the till is in use
the line is kept open: setting up TLS over a mobile network can take most of a call's time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, Full, Queue
from typing import Any, Final, TypeVar

from sync.client import Client
from sync.errors import NotAsked, SyncError, TimedOut

REQUEST_SECONDS_MAX: Final = 1.2
WAITING_MAX: Final = 4
WARM_SECONDS: Final = 15.0  # less than the idle time after which a connection is let go
WARM_FOR_SECONDS: Final = 600.0  # a till that nobody uses needs no open line
_STOP_SECONDS_MAX: Final = 5.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Job:
    call: Callable[[Client, float], Any]
    until: float
    answer: Future[Any] = field(default_factory=Future)


class Hotline:
    """Asks one server, one call after the other, on a thread of its own."""

    def __init__(self, client: Client, monotonic: Callable[[], float]) -> None:
        self._client = client
        self._monotonic = monotonic
        self._jobs: Queue[_Job | None] = Queue(WAITING_MAX)
        self._stuck_from = float("inf")
        self._used = monotonic()
        self._ended = False
        # A daemon: a name server that hangs must not hold up the end of the process.
        self._thread = threading.Thread(
            target=self._run, name=f"calls {client.origin}", daemon=True
        )
        self._thread.start()

    def ask(self, call: Callable[[Client, float], T], until: float) -> T:
        """What `call` returns, given a client and the seconds it has, before a moment.

        Raises SyncError; NotAsked when the server has certainly not heard of it, TimedOut when it
        may have.
        """
        self._used = self._monotonic()
        if self._ended or self._monotonic() > self._stuck_from:
            raise NotAsked("the line to the server hangs")
        job = _Job(call, until)
        try:
            self._jobs.put_nowait(job)
        except Full:
            raise NotAsked("too many calls wait for the server") from None
        try:
            found: T = job.answer.result(max(0.0, until - self._monotonic()))
        except Late:
            if job.answer.cancel():
                raise NotAsked("other calls took all the time") from None
            raise TimedOut("no answer in time") from None
        return found

    def keep_warm(self) -> None:
        """The till is in use: a call may come."""
        self._used = self._monotonic()

    def stop(self) -> None:
        """Break off what is under way, and end."""
        self._ended = True
        self._client.abort()
        with suppress(Full):
            self._jobs.put_nowait(None)
        self._thread.join(_STOP_SECONDS_MAX)
        if not self._thread.is_alive():
            self._client.close()

    def _run(self) -> None:
        while not self._ended:
            try:
                job = self._jobs.get(timeout=WARM_SECONDS)
            except Empty:
                self._warm()
                continue
            if job is not None:
                self._work(job)

    def _work(self, job: _Job) -> None:
        left = job.until - self._monotonic()
        if not job.answer.set_running_or_notify_cancel():
            return  # whoever asked has gone
        if left <= 0:
            job.answer.set_exception(NotAsked("other calls took all the time"))
            return
        self._stuck_from = job.until
        try:
            job.answer.set_result(job.call(self._client, min(left, REQUEST_SECONDS_MAX)))
        except Exception as error:  # noqa: BLE001 - whoever waits hears of it, whatever it is
            job.answer.set_exception(error)
        finally:
            self._stuck_from = float("inf")

    def _warm(self) -> None:
        if self._monotonic() - self._used < WARM_FOR_SECONDS:
            with suppress(SyncError):  # a call will find out
                self._client.greet(REQUEST_SECONDS_MAX)
