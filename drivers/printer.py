"""A receipt printer: jobs in, what became of each out.

The till keeps the spool; the driver knows only what it was given since it started, prints it once,
and tells the truth about it.  No call here waits for the printer.
"""

from __future__ import annotations

import itertools
import threading
import time
from typing import TYPE_CHECKING, Final, Literal, Protocol

from drivers.errors import LocalProtocolError, QueueFull
from drivers.escpos.encoder import encode_atoms
from drivers.printer_device import (
    CANCELLED,
    STOPPED,
    CancelJob,
    Command,
    JobState,
    KickDrawer,
    PrinterDevice,
    PrintJob,
)
from drivers.printer_talk import PrinterTiming
from drivers.runner import BACKOFF_S, Health, Runner

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from drivers.escpos.page import Page
    from drivers.escpos.profiles import Profile
    from drivers.transports import Opener

JOBS_MAX: Final = 64
KICK_EXPIRES_S: Final = 2.0


class PrinterObserver(Protocol):
    """Who hears of the printer.  Called on its thread; what it does there delays the printing."""

    def on_health(self, health: Health, /) -> None:
        """The printer's health changed."""

    def on_job(self, job_id: str, state: JobState, reason: str | None, /) -> None:
        """A job changed.

        SENT is told before its first byte leaves: raise, and none does.  PRINTED and UNKNOWN are
        final, and so is QUEUED with "printer.cancelled" or "driver.stopped"; QUEUED with another
        reason waits until the printer is fit, HELD until somebody has cured it.
        """


class Printer:
    """One receipt printer.

    `on_kick(pin, reason)` hears what became of each drawer kick: None when it was sent, else the
    key of the reason why the drawer stays shut.
    """

    def __init__(
        self,
        name: str,
        opener: Opener,
        profile: Profile,
        observer: PrinterObserver,
        *,
        clock: Callable[[], float] = time.monotonic,
        on_kick: Callable[[int, str | None], None] | None = None,
        timing: PrinterTiming | None = None,
        backoff_s: Sequence[float] = BACKOFF_S,
        linger_s: float | None = None,
    ) -> None:
        self.name = name
        self.profile = profile
        self._observer = observer
        self._lock = threading.Lock()
        self._clock = clock
        self._open_jobs: dict[str, int] = {}
        self._serials = itertools.count()
        device = PrinterDevice(
            profile,
            timing or PrinterTiming(),
            self._on_job,
            on_kick or (lambda _pin, _reason: None),
        )
        self._runner: Runner[Command] = Runner(
            name,
            opener,
            device,
            on_health=observer.on_health,
            clock=clock,
            backoff_s=backoff_s,
            commands_max=JOBS_MAX,
            linger_s=linger_s,
        )

    @property
    def health(self) -> Health:
        """The last known health."""
        return self._runner.health

    def start(self) -> None:
        """Start the printer's thread; the line is opened in the background."""
        self._runner.start()

    def stop(self, timeout_s: float) -> bool:
        """End the thread within `timeout_s`; a job underway becomes UNKNOWN, others stay queued."""
        return self._runner.stop(timeout_s)

    def submit(self, job_id: str, page: Page) -> None:
        """Have a page printed once, whenever the printer can.

        Raises QueueFull, and LocalProtocolError for a job that is already under way.
        """
        atoms = encode_atoms(page, self.profile)
        with self._lock:
            if job_id in self._open_jobs:
                raise LocalProtocolError(f"print job {job_id!r} is already under way")
            if len(self._open_jobs) >= JOBS_MAX:
                raise QueueFull(f"{JOBS_MAX} print jobs are waiting already", limit=JOBS_MAX)
            serial = next(self._serials)
            self._runner.submit(PrintJob(job_id, atoms, serial))
            self._open_jobs[job_id] = serial

    def kick(self, pin: Literal[2, 5] = 2) -> None:
        """Open the cash drawer within KICK_EXPIRES_S, or not at all; raises QueueFull."""
        command = KickDrawer(pin, before_s=self._clock() + KICK_EXPIRES_S)
        self._runner.submit(command, urgent=True, expires_s=KICK_EXPIRES_S)

    def cancel(self, job_id: str) -> None:
        """Print no more of this job; unknown or finished jobs are passed over.

        Before its first byte it ends QUEUED with "printer.cancelled"; after that, the printer is
        told to forget what it holds, and what came out is UNKNOWN.  Raises QueueFull.
        """
        with self._lock:
            serial = self._open_jobs.get(job_id)
        if serial is not None:
            self._runner.submit(CancelJob(serial), urgent=True)

    def _on_job(self, job_id: str, state: JobState, reason: str | None) -> None:
        if state in (JobState.PRINTED, JobState.UNKNOWN) or reason in (CANCELLED, STOPPED):
            with self._lock:
                self._open_jobs.pop(job_id, None)
        self._observer.on_job(job_id, state, reason)


__all__ = ["JobState", "Printer", "PrinterObserver", "PrinterTiming"]
