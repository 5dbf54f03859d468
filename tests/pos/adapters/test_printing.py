"""Receipts, from the spool on disk through the real driver to a simulated printer's paper."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from drivers.transports import Transport
from pos.adapters.paper import as_text
from pos.adapters.printing import RESTARTED, SUBMITTED_MAX, NoPrinter
from pos.app import move_cash, print_jobs, print_receipt
from pos.app.ports import DeviceState, JobState
from pos.app.views import status_view
from pos.domain.errors import DiskFull
from tests.pos.adapters.printer_bench import STOP_S, PrinterBench, eventually

SALES = 12


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[PrinterBench]:
    made = PrinterBench(tmp_path)
    yield made
    made.end()


@pytest.fixture
def unplugged(tmp_path: Path) -> Iterator[PrinterBench]:
    """Its printer is there, its driver not started yet."""
    made = PrinterBench(tmp_path, plugged=False)
    yield made
    made.end()


# --- one job, one paper ------------------------------------------------------------------------


def test_a_receipt_comes_out_once_and_reads_as_it_was_written(bench: PrinterBench) -> None:
    bench.sell()
    printed = print_receipt.print_receipt(bench.desk).wait()
    bench.spool_empties()
    (paper,) = bench.papers
    words = [word for word in as_text(printed.document, 48).split() if word.strip("-")]
    assert [word for word in paper.split() if word.strip("-")] == words
    assert bench.control.unknown_commands() == ()


def test_more_jobs_than_the_driver_takes_at_once_come_out_in_order(bench: PrinterBench) -> None:
    bench.control.set_paper("out")
    numbers = [bench.sell_and_print().number for _ in range(SUBMITTED_MAX + 4)]
    bench.control.set_paper("ok")
    bench.spool_empties()
    assert [bench.originals(number) for number in numbers] == [1] * len(numbers)
    came = [next(n for n in numbers if f"-{n:07d}" in paper) for paper in bench.papers]
    assert came == numbers


class WatchedLine:
    """A line that tells what is about to leave on it."""

    def __init__(self, line: Transport, tell: Callable[[bytes], None]) -> None:
        self._line = line
        self._tell = tell

    def read(self, bytes_max: int, timeout_s: float) -> bytes:
        return self._line.read(bytes_max, timeout_s)

    def write(self, data: bytes, timeout_s: float) -> None:
        self._tell(data)
        self._line.write(data, timeout_s)

    def close(self) -> None:
        self._line.close()


def test_sent_is_on_disk_before_the_first_byte_leaves(unplugged: PrinterBench) -> None:
    till_db = unplugged.folder.till_db.as_uri() + "?mode=ro"
    seen: list[str] = []

    def tell(data: bytes) -> None:
        if data[:2] != b"\x10\x04":  # a question about the printer's state, not a job
            with sqlite3.connect(till_db, uri=True) as other:
                seen.extend(row[0] for row in other.execute("SELECT state FROM print_job"))
            other.close()

    open_line = unplugged.open_line
    unplugged.open_line = lambda: WatchedLine(open_line(), tell)
    unplugged.plug_in()
    unplugged.sell()
    print_receipt.print_receipt(unplugged.desk).wait()
    unplugged.spool_empties()
    job_pieces = [state for state in seen if state != "queued"]
    assert job_pieces
    assert set(job_pieces) == {"sent"}
    assert len(unplugged.papers) == 1


def test_a_job_whose_start_cannot_be_written_down_does_not_start(
    unplugged: PrinterBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, refused = unplugged.store.ledger, []
    run = ledger.run
    full = True

    def refusing(work: Any, operator: str, *, durable: bool = True) -> Any:
        future = run(_raise_full, operator) if full and operator == "till" and durable else None
        if future is not None:
            refused.append(work)
            return future
        return run(work, operator, durable=durable)

    unplugged.sell_and_print()
    monkeypatch.setattr(ledger, "run", refusing)
    unplugged.plug_in()
    eventually(lambda: len(refused) >= 3)
    assert unplugged.papers == []
    full = False
    unplugged.spool_empties()
    assert len(unplugged.papers) == 1


def _raise_full(_: Any) -> None:
    raise DiskFull(reason="no room")


# --- a printer that cannot, and the till that goes on ------------------------------------------


def test_paper_out_holds_the_job_is_shown_and_new_paper_prints_it_once(
    bench: PrinterBench,
) -> None:
    bench.control.set_paper("out")
    number = bench.sell_and_print().number
    eventually(lambda: [job.reason for job in bench.jobs] == ["printer.paper_out"])
    assert bench.all_jobs_are(JobState.QUEUED)
    status = status_view(bench.desk)
    assert (status.printer.state, status.printer.reason) == (
        DeviceState.FAULT,
        "printer.paper_out",
    )
    assert (status.jobs_waiting, status.jobs_in_doubt) == (1, 0)
    bench.control.set_paper("ok")
    bench.spool_empties()
    assert bench.originals(number) == 1


def test_paper_that_ends_midway_holds_the_job_and_the_printer_finishes_it_itself(
    bench: PrinterBench,
) -> None:
    bench.control.set_paper("near", lines_left=6)
    number = bench.sell_and_print().number
    eventually(lambda: bool(bench.jobs) and bench.all_jobs_are(JobState.HELD))
    bench.control.set_paper("ok")
    bench.spool_empties()
    assert bench.originals(number) == 1


@pytest.mark.parametrize("fault", ["xoff", "deaf", "no-answer", "silent", "offline", "cover-open"])
def test_a_printer_that_does_not_print_never_holds_up_a_sale(
    bench: PrinterBench, fault: str
) -> None:
    bench.timing = replace(bench.timing, status_timeout_s=0.3)
    bench.restart()
    bench.control.apply(fault)
    for _ in range(SALES):
        bench.sell_and_print()
    assert len(bench.chain("ticket")) == len(bench.chain("copy")) == SALES
    assert [job.state for job in bench.jobs].count(JobState.PRINTED) == 0
    assert len(bench.jobs) == SALES
    bench.control.cure()
    bench.spool_settles()
    bench.audit()
    for number in range(1, SALES + 1):
        assert bench.originals(number) <= 1
    doubted = sum(job.state is JobState.UNKNOWN for job in bench.jobs)
    assert len(bench.papers) + doubted >= SALES


def test_a_printer_that_is_not_there_yet_prints_what_waited_when_it_comes(
    unplugged: PrinterBench, tmp_path: Path
) -> None:
    port = tmp_path / "printer"
    unplugged.use_port(str(port))
    unplugged.plug_in()
    numbers = [unplugged.sell_and_print().number for _ in range(SALES)]
    assert unplugged.all_jobs_are(JobState.QUEUED)
    eventually(lambda: status_view(unplugged.desk).printer.state is DeviceState.OFFLINE)
    port.symlink_to(unplugged.server.path)
    unplugged.spool_empties()
    assert [unplugged.originals(number) for number in numbers] == [1] * SALES


def test_an_unplugged_printer_in_the_midst_of_a_job_leaves_it_in_doubt(
    bench: PrinterBench,
) -> None:
    bench.control.apply("xoff")
    bench.sell_and_print()
    bench.server.unplug()
    eventually(lambda: bool(bench.jobs) and status_view(bench.desk).printer.state != "online")
    bench.control.cure()
    bench.server.replug()
    bench.spool_settles()
    assert bench.originals(1) <= 1
    assert bench.originals(1) + len(bench.jobs) >= 1


# --- never a second original -------------------------------------------------------------------


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.SENT, JobState.HELD, JobState.UNKNOWN])
def test_a_till_killed_with_a_job_in_any_state_prints_no_second_original(
    unplugged: PrinterBench, state: JobState
) -> None:
    unplugged.sell_and_print()
    (job,) = unplugged.jobs
    unplugged.set_job(job.id, state, "as it was when the power went")
    unplugged.restart()
    if state is JobState.QUEUED:  # not a byte had left
        unplugged.spool_empties()
        assert unplugged.originals(1) == 1
        return
    eventually(lambda: status_view(unplugged.desk).printer.state is DeviceState.ONLINE)
    assert unplugged.all_jobs_are(JobState.UNKNOWN)
    if state is not JobState.UNKNOWN:
        assert unplugged.jobs[0].reason == RESTARTED
    assert status_view(unplugged.desk).jobs_in_doubt == 1
    print_jobs.answer(unplugged.desk, job.id, came_out=False).wait()
    printed = print_receipt.print_receipt(unplugged.desk, 1).wait()
    unplugged.spool_empties()
    assert printed.copy == 1
    (paper,) = unplugged.papers
    assert "DUPLICATA n° 1" in paper


def test_a_printed_job_is_gone_and_a_restart_prints_nothing(bench: PrinterBench) -> None:
    bench.sell_and_print()
    bench.spool_empties()
    bench.restart()
    bench.spool_empties()
    assert len(bench.papers) == 1


def test_a_till_stopped_while_a_job_is_held_asks_a_person_afterwards(bench: PrinterBench) -> None:
    bench.control.set_paper("near", lines_left=6)
    bench.sell_and_print()
    eventually(lambda: bool(bench.jobs) and bench.all_jobs_are(JobState.HELD))
    bench.restart()
    assert bench.all_jobs_are(JobState.UNKNOWN)
    bench.control.set_paper("ok")  # the printer finishes by itself what it holds
    eventually(lambda: bench.originals(1) == 1)
    print_jobs.answer(bench.desk, bench.jobs[0].id, came_out=True).wait()
    assert bench.jobs == ()
    bench.restart()
    assert bench.originals(1) == 1


def test_a_printer_that_lost_its_power_midway_leaves_the_job_in_doubt(
    bench: PrinterBench,
) -> None:
    bench.timing = replace(bench.timing, barrier_timeout_s=0.5)
    bench.restart()
    bench.control.set_paper("near", lines_left=6)
    bench.sell_and_print()
    eventually(lambda: bool(bench.jobs) and bench.all_jobs_are(JobState.HELD))
    bench.control.power_cycle()
    bench.control.set_paper("ok")
    eventually(lambda: bool(bench.jobs) and bench.all_jobs_are(JobState.UNKNOWN))
    print_jobs.answer(bench.desk, bench.jobs[0].id, came_out=False).wait()
    print_receipt.print_receipt(bench.desk).wait()
    bench.spool_empties()
    assert sum("DUPLICATA n° 1" in paper for paper in bench.papers) == 1


def test_a_job_given_up_while_the_paper_is_out_does_not_come_out_later(
    bench: PrinterBench,
) -> None:
    bench.control.set_paper("out")
    first, second = bench.sell_and_print().number, bench.sell_and_print().number
    eventually(lambda: [job.reason for job in bench.jobs][:1] == ["printer.paper_out"])
    print_jobs.answer(bench.desk, bench.jobs[0].id, came_out=False).wait()
    bench.control.set_paper("ok")
    bench.spool_empties()
    assert (bench.originals(first), bench.originals(second)) == (0, 1)


# --- the drawer, and a till without a printer --------------------------------------------------


@pytest.mark.parametrize("pin", [2, 5])
def test_a_cash_sale_kicks_the_drawer_once_on_its_pin(tmp_path: Path, pin: Any) -> None:
    bench = PrinterBench(tmp_path, drawer_pin=pin)
    try:
        eventually(lambda: status_view(bench.desk).printer.state is DeviceState.ONLINE)
        bench.sell()
        eventually(lambda: len(bench.control.kicks()) > 0)
        assert [kick.pin for kick in bench.control.kicks()] == [pin]
    finally:
        bench.end()


def test_no_sale_opens_the_drawer_though_the_paper_is_out(bench: PrinterBench) -> None:
    bench.control.set_paper("out")
    bench.sell_and_print()
    eventually(lambda: [job.reason for job in bench.jobs] == ["printer.paper_out"])
    before = len(bench.control.kicks())
    move_cash.no_sale(bench.desk, "monnaie").wait()
    eventually(lambda: len(bench.control.kicks()) == before + 1)


def test_a_drawer_that_cannot_open_stops_no_sale(unplugged: PrinterBench) -> None:
    unplugged.sell()  # before the driver runs
    unplugged.plug_in()
    unplugged.spool.stop(STOP_S)
    unplugged.sell()  # and after it ended
    assert len(unplugged.chain("ticket")) == 2


def test_without_a_printer_nothing_is_spooled_and_the_screen_shows_the_paper(
    unplugged: PrinterBench,
) -> None:
    unplugged.desk.ports = replace(unplugged.desk.ports, printer=NoPrinter())
    unplugged.sell()
    printed = print_receipt.print_receipt(unplugged.desk).wait()
    assert not printed.on_paper
    assert unplugged.jobs == ()
    assert status_view(unplugged.desk).printer.state is DeviceState.MISSING


def test_a_spool_that_cannot_be_read_refuses_no_receipt(
    bench: PrinterBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.sell()
    with monkeypatch.context() as patch:
        patch.setattr(bench.store.ledger, "jobs", lambda: _raise_full(None))
        assert print_receipt.print_receipt(bench.desk).wait().on_paper
    bench.spool.wake()
    bench.spool_empties()
    assert bench.originals(1) == 1
