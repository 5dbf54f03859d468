"""The printer's driver against the simulated printer, over real lines."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from drivers.errors import LocalProtocolError, QueueFull
from drivers.escpos.page import Columns, Cut, Feed, Page, Qr, Rule, Text
from drivers.escpos.profiles import PROFILES
from drivers.printer import JOBS_MAX, JobState, Printer, PrinterTiming
from drivers.printer_device import CHUNK_BYTES_MAX, chunks
from drivers.runner import Health, State
from drivers.simulators.line import PtyServer, TcpServer
from drivers.simulators.printer import (
    PrinterControl,
    PrinterModel,
    SimulatedPrinter,
    serve_printer,
)
from drivers.simulators.wire import LineFaults
from drivers.transports import opener

PATIENCE_S = 30.0
RECEIPT: Page = (
    Text("Épicerie de l'Œuvre", bold=True, align="center"),
    Rule(),
    *(Columns(f"Crème brûlée n° {number}", "12,50\u202f€") for number in range(20)),
    Columns("TOTAL", "250,00 €", double=True),
    Qr("B1" + "ABCD2345" * 15),
    Feed(),
    Cut(),
)
LONG: Page = (*(Text("x" * 48) for _ in range(1000)), Cut())

# Patient where a machine under load may be slow, quick to look again.
PATIENT = PrinterTiming(
    status_timeout_s=5.0,
    idle_poll_s=0.1,
    held_poll_s=0.05,
    write_timeout_s=0.2,
    barrier_timeout_s=20.0,
    slowest_bytes_per_s=9600,
)
# For those tests in which the printer will never answer.
IMPATIENT = replace(PATIENT, status_timeout_s=0.4, barrier_timeout_s=1.0)


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.005)


class Watcher:
    """An observer that remembers, and can be waited on."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.jobs: list[tuple[str, str, str | None]] = []
        self.healths: list[Health] = []
        self.kicks: list[str | None] = []

    def on_health(self, health: Health, /) -> None:
        with self.changed:
            self.healths.append(health)
            self.changed.notify_all()

    def on_job(self, job_id: str, state: JobState, reason: str | None, /) -> None:
        with self.changed:
            self.jobs.append((job_id, state.value, reason))
            self.changed.notify_all()

    def on_kick(self, _pin: int, reason: str | None, /) -> None:
        with self.changed:
            self.kicks.append(reason)
            self.changed.notify_all()

    def until(self, condition: Callable[[], bool]) -> None:
        with self.changed:
            came = self.changed.wait_for(condition, PATIENCE_S)
        assert came, (self.jobs, self.healths, self.kicks)

    def until_job(self, *job: str | None) -> None:
        self.until(lambda: job in self.jobs)

    def until_health(self, state: State, reason: str | None = None) -> None:
        self.until(
            lambda: (
                bool(self.healths)
                and (self.healths[-1].state, self.healths[-1].reason) == (state, reason)
            )
        )

    def states(self, job_id: str) -> list[str]:
        return [state for job, state, _ in self.jobs if job == job_id]


class Bench:
    """A till's printer, its cable and the printer at the other end."""

    def __init__(
        self,
        printer: Printer,
        watcher: Watcher,
        server: PtyServer | TcpServer,
        control: PrinterControl,
    ) -> None:
        self.printer = printer
        self.watcher = watcher
        self.server = server
        self.control = control


@contextmanager
def bench(
    scheme: str = "serial",
    *,
    profile: str = "epson",
    model: PrinterModel | None = None,
    baud: int | None = None,
    settings: str = "baud=115200",
    timing: PrinterTiming = PATIENT,
    faults: tuple[str, ...] = (),
) -> Iterator[Bench]:
    machine = SimulatedPrinter(model)
    server, address = serve_printer("pty" if scheme == "serial" else "127.0.0.1:0", machine, baud)
    suffix = "" if scheme == "tcp" else f"?{settings}"
    watcher = Watcher()
    printer = Printer(
        "caisse",
        opener(f"{scheme}://{address}{suffix}"),
        PROFILES[profile],
        watcher,
        on_kick=watcher.on_kick,
        timing=timing,
        backoff_s=(0.02,),
    )
    control = PrinterControl(machine, server)
    for fault in faults:
        control.apply(fault)
    with server:
        printer.start()
        try:
            yield Bench(printer, watcher, server, control)
        finally:
            assert printer.stop(PATIENCE_S)


@pytest.mark.parametrize(
    ("scheme", "settings"),
    [("serial", "baud=115200"), ("socket", "bits=7&parity=E"), ("socket", ""), ("tcp", "")],
)
@pytest.mark.parametrize("profile", ["epson", "compatible"])
def test_a_receipt_is_printed_and_confirmed(scheme: str, settings: str, profile: str) -> None:
    with bench(scheme, settings=settings, profile=profile) as till:
        till.printer.submit("T1-42", RECEIPT)
        till.watcher.until_job("T1-42", "printed", None)
        assert till.watcher.states("T1-42") == ["sent", "printed"]
        receipt = till.control.receipts()[0]
        assert "Épicerie de l'Œuvre" in receipt.text()
        assert "12,50 €" in receipt.text()
        assert receipt.qr_codes == ["B1" + "ABCD2345" * 15]
        assert till.control.unknown_commands() == ()


def test_a_receipt_at_the_real_speed_of_a_line_is_printed_and_confirmed() -> None:
    with bench(baud=9600, settings="baud=9600", timing=PrinterTiming()) as till:
        till.printer.submit("T1-1", RECEIPT)
        till.watcher.until_job("T1-1", "printed", None)
        assert till.watcher.states("T1-1") == ["sent", "printed"]


def test_receipts_come_out_in_the_order_they_were_given() -> None:
    with bench() as till:
        for number in range(10):
            till.printer.submit(f"J{number}", (Text(f"ticket {number}"), Cut()))
        till.watcher.until_job("J9", "printed", None)
        assert [r.lines for r in till.control.receipts()] == [[f"ticket {n}"] for n in range(10)]


def test_without_paper_a_job_waits_with_the_reason_and_then_prints() -> None:
    with bench(faults=("paper-out",)) as till:
        till.watcher.until_health(State.FAULT, "printer.paper_out")
        till.printer.submit("A", RECEIPT)
        till.watcher.until_job("A", "queued", "printer.paper_out")
        till.control.set_paper("ok")
        till.watcher.until_job("A", "printed", None)
        till.watcher.until_health(State.ONLINE)
        assert till.control.receipts_total() == 1


@pytest.mark.parametrize("profile", ["epson", "compatible"])
def test_paper_that_ends_midway_holds_the_job_and_new_paper_finishes_it_once(profile: str) -> None:
    with bench(profile=profile) as till:
        till.watcher.until_health(State.ONLINE)
        till.control.set_paper("ok", lines_left=5)
        till.printer.submit("A", RECEIPT)
        till.watcher.until_job("A", "held", "printer.paper_out")
        assert len(till.control.under_way().lines) == 5
        till.control.set_paper("ok")
        till.watcher.until_job("A", "printed", None)
        assert till.control.receipts_total() == 1
        assert till.watcher.states("A")[0] == "sent"


def test_an_open_cover_holds_and_an_empty_roll_nearing_warns() -> None:
    with bench() as till:
        till.control.open_cover()
        till.watcher.until_health(State.FAULT, "printer.cover_open")
        till.control.close_cover()
        till.control.set_paper("near")
        till.watcher.until_health(State.ONLINE, "printer.paper_near_end")
        till.printer.submit("A", RECEIPT)
        till.watcher.until_job("A", "printed", None)


def test_a_power_cut_midway_is_unknown_and_nothing_is_sent_again() -> None:
    with bench(timing=IMPATIENT) as till:
        till.watcher.until_health(State.ONLINE)
        till.control.set_paper("ok", lines_left=5)
        till.printer.submit("A", RECEIPT)
        till.watcher.until_job("A", "held", "printer.paper_out")
        till.control.power_cycle()
        till.control.set_paper("ok")
        till.watcher.until_job("A", "unknown", "printer.not_confirmed")
        till.printer.submit("B", (Text("suivant"), Cut()))
        till.watcher.until_job("B", "printed", None)
        assert till.control.receipts_total() == 1
        assert "suivant" in till.control.receipts()[0].text()


def test_a_printer_that_falls_silent_midway_is_unknown() -> None:
    with bench(timing=IMPATIENT) as till:
        till.watcher.until_health(State.ONLINE)
        till.control.set_paper("ok", lines_left=5)
        till.printer.submit("A", RECEIPT)
        till.watcher.until_job("A", "held", "printer.paper_out")
        till.control.power_off()
        till.watcher.until_job("A", "unknown", "printer.no_answer")
        till.watcher.until_health(State.UNKNOWN, "printer.no_answer")


def test_no_answer_is_not_taken_for_all_well() -> None:
    with bench(faults=("no-answer",), timing=IMPATIENT) as till:
        till.watcher.until_health(State.UNKNOWN, "printer.no_answer")
        till.printer.submit("A", RECEIPT)
        till.watcher.until_job("A", "queued", "printer.no_answer")
        assert till.control.under_way().items == ()
        till.control.cure()
        till.watcher.until_job("A", "printed", None)


def test_an_unplugged_printer_is_offline_and_prints_what_waits_when_it_is_back() -> None:
    with bench() as till:
        till.watcher.until_health(State.ONLINE)
        assert isinstance(till.server, PtyServer)
        till.server.unplug()
        till.watcher.until(lambda: till.watcher.healths[-1].state is State.OFFLINE)
        till.printer.submit("A", RECEIPT)
        till.server.replug()
        till.watcher.until_job("A", "printed", None)
        assert till.watcher.states("A") == ["sent", "printed"]


def test_a_cable_pulled_midway_leaves_the_job_unknown_and_the_next_one_prints() -> None:
    with bench() as till:
        till.watcher.until_health(State.ONLINE)
        till.control.set_paper("ok", lines_left=5)
        till.printer.submit("A", RECEIPT)
        till.watcher.until_job("A", "held", "printer.paper_out")
        assert isinstance(till.server, PtyServer)
        till.server.unplug()
        till.watcher.until(lambda: till.watcher.states("A")[-1] == "unknown")
        till.control.power_cycle()
        till.control.set_paper("ok")
        till.server.replug()
        till.printer.submit("B", (Text("suivant"), Cut()))
        till.watcher.until_job("B", "printed", None)
        assert till.watcher.states("A")[-1] == "unknown"


@pytest.mark.parametrize("flow", ["xonxoff", "none"])
def test_a_printer_that_stops_reading_blocks_nobody_and_loses_nothing(flow: str) -> None:
    model = PrinterModel(xonxoff=flow == "xonxoff")
    settings = f"baud=115200&flow={flow}"
    with bench(model=model, settings=settings, timing=IMPATIENT) as till:
        till.watcher.until_health(State.ONLINE)
        till.control.apply("xoff")
        for number in range(8):
            till.printer.submit(f"J{number}", RECEIPT)
        till.watcher.until(lambda: till.watcher.healths[-1].state is not State.ONLINE)
        assert till.control.receipts_total() == 0
        till.control.cure()
        till.watcher.until_job("J7", "printed", None)
        assert till.control.receipts_total() == 8


@pytest.mark.parametrize("flow", ["xonxoff", "none"])
def test_a_job_blocked_midway_goes_on_to_the_byte_where_it_stopped(flow: str) -> None:
    # A small buffer and no paper: the printer takes a little, then nothing, for as long as needed.
    model = PrinterModel(buffer_bytes=600, xonxoff=flow == "xonxoff")
    with bench(model=model, settings=f"baud=115200&flow={flow}") as till:
        till.watcher.until_health(State.ONLINE)
        till.control.set_paper("ok", lines_left=5)
        till.printer.submit("A", LONG)
        till.watcher.until_job("A", "held", "printer.blocked")
        till.control.set_paper("ok")
        till.watcher.until_job("A", "printed", None)
        assert till.control.receipts()[0].lines == ["x" * 48] * 1000
        assert till.control.unknown_commands() == ()


def test_stopping_never_waits_for_a_printer_that_does_not_read() -> None:
    with bench(timing=IMPATIENT) as till:
        till.watcher.until_health(State.ONLINE)
        till.server.faults = LineFaults(deaf=True)
        till.printer.submit("A", LONG)
        till.watcher.until(lambda: bool(till.watcher.jobs))
        assert till.printer.stop(PATIENCE_S)


def test_a_job_under_way_when_the_till_stops_is_unknown_and_the_others_stay_queued() -> None:
    with bench() as till:
        till.watcher.until_health(State.ONLINE)
        till.control.set_paper("ok", lines_left=5)
        till.printer.submit("A", RECEIPT)
        till.printer.submit("B", RECEIPT)
        till.watcher.until_job("A", "held", "printer.paper_out")
        assert till.printer.stop(PATIENCE_S)
        assert till.watcher.jobs[-1] == ("A", "unknown", "driver.stopped")
        assert till.watcher.states("B") == []


def test_a_cancelled_job_that_was_not_begun_stays_whole_and_may_be_given_again() -> None:
    with bench(faults=("paper-out",)) as till:
        till.printer.submit("A", RECEIPT)
        till.watcher.until_job("A", "queued", "printer.paper_out")
        till.printer.cancel("A")
        till.watcher.until_job("A", "queued", "printer.cancelled")
        till.printer.cancel("A")
        till.printer.cancel("never heard of")
        till.control.set_paper("ok")
        till.printer.submit("A", RECEIPT)
        till.watcher.until_job("A", "printed", None)
        assert till.control.receipts_total() == 1


def test_cancelling_a_job_midway_clears_the_printer_and_leaves_it_unknown() -> None:
    with bench() as till:
        till.watcher.until_health(State.ONLINE)
        till.control.set_paper("ok", lines_left=5)
        till.printer.submit("A", RECEIPT)
        till.watcher.until_job("A", "held", "printer.paper_out")
        till.printer.cancel("A")
        till.watcher.until_job("A", "unknown", "printer.cancelled")
        till.printer.submit("A", (Text("de nouveau"), Cut()))
        till.watcher.until_job("A", "queued", "printer.paper_out")
        till.control.set_paper("ok")
        till.watcher.until_job("A", "printed", None)
        # The five lines that came out, and the new receipt: nothing of the old one's rest.
        assert till.control.receipts()[0].lines[-1] == "de nouveau"
        assert len(till.control.receipts()[0].lines) == 6


def test_a_job_cancelled_while_it_waits_its_turn_is_never_printed() -> None:
    with bench(faults=("paper-out",)) as till:
        till.printer.submit("A", (Text("un"), Cut()))
        till.printer.submit("B", (Text("deux"), Cut()))
        till.watcher.until_job("A", "queued", "printer.paper_out")
        till.printer.cancel("B")
        till.control.set_paper("ok")
        till.watcher.until_job("B", "queued", "printer.cancelled")
        till.watcher.until_job("A", "printed", None)
        assert till.control.receipts_total() == 1


def test_the_drawer_opens_even_without_paper_and_in_the_midst_of_a_job() -> None:
    with bench() as till:
        till.printer.kick()
        till.watcher.until(lambda: till.watcher.kicks == [None])
        till.control.set_paper("ok", lines_left=5)
        till.printer.submit("A", RECEIPT)
        till.watcher.until_job("A", "held", "printer.paper_out")
        till.printer.kick(5)
        till.watcher.until(lambda: till.watcher.kicks == [None, None])
        eventually(lambda: [kick.pin for kick in till.control.kicks()] == [2, 5])


def test_a_drawer_behind_a_stopped_clone_stays_shut_and_never_opens_late() -> None:
    with bench(profile="clone-80", faults=("paper-out",)) as till:
        till.watcher.until_health(State.FAULT, "printer.paper_out")
        till.printer.kick()
        till.watcher.until(lambda: till.watcher.kicks == ["printer.paper_out"])
        till.control.set_paper("ok")
        till.watcher.until_health(State.ONLINE)
        assert till.control.kicks() == ()


def test_a_drawer_of_a_silent_or_absent_printer_stays_shut_with_the_reason() -> None:
    with bench(faults=("no-answer",), timing=IMPATIENT) as till:
        till.printer.kick()
        till.watcher.until(lambda: till.watcher.kicks == ["printer.no_answer"])
        assert isinstance(till.server, PtyServer)
        till.server.unplug()
        till.watcher.until(lambda: till.watcher.healths[-1].state is State.OFFLINE)
        till.printer.kick()
        till.watcher.until(lambda: till.watcher.kicks[1:] == ["drawer.too_late"])
        assert till.control.kicks() == ()


def test_a_printer_that_cannot_answer_prints_but_nothing_is_claimed() -> None:
    with bench(profile="mute", faults=("no-answer",), timing=IMPATIENT) as till:
        till.watcher.until_health(State.UNKNOWN, "printer.mute")
        till.printer.submit("A", RECEIPT)
        till.watcher.until_job("A", "unknown", "printer.mute")
        till.printer.kick()
        till.watcher.until(lambda: till.watcher.kicks == [None])
        eventually(lambda: till.control.receipts_total() == 1)


@pytest.mark.parametrize(
    "faults",
    [
        LineFaults(fragment_gap_s=0.002),
        LineFaults(garbage=b"\xff\x90"),
        LineFaults(slow_factor=3.0),
    ],
)
def test_a_bad_line_back_from_the_printer_is_coped_with(faults: LineFaults) -> None:
    with bench(baud=115200) as till:
        till.server.faults = faults
        till.printer.submit("A", RECEIPT)
        till.watcher.until_job("A", "printed", None)


def test_the_same_job_is_not_taken_twice_and_the_queue_is_bounded() -> None:
    with bench(faults=("paper-out",)) as till:
        till.printer.submit("J0", RECEIPT)
        with pytest.raises(LocalProtocolError, match="already"):
            till.printer.submit("J0", RECEIPT)
        for number in range(1, JOBS_MAX):
            till.printer.submit(f"J{number}", RECEIPT)
        with pytest.raises(QueueFull):
            till.printer.submit("too many", RECEIPT)


def test_a_job_whose_sending_cannot_be_written_down_sends_nothing() -> None:
    class Forgetful(Watcher):
        def on_job(self, job_id: str, state: JobState, reason: str | None, /) -> None:
            super().on_job(job_id, state, reason)
            if len(self.jobs) == 1:
                raise OSError("disk full")

    machine = SimulatedPrinter()
    server, path = serve_printer("pty", machine, None)
    watcher = Forgetful()
    printer = Printer(
        "p", opener(path), PROFILES["epson"], watcher, timing=PATIENT, backoff_s=(0.02,)
    )
    with server:
        printer.start()
        printer.submit("A", (Text("une fois"), Cut()))
        watcher.until_job("A", "printed", None)
        assert printer.stop(PATIENCE_S)
        assert watcher.states("A") == ["sent", "sent", "printed"]
        assert machine.roll.receipts_total == 1


def test_atoms_are_joined_into_pieces_but_never_cut() -> None:
    atoms = (b"a" * 100, b"b" * 100, b"c" * 100, b"d" * 900, b"e")
    pieces = list(chunks(atoms))
    assert b"".join(pieces) == b"".join(atoms)
    assert [len(piece) for piece in pieces] == [200, 100, 900, 1]
    assert CHUNK_BYTES_MAX == 256
