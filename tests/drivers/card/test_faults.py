"""A fault at every byte of every dialogue, judged by the terminal's own ledger.

The till may say "declined" or "not sent" only if the customer was charged nothing, and
"approved" only if exactly the amount asked was charged, once. Everything else is unknown.
"""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.card.interface import Conclusion, Kind, Outcome, Request
from drivers.errors import DeviceError, RemoteProtocolError
from drivers.simulators.terminal import Options, SimulatedTerminal
from drivers.simulators.terminal_ledger import Ledger
from drivers.simulators.terminal_scenarios import SCENARIOS, Director, Scenario
from drivers.terminal import session
from drivers.terminal.dialogue import Dialogue
from drivers.terminal.settings import Settings
from tests.drivers.virtual_line import Clock, Fault, MemoryRecorder, PowerCutError, VirtualLine

REFERENCE = "T000000042"
REQUEST = Request(REFERENCE, 1250)
LISTEN_AFTER_S = 400.0

SETTINGS = {
    "as they come": Settings(),
    "echoing, with card number": Settings(echoes_reference=True, ask_card_number=True),
    "without EOT or probe": Settings(eot_may_be_missing=True, probe_before=False),
}
# These make up bytes that the till never sent, an acknowledgement for one.
FORGING = {Fault.FLIPPED, Fault.DOUBLED, Fault.NOISE}
POINT_FAULTS = [Fault.DIES, Fault.MUTE, Fault.LOST, Fault.FLIPPED, Fault.DOUBLED, Fault.POWER]


@pytest.fixture(autouse=True)
def _long_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    # Virtual time needs no short reads, and there are many dialogues to hold.
    monkeypatch.setattr(session, "READ_SLICE_S", 60.0)


def new_terminal(scenario: Scenario, reoffers: int = 3) -> SimulatedTerminal:
    return SimulatedTerminal(Options(1.0, reoffers), Director(scenario), Ledger())


def attempt(
    line: VirtualLine, how: Settings, recorder: MemoryRecorder, request: Request = REQUEST
) -> Conclusion | None:
    """Make one attempt as the terminal's thread does; None when the till lost its power."""
    dialogue = Dialogue(line, how, recorder, deque(maxlen=8))
    try:
        conclusion = dialogue.pay(request)
    except (DeviceError, RemoteProtocolError):
        conclusion = dialogue.interrupted()
    except PowerCutError:
        return None
    recorder.concluded(request.reference, conclusion)
    return conclusion


def listen_again(line: VirtualLine, how: Settings, recorder: MemoryRecorder) -> None:
    """Start anew on a sound line, as after a reconnection or a restart, and listen."""
    sound = VirtualLine(line.terminal, line.clock).connect()
    try:
        Dialogue(sound, how, recorder, deque(maxlen=8)).listen(LISTEN_AFTER_S)
    except DeviceError:
        assert "unplug" in line.terminal.director.next().name


def judge(
    line: VirtualLine,
    recorder: MemoryRecorder,
    conclusion: Conclusion | None,
    request: Request = REQUEST,
) -> None:
    ledger = line.terminal.ledger
    charges = ledger.charges(request.reference)
    assert len(charges) <= 1, "charged twice"
    asked_cents = request.amount_cents * (1 if request.kind is Kind.PAYMENT else -1)
    if conclusion is None:
        # The power went: without a trace on disk, the terminal may have heard nothing.
        assert not charges or ("sending", request.reference) in recorder.events
    elif conclusion.outcome in {Outcome.DECLINED, Outcome.NOT_SENT}:
        assert not charges
    elif conclusion.outcome is Outcome.APPROVED:
        assert [charge.charged_cents for charge in charges] == [asked_cents]
    if FORGING.isdisjoint(line.faults.values()):
        judge_delivery(ledger, recorder)


def judge_delivery(ledger: Ledger, recorder: MemoryRecorder) -> None:
    """What the terminal believes delivered is on the till's disk."""
    kept = len(recorder.answers) + len(recorder.late_answers)
    results = [
        entry
        for entry in ledger.entries
        if entry.number in ledger.acknowledged and entry.status != "9"
    ]
    assert kept >= len(results)


def undisturbed_bytes(scenario: Scenario, how: Settings, request: Request = REQUEST) -> int:
    line = VirtualLine(new_terminal(scenario), Clock()).connect()
    attempt(line, how, MemoryRecorder(), request)
    return len(line.transcript)


@pytest.mark.parametrize("fault", POINT_FAULTS)
@pytest.mark.parametrize("how", SETTINGS.values(), ids=SETTINGS.keys())
@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS.keys())
def test_a_fault_at_any_byte_never_makes_the_till_say_what_is_not_true(
    scenario: Scenario, how: Settings, fault: Fault
) -> None:
    for at in range(undisturbed_bytes(scenario, how)):
        terminal = new_terminal(scenario)
        line = VirtualLine(terminal, Clock(), {at: fault}).connect()
        recorder = MemoryRecorder()
        conclusion = attempt(line, how, recorder)
        judge(line, recorder, conclusion)
        before = dict(recorder.conclusions)
        listen_again(line, how, recorder)
        judge(line, recorder, conclusion)
        assert recorder.conclusions == before, "listening concludes nothing"


@pytest.mark.parametrize("mask", [1 << bit for bit in range(8)], ids=hex)
def test_any_flipped_bit_is_survived(mask: int) -> None:
    for name in ("approve", "refuse", "busy"):
        scenario = SCENARIOS[name]
        for at in range(undisturbed_bytes(scenario, Settings())):
            terminal = new_terminal(scenario)
            line = VirtualLine(terminal, Clock(), {at: Fault.FLIPPED}, flip_mask=mask).connect()
            recorder = MemoryRecorder()
            judge(line, recorder, attempt(line, Settings(), recorder))


@pytest.mark.parametrize("kind", [Kind.REFUND, Kind.CANCELLATION])
@pytest.mark.parametrize("fault", [Fault.DIES, Fault.MUTE, Fault.LOST])
def test_money_given_back_is_held_to_the_same_rule(kind: Kind, fault: Fault) -> None:
    request = Request(REFERENCE, 1250, kind)
    for name in ("approve", "refuse", "no_eot"):
        scenario = SCENARIOS[name]
        for at in range(undisturbed_bytes(scenario, Settings(), request)):
            terminal = new_terminal(scenario)
            line = VirtualLine(terminal, Clock(), {at: fault}).connect()
            recorder = MemoryRecorder()
            judge(line, recorder, attempt(line, Settings(), recorder, request), request)


@settings(max_examples=150, deadline=None)
@given(
    faults=st.dictionaries(
        st.integers(0, 160),
        st.sampled_from([Fault.LOST, Fault.DOUBLED, Fault.NOISE, Fault.MUTE, Fault.DIES]),
        max_size=8,
    ),
    noise=st.binary(min_size=1, max_size=6),
    scenario=st.sampled_from(list(SCENARIOS.values())),
    how=st.sampled_from(list(SETTINGS.values())),
)
def test_many_faults_at_once_are_survived(
    faults: dict[int, Fault], noise: bytes, scenario: Scenario, how: Settings
) -> None:
    terminal = new_terminal(scenario)
    line = VirtualLine(terminal, Clock(), faults, noise=noise).connect()
    recorder = MemoryRecorder()
    conclusion = attempt(line, how, recorder)
    judge(line, recorder, conclusion)


@pytest.mark.parametrize("fault", [Fault.DIES, Fault.MUTE, Fault.POWER])
def test_an_answer_that_was_missed_comes_as_a_late_one_with_our_reference(fault: Fault) -> None:
    seen = 0
    for at in range(undisturbed_bytes(SCENARIOS["approve"], Settings())):
        terminal = new_terminal(SCENARIOS["approve"], reoffers=100)
        line = VirtualLine(terminal, Clock(), {at: fault}).connect()
        recorder = MemoryRecorder()
        conclusion = attempt(line, Settings(), recorder)
        listen_again(line, Settings(), recorder)
        if conclusion and conclusion.outcome is not Outcome.UNKNOWN:
            continue
        if terminal.ledger.charges(REFERENCE) and REFERENCE not in recorder.answers:
            seen += 1
            assert [late.private_data for late in recorder.late_answers] == [REFERENCE]
    assert seen
