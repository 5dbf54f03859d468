"""What the till is told in each scenario, in virtual time: outcomes, order, and silence."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.card.concert import session
from drivers.card.concert.dialogue import ConcertDialogue
from drivers.card.concert.frame import ACK, ENQ, EOT, NAK, encode_frame
from drivers.card.concert.record import Variant
from drivers.card.concert.settings import ConcertSettings
from drivers.card.interface import (
    AnswerStatus,
    Conclusion,
    Kind,
    Outcome,
    Presence,
    Progress,
    Reason,
    Request,
)
from drivers.card.settings import Profile
from drivers.errors import DeviceError, LocalProtocolError, RemoteProtocolError
from drivers.simulators.card.concert import ConcertOptions, ConcertTerminal
from drivers.simulators.card.concert_customer import CMC7, WHOLE_NUMBER
from drivers.simulators.card.concert_scenarios import SCENARIOS
from drivers.simulators.card.director import Director
from tests.drivers.card.virtual_line import Clock, MemoryRecorder, VirtualLine
from tests.sampling import examples

REFERENCE = "T000000042"
REQUEST = Request(REFERENCE, 1250)
NEXT_REQUEST = Request("T000000043", 1250)
ECHOING = ConcertSettings(profile=Profile(echoes_reference=True))
PLAIN = ConcertSettings()
AS_IS = ConcertOptions()


@pytest.fixture(autouse=True)
def _long_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "READ_SLICE_S", 60.0)


@dataclass
class Counter:
    """A dialogue with a simulated terminal, and all that both of them wrote down."""

    scenario: str = "approve"
    settings: ConcertSettings = PLAIN
    options: ConcertOptions = AS_IS
    recorder: MemoryRecorder = field(default_factory=MemoryRecorder)

    def __post_init__(self) -> None:
        self.director = Director(SCENARIOS, script=[SCENARIOS[self.scenario]] * 9)
        self.terminal = ConcertTerminal(self.options, self.director)
        self.line = VirtualLine(self.terminal, Clock()).connect()
        issued: deque[str] = deque(maxlen=8)
        self.dialogue = ConcertDialogue(self.line, self.settings, self.recorder, issued)

    def pay(self, request: Request = REQUEST) -> Conclusion:
        try:
            return self.dialogue.carry_out(request)
        except (DeviceError, RemoteProtocolError):
            return self.dialogue.interrupted()

    def then(self, scenario: str) -> None:
        """Go on with another scenario."""
        while self.director.next() is SCENARIOS[self.scenario]:
            self.director.done()
        self.director.insert(SCENARIOS[scenario])

    def heard(self) -> list[int]:
        """Return what the till wrote."""
        return [byte for direction, byte in self.line.transcript if direction == ">"]


EXPECTED = {
    "approve": (Outcome.APPROVED, Reason.APPROVED),
    "refuse": (Outcome.DECLINED, Reason.DECLINED),
    "abandon": (Outcome.DECLINED, Reason.DECLINED),
    "timeout": (Outcome.DECLINED, Reason.DECLINED),
    "busy": (Outcome.NOT_SENT, Reason.BUSY),
    "silent": (Outcome.NOT_SENT, Reason.SILENT),
    "collision": (Outcome.APPROVED, Reason.APPROVED),
    "nak_once": (Outcome.APPROVED, Reason.APPROVED),
    "nak_always": (Outcome.UNKNOWN, Reason.REQUEST_REJECTED),
    "bad_lrc_once": (Outcome.APPROVED, Reason.APPROVED),
    "bad_lrc_always": (Outcome.UNKNOWN, Reason.ANSWER_UNREADABLE),
    "answer_cut": (Outcome.UNKNOWN, Reason.ANSWER_UNREADABLE),
    "answer_split": (Outcome.APPROVED, Reason.APPROVED),
    "late_answer": (Outcome.UNKNOWN, Reason.NO_ANSWER),
    "late_next": (Outcome.UNKNOWN, Reason.NO_ANSWER),
    "no_eot": (Outcome.UNKNOWN, Reason.ANSWER_NOT_CLOSED),
    "stat_9": (Outcome.UNKNOWN, Reason.NOT_A_RESULT),
    "stat_9_then_result": (Outcome.APPROVED, Reason.APPROVED),
    "stat_unknown": (Outcome.UNKNOWN, Reason.STATUS_UNKNOWN),
    "amount_differs": (Outcome.UNKNOWN, Reason.AMOUNT_DIFFERS),
    "private_overwritten": (Outcome.APPROVED, Reason.APPROVED),
    "full_number": (Outcome.APPROVED, Reason.APPROVED),
    "unplug": (Outcome.UNKNOWN, Reason.LINE_LOST),
    "unplug_answer": (Outcome.UNKNOWN, Reason.LINE_LOST),
}


def test_every_scenario_has_its_expected_outcome() -> None:
    assert EXPECTED.keys() == SCENARIOS.keys()


@pytest.mark.parametrize("scenario", EXPECTED)
def test_a_scenario_is_concluded_as_it_should(scenario: str) -> None:
    counter = Counter(scenario)
    conclusion = counter.pay()
    assert (conclusion.outcome, conclusion.reason) == EXPECTED[scenario]
    if conclusion.outcome in {Outcome.APPROVED, Outcome.DECLINED}:
        assert conclusion.answer == counter.recorder.answers[REFERENCE]
        assert conclusion.answer.amount_cents == REQUEST.amount_cents


def test_a_payment_shows_where_it_is() -> None:
    counter = Counter()
    counter.pay()
    assert counter.recorder.shown == [
        Progress.CONNECTING,
        Progress.REQUESTING,
        Progress.WAITING_CUSTOMER,
        Progress.ANSWERING,
    ]


def test_a_busy_terminal_is_tried_again_and_then_left_alone() -> None:
    counter = Counter("busy", ConcertSettings(probe_before=False))
    counter.pay()
    assert counter.heard() == [ENQ, EOT] * 3
    assert counter.line.now_s() == pytest.approx(1002.0)


def test_a_terminal_that_was_busy_once_is_paid_at() -> None:
    counter = Counter("busy")
    counter.director.done()
    counter.then("approve")
    counter.director.insert(SCENARIOS["busy"])
    assert counter.pay().outcome is Outcome.APPROVED


def test_a_payment_begins_with_a_probe() -> None:
    counter = Counter()
    counter.pay()
    assert counter.heard()[:4] == [ENQ, EOT, ENQ, 0x02]


# What else than a payment is asked.


def test_a_cancellation_takes_an_earlier_payment_back_or_is_refused() -> None:
    counter = Counter()
    cancel = Request("T000000044", REQUEST.amount_cents, Kind.CANCELLATION)
    assert counter.pay(replace(cancel, reference="T000000041")).outcome is Outcome.DECLINED
    assert counter.pay().outcome is Outcome.APPROVED
    assert counter.pay(cancel).outcome is Outcome.APPROVED
    assert counter.terminal.ledger.charged_cents == 0


@pytest.mark.parametrize("variant", Variant)
@pytest.mark.parametrize("asks", [False, True])
def test_a_cheque_is_paid_and_nothing_of_its_line_is_kept(variant: Variant, asks: bool) -> None:
    counter = Counter(settings=ConcertSettings(variant=variant, ask_card_number=asks))
    conclusion = counter.pay(replace(REQUEST, cheque=True))
    assert conclusion.outcome is Outcome.APPROVED
    assert conclusion.answer is not None
    assert (conclusion.answer.mode, conclusion.answer.last4) == ("C", None)
    assert CMC7[:7] not in repr((conclusion, counter.recorder))


def test_taken_into_account_shows_that_the_customer_is_waited_for() -> None:
    counter = Counter("stat_9_then_result", options=ConcertOptions(customer_s=20.0))
    assert counter.pay().outcome is Outcome.APPROVED
    assert counter.recorder.shown[2:] == [
        Progress.WAITING_CUSTOMER,
        Progress.ANSWERING,
        Progress.WAITING_CUSTOMER,
        Progress.ANSWERING,
    ]


# The durable order.


def test_sending_is_on_disk_before_the_first_byte() -> None:
    counter = Counter()
    counter.line.on_write = lambda _data: _assert_noted(counter, "sending")
    assert counter.pay().outcome is Outcome.APPROVED


def _assert_noted(counter: Counter, what: str) -> None:
    assert (what, REFERENCE) in counter.recorder.events


def test_an_answer_is_on_disk_before_it_is_acknowledged() -> None:
    counter = Counter(options=ConcertOptions(customer_s=5.0))
    seen: list[bool] = []

    def look(data: bytes) -> None:
        answer_was_sent = any(direction == "<" and byte == 0x03 for direction, byte in passed)
        if data == bytes([ACK]) and answer_was_sent:
            seen.append(("answered", REFERENCE) in counter.recorder.events)

    passed = counter.line.transcript
    counter.line.on_write = look
    counter.pay()
    assert seen == [True]


def test_an_attempt_that_cannot_be_recorded_sends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    counter = Counter(recorder=MemoryRecorder(failing=frozenset({"sending"})))
    conclusion = counter.pay()
    assert (conclusion.outcome, conclusion.reason) == (Outcome.NOT_SENT, Reason.NOT_RECORDED)
    assert counter.line.transcript == []


def test_an_answer_that_cannot_be_recorded_is_not_acknowledged() -> None:
    counter = Counter(recorder=MemoryRecorder(failing=frozenset({"answered"})))
    conclusion = counter.pay()
    assert (conclusion.outcome, conclusion.reason) == (Outcome.UNKNOWN, Reason.ANSWER_NOT_RECORDED)
    assert counter.heard()[-1] == ACK
    assert counter.heard().count(ACK) == 1, "the ENQ's, and none for the answer"
    assert counter.terminal.ledger.acknowledged == set()


def test_the_disk_freed_the_answer_comes_again_as_a_late_one() -> None:
    counter = Counter(recorder=MemoryRecorder(failing=frozenset({"answered", "late"})))
    counter.pay()
    counter.dialogue.listen(8.0)
    assert counter.recorder.late_answers == []
    counter.recorder.failing = frozenset()
    counter.dialogue.listen(20.0)
    assert [late.private_data for late in counter.recorder.late_answers] == [REFERENCE]
    assert counter.terminal.ledger.acknowledged == {1}


def test_a_screen_that_fails_does_not_touch_the_payment() -> None:
    counter = Counter(recorder=MemoryRecorder(failing=frozenset({"progress"})))
    assert counter.pay().outcome is Outcome.APPROVED


# Whose answer it is.


def test_a_late_answer_is_kept_and_not_given_to_the_next_payment() -> None:
    counter = Counter("late_next")
    assert counter.pay().outcome is Outcome.UNKNOWN
    counter.then("refuse")
    conclusion = counter.pay(NEXT_REQUEST)
    assert conclusion.outcome is Outcome.DECLINED
    assert [late.private_data for late in counter.recorder.late_answers] == [REFERENCE]
    assert counter.recorder.late_answers[0].status is AnswerStatus.APPROVED


def test_a_late_answer_is_taken_while_nothing_runs() -> None:
    counter = Counter("late_answer")
    assert counter.pay().reason is Reason.NO_ANSWER
    counter.dialogue.listen(30.0)
    assert [late.private_data for late in counter.recorder.late_answers] == [REFERENCE]


def test_a_stray_answer_in_a_collision_is_kept() -> None:
    counter = Counter("collision")
    assert counter.pay().outcome is Outcome.APPROVED
    assert [late.amount_cents for late in counter.recorder.late_answers] == [700]


def test_a_terminal_known_to_echo_must_echo() -> None:
    counter = Counter("private_overwritten", ECHOING)
    conclusion = counter.pay()
    assert (conclusion.outcome, conclusion.reason) == (Outcome.UNKNOWN, Reason.NO_ANSWER)
    assert [late.private_data for late in counter.recorder.late_answers] == ["A12345    "]


# Closing.


def test_a_missing_eot_is_tolerated_where_that_is_set_and_a_probe_confirms() -> None:
    counter = Counter("no_eot", ConcertSettings(eot_may_be_missing=True))
    assert counter.pay().outcome is Outcome.APPROVED
    assert counter.heard()[-2:] == [ENQ, EOT]


def test_a_missing_eot_stays_unknown_when_no_probe_confirms() -> None:
    counter = Counter("no_eot", ConcertSettings(eot_may_be_missing=True))
    silent_after = [SCENARIOS["no_eot"], *[SCENARIOS["silent"]] * 9]
    counter.terminal.director = Director(SCENARIOS, script=silent_after)
    conclusion = counter.pay()
    assert (conclusion.outcome, conclusion.reason) == (Outcome.UNKNOWN, Reason.ANSWER_NOT_CLOSED)
    assert conclusion.answer is not None


# Probing and stopping.


@pytest.mark.parametrize(
    ("scenario", "found"),
    [
        ("approve", Presence.READY),
        ("busy", Presence.BUSY),
        ("silent", Presence.SILENT),
        ("collision", Presence.READY),
    ],
)
def test_a_probe_says_what_it_found(scenario: str, found: Presence) -> None:
    counter = Counter(scenario)
    assert counter.dialogue.probe(3) is found
    assert counter.terminal.ledger.charges(REFERENCE) == []


def test_a_till_that_closes_while_a_customer_pays_leaves_it_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(session, "READ_SLICE_S", 0.1)
    counter = Counter(options=ConcertOptions(customer_s=60.0))
    counter.line.stop_at_s = counter.line.now_s() + 10.0
    conclusion = counter.pay()
    assert (conclusion.outcome, conclusion.reason) == (Outcome.UNKNOWN, Reason.STOPPED)


def test_a_till_that_closes_before_the_request_has_sent_nothing() -> None:
    counter = Counter("busy")
    counter.line.stop_at_s = counter.line.now_s()
    conclusion = counter.pay()
    assert (conclusion.outcome, conclusion.reason) == (Outcome.NOT_SENT, Reason.STOPPED)


def test_a_stray_byte_from_before_does_not_answer_our_enq() -> None:
    counter = Counter("silent", ConcertSettings(probe_before=False))
    counter.line._incoming.append(ACK)
    assert counter.pay().outcome is Outcome.NOT_SENT
    assert 0x02 not in counter.heard()


# No card number anywhere.


@pytest.mark.parametrize("scenario", ["full_number", "unplug_answer"])
def test_no_card_number_is_kept_shown_or_logged(
    scenario: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    counter = Counter(scenario, ConcertSettings(ask_card_number=True))
    conclusion = counter.pay()
    everything = repr((conclusion, counter.recorder, counter.dialogue, caplog.text))
    assert WHOLE_NUMBER[:8] not in everything
    assert WHOLE_NUMBER[4:12] not in everything
    if conclusion.answer is not None:
        assert conclusion.answer.last4 == WHOLE_NUMBER[-4:]


# A terminal gone mad.


@dataclass
class MadLine:
    """A line that says the next piece whenever something is read; an empty one is silence."""

    pieces: deque[bytes]
    recorder: MemoryRecorder
    clock_s: float = 0.0
    stopping: bool = False

    def read(self, bytes_max: int, timeout_s: float) -> bytes:
        piece = self.pieces.popleft() if self.pieces else b""
        if len(piece) > bytes_max:
            self.pieces.appendleft(piece[bytes_max:])
        if not piece:
            self.clock_s += timeout_s
        return piece[:bytes_max]

    def write(self, data: bytes, timeout_s: float) -> None:
        assert ("sending", REFERENCE) in self.recorder.events

    def now_s(self) -> float:
        return self.clock_s

    def wants_cancel(self) -> bool:
        return False


RIGHT = encode_frame(b"01000001250" + b"1978" + REFERENCE.encode())
WRONG = encode_frame(b"01000009999" + b"1978" + REFERENCE.encode())
FOREIGN = encode_frame(b"01000001250" + b"1978" + b"something!")
controls = st.sampled_from([bytes([one]) for one in (ENQ, ACK, NAK, EOT)])
frames = st.sampled_from([RIGHT, WRONG, FOREIGN, bytes([ENQ]) + RIGHT + bytes([EOT])])
mad = st.lists(controls | frames | st.binary(max_size=300) | st.just(b""), max_size=80)
sane_start = st.sampled_from([[], [bytes([ACK])] * 2, [bytes([ACK])] * 3])


@settings(max_examples=examples(200), deadline=None)
@given(sane_start, mad, st.sampled_from([PLAIN, ECHOING, ConcertSettings(eot_may_be_missing=True)]))
def test_a_mad_terminal_neither_hangs_nor_fools_the_till(
    start: list[bytes], pieces: list[bytes], how: ConcertSettings
) -> None:
    recorder = MemoryRecorder()
    line = MadLine(deque([b"", *start, *pieces]), recorder)
    dialogue = ConcertDialogue(line, how, recorder, deque(maxlen=8))
    try:
        conclusion = dialogue.carry_out(REQUEST)
    except RemoteProtocolError:
        conclusion = dialogue.interrupted()
    assert line.clock_s < 3_600
    if conclusion.outcome is Outcome.APPROVED:
        assert recorder.answers[REFERENCE].amount_cents == REQUEST.amount_cents


def scripted(how: ConcertSettings, *pieces: bytes, issued: tuple[str, ...] = ()) -> MemoryRecorder:
    """Pay at a terminal that takes the request and then says these pieces."""
    recorder = MemoryRecorder()
    line = MadLine(deque([b"", bytes([ACK]), bytes([ACK]), *pieces]), recorder)
    dialogue = ConcertDialogue(line, how, recorder, deque(issued))
    recorder.concluded(REFERENCE, dialogue.carry_out(REQUEST))
    return recorder


STALE = encode_frame(b"01000001250" + b"1978" + b"T000000041")
UNPROBED = ConcertSettings(probe_before=False)
OPEN, CLOSE = bytes([ENQ]), bytes([EOT])


@pytest.mark.parametrize(("first", "issued"), [(STALE, ("T000000041",)), (FOREIGN, ())])
def test_an_answer_that_is_not_ours_is_kept_and_ours_is_waited_for(
    first: bytes, issued: tuple[str, ...]
) -> None:
    how = ConcertSettings(probe_before=False, profile=Profile(echoes_reference=not issued))
    recorder = scripted(how, OPEN, first, CLOSE, OPEN, RIGHT, CLOSE, issued=issued)
    assert recorder.conclusions[REFERENCE].outcome is Outcome.APPROVED
    assert len(recorder.late_answers) == 1
    assert recorder.answers[REFERENCE].private_data == REFERENCE


def test_a_call_instead_of_the_acknowledgement_is_ours_only_with_our_reference() -> None:
    for frame, outcome in ((RIGHT, Outcome.APPROVED), (FOREIGN, Outcome.UNKNOWN)):
        recorder = MemoryRecorder()
        line = MadLine(deque([b"", bytes([ACK]), OPEN, frame, CLOSE]), recorder)
        assert (
            ConcertDialogue(line, UNPROBED, recorder, deque()).carry_out(REQUEST).outcome is outcome
        )
        assert len(recorder.late_answers) == (outcome is Outcome.UNKNOWN)


def test_an_answer_sent_twice_in_a_session_is_recorded_once() -> None:
    recorder = scripted(UNPROBED, OPEN, RIGHT, RIGHT, CLOSE)
    assert recorder.conclusions[REFERENCE].outcome is Outcome.APPROVED
    assert recorder.events.count(("answered", REFERENCE)) == 1
    assert recorder.late_answers == []


def test_another_answer_in_the_same_session_is_kept_as_a_late_one() -> None:
    recorder = scripted(UNPROBED, OPEN, RIGHT, FOREIGN, CLOSE)
    assert recorder.conclusions[REFERENCE].outcome is Outcome.APPROVED
    assert [late.private_data for late in recorder.late_answers] == ["something!"]


def test_the_reference_of_a_past_attempt_is_remembered_by_the_terminal() -> None:
    recorder = MemoryRecorder()
    taken = [b"", bytes([ACK]), bytes([ACK])]
    answers = [OPEN, RIGHT, CLOSE]
    own = encode_frame(b"01700001250" + b"1978" + NEXT_REQUEST.reference.encode())
    line = MadLine(deque([*taken, *answers, *taken, *answers, OPEN, own, CLOSE]), recorder)
    dialogue = ConcertDialogue(line, UNPROBED, recorder, deque(maxlen=8))
    assert dialogue.carry_out(REQUEST).outcome is Outcome.APPROVED
    assert dialogue.carry_out(NEXT_REQUEST).outcome is Outcome.DECLINED
    assert [late.private_data for late in recorder.late_answers] == [REFERENCE]


def test_noise_does_not_prolong_the_wait_for_an_acknowledgement() -> None:
    class Noisy(MadLine):
        def read(self, bytes_max: int, timeout_s: float) -> bytes:
            self.clock_s += 1.0
            return b"~"

    recorder = MemoryRecorder()
    recorder.sending(REFERENCE)
    line = Noisy(deque(), recorder)
    assert ConcertDialogue(line, UNPROBED, recorder, deque()).probe(1) is Presence.SILENT
    assert line.clock_s <= 5.0


def test_taken_into_account_is_no_result_and_the_result_is_waited_for() -> None:
    later = encode_frame(b"01900001250" + b"1978" + REFERENCE.encode())
    recorder = scripted(UNPROBED, OPEN, later, CLOSE, OPEN, RIGHT, CLOSE)
    assert recorder.conclusions[REFERENCE].outcome is Outcome.APPROVED


def test_another_currency_is_another_amount() -> None:
    dollars = encode_frame(b"01000001250" + b"1840" + REFERENCE.encode())
    recorder = scripted(UNPROBED, OPEN, dollars, CLOSE)
    assert recorder.conclusions[REFERENCE].reason is Reason.AMOUNT_DIFFERS


def test_a_refusal_of_another_amount_refuses_nothing() -> None:
    other = encode_frame(b"01700000000" + b"1978" + REFERENCE.encode())
    recorder = scripted(UNPROBED, OPEN, other, CLOSE)
    assert recorder.conclusions[REFERENCE].outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: ConcertSettings(answer_timeout_s=1.0),
        lambda: ConcertSettings(enq_tries=0),
        lambda: ConcertSettings(enq_tries=99),
    ],
)
def test_settings_that_would_lose_answers_are_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(LocalProtocolError, match="expected"):
        wrong()
