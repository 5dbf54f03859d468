"""A fault at every byte of every dialogue, judged by the terminal's own ledger.

The till may say "declined" or "not sent" only if the customer was charged nothing, and
"approved" only if exactly the amount asked was charged, once. Everything else is unknown.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.card.concert import session
from drivers.card.concert.dialogue import ConcertDialogue
from drivers.card.concert.settings import ConcertSettings
from drivers.card.interface import Conclusion, Kind, Outcome, Request
from drivers.card.settings import Profile
from drivers.errors import DeviceError, RemoteProtocolError
from drivers.simulators.card.concert import ConcertOptions, ConcertTerminal
from drivers.simulators.card.concert_customer import STRANGER
from drivers.simulators.card.concert_scenarios import SCENARIOS, ConcertScenario
from drivers.simulators.card.director import Director
from drivers.simulators.card.ledger import Ledger
from tests.drivers.card.virtual_line import Clock, Fault, MemoryRecorder, PowerCutError, VirtualLine
from tests.sampling import examples, sample

REFERENCE = "T000000042"
REQUEST = Request(REFERENCE, 1250)
LISTEN_AFTER_S = 400.0

SETTINGS = {
    "as they come": ConcertSettings(),
    "echoing, with card number": ConcertSettings(
        profile=Profile(echoes_reference=True), ask_card_number=True
    ),
    "without EOT or probe": ConcertSettings(eot_may_be_missing=True, probe_before=False),
}
# These make up bytes that the till never sent, an acknowledgement for one.
FORGING = {Fault.FLIPPED, Fault.DOUBLED, Fault.NOISE}
BYTES_BETWEEN = 3  # other ones for each fault; scripts/prove matrix draws from all
POINT_FAULTS = [Fault.DIES, Fault.MUTE, Fault.LOST, Fault.FLIPPED, Fault.DOUBLED, Fault.POWER]


@pytest.fixture(autouse=True)
def _long_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    # Virtual time needs no short reads, and there are many dialogues to hold.
    monkeypatch.setattr(session, "READ_SLICE_S", 60.0)


def earlier_payment(cents: int) -> Ledger:
    """A terminal's ledger with a payment that a cancellation can take back."""
    ledger = Ledger()
    ledger.enter(replace(STRANGER, amount_cents=cents), cents, "0", "approve")
    return ledger


def new_terminal(scenario: ConcertScenario, reoffers: int = 3) -> ConcertTerminal:
    options = ConcertOptions(customer_s=1.0, reoffers=reoffers)
    return ConcertTerminal(
        options, Director(SCENARIOS, scenario), earlier_payment(REQUEST.amount_cents)
    )


def attempt(
    line: VirtualLine, how: ConcertSettings, recorder: MemoryRecorder, request: Request = REQUEST
) -> Conclusion | None:
    """Make one attempt as the terminal's thread does; None when the till lost its power."""
    dialogue = ConcertDialogue(line, how, recorder, deque(maxlen=8))
    try:
        conclusion = dialogue.carry_out(request)
    except (DeviceError, RemoteProtocolError):
        conclusion = dialogue.interrupted()
    except PowerCutError:
        return None
    recorder.concluded(request.reference, conclusion)
    return conclusion


def listen_again(line: VirtualLine, how: ConcertSettings, recorder: MemoryRecorder) -> None:
    """Start anew on a sound line, as after a reconnection or a restart, and listen."""
    sound = VirtualLine(line.terminal, line.clock).connect()
    try:
        ConcertDialogue(sound, how, recorder, deque(maxlen=8)).listen(LISTEN_AFTER_S)
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
    assert kept >= len(ledger.acknowledged)


def undisturbed_bytes(
    scenario: ConcertScenario, how: ConcertSettings, request: Request = REQUEST
) -> int:
    line = VirtualLine(new_terminal(scenario), Clock()).connect()
    attempt(line, how, MemoryRecorder(), request)
    return len(line.transcript)


@pytest.mark.parametrize("fault", POINT_FAULTS)
@pytest.mark.parametrize("how", SETTINGS.values(), ids=SETTINGS.keys())
@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS.keys())
def test_a_fault_at_any_byte_never_makes_the_till_say_what_is_not_true(
    scenario: ConcertScenario, how: ConcertSettings, fault: Fault
) -> None:
    turn = POINT_FAULTS.index(fault)
    step = 1 if scenario.name == "approve" else BYTES_BETWEEN
    for at in sample(range(turn % step, undisturbed_bytes(scenario, how), step), turn):
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
        for at in sample(range(undisturbed_bytes(scenario, ConcertSettings())), mask.bit_length()):
            terminal = new_terminal(scenario)
            line = VirtualLine(terminal, Clock(), {at: Fault.FLIPPED}, flip_mask=mask).connect()
            recorder = MemoryRecorder()
            judge(line, recorder, attempt(line, ConcertSettings(), recorder))


@pytest.mark.parametrize("kind", [Kind.REFUND, Kind.CANCELLATION])
@pytest.mark.parametrize("fault", [Fault.DIES, Fault.MUTE, Fault.LOST])
def test_money_given_back_is_held_to_the_same_rule(kind: Kind, fault: Fault) -> None:
    request = Request(REFERENCE, 1250, kind)
    for name in ("approve", "refuse", "no_eot"):
        scenario = SCENARIOS[name]
        size = undisturbed_bytes(scenario, ConcertSettings(), request)
        for at in sample(range(size), POINT_FAULTS.index(fault)):
            terminal = new_terminal(scenario)
            line = VirtualLine(terminal, Clock(), {at: fault}).connect()
            recorder = MemoryRecorder()
            judge(line, recorder, attempt(line, ConcertSettings(), recorder, request), request)


@settings(max_examples=examples(150), deadline=None)
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
    faults: dict[int, Fault], noise: bytes, scenario: ConcertScenario, how: ConcertSettings
) -> None:
    terminal = new_terminal(scenario)
    line = VirtualLine(terminal, Clock(), faults, noise=noise).connect()
    recorder = MemoryRecorder()
    conclusion = attempt(line, how, recorder)
    judge(line, recorder, conclusion)


@pytest.mark.parametrize("fault", [Fault.DIES, Fault.MUTE, Fault.POWER])
def test_an_answer_that_was_missed_comes_as_a_late_one_with_our_reference(fault: Fault) -> None:
    seen = 0
    for at in range(undisturbed_bytes(SCENARIOS["approve"], ConcertSettings())):
        terminal = new_terminal(SCENARIOS["approve"], reoffers=100)
        line = VirtualLine(terminal, Clock(), {at: fault}).connect()
        recorder = MemoryRecorder()
        conclusion = attempt(line, ConcertSettings(), recorder)
        listen_again(line, ConcertSettings(), recorder)
        if conclusion and conclusion.outcome is not Outcome.UNKNOWN:
            continue
        if terminal.ledger.charges(REFERENCE) and REFERENCE not in recorder.answers:
            seen += 1
            assert [late.private_data for late in recorder.late_answers] == [REFERENCE]
    assert seen
