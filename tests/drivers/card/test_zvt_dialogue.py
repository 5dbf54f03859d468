"""What the till is told in each scenario, in virtual time: outcomes, order, and silence."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

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
)
from drivers.card.settings import Profile
from drivers.card.zvt import session
from drivers.card.zvt.dialogue import ZvtDialogue
from drivers.card.zvt.protocol import PROTOCOL
from drivers.card.zvt.settings import ZvtSettings
from drivers.errors import DeviceError, LocalProtocolError, RemoteProtocolError
from drivers.simulators.card.director import Director
from drivers.simulators.card.zvt import Repeats, ZvtOptions, ZvtTerminal
from drivers.simulators.card.zvt_records import WHOLE_NUMBER
from drivers.simulators.card.zvt_scenarios import SCENARIOS
from tests.drivers.card.virtual_line import Clock, MemoryRecorder, VirtualLine

REFERENCE = "T000000042"
REQUEST = Request(REFERENCE, 1250)
NEXT = Request("T000000043", 1250)
QUESTION = Question(REFERENCE, 1250, Kind.PAYMENT)
ON_NETWORK = ZvtSettings(receipts=True)
ON_SERIAL = ZvtSettings(receipts=True, on_serial=True)
BOTH = pytest.mark.parametrize("settings", [ON_NETWORK, ON_SERIAL], ids=["network", "serial"])


@dataclass
class Counter:
    """A dialogue with a simulated terminal, and all that both of them wrote down."""

    scenario: str = "approve"
    settings: ZvtSettings = ON_NETWORK
    customer_s: float = 1.0
    reverses: bool = True
    repeats: Repeats = Repeats.STATUS
    recorder: MemoryRecorder = field(default_factory=MemoryRecorder)

    def __post_init__(self) -> None:
        self.director = Director(SCENARIOS, SCENARIOS[self.scenario])
        options = ZvtOptions(
            customer_s=self.customer_s,
            on_serial=self.settings.on_serial,
            reverses=self.reverses,
            repeats=self.repeats,
        )
        self.terminal = ZvtTerminal(options, self.director)
        self.clock = Clock()
        self.connect()

    def connect(self) -> None:
        self.line = VirtualLine(self.terminal, self.clock).connect()
        issued: deque[str] = deque(maxlen=8)
        self.dialogue = ZvtDialogue(self.line, self.settings, self.recorder, issued)

    def pay(self, request: Request = REQUEST) -> Conclusion:
        try:
            return self.dialogue.carry_out(request)
        except (DeviceError, RemoteProtocolError):
            return self.dialogue.interrupted()

    @property
    def charged_cents(self) -> int:
        return self.terminal.ledger.charged_cents

    def heard(self) -> bytes:
        """Return what the till wrote."""
        return bytes(byte for direction, byte in self.line.transcript if direction == ">")


APPROVED = (Outcome.APPROVED, Reason.APPROVED)
DECLINED = (Outcome.DECLINED, Reason.DECLINED)
CANCELLED = (Outcome.CANCELLED, Reason.CANCELLED)
NOT_POSSIBLE = (Outcome.DECLINED, Reason.NOT_POSSIBLE)
EXPECTED = {
    "approve": APPROVED,
    "refuse": DECLINED,
    "abandon": CANCELLED,
    "timeout": CANCELLED,
    "busy": (Outcome.NOT_SENT, Reason.BUSY),
    "silent": (Outcome.NOT_SENT, Reason.SILENT),
    "wrong_currency": (Outcome.NOT_SENT, Reason.NOT_POSSIBLE),
    "refused_request": NOT_POSSIBLE,
    "wait_twice": APPROVED,
    "wait_always": (Outcome.DECLINED, Reason.BUSY),
    "silent_request": (Outcome.UNKNOWN, Reason.REQUEST_UNANSWERED),
    "mute_request": (Outcome.UNKNOWN, Reason.REQUEST_UNANSWERED),
    "late_answer": (Outcome.UNKNOWN, Reason.NO_ANSWER),
    "late_next": (Outcome.UNKNOWN, Reason.NO_ANSWER),
    "no_completion": APPROVED,  # the terminal, asked, confirms it
    "no_status": (Outcome.UNKNOWN, Reason.NOT_A_RESULT),
    "withdrawn": (Outcome.UNKNOWN, Reason.ANSWER_NOT_CLOSED),
    "second_card": (Outcome.UNKNOWN, Reason.ANSWER_OF_ANOTHER),
    "amount_differs": (Outcome.UNKNOWN, Reason.AMOUNT_DIFFERS),
    "currency_differs": (Outcome.UNKNOWN, Reason.AMOUNT_DIFFERS),
    "full_number": APPROVED,
    "unplug": (Outcome.UNKNOWN, Reason.LINE_LOST),
    "unplug_answer": (Outcome.UNKNOWN, Reason.LINE_LOST),
    "unplug_taken": (Outcome.UNKNOWN, Reason.LINE_LOST),
    "unknown_field": APPROVED,
    "unknown_tag": APPROVED,
    "dle": APPROVED,
    "split": APPROVED,
    "joined": APPROVED,
    "bad_crc_once": APPROVED,
    "bad_crc_always": APPROVED,
    "nak_once": APPROVED,
    "nak_always": APPROVED,
    "cannot_stop": APPROVED,
    "long_news": APPROVED,
    "no_connection": (Outcome.UNKNOWN, Reason.STATUS_UNKNOWN),
    "unknown_result": (Outcome.UNKNOWN, Reason.STATUS_UNKNOWN),
    "unknown_refusal": (Outcome.UNKNOWN, Reason.STATUS_UNKNOWN),
}
EXPECTED_ON_SERIAL = EXPECTED | {
    "bad_crc_always": (Outcome.UNKNOWN, Reason.NO_ANSWER),
    "nak_always": (Outcome.UNKNOWN, Reason.REQUEST_UNANSWERED),
}


def test_every_scenario_has_its_expected_outcome() -> None:
    assert EXPECTED.keys() == SCENARIOS.keys()


@pytest.mark.parametrize("scenario", EXPECTED)
@BOTH
def test_a_scenario_is_concluded_as_it_should(scenario: str, settings: ZvtSettings) -> None:
    counter = Counter(scenario, settings)
    conclusion = counter.pay()
    expected = EXPECTED_ON_SERIAL if settings.on_serial else EXPECTED
    assert (conclusion.outcome, conclusion.reason) == expected[scenario]
    if conclusion.outcome is Outcome.APPROVED:
        assert conclusion.answer == counter.recorder.answers[REFERENCE]
        assert counter.charged_cents == 1250
    elif conclusion.outcome is not Outcome.UNKNOWN:
        assert counter.charged_cents == 0
        sent = conclusion.outcome is not Outcome.NOT_SENT
        assert (REFERENCE in counter.recorder.answers) is sent
