"""The card terminal on real lines: pseudo-terminals, pyserial over TCP, its own thread."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from drivers.card.interface import Answer, Conclusion, Outcome, Progress, Reason, Request
from drivers.errors import Busy, Offline
from drivers.runner import Health, State
from drivers.simulators.line import serve_memory, serve_pty, serve_tcp
from drivers.simulators.terminal import Options, SimulatedTerminal
from drivers.simulators.terminal_ledger import Ledger
from drivers.simulators.terminal_scenarios import SCENARIOS, Director
from drivers.simulators.wire import LineFaults
from drivers.terminal import CardTerminal, Presence, Settings
from drivers.transports import Opener, opener

WAIT_S = 30.0  # a limit for a machine under load, never a measure
FAST = (0.05,)
QUICK = Settings(enq_pause_s=0.05, listen_first_s=0.0)


@dataclass
class WaitingRecorder:
    """Lets a test wait for what the terminal's thread records."""

    changed: threading.Condition = field(default_factory=threading.Condition)
    answers: dict[str, Answer] = field(default_factory=dict)
    conclusions: dict[str, Conclusion] = field(default_factory=dict)
    lates: list[Answer] = field(default_factory=list)
    shown: list[Progress] = field(default_factory=list)
    health: list[State] = field(default_factory=list)

    def sending(self, reference: str) -> None:
        assert reference not in self.conclusions

    def answered(self, reference: str, answer: Answer) -> None:
        self.answers[reference] = answer

    def concluded(self, reference: str, conclusion: Conclusion) -> None:
        with self.changed:
            self.conclusions[reference] = conclusion
            self.changed.notify_all()

    def late(self, answer: Answer) -> None:
        with self.changed:
            self.lates.append(answer)
            self.changed.notify_all()

    def progress(self, reference: str, progress: Progress) -> None:
        with self.changed:
            self.shown.append(progress)
            self.changed.notify_all()

    def on_health(self, health: Health) -> None:
        with self.changed:
            self.health.append(health.state)
            self.changed.notify_all()

    def conclusion(self, reference: str) -> Conclusion:
        with self.changed:
            assert self.changed.wait_for(lambda: reference in self.conclusions, WAIT_S)
        return self.conclusions[reference]

    def wait_late(self) -> Answer:
        with self.changed:
            assert self.changed.wait_for(lambda: self.lates, WAIT_S)
        return self.lates[0]

    def wait_customer(self) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: Progress.WAITING_CUSTOMER in self.shown, WAIT_S)

    def wait_state(self, state: State) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.health[-1:] == [state], WAIT_S)


@contextmanager
def running(
    line: Opener, recorder: WaitingRecorder, settings: Settings = QUICK
) -> Iterator[CardTerminal]:
    terminal = CardTerminal(
        "tpe", line, settings, recorder, on_health=recorder.on_health, backoff_s=FAST
    )
    terminal.start()
    try:
        yield terminal
    finally:
        assert terminal.stop(WAIT_S)


def pay(terminal: CardTerminal, recorder: WaitingRecorder, number: int, cents: int) -> Conclusion:
    reference = f"T{number:09d}"
    terminal.begin(Request(reference, cents))
    return recorder.conclusion(reference)


def simulated(**options: float) -> SimulatedTerminal:
    return SimulatedTerminal(Options(**options), Director(by_amount=True))  # type: ignore[arg-type] # only the seconds are used


def test_payments_on_a_pseudo_terminal_as_on_usb() -> None:
    terminal, recorder = simulated(), WaitingRecorder()
    with serve_pty(terminal, baud=115_200) as server, running(opener(server.path), recorder) as tpe:
        assert pay(tpe, recorder, 1, 1200).outcome is Outcome.APPROVED
        assert pay(tpe, recorder, 2, 1201).outcome is Outcome.DECLINED
        assert pay(tpe, recorder, 3, 1206).outcome is Outcome.APPROVED
        assert pay(tpe, recorder, 4, 1209).outcome is Outcome.APPROVED
        assert server.act(lambda: terminal.ledger.charged_cents) == 1200 + 1206 + 1209


def test_payments_on_seven_bits_even_parity() -> None:
    terminal, recorder = simulated(), WaitingRecorder()
    with serve_tcp(terminal, baud=9_600) as server:
        url = f"socket://127.0.0.1:{server.port}?bits=7&parity=E&baud=9600"
        with running(opener(url), recorder, Settings(ask_card_number=True)) as tpe:
            conclusion = pay(tpe, recorder, 1, 1200)
            assert conclusion.outcome is Outcome.APPROVED
            assert conclusion.answer is not None
            assert conclusion.answer.last4 == "1234"
            assert pay(tpe, recorder, 2, 1217).outcome is Outcome.APPROVED


def test_a_payment_on_a_line_that_brings_one_byte_at_a_time() -> None:
    terminal, recorder = simulated(), WaitingRecorder()
    faults = LineFaults(fragment_gap_s=0.002)
    with serve_memory(terminal, faults=faults) as server, running(server.opener, recorder) as tpe:
        assert pay(tpe, recorder, 1, 1200).outcome is Outcome.APPROVED


def test_hundreds_of_payments_follow_each_other() -> None:
    terminal, recorder = SimulatedTerminal(), WaitingRecorder()
    with serve_pty(terminal, baud=None) as server, running(opener(server.path), recorder) as tpe:
        for number in range(300):
            assert pay(tpe, recorder, number, 100 + number).outcome is Outcome.APPROVED
        assert server.act(lambda: len(terminal.ledger.acknowledged)) == 300


def test_a_second_request_is_refused_while_one_runs() -> None:
    terminal, recorder = simulated(customer_s=60.0), WaitingRecorder()
    with serve_pty(terminal, baud=None) as server:
        with running(opener(server.path), recorder) as tpe:
            tpe.begin(Request("T000000001", 1200))
            recorder.wait_customer()
            assert tpe.busy
            with pytest.raises(Busy):
                tpe.begin(Request("T000000002", 1200))
        conclusion = recorder.conclusions["T000000001"]
    assert (conclusion.outcome, conclusion.reason) == (Outcome.UNKNOWN, Reason.STOPPED)
    assert "T000000002" not in recorder.conclusions


def test_a_cable_pulled_while_the_customer_pays_leaves_it_unknown_and_comes_back() -> None:
    terminal, recorder = simulated(customer_s=2.0, reoffer_after_s=0.2), WaitingRecorder()
    with serve_pty(terminal, baud=None) as server, running(opener(server.path), recorder) as tpe:
        tpe.begin(Request("T000000001", 1200))
        recorder.wait_customer()
        server.unplug()
        conclusion = recorder.conclusion("T000000001")
        assert (conclusion.outcome, conclusion.reason) == (Outcome.UNKNOWN, Reason.LINE_LOST)
        server.replug()
        assert recorder.wait_late().private_data == "T000000001"
        server.act(lambda: terminal.director.insert(SCENARIOS["refuse"]))
        assert pay(tpe, recorder, 2, 1200).outcome is Outcome.DECLINED


def test_a_terminal_that_is_not_there_is_sent_nothing(tmp_path: Path) -> None:
    recorder = WaitingRecorder()
    settings = Settings(start_timeout_s=0.2)
    with running(opener(str(tmp_path / "ttyACM0")), recorder, settings) as tpe:
        conclusion = pay(tpe, recorder, 1, 1200)
        assert (conclusion.outcome, conclusion.reason) == (Outcome.NOT_SENT, Reason.OFFLINE)
        recorder.wait_state(State.OFFLINE)
        tpe.begin(Request("T000000002", 1200))
    assert recorder.conclusions["T000000002"].outcome is Outcome.NOT_SENT
    with pytest.raises(Offline):
        tpe.begin(Request("T000000003", 1200))
    assert not tpe.busy


def test_probing_tells_health_and_whoever_asked() -> None:
    terminal, recorder = SimulatedTerminal(), WaitingRecorder()
    found: list[Presence] = []
    asked = threading.Semaphore(0)

    def hear(presence: Presence) -> None:
        found.append(presence)
        asked.release()

    settings = Settings(enq_tries=1, listen_first_s=60.0)
    with serve_memory(terminal) as server, running(server.opener, recorder, settings) as tpe:
        tpe.probe(hear)
        assert asked.acquire(timeout=WAIT_S)
        states = [tpe.health.state]
        server.act(lambda: terminal.director.insert(SCENARIOS["busy"]))
        tpe.probe(hear)
        assert asked.acquire(timeout=WAIT_S)
        assert [*states, tpe.health.state] == [State.ONLINE, State.FAULT]
        assert tpe.health.reason == "card.busy"
    assert found == [Presence.READY, Presence.BUSY]


def test_a_terminal_just_plugged_in_is_asked_whether_it_is_there() -> None:
    terminal, recorder = SimulatedTerminal(director=Director(SCENARIOS["busy"])), WaitingRecorder()
    with serve_pty(terminal, baud=None) as server, running(opener(server.path), recorder) as tpe:
        recorder.wait_state(State.FAULT)
        assert tpe.health.reason == Reason.BUSY


def test_a_recorder_that_fails_at_the_end_frees_the_terminal() -> None:
    recorder = WaitingRecorder()

    class Forgetful(WaitingRecorder):
        def concluded(self, reference: str, conclusion: Conclusion) -> None:
            recorder.concluded(reference, conclusion)
            raise OSError("the disk is full")

    with serve_memory(SimulatedTerminal()) as server, running(server.opener, Forgetful()) as tpe:
        assert pay(tpe, recorder, 1, 1200).outcome is Outcome.APPROVED
        assert pay(tpe, recorder, 2, 1300).outcome is Outcome.APPROVED


def test_what_the_terminal_can_do_is_said() -> None:
    tpe = CardTerminal(
        "tpe", opener("/dev/null"), Settings(echoes_reference=True), WaitingRecorder()
    )
    can = tpe.capabilities
    assert (can.refund, can.probe, can.echoes_reference) == (True, True, True)
    cannot = (can.cancel_from_till, can.query_last, can.partial_approval, can.ticket_text)
    assert not any(cannot)


PEER = """
import sys
from telium import Telium, TeliumAsk
device = Telium(sys.argv[1], timeout=10)
assert device.is_ok()
ask = TeliumAsk.new_payment(float(sys.argv[2]), target_currency="EUR")
assert device.ask(ask)
answer = device.verify(ask, waiting_timeout=20)
print(answer.has_succeeded, answer.amount, answer.repport.strip())
device.close()
"""


@pytest.mark.parametrize(
    ("amount", "said"), [("12.50", "True 12.5 4970******1234"), ("12.01", "False 12.01")]
)
def test_an_independent_till_pays_at_our_simulated_terminal(
    amount: str, said: str, tmp_path: Path
) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    terminal = SimulatedTerminal(director=Director(by_amount=True), ledger=ledger)
    with serve_pty(terminal, baud=9_600) as server:
        done = subprocess.run(
            [sys.executable, "-c", PEER, server.path, amount],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(said)
    written = Ledger(tmp_path / "ledger.jsonl")
    assert [entry.asked_cents for entry in written.entries] == [round(float(amount) * 100)]
    assert written.charged_cents == (1250 if amount == "12.50" else 0)
