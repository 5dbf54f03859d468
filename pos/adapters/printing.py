"""The printer as the till sees it: the persisted spool on one side, the driver on the other.

A job leaves the spool once: `sent` is on disk before its first byte, so that after a power cut it
is in doubt and a person is asked, never printed a second time by itself.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final, Literal

from drivers.errors import DriverError
from drivers.printer import JobState as DriverJobState
from drivers.printer import Printer as PrinterDriver
from drivers.printer_device import CANCELLED
from drivers.runner import Health, State
from pos.adapters.paper import to_page
from pos.app.desk import COMMIT_TIMEOUT_S, SYSTEM
from pos.app.ports import DeviceHealth, DeviceState, JobState, Ledger, PrintJob, Transaction
from pos.domain.document import from_data
from pos.domain.errors import PosError

logger = logging.getLogger(__name__)
SUBMITTED_MAX: Final = 8
RESTARTED: Final = "printer.restarted"
_STATES: Final = {
    DriverJobState.QUEUED: JobState.QUEUED,
    DriverJobState.SENT: JobState.SENT,
    DriverJobState.HELD: JobState.HELD,
    DriverJobState.PRINTED: JobState.PRINTED,
    DriverJobState.UNKNOWN: JobState.UNKNOWN,
}


class NoPrinter:
    """A till without a printer."""

    def wake(self) -> None:
        """Nothing will be printed."""

    def open_drawer(self) -> None:
        """There is no drawer on a printer."""

    def health(self) -> DeviceHealth:
        """Say that there is none."""
        return DeviceHealth(DeviceState.MISSING)


class SpooledPrinter:
    """Feeds the driver from the spool, and notes in the spool what became of each job."""

    def __init__(self, ledger: Ledger, drawer_pin: Literal[2, 5]) -> None:
        self._ledger = ledger
        self._pin: Literal[2, 5] = drawer_pin
        self._driver: PrinterDriver | None = None
        self._lock = threading.Lock()
        self._submitted: set[str] = set()

    def start(self, make_driver: Callable[[SpooledPrinter], PrinterDriver]) -> None:
        """Begin to print; what was on its way when the till stopped is in doubt."""

        def doubt(tx: Transaction) -> None:
            for job in self._ledger.jobs():
                if job.state in {JobState.SENT, JobState.HELD}:
                    tx.set_job(job.id, JobState.UNKNOWN, RESTARTED)

        self._ledger.run(doubt, SYSTEM, durable=False).result(COMMIT_TIMEOUT_S)
        self._driver = make_driver(self)
        self._driver.start()
        self.wake()

    def stop(self, timeout_s: float) -> None:
        """Stop the driver; jobs that wait stay in the spool."""
        if self._driver:
            self._driver.stop(timeout_s)

    def wake(self) -> None:
        """Give the driver what waits in the spool, a few jobs at a time; take back what left it."""
        driver = self._driver
        if driver is None:
            return
        with self._lock:
            try:
                jobs = self._ledger.jobs()
            except PosError:
                # Whatever was to be printed is in the journal, and the next wake looks again.
                logger.exception("the print spool cannot be read")
                return
            self._take_back(driver, {job.id for job in jobs})
            waiting = [job for job in jobs if job.state is JobState.QUEUED]
            for job in waiting:
                if len(self._submitted) >= SUBMITTED_MAX:
                    return
                if job.id not in self._submitted:
                    self._submit(driver, job)

    def _take_back(self, driver: PrinterDriver, spooled: set[str]) -> None:
        """What a person gave up meanwhile must not come out once there is paper again."""
        for job_id in self._submitted - spooled:
            try:
                driver.cancel(job_id)
            except DriverError as error:
                logger.warning("print job %s not taken back: %s", job_id, error)

    def _submit(self, driver: PrinterDriver, job: PrintJob) -> None:
        try:
            driver.submit(job.id, to_page(from_data(job.page)))
        except DriverError as error:
            logger.warning("print job %s not taken: %s", job.id, error)
        else:
            self._submitted.add(job.id)

    def open_drawer(self) -> None:
        """Kick the drawer now, or not at all."""
        if self._driver is None:
            return
        try:
            self._driver.kick(self._pin)
        except DriverError as error:
            logger.warning("the drawer was not opened: %s", error)

    def health(self) -> DeviceHealth:
        """How the driver finds it."""
        if self._driver is None:
            return DeviceHealth(DeviceState.UNKNOWN)
        seen = self._driver.health
        return DeviceHealth(DeviceState(str(seen.state)), seen.reason or "")

    # --- what the driver tells, on its own thread ------------------------------------------------

    def on_health(self, health: Health) -> None:
        """A printer that came back may have work waiting."""
        if health.state is State.ONLINE:
            self.wake()

    def on_job(self, job_id: str, state: DriverJobState, reason: str | None) -> None:
        """Note how far a job came; `sent` must be on disk before the first byte leaves."""
        durable = state is DriverJobState.SENT

        def note(tx: Transaction) -> None:
            tx.set_job(job_id, _STATES[state], reason or "")

        try:
            self._ledger.run(note, SYSTEM, durable=durable).result(COMMIT_TIMEOUT_S)
        except (PosError, TimeoutError):
            if durable:
                raise
            logger.exception("the state of print job %s could not be noted", job_id)
        if state in {DriverJobState.PRINTED, DriverJobState.UNKNOWN} or reason == CANCELLED:
            with self._lock:
                self._submitted.discard(job_id)
            self.wake()
