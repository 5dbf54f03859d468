"""ZVT on real lines: TCP and a pseudo-terminal, with the terminal's own thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from drivers.card.interface import Answer, Conclusion, Outcome, Progress, Reason, Request
from drivers.card.zvt.protocol import PROTOCOL
from drivers.card.zvt.settings import ZvtSettings
from drivers.card_terminal import CardTerminal
from drivers.simulators.card.director import Director
from drivers.simulators.card.zvt import ZvtOptions, ZvtTerminal
from drivers.simulators.card.zvt_scenarios import SCENARIOS
from drivers.simulators.line import serve_pty, serve_tcp
from drivers.transports import Opener, opener
from tests.drivers.card.virtual_line import MemoryRecorder

WAIT_S = 30.0  # a limit for a machine under load, never a measure


@dataclass
class WaitingRecorder(MemoryRecorder):
    """Lets a test wait for what the terminal's thread records."""

    changed: threading.Condition = field(default_factory=threading.Condition)

    def concluded(self, reference: str, conclusion: Conclusion) -> None:
        with self.changed:
            super().concluded(reference, conclusion)
            self.changed.notify_all()

    def late(self, answer: Answer) -> None:
        with self.changed:
            super().late(answer)
            self.changed.notify_all()

    def progress(self, reference: str, progress: Progress, text: str = "") -> None:
        with self.changed:
            super().progress(reference, progress, text)
            self.changed.notify_all()

    def conclusion(self, reference: str) -> Conclusion:
        with self.changed:
            assert self.changed.wait_for(lambda: reference in self.conclusions, WAIT_S)
        return self.conclusions[reference]

    def wait_for(self, progress: Progress) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: progress in self.shown, WAIT_S)


@contextmanager
def running(line: Opener, recorder: WaitingRecorder, *, on_network: bool) -> Iterator[CardTerminal]:
    settings = ZvtSettings(receipts=True, on_serial=not on_network, listen_first_s=0.0)
    terminal = CardTerminal(
        "zvt", line, PROTOCOL, settings, recorder, on_network=on_network, backoff_s=(0.05,)
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


def simulated(*, on_serial: bool, customer_s: float = 0.05) -> ZvtTerminal:
    options = ZvtOptions(customer_s=customer_s, on_serial=on_serial)
    return ZvtTerminal(options, Director(SCENARIOS, by_amount=True))


def test_payments_on_tcp() -> None:
    terminal = simulated(on_serial=False)
    with serve_tcp(terminal) as server:
        payments_of_all_kinds(f"tcp://127.0.0.1:{server.port}", on_network=True)
        assert server.act(lambda: terminal.ledger.charged_cents) == 1200 + 1224 + 1223


def test_payments_on_a_pseudo_terminal() -> None:
    terminal = simulated(on_serial=True)
    with serve_pty(terminal, baud=115_200) as server:
        payments_of_all_kinds(server.path, on_network=False)
        assert server.act(lambda: terminal.ledger.charged_cents) == 1200 + 1224 + 1223


def payments_of_all_kinds(path: str, *, on_network: bool) -> None:
    recorder = WaitingRecorder()
    with running(opener(path), recorder, on_network=on_network) as tpe:
        paid = pay(tpe, recorder, 1, 1200)
        assert paid.outcome is Outcome.APPROVED
        assert len(paid.slips) == 2
        assert pay(tpe, recorder, 2, 1201).outcome is Outcome.DECLINED
        assert pay(tpe, recorder, 3, 1202).outcome is Outcome.CANCELLED
        assert pay(tpe, recorder, 4, 1224).outcome is Outcome.APPROVED
        assert pay(tpe, recorder, 5, 1223).outcome is Outcome.APPROVED


def test_the_cashier_stops_a_payment_on_tcp() -> None:
    terminal, recorder = simulated(on_serial=False, customer_s=60.0), WaitingRecorder()
    with serve_tcp(terminal) as server:
        path = f"tcp://127.0.0.1:{server.port}"
        with running(opener(path), recorder, on_network=True) as tpe:
            tpe.begin(Request("T000000001", 1200))
            recorder.wait_for(Progress.WAITING_CUSTOMER)
            tpe.cancel()
            assert recorder.conclusion("T000000001").outcome is Outcome.CANCELLED
    assert terminal.ledger.charged_cents == 0


def test_a_terminal_that_hangs_up_leaves_it_unknown_and_is_paid_at_again() -> None:
    terminal, recorder = simulated(on_serial=False), WaitingRecorder()
    with serve_tcp(terminal) as server:
        path = f"tcp://127.0.0.1:{server.port}"
        with running(opener(path), recorder, on_network=True) as tpe:
            conclusion = pay(tpe, recorder, 1, 1218)
            assert (conclusion.outcome, conclusion.reason) == (Outcome.UNKNOWN, Reason.LINE_LOST)
            assert pay(tpe, recorder, 2, 1200).outcome is Outcome.APPROVED
        assert server.act(lambda: terminal.ledger.charged_cents) == 1200


def test_a_till_that_closes_while_a_customer_pays_ends_at_once() -> None:
    terminal, recorder = simulated(on_serial=False, customer_s=60.0), WaitingRecorder()
    with serve_tcp(terminal) as server:
        path = f"tcp://127.0.0.1:{server.port}"
        with running(opener(path), recorder, on_network=True) as tpe:
            tpe.begin(Request("T000000001", 1200))
            recorder.wait_for(Progress.WAITING_CUSTOMER)
    conclusion = recorder.conclusions["T000000001"]
    assert (conclusion.outcome, conclusion.reason) == (Outcome.UNKNOWN, Reason.STOPPED)
