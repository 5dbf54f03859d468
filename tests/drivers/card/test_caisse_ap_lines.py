"""The driver on real lines: TCP, one call for each connection, and pseudo-terminals."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest

from drivers.card.caisse_ap.protocol import PROTOCOL
from drivers.card.caisse_ap.settings import CaisseApSettings
from drivers.card.interface import (
    Answer,
    AnswerStatus,
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
from drivers.runner import Health, State
from drivers.simulators.card.caisse_ap import CaisseApOptions, CaisseApTerminal
from drivers.simulators.card.caisse_ap_scenarios import SCENARIOS
from drivers.simulators.card.director import Director
from drivers.simulators.line import serve_pty, serve_tcp
from drivers.simulators.wire import LineFaults
from drivers.transports import opener

WAIT_S = 30.0  # a limit for a machine under load, never a measure
FAST = (0.05,)
LET_GO_S = 0.5  # how soon the driver sees that the terminal hung up, and more
QUICK = CaisseApSettings(listen_first_s=0.1, ask_again_s=0.2)
REPEATING = replace(QUICK, profile=Profile(echoes_reference=True, repeats_last=True))


@dataclass
class WaitingRecorder:
    """Lets a test wait for what the terminal's thread records."""

    changed: threading.Condition = field(default_factory=threading.Condition)
    conclusions: dict[str, Conclusion] = field(default_factory=dict)
    lates: list[Answer] = field(default_factory=list)
    shown: list[Progress] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    presences: list[Presence] = field(default_factory=list)
    open: dict[str, Question] = field(default_factory=dict)
    findings: dict[str, Answer] = field(default_factory=dict)

    def sending(self, reference: str) -> None:
        assert reference not in self.conclusions

    def answered(self, reference: str, answer: Answer) -> None:
        assert reference not in self.conclusions

    def concluded(self, reference: str, conclusion: Conclusion) -> None:
        self._note(lambda: self.conclusions.update({reference: conclusion}))

    def late(self, answer: Answer) -> None:
        self._note(lambda: self.lates.append(answer))

    def questions(self) -> tuple[Question, ...]:
        with self.changed:
            return tuple(self.open.values())

    def found(self, reference: str, answer: Answer) -> None:
        def close() -> None:
            self.findings[reference] = answer
            self.open.pop(reference, None)

        self._note(close)

    def totals(self, totals: Totals | None) -> None:
        raise AssertionError("Caisse-AP has no totals")

    def progress(self, reference: str, progress: Progress, text: str = "") -> None:
        self._note(lambda: self.shown.append(progress))

    def on_health(self, health: Health) -> None:
        self._note(lambda: self.states.append(health.state))

    def on_found(self, presence: Presence) -> None:
        self._note(lambda: self.presences.append(presence))

    def wait(self, until: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(until, WAIT_S)

    def _note(self, action: Callable[[], None]) -> None:
        with self.changed:
            action()
            self.changed.notify_all()


@contextmanager
def running(
    url: str, recorder: WaitingRecorder, settings: CaisseApSettings = QUICK
) -> Iterator[CardTerminal]:
    terminal = CardTerminal(
        "tpe",
        opener(url),
        protocol_named("caisse-ap"),
        settings,
        recorder,
        on_network=not settings.on_link,
        on_health=recorder.on_health,
        backoff_s=FAST,
    )
    terminal.start()
    try:
        yield terminal
    finally:
        assert terminal.stop(WAIT_S)


def pay(terminal: CardTerminal, recorder: WaitingRecorder, number: int, cents: int) -> Conclusion:
    reference = f"T{number:09d}"
    terminal.begin(Request(reference, cents))
    recorder.wait(lambda: reference in recorder.conclusions)
    return recorder.conclusions[reference]


def simulated(customer_s: float = 0.0, *, on_link: bool = False) -> CaisseApTerminal:
    options = CaisseApOptions(customer_s=customer_s, on_link=on_link)
    return CaisseApTerminal(options, Director(SCENARIOS, by_amount=True))


# By the two last digits of the amount.
PAYMENTS = {
    1200: (Outcome.APPROVED, Reason.APPROVED),
    1201: (Outcome.DECLINED, Reason.DECLINED),
    1202: (Outcome.CANCELLED, Reason.CANCELLED),
    1209: (Outcome.APPROVED, Reason.APPROVED),
    1221: (Outcome.APPROVED, Reason.PARTLY_APPROVED),
    1223: (Outcome.CANCELLED, Reason.CANCELLED),
    1228: (Outcome.DECLINED, Reason.NOT_POSSIBLE),
    1232: (Outcome.UNKNOWN, Reason.STATUS_UNKNOWN),
}


def test_payments_on_a_network() -> None:
    terminal, recorder = simulated(), WaitingRecorder()
    with (
        serve_tcp(terminal) as server,
        running(f"tcp://127.0.0.1:{server.port}", recorder) as tpe,
    ):
        for number, (cents, expected) in enumerate(PAYMENTS.items()):
            conclusion = pay(tpe, recorder, number, cents)
            assert (conclusion.outcome, conclusion.reason) == expected
        charged = server.act(lambda: terminal.ledger.charged_cents)
        assert charged == 1200 + 1209 + 610 + 1232


def test_payments_on_a_pseudo_terminal_as_on_usb() -> None:
    terminal, recorder = simulated(on_link=True), WaitingRecorder()
    settings = replace(QUICK, on_link=True)
    with (
        serve_pty(terminal, baud=115_200) as server,
        running(server.path, recorder, settings) as tpe,
    ):
        for number, (cents, expected) in enumerate(PAYMENTS.items()):
            conclusion = pay(tpe, recorder, number, cents)
            assert (conclusion.outcome, conclusion.reason) == expected
        assert server.act(lambda: len(terminal.ledger.acknowledged)) == len(PAYMENTS)


def test_payments_on_seven_bits_even_parity() -> None:
    terminal, recorder = simulated(on_link=True), WaitingRecorder()
    with serve_tcp(terminal, baud=19_200) as server:
        url = f"socket://127.0.0.1:{server.port}?bits=7&parity=E&baud=19200"
        with running(url, recorder, replace(QUICK, on_link=True)) as tpe:
            assert pay(tpe, recorder, 1, 1200).outcome is Outcome.APPROVED
            assert pay(tpe, recorder, 2, 1206).outcome is Outcome.APPROVED


def test_an_answer_that_comes_one_byte_at_a_time() -> None:
    terminal, recorder = simulated(), WaitingRecorder()
    with (
        serve_tcp(terminal, faults=LineFaults(fragment_gap_s=0.002)) as server,
        running(f"tcp://127.0.0.1:{server.port}", recorder) as tpe,
    ):
        conclusion = pay(tpe, recorder, 1, 1200)
        assert conclusion.outcome is Outcome.APPROVED
        assert conclusion.answer is not None
        assert conclusion.answer.private_data == "T000000001"


def test_what_a_broken_connection_took_is_asked_for_and_found() -> None:
    terminal, recorder = simulated(), WaitingRecorder()
    with (
        serve_tcp(terminal) as server,
        running(f"tcp://127.0.0.1:{server.port}", recorder, REPEATING) as tpe,
    ):
        recorder.open["T000000001"] = Question("T000000001", 1218, Kind.PAYMENT)
        conclusion = pay(tpe, recorder, 1, 1218)
        assert (conclusion.outcome, conclusion.reason) == (Outcome.UNKNOWN, Reason.LINE_LOST)
        recorder.wait(lambda: "T000000001" in recorder.findings)
        found = recorder.findings["T000000001"]
        assert (found.status, found.amount_cents) == (AnswerStatus.APPROVED, 1218)
        assert found.private_data == "T000000001"
        assert server.act(lambda: terminal.ledger.charged_cents) == 1218


def test_a_terminal_asleep_costs_nothing_and_wakes_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    recorder = WaitingRecorder()
    settings = replace(QUICK, start_timeout_s=0.3)
    with running(f"tcp://127.0.0.1:{port}", recorder, settings) as tpe:
        conclusion = pay(tpe, recorder, 1, 1200)
        assert (conclusion.outcome, conclusion.reason) == (Outcome.NOT_SENT, Reason.OFFLINE)
        with serve_tcp(simulated(), port=port):
            recorder.wait(lambda: recorder.states[-1:] == [State.ONLINE])
            assert pay(tpe, recorder, 2, 1200).outcome is Outcome.APPROVED


def test_a_terminal_that_hangs_up_after_each_call_is_no_trouble() -> None:
    recorder = WaitingRecorder()
    with (
        _one_call_each() as port,
        running(f"tcp://127.0.0.1:{port}", recorder) as tpe,
    ):
        for number in range(3):
            assert pay(tpe, recorder, number, 1200).outcome is Outcome.APPROVED
            time.sleep(LET_GO_S)
        assert State.OFFLINE not in recorder.states


@contextmanager
def _one_call_each() -> Iterator[int]:
    """Serve a terminal that closes each connection as soon as it has answered."""
    answer = b"CZ0040320CA00201CE003978CD0010CB0041200AE00210AC006244774"
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    line, _ = listener.accept()
                except OSError:
                    return
                with line:
                    if line.recv(4096):
                        line.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(WAIT_S)


def test_a_probe_tells_who_is_there() -> None:
    terminal, recorder = simulated(), WaitingRecorder()
    with (
        serve_tcp(terminal) as server,
        running(f"tcp://127.0.0.1:{server.port}", recorder) as tpe,
    ):
        tpe.probe(recorder.on_found)
        recorder.wait(lambda: recorder.presences == [Presence.READY])
        assert server.act(lambda: terminal.ledger.entries) == []


@pytest.mark.parametrize("on_link", [False, True], ids=["tcp", "link"])
def test_a_till_that_closes_waits_for_no_customer(*, on_link: bool) -> None:
    terminal, recorder = simulated(customer_s=60.0, on_link=on_link), WaitingRecorder()
    settings = replace(QUICK, on_link=on_link)
    with serve_pty(terminal) if on_link else serve_tcp(terminal) as server:
        url = getattr(server, "path", "") or f"tcp://127.0.0.1:{getattr(server, 'port', 0)}"
        with running(url, recorder, settings) as tpe:
            tpe.begin(Request("T000000001", 1200))
            recorder.wait(lambda: Progress.WAITING_CUSTOMER in recorder.shown)
        conclusion = recorder.conclusions["T000000001"]
        assert (conclusion.outcome, conclusion.reason) == (Outcome.UNKNOWN, Reason.STOPPED)


def test_what_it_can_do_is_declared() -> None:
    declared = PROTOCOL.capabilities(CaisseApSettings())
    assert not declared.cancel_from_till
    assert not declared.query_last
    assert not declared.end_of_day
    assert declared.refund
    assert declared.cheque
    assert declared.partial_approval
    assert PROTOCOL.capabilities(REPEATING).query_last
    assert PROTOCOL.network_linger_s is not None
    assert PROTOCOL.network_linger_s > CaisseApSettings().greeting_s
