"""A till whose receipts go through the real driver to a simulated printer on a pseudo-terminal."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

from drivers.escpos.profiles import profile_named
from drivers.printer import Printer, PrinterTiming
from drivers.simulators.line import serve_pty
from drivers.simulators.printer import PrinterControl, SimulatedPrinter
from drivers.transports import Opener, opener
from pos.adapters.printing import SpooledPrinter
from pos.app import print_receipt, take_payment
from pos.app.desk import Desk, Settled
from pos.app.ports import JobState, PrintJob
from pos.domain.ticket import printed_number
from tests.pos.fakes import BREAD, Counter

PATIENCE_S = 30.0
STOP_S = 10.0
# Patient where a machine under load may be slow, quick to look again.
TIMING = PrinterTiming(
    status_timeout_s=3.0,
    idle_poll_s=0.1,
    held_poll_s=0.05,
    write_timeout_s=0.2,
    barrier_timeout_s=20.0,
    slowest_bytes_per_s=9600,
)


def eventually(condition: Callable[[], bool]) -> None:
    """Wait for something that another thread does."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.005)


class PrinterBench(Counter):
    """A counter with a printer; `plug_in` at the start unless the test does it itself."""

    def __init__(self, path: Path, *, plugged: bool = True, drawer_pin: Literal[2, 5] = 2) -> None:
        self.timing = TIMING
        self.drawer_pin: Literal[2, 5] = drawer_pin
        self.device = SimulatedPrinter()
        self.server = serve_pty(self.device, None)
        self.control = PrinterControl(self.device, self.server)
        self.open_line: Opener = opener(self.server.path)
        self.spool: SpooledPrinter
        super().__init__(path)
        self.sign_on()
        if plugged:
            self.plug_in()

    def plug_in(self) -> None:
        """Start the driver, as the till does once its desk is up."""
        self.spool.start(
            lambda observer: Printer(
                "printer",
                self.open_line,
                profile_named("epson"),
                observer,
                timing=self.timing,
                backoff_s=(0.05,),
            )
        )

    def restart(self) -> None:
        """Stop the till and start it again with the same printer on its line."""
        self.spool.stop(STOP_S)
        super().restart()
        self.sign_on()
        self.plug_in()

    def close(self) -> None:
        """Stop the driver, then the store."""
        self.spool.stop(STOP_S)
        super().close()

    def end(self) -> None:
        """Put everything away."""
        self.close()
        self.server.stop()

    def sell(self, code: str = BREAD) -> Settled:
        """A sale for cash."""
        self.ring(code)
        settled = take_payment.take_tender(self.desk, "cash").wait()
        assert settled is not None
        return settled

    def sell_and_print(self) -> Settled:
        """A sale, and its receipt."""
        settled = self.sell()
        print_receipt.print_receipt(self.desk).wait()
        return settled

    @property
    def jobs(self) -> tuple[PrintJob, ...]:
        """What is in the spool."""
        return self.store.ledger.jobs()

    def all_jobs_are(self, state: JobState) -> bool:
        """Whether each job of the spool is in a state."""
        return {job.state for job in self.jobs} == {state}

    @property
    def papers(self) -> list[str]:
        """The receipts that came out, as text."""
        return [receipt.text() for receipt in self.control.receipts()]

    def originals(self, number: int) -> int:
        """How many papers of a ticket are no duplicate."""
        sign = printed_number("01", 1, number)
        return sum(sign in paper and "DUPLICATA" not in paper for paper in self.papers)

    def spool_empties(self) -> None:
        """Wait until nothing is left to print."""
        eventually(lambda: not self.jobs)

    def spool_settles(self) -> None:
        """Wait until nothing is left that the till itself can do something about."""
        eventually(lambda: {job.state for job in self.jobs} <= {JobState.UNKNOWN})

    def set_job(self, job_id: str, state: JobState, reason: str) -> None:
        """Put a job into a state, as a till that was killed left it."""
        self.store.ledger.run(lambda tx: tx.set_job(job_id, state, reason), "till").result(30)

    def use_port(self, port: str) -> None:
        """Look for the printer elsewhere."""
        self.open_line = opener(port)

    def _start(self) -> Desk:
        desk = super()._start()
        self.spool = SpooledPrinter(self.store.ledger, self.drawer_pin)
        desk.ports = replace(desk.ports, printer=self.spool)
        return desk
