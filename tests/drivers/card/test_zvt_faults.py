"""A fault at every byte of every dialogue, judged by the terminal's own ledger.

The till may say "declined", "cancelled" or "not sent" only if the customer was charged nothing, and
"approved" only if exactly the amount asked was charged, once. Everything else is unknown. Then a
new line is opened: what is heard and asked there must be as true.

TCP neither loses nor changes bytes: there the line dies, falls silent, or the till or the terminal
loses its power. On a serial line all of it can happen to any byte.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.card.interface import (
    Answer,
    AnswerStatus,
    Conclusion,
    Kind,
    Outcome,
    Presence,
    Question,
    Request,
)
from drivers.card.zvt import session
from drivers.card.zvt.dialogue import ZvtDialogue
from drivers.card.zvt.settings import ZvtSettings
from drivers.errors import DeviceError, RemoteProtocolError
from drivers.simulators.card.director import Director
from drivers.simulators.card.zvt import ZvtOptions, ZvtTerminal
from drivers.simulators.card.zvt_scenarios import SCENARIOS, ZvtScenario
from tests.drivers.card.virtual_line import Clock, Fault, MemoryRecorder, PowerCutError, VirtualLine
from tests.sampling import examples, sample

REFERENCE = "T000000042"
CENTS = 1250
LISTEN_AFTER_S = 230.0
EVERY_BYTE = {"approve"}

NETWORK = ZvtSettings()
SERIAL = ZvtSettings(on_serial=True)
PAPERS = ZvtSettings(receipts=True)
LINES = {"network": NETWORK, "serial": SERIAL}
FAULTS = {
    "network": [Fault.DIES, Fault.MUTE, Fault.POWER],
    "serial": [
        Fault.DIES, Fault.MUTE, Fault.POWER, Fault.LOST, Fault.FLIPPED, Fault.DOUBLED, Fault.NOISE,
    ],
}  # fmt: skip
POINTS = [(line, fault) for line, faults in FAULTS.items() for fault in faults]


@pytest.fixture(autouse=True)
def _long_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    # Virtual time needs no short reads, and there are many dialogues to hold.
    monkeypatch.setattr(session, "READ_SLICE_S", 60.0)


@dataclass
class Case:
    """A till and a terminal, one attempt, and the recovery after it."""

    scenario: ZvtScenario
    how: ZvtSettings
    faults: dict[int, Fault] = field(default_factory=dict)
    flip_mask: int = 0x01
    noise: bytes = b"\x7f"
    reverses: bool = True
    kind: Kind = Kind.PAYMENT
    loses_power: bool = False
    lates: int = 0
    found: Answer | None = None
    conclusion: Conclusion | None = None

    def __post_init__(self) -> None:
        options = ZvtOptions(customer_s=1.0, on_serial=self.how.on_serial, reverses=self.reverses)
        self.director = Director(SCENARIOS, self.scenario)
        self.terminal = ZvtTerminal(options, self.director)
        self.clock = Clock()
        self.recorder = MemoryRecorder()
        receipt = self._paid_before() if self.kind is Kind.CANCELLATION else ""
        self.before = len(self.terminal.ledger.entries)
        self.request = Request(REFERENCE, CENTS, self.kind, receipt=receipt)
        self.line = VirtualLine(
            self.terminal, self.clock, dict(self.faults), self.flip_mask, self.noise
        ).connect()

    def _paid_before(self) -> str:
        self.director.insert(SCENARIOS["approve"])
        line = VirtualLine(self.terminal, self.clock).connect()
        how = ZvtSettings(on_serial=self.how.on_serial)
        conclusion = ZvtDialogue(line, how, MemoryRecorder(), deque()).carry_out(
            Request("T000000001", CENTS)
        )
        assert conclusion.answer is not None
        return conclusion.answer.receipt

    @property
    def charged_cents(self) -> int:
        """What the attempt charged the customer, or gave back."""
        entries = self.terminal.ledger.entries[self.before :]
        return sum(entry.charged_cents for entry in entries)

    def attempt(self) -> Case:
        dialogue = ZvtDialogue(self.line, self.how, self.recorder, deque(maxlen=8))
        try:
            self.conclusion = dialogue.carry_out(self.request)
        except (DeviceError, RemoteProtocolError):
            self.conclusion = dialogue.interrupted()
        except PowerCutError:
            return self
        self.recorder.concluded(REFERENCE, self.conclusion)
        return self

    def recover(self) -> None:
        """Start anew on a sound line, as after a reconnection: listen, probe, ask."""
        self.lates = len(self.recorder.late_answers)
        if self.loses_power:
            self.terminal.power_cut()
        line = VirtualLine(self.terminal, self.clock).connect()
        dialogue = ZvtDialogue(line, self.how, self.recorder, deque(maxlen=8))
        try:
            dialogue.listen(LISTEN_AFTER_S)
            if dialogue.probe(3) is Presence.READY:
                self.found = dialogue.ask_last(Question(REFERENCE, CENTS, self.kind))
        except DeviceError:
            assert self.scenario.name.startswith(("unplug", "late", "split"))

    def judge(self) -> None:
        asked_cents = CENTS if self.kind is Kind.PAYMENT else -CENTS
        charged_cents = self.charged_cents
        assert charged_cents in {0, asked_cents, asked_cents - self.scenario.short_cents}
        if self.conclusion is None:
            # The power went: without a trace on disk, the terminal may have heard nothing.
            assert not charged_cents or ("sending", REFERENCE) in self.recorder.events
        elif self.conclusion.outcome in {Outcome.DECLINED, Outcome.CANCELLED, Outcome.NOT_SENT}:
            assert charged_cents == 0
        elif self.conclusion.outcome is Outcome.APPROVED:
            assert charged_cents == asked_cents

    def judge_recovery(self) -> None:
        """What is told afterwards may settle the attempt: it must be as true."""
        self.judge()
        withdrawn = self.scenario.name == "withdrawn"  # it approves first, and then it does not
        for answer in self.recorder.late_answers[self.lates :]:
            if answer.status is AnswerStatus.APPROVED and not withdrawn:
                assert abs(self.charged_cents) == answer.amount_cents
        if self.found is not None and self.kind is Kind.PAYMENT:
            assert self.found.amount_cents == self.charged_cents


def undisturbed_bytes(scenario: ZvtScenario, how: ZvtSettings, kind: Kind = Kind.PAYMENT) -> int:
    return len(Case(scenario, how, kind=kind).attempt().line.transcript)


def points(scenario: ZvtScenario, how: ZvtSettings, kind: Kind = Kind.PAYMENT) -> range:
    """Every byte where the result is at stake, some of them where the way to it is the same."""
    step = 1 if scenario.name in EVERY_BYTE else 17
    return range(0, undisturbed_bytes(scenario, how, kind), step)


@pytest.mark.parametrize(("line", "fault"), POINTS)
@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS.keys())
def test_a_fault_at_any_byte_never_makes_the_till_say_what_is_not_true(
    scenario: ZvtScenario, line: str, fault: Fault
) -> None:
    for at in sample(points(scenario, LINES[line]), FAULTS[line].index(fault)):
        case = Case(scenario, LINES[line], {at: fault}).attempt()
        case.judge()
        before = dict(case.recorder.conclusions)
        case.recover()
        case.judge_recovery()
        assert case.recorder.conclusions == before, "listening concludes nothing"


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("name", ["approve", "refuse", "late_next"])
def test_a_terminal_that_loses_its_power_at_any_byte_is_judged_by_its_books(
    name: str, line: str
) -> None:
    scenario, how = SCENARIOS[name], LINES[line]
    for at in sample(range(0, undisturbed_bytes(scenario, how), 3)):
        for reverses in (True, False):
            case = Case(scenario, how, {at: Fault.DIES}, reverses=reverses, loses_power=True)
            case.attempt().judge()
            case.recover()
            case.judge_recovery()


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("fault", [Fault.DIES, Fault.MUTE, Fault.POWER])
def test_a_terminal_that_keeps_what_was_not_acknowledged_tells_it_when_asked(
    fault: Fault, line: str
) -> None:
    seen = 0
    for at in sample(points(SCENARIOS["approve"], LINES[line]), FAULTS[line].index(fault)):
        case = Case(SCENARIOS["approve"], LINES[line], {at: fault}, reverses=False).attempt()
        case.judge()
        case.recover()
        case.judge_recovery()
        unknown = case.conclusion is None or case.conclusion.outcome is Outcome.UNKNOWN
        if unknown and case.charged_cents:
            seen += 1
            told = [case.found, *case.recorder.late_answers]
            assert CENTS in [answer.amount_cents for answer in told if answer]
    assert seen


@pytest.mark.parametrize("mask", [1 << bit for bit in range(8)], ids=hex)
def test_any_flipped_bit_on_a_serial_line_is_survived(mask: int) -> None:
    for name in ("approve", "refuse"):
        every_fifth = range(mask.bit_length() % 5, undisturbed_bytes(SCENARIOS[name], SERIAL), 5)
        for at in sample(every_fifth, mask.bit_length()):
            case = Case(SCENARIOS[name], SERIAL, {at: Fault.FLIPPED}, flip_mask=mask)
            case.attempt().judge()


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("kind", [Kind.REFUND, Kind.CANCELLATION])
@pytest.mark.parametrize("fault", [Fault.DIES, Fault.MUTE])
def test_money_given_back_is_held_to_the_same_rule(kind: Kind, fault: Fault, line: str) -> None:
    for name in ("approve", "no_completion"):
        for at in sample(range(0, undisturbed_bytes(SCENARIOS[name], LINES[line], kind), 7)):
            case = Case(SCENARIOS[name], LINES[line], {at: fault}, kind=kind).attempt()
            case.judge()
            case.recover()
            case.judge()


@pytest.mark.parametrize("fault", [Fault.DIES, Fault.MUTE])
def test_papers_are_cut_as_harmlessly(fault: Fault) -> None:
    for at in range(0, undisturbed_bytes(SCENARIOS["approve"], PAPERS), 9):
        case = Case(SCENARIOS["approve"], PAPERS, {at: fault}).attempt()
        case.judge()
        case.recover()
        case.judge_recovery()


@settings(max_examples=examples(60), deadline=None)
@given(
    faults=st.dictionaries(
        st.integers(0, 400),
        st.sampled_from([Fault.LOST, Fault.DOUBLED, Fault.NOISE, Fault.MUTE, Fault.DIES]),
        max_size=8,
    ),
    noise=st.binary(min_size=1, max_size=6),
    scenario=st.sampled_from(list(SCENARIOS.values())),
    reverses=st.booleans(),
)
def test_many_faults_at_once_on_a_serial_line_are_survived(
    faults: dict[int, Fault], noise: bytes, scenario: ZvtScenario, reverses: bool
) -> None:
    case = Case(scenario, SERIAL, faults, noise=noise, reverses=reverses).attempt()
    case.judge()
    case.recover()
    case.judge()
