"""A fault at every byte of every dialogue, then recovery, judged by the terminal's own ledger.

The till may say "declined", "cancelled" or "not sent" only if the customer was charged nothing, and
"approved" only with the amount that was charged, once. Everything else is unknown. TCP keeps the
bytes whole and in order, so that there a line only breaks, stalls, or loses a side; on the link,
bytes are lost and flipped too.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.card.caisse_ap import session
from drivers.card.caisse_ap.protocol import PROTOCOL
from drivers.card.caisse_ap.settings import CaisseApSettings
from drivers.card.concert import session as link_session
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
from drivers.card.settings import Profile
from drivers.errors import DeviceError, DriverError, RemoteProtocolError
from drivers.simulators.card.caisse_ap import CaisseApOptions, CaisseApTerminal
from drivers.simulators.card.caisse_ap_scenarios import SCENARIOS, CaisseApScenario
from drivers.simulators.card.director import Director
from drivers.simulators.card.ledger import Entry, Ledger
from tests.drivers.card.virtual_line import Clock, Fault, MemoryRecorder, PowerCutError, VirtualLine
from tests.sampling import examples, sample

REFERENCE = "T000000042"
REQUEST = Request(REFERENCE, 1250)
LISTEN_AFTER_S = 400.0

KNOWN = Profile(echoes_reference=True, repeats_last=True)
SETTINGS = {
    "tcp, as it comes": CaisseApSettings(),
    "tcp, repeating": CaisseApSettings(profile=KNOWN),
    "link, as it comes": CaisseApSettings(on_link=True),
    "link, repeating, without EOT or probe": CaisseApSettings(
        profile=KNOWN, on_link=True, eot_may_be_missing=True, probe_before=False
    ),
}
# What TCP itself may do; a link does worse.
BYTES_BETWEEN = 3  # other ones for each fault; scripts/prove matrix draws from all
BREAKS = [Fault.DIES, Fault.MUTE, Fault.POWER]
ON_THE_LINK = [Fault.LOST, Fault.FLIPPED, Fault.DOUBLED]
# Those whose dialogues differ; the others differ in a value only, and are drawn at random.
BOTH_WAYS = ["approve", "late_next", "not_completed"]
ON_TCP = [*BOTH_WAYS, "refuse", "answer_cut", "unplug_answer"]
TELLING = {
    "tcp, as it comes": [
        *ON_TCP, "busy", "late_answer", "taken", "unplug", "reset", "partial", "no_amount",
        "private_overwritten",
    ],
    "tcp, repeating": ON_TCP,
    "link, as it comes": [*BOTH_WAYS, "collision", "nak_once", "bad_lrc_once"],
    "link, repeating, without EOT or probe": ["no_eot"],
}  # fmt: skip
CASES = [(name, how) for how, names in TELLING.items() for name in names]
END_OF = {
    AnswerStatus.APPROVED: True,
    AnswerStatus.DECLINED: False,
    AnswerStatus.CANCELLED: False,
    AnswerStatus.NOT_POSSIBLE: False,
}


@pytest.fixture(autouse=True)
def _long_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    # Virtual time needs no short reads, and there are many dialogues to hold.
    monkeypatch.setattr(session, "READ_SLICE_S", 60.0)
    monkeypatch.setattr(link_session, "READ_SLICE_S", 60.0)


def new_terminal(scenario: CaisseApScenario, how: CaisseApSettings) -> CaisseApTerminal:
    director = Director(SCENARIOS, script=[scenario] * 3)
    return CaisseApTerminal(
        CaisseApOptions(customer_s=1.0, on_link=how.on_link), director, Ledger()
    )


def attempt(
    line: VirtualLine,
    how: CaisseApSettings,
    recorder: MemoryRecorder,
    request: Request = REQUEST,
) -> Conclusion | None:
    """Make one attempt as the terminal's thread does; None when the till lost its power."""
    dialogue = PROTOCOL.open(line, how, recorder, deque(maxlen=8))
    try:
        conclusion = dialogue.carry_out(request)
    except DriverError:
        conclusion = dialogue.interrupted()
    except PowerCutError:
        return None
    recorder.concluded(request.reference, conclusion)
    return conclusion


def recover(
    line: VirtualLine, how: CaisseApSettings, recorder: MemoryRecorder, request: Request = REQUEST
) -> Answer | None:
    """Start anew on a sound line, as after a restart: listen, probe, ask."""
    sound = VirtualLine(line.terminal, line.clock).connect()
    dialogue = PROTOCOL.open(sound, how, recorder, deque(maxlen=8))
    question = Question(request.reference, request.amount_cents, request.kind)
    recorder.open = [question]
    try:
        dialogue.listen(LISTEN_AFTER_S)
        if dialogue.probe(1) is Presence.READY:
            return dialogue.ask_last(question)
    except (DeviceError, RemoteProtocolError):
        pass  # a terminal that hangs up is asked another day
    return None


def judge(
    line: VirtualLine,
    recorder: MemoryRecorder,
    conclusion: Conclusion | None,
    request: Request = REQUEST,
) -> None:
    ledger = line.terminal.ledger
    charges = ledger.charges(request.reference)
    assert len(charges) <= 1, "charged twice"
    if conclusion is None:
        # The power went: without a trace on disk, the terminal may have heard nothing.
        assert not charges or ("sending", request.reference) in recorder.events
    elif conclusion.outcome is Outcome.APPROVED:
        assert conclusion.answer is not None
        sign = 1 if request.kind is Kind.PAYMENT else -1
        cents = conclusion.answer.amount_cents
        assert [sign * charge.charged_cents for charge in charges] == [cents]
    elif conclusion.outcome is not Outcome.UNKNOWN:
        assert not charges
    for late in recorder.late_answers:
        if late.private_data == request.reference:
            judge_found(charges, late)


def judge_found(charges: list[Entry], found: Answer) -> None:
    """What the terminal said afterwards, with our reference, is true."""
    charged = END_OF.get(found.status)
    if charged is not None:
        told = [found.amount_cents] if charged else []
        assert [abs(charge.charged_cents) for charge in charges] == told


def undisturbed_bytes(
    scenario: CaisseApScenario, how: CaisseApSettings, request: Request = REQUEST
) -> int:
    line = VirtualLine(new_terminal(scenario, how), Clock()).connect()
    attempt(line, how, MemoryRecorder(), request)
    return len(line.transcript)


@pytest.mark.parametrize(("name", "manner"), CASES)
def test_a_fault_at_any_byte_never_makes_the_till_say_what_is_not_true(
    name: str, manner: str
) -> None:
    scenario, how = SCENARIOS[name], SETTINGS[manner]
    faults = BREAKS + (ON_THE_LINK if how.on_link else [])
    step = 1 if name == "approve" else BYTES_BETWEEN
    for turn, fault in enumerate(faults):
        for at in sample(range(turn % step, undisturbed_bytes(scenario, how), step), turn):
            line = VirtualLine(new_terminal(scenario, how), Clock(), {at: fault}).connect()
            recorder = MemoryRecorder()
            conclusion = attempt(line, how, recorder)
            judge(line, recorder, conclusion)
            before = dict(recorder.conclusions)
            found = recover(line, how, recorder)
            judge(line, recorder, conclusion)
            assert recorder.conclusions == before, "asking concludes nothing"
            if found is not None and found.private_data == REFERENCE:
                judge_found(line.terminal.ledger.charges(REFERENCE), found)


@pytest.mark.parametrize("how", [SETTINGS["tcp, repeating"], SETTINGS["link, as it comes"]])
@pytest.mark.parametrize("kind", [Kind.REFUND, Kind.CANCELLATION])
def test_money_given_back_is_held_to_the_same_rule(kind: Kind, how: CaisseApSettings) -> None:
    request = Request(REFERENCE, 1250, kind, receipt="000017")
    for name in ("approve", "refuse"):
        scenario = SCENARIOS[name]
        for turn, fault in enumerate(BREAKS):
            for at in sample(range(undisturbed_bytes(scenario, how, request)), turn):
                line = VirtualLine(new_terminal(scenario, how), Clock(), {at: fault}).connect()
                recorder = MemoryRecorder()
                conclusion = attempt(line, how, recorder, request)
                recover(line, how, recorder, request)
                judge(line, recorder, conclusion, request)


def test_what_a_broken_line_took_a_duplicate_gives_back() -> None:
    scenario, how = SCENARIOS["approve"], SETTINGS["tcp, repeating"]
    found_out = 0
    for at in range(undisturbed_bytes(scenario, how)):
        line = VirtualLine(new_terminal(scenario, how), Clock(), {at: Fault.DIES}).connect()
        recorder = MemoryRecorder()
        conclusion = attempt(line, how, recorder)
        found = recover(line, how, recorder)
        if conclusion is None or conclusion.outcome is not Outcome.UNKNOWN:
            continue  # cut after the fields that tell all
        if line.terminal.ledger.charges(REFERENCE):
            assert found is not None
            assert (found.private_data, found.amount_cents) == (REFERENCE, 1250)
            found_out += 1
    assert found_out


@pytest.mark.parametrize("how", SETTINGS.values(), ids=SETTINGS.keys())
def test_a_terminal_that_loses_its_power_leaves_no_doubt_unsaid(how: CaisseApSettings) -> None:
    scenario = SCENARIOS["approve"]
    for at in sample(range(undisturbed_bytes(scenario, how))):
        line = VirtualLine(new_terminal(scenario, how), Clock(), {at: Fault.DIES}).connect()
        recorder = MemoryRecorder()
        conclusion = attempt(line, how, recorder)
        line.terminal.power_cut()
        recover(line, how, recorder)
        judge(line, recorder, conclusion)


faults = st.dictionaries(
    st.integers(0, 420),
    st.sampled_from([Fault.LOST, Fault.DOUBLED, Fault.NOISE, Fault.MUTE, Fault.DIES]),
    max_size=8,
)


@settings(max_examples=examples(150), deadline=None)
@given(
    faults=faults,
    noise=st.binary(min_size=1, max_size=6),
    scenario=st.sampled_from(list(SCENARIOS.values())),
    how=st.sampled_from([how for how in SETTINGS.values() if how.on_link]),
)
def test_many_faults_at_once_are_survived_on_the_link(
    faults: dict[int, Fault], noise: bytes, scenario: CaisseApScenario, how: CaisseApSettings
) -> None:
    line = VirtualLine(new_terminal(scenario, how), Clock(), faults, noise=noise).connect()
    recorder = MemoryRecorder()
    judge(line, recorder, attempt(line, how, recorder))


@settings(max_examples=examples(150), deadline=None)
@given(
    at=st.integers(0, 420),
    fault=st.sampled_from(BREAKS),
    scenario=st.sampled_from(list(SCENARIOS.values())),
    how=st.sampled_from(list(SETTINGS.values())),
    amount_cents=st.integers(1, 99_999_999),
)
def test_any_scenario_with_a_break_anywhere_is_judged_by_the_ledger(
    *, at: int, fault: Fault, scenario: CaisseApScenario, how: CaisseApSettings, amount_cents: int
) -> None:
    request = replace(REQUEST, amount_cents=amount_cents)
    line = VirtualLine(new_terminal(scenario, how), Clock(), {at: fault}).connect()
    recorder = MemoryRecorder()
    conclusion = attempt(line, how, recorder, request)
    judge(line, recorder, conclusion, request)
    recover(line, how, recorder, request)
    judge(line, recorder, conclusion, request)


@settings(max_examples=examples(150), deadline=None)
@given(
    faults=faults,
    noise=st.binary(min_size=1, max_size=6),
    scenario=st.sampled_from(list(SCENARIOS.values())),
)
def test_bytes_that_no_network_would_deliver_end_the_call_and_nothing_else(
    faults: dict[int, Fault], noise: bytes, scenario: CaisseApScenario
) -> None:
    how = SETTINGS["tcp, repeating"]
    line = VirtualLine(new_terminal(scenario, how), Clock(), faults, noise=noise).connect()
    recorder = MemoryRecorder()
    attempt(line, how, recorder)
    recover(line, how, recorder)
    assert len(line.terminal.ledger.charges(REFERENCE)) <= 1
