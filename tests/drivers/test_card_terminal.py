"""The card terminal on real lines: pseudo-terminals, pyserial over TCP, its own thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from drivers.card.caisse_ap.settings import CaisseApSettings
from drivers.card.concert.protocol import PROTOCOL
from drivers.card.concert.settings import ConcertSettings
from drivers.card.interface import (
    Answer,
    Conclusion,
    Kind,
    Outcome,
    Presence,
    Progress,
    Question,
    Reason,
    Request,
    Totals,
)
from drivers.card.settings import Profile
from drivers.card_terminal import CardTerminal, protocol_named
from drivers.errors import Busy, Offline
from drivers.runner import Health, State
from drivers.simulators.card.concert import ConcertOptions, ConcertTerminal
from drivers.simulators.card.concert_scenarios import SCENARIOS
from drivers.simulators.card.director import Director
from drivers.simulators.card.protocols import make, scenarios
from drivers.simulators.card.terminal import SimulatedTerminal
from drivers.simulators.line import Server, serve_memory, serve_pty, serve_tcp
from drivers.simulators.wire import LineFaults
from drivers.transports import Opener, Transport, opener
from tests.drivers.card.ways import WAYS, Way

WAIT_S = 30.0  # a limit for a machine under load, never a measure
FAST = (0.05,)
QUICK = ConcertSettings(enq_pause_s=0.05, listen_first_s=0.0)


@dataclass
class WaitingRecorder:
    """Lets a test wait for what the terminal's thread records."""

    changed: threading.Condition = field(default_factory=threading.Condition)
    answers: dict[str, Answer] = field(default_factory=dict)
    conclusions: dict[str, Conclusion] = field(default_factory=dict)
    lates: list[Answer] = field(default_factory=list)
    shown: list[Progress] = field(default_factory=list)
    health: list[State] = field(default_factory=list)
    asked: int = 0
    open: list[Question] = field(default_factory=list)
    findings: list[tuple[str, Answer]] = field(default_factory=list)
    day: list[Totals | None] = field(default_factory=list)

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

    def questions(self) -> tuple[Question, ...]:
        with self.changed:
            self.asked += 1
            self.changed.notify_all()
        return tuple(self.open)

    def found(self, reference: str, answer: Answer) -> None:
        with self.changed:
            self.findings.append((reference, answer))
            self.changed.notify_all()

    def totals(self, totals: Totals | None) -> None:
        with self.changed:
            self.day.append(totals)
            self.changed.notify_all()

    def progress(self, reference: str, progress: Progress, text: str = "") -> None:
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

    def wait_asked(self, times: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.asked >= times, WAIT_S)

    def wait_found(self) -> tuple[str, Answer]:
        with self.changed:
            assert self.changed.wait_for(lambda: self.findings, WAIT_S)
        return self.findings[0]

    def wait_state(self, state: State) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.health[-1:] == [state], WAIT_S)


@contextmanager
def running(
    line: Opener, recorder: WaitingRecorder, settings: ConcertSettings = QUICK
) -> Iterator[CardTerminal]:
    terminal = CardTerminal(
        "tpe", line, PROTOCOL, settings, recorder, on_health=recorder.on_health, backoff_s=FAST
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


def simulated(customer_s: float = 0.0, reoffer_after_s: float = 5.0) -> ConcertTerminal:
    options = ConcertOptions(customer_s=customer_s, reoffer_after_s=reoffer_after_s)
    return ConcertTerminal(options, Director(SCENARIOS, by_amount=True))


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
        with running(opener(url), recorder, ConcertSettings(ask_card_number=True)) as tpe:
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
    terminal, recorder = ConcertTerminal(), WaitingRecorder()
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


def test_a_request_that_is_stopped_before_its_line_is_there_is_never_sent(tmp_path: Path) -> None:
    terminal, recorder = simulated(), WaitingRecorder()
    port = tmp_path / "ttyACM0"
    with serve_pty(terminal, baud=None) as server, running(opener(str(port)), recorder) as tpe:
        recorder.wait_state(State.OFFLINE)
        tpe.begin(Request("T000000001", 1200))
        tpe.cancel()
        port.symlink_to(server.path)
        conclusion = recorder.conclusion("T000000001")
        assert (conclusion.outcome, conclusion.reason) == (Outcome.NOT_SENT, Reason.CANCELLED)
        assert pay(tpe, recorder, 2, 1200).outcome is Outcome.APPROVED
        tpe.cancel()
        assert pay(tpe, recorder, 3, 1200).outcome is Outcome.APPROVED, "nothing ran to be stopped"
        assert server.act(lambda: terminal.ledger.charges("T000000001")) == []


def test_an_end_that_cannot_be_recorded_is_looked_into_at_once() -> None:
    class Forgetful(WaitingRecorder):
        def concluded(self, reference: str, conclusion: Conclusion) -> None:
            self.open.append(Question(reference, 1200, Kind.PAYMENT))
            super().concluded(reference, conclusion)
            raise OSError("the disk is full")

    recorder, settings = Forgetful(), ConcertSettings(listen_first_s=60.0)
    with (
        serve_memory(ConcertTerminal()) as server,
        running(server.opener, recorder, settings) as tpe,
    ):
        pay(tpe, recorder, 1, 1200)
        recorder.wait_asked(1)


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
    settings = ConcertSettings(start_timeout_s=0.2)
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
    terminal, recorder = ConcertTerminal(), WaitingRecorder()
    found: list[Presence] = []
    asked = threading.Semaphore(0)

    def hear(presence: Presence) -> None:
        found.append(presence)
        asked.release()

    settings = ConcertSettings(probe_tries=1, listen_first_s=60.0)
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
    terminal, recorder = (
        ConcertTerminal(director=Director(SCENARIOS, SCENARIOS["busy"])),
        WaitingRecorder(),
    )
    with serve_pty(terminal, baud=None) as server, running(opener(server.path), recorder) as tpe:
        recorder.wait_state(State.FAULT)
        assert tpe.health.reason == Reason.BUSY


def test_a_recorder_that_fails_at_the_end_frees_the_terminal() -> None:
    recorder = WaitingRecorder()

    class Forgetful(WaitingRecorder):
        def concluded(self, reference: str, conclusion: Conclusion) -> None:
            recorder.concluded(reference, conclusion)
            raise OSError("the disk is full")

    with serve_memory(ConcertTerminal()) as server, running(server.opener, Forgetful()) as tpe:
        assert pay(tpe, recorder, 1, 1200).outcome is Outcome.APPROVED
        assert pay(tpe, recorder, 2, 1300).outcome is Outcome.APPROVED


def test_what_the_terminal_can_do_is_said() -> None:
    tpe = CardTerminal(
        "tpe",
        opener("/dev/null"),
        PROTOCOL,
        ConcertSettings(profile=Profile(echoes_reference=True)),
        WaitingRecorder(),
    )
    can = tpe.capabilities
    assert (can.refund, can.probe, can.echoes_reference) == (True, True, True)
    cannot = (can.cancel_from_till, can.query_last, can.partial_approval, can.ticket_text)
    assert not any(cannot)


@pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))
def test_every_protocol_pays_on_a_real_line(way: Way) -> None:
    director = Director(scenarios(way.protocol), by_amount=True)
    terminal = make(way.protocol, director=director, serial=way.serial)
    settings = way.settings(listen_first_s=0.0, **way.own)
    recorder = WaitingRecorder()
    with served(terminal, serial=way.serial) as (server, port):
        tpe = CardTerminal(
            "tpe",
            opener(port),
            protocol_named(way.protocol),
            settings,
            recorder,
            on_network=not way.serial,
            backoff_s=FAST,
        )
        tpe.start()
        try:
            assert pay(tpe, recorder, 1, 1200).outcome is Outcome.APPROVED
            assert pay(tpe, recorder, 2, 1201).outcome is Outcome.DECLINED
            assert pay(tpe, recorder, 3, 1300).outcome is Outcome.APPROVED
        finally:
            assert tpe.stop(WAIT_S)
        assert server.act(lambda: terminal.ledger.charged_cents) == 1200 + 1300


# A line that is for one call.


@contextmanager
def on_call(
    recorder: WaitingRecorder, settings: CaisseApSettings, opened: list[Transport]
) -> Iterator[CardTerminal]:
    """A terminal on the network, whose line is let go soon after each call."""
    protocol = replace(protocol_named("caisse-ap"), network_linger_s=0.2)
    with served(make("caisse-ap", serial=False), serial=False) as (_, port):
        open_line = opener(port)

        def open_counted() -> Transport:
            opened.append(open_line())
            return opened[-1]

        tpe = CardTerminal(
            "tpe",
            open_counted,
            protocol,
            settings,
            recorder,
            on_network=True,
            on_health=recorder.on_health,
            backoff_s=FAST,
        )
        tpe.start()
        try:
            yield tpe
        finally:
            assert tpe.stop(WAIT_S)


def test_a_line_for_one_call_is_let_go_and_opened_for_the_next() -> None:
    recorder, opened = WaitingRecorder(), list[Transport]()
    with on_call(recorder, CaisseApSettings(listen_first_s=60.0), opened) as tpe:
        assert pay(tpe, recorder, 1, 1200).outcome is Outcome.APPROVED
        before = len(opened)
        assert pay(tpe, recorder, 2, 1200).outcome is Outcome.APPROVED
        assert len(opened) == before + 1
        assert recorder.health == [State.ONLINE], "nobody is told that it rests"


def test_a_line_at_rest_is_opened_again_while_an_end_is_unknown() -> None:
    class Doubtful(WaitingRecorder):
        def concluded(self, reference: str, conclusion: Conclusion) -> None:
            self.open.append(Question(reference, 1200, Kind.PAYMENT))
            super().concluded(reference, conclusion)

    recorder, opened = Doubtful(), list[Transport]()
    settings = CaisseApSettings(
        profile=Profile(repeats_last=True), listen_first_s=0.0, ask_again_s=0.1
    )
    with on_call(recorder, settings, opened) as tpe:
        pay(tpe, recorder, 1, 1200)
        reference, answer = recorder.wait_found()
        assert (reference, answer.amount_cents) == ("T000000001", 1200)


@contextmanager
def served(terminal: SimulatedTerminal, *, serial: bool) -> Iterator[tuple[Server, str]]:
    if serial:
        with serve_pty(terminal, baud=None) as on_pty:
            yield on_pty, on_pty.path
    else:
        with serve_tcp(terminal) as on_tcp:
            yield on_tcp, f"tcp://{on_tcp.host}:{on_tcp.port}"
