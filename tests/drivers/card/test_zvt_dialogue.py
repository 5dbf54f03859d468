"""What the till is told in each scenario, in virtual time: outcomes, order, and silence."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card.interface import (
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
from drivers.card.zvt.dialogue import ZvtDialogue
from drivers.card.zvt.frame import encode_frame
from drivers.card.zvt.protocol import PROTOCOL
from drivers.card.zvt.settings import ZvtSettings
from drivers.errors import DeviceError, LocalProtocolError, RemoteProtocolError
from drivers.simulators.card.director import Director
from drivers.simulators.card.ledger import Ledger
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
    ledger: Ledger = field(default_factory=Ledger)

    def __post_init__(self) -> None:
        self.director = Director(SCENARIOS, SCENARIOS[self.scenario])
        options = ZvtOptions(
            customer_s=self.customer_s,
            on_serial=self.settings.on_serial,
            reverses=self.reverses,
            repeats=self.repeats,
        )
        self.terminal = ZvtTerminal(options, self.director, self.ledger)
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


@BOTH
def test_a_payment_shows_where_it_is(settings: ZvtSettings) -> None:
    counter = Counter("long_news", settings)
    counter.pay()
    assert counter.recorder.shown == [
        Progress.CONNECTING,
        Progress.REQUESTING,
        Progress.WAITING_CUSTOMER,
        Progress.WAITING_CUSTOMER,
        Progress.WAITING_CUSTOMER,
        Progress.REMOVE_CARD,
        Progress.WAITING_PIN,
        *[Progress.ASKING_BANK] * 4,
        *[Progress.REMOVE_CARD] * 2,
        Progress.ANSWERING,
    ]
    assert counter.recorder.texts == ["Bitte Karte"]


@BOTH
def test_what_the_answer_tells_is_kept(settings: ZvtSettings) -> None:
    answer = Counter(settings=settings).pay().answer
    assert answer is not None
    assert (answer.last4, answer.brand, answer.receipt) == ("7893", "CB Visa", "0001")
    assert (answer.contactless, answer.authorisation, answer.mode) == (True, "000001", "0A")


@BOTH
def test_the_papers_come_with_the_conclusion(settings: ZvtSettings) -> None:
    merchant, customer = Counter(settings=settings).pay().slips
    assert (merchant.for_customer, customer.for_customer) == (False, True)
    assert "EUR 12,50" in customer.text


def test_a_terminal_that_prints_by_itself_sends_no_papers() -> None:
    assert Counter(settings=ZvtSettings()).pay().slips == ()


# The durable order.


@BOTH
def test_sending_is_on_disk_before_the_first_byte(settings: ZvtSettings) -> None:
    counter = Counter(settings=settings)

    def look(data: bytes) -> None:
        assert ("sending", REFERENCE) in counter.recorder.events

    counter.line.on_write = look
    assert counter.pay().outcome is Outcome.APPROVED


@BOTH
def test_an_answer_is_on_disk_before_the_terminal_may_keep_the_payment(
    settings: ZvtSettings,
) -> None:
    recorder = MemoryRecorder()
    stored: list[bool] = []

    class Watched(Ledger):
        def acknowledge(self, number: int) -> None:
            stored.append(REFERENCE in recorder.answers)

    Counter(settings=settings, recorder=recorder, ledger=Watched()).pay()
    assert stored == [True]


def test_an_attempt_that_cannot_be_recorded_sends_nothing() -> None:
    counter = Counter(recorder=MemoryRecorder(failing=frozenset({"sending"})))
    conclusion = counter.pay()
    assert (conclusion.outcome, conclusion.reason) == (Outcome.NOT_SENT, Reason.NOT_RECORDED)
    assert counter.line.transcript == []


@BOTH
@pytest.mark.parametrize("scenario", ["approve", "abandon", "timeout", "refused_request"])
def test_an_answer_that_cannot_be_recorded_is_refused_and_taken_back(
    scenario: str, settings: ZvtSettings
) -> None:
    recorder = MemoryRecorder(failing=frozenset({"answered"}))
    counter = Counter(scenario, settings, recorder=recorder)
    conclusion = counter.pay()
    assert (conclusion.outcome, conclusion.reason) == (Outcome.UNKNOWN, Reason.ANSWER_NOT_RECORDED)
    assert counter.terminal.ledger.acknowledged == set()
    assert counter.charged_cents == 0
    assert counter.dialogue.probe(1) is Presence.READY, "it is free at once"


def test_a_terminal_that_keeps_what_was_refused_is_unknown_and_tells_it_when_asked() -> None:
    recorder = MemoryRecorder(failing=frozenset({"answered"}))
    counter = Counter(reverses=False, recorder=recorder)
    assert counter.pay().outcome is Outcome.UNKNOWN
    assert counter.charged_cents == 1250
    found = counter.dialogue.ask_last(QUESTION)
    assert found is not None
    assert (found.status, found.amount_cents) == (AnswerStatus.APPROVED, 1250)


def test_a_screen_that_fails_does_not_touch_the_payment() -> None:
    counter = Counter(recorder=MemoryRecorder(failing=frozenset({"progress"})))
    assert counter.pay().outcome is Outcome.APPROVED


# Stopping it.


@BOTH
@pytest.mark.parametrize(
    ("scenario", "expected"), [("approve", CANCELLED), ("cannot_stop", APPROVED)]
)
def test_a_cashier_who_cancels_waits_for_the_real_end(
    scenario: str, expected: tuple[Outcome, Reason], settings: ZvtSettings
) -> None:
    counter = Counter(scenario, settings, customer_s=20.0)
    counter.line.cancel_at_s = counter.clock.now_s + 5.0
    conclusion = counter.pay()
    assert (conclusion.outcome, conclusion.reason) == expected
    assert Progress.CANCELLING in counter.recorder.shown
    assert counter.charged_cents == (1250 if expected == APPROVED else 0)


def test_a_terminal_that_cannot_be_stopped_is_not_asked_to() -> None:
    settings = ZvtSettings(abort=False)
    counter = Counter(settings=settings, customer_s=20.0)
    counter.line.cancel_at_s = counter.clock.now_s + 5.0
    assert counter.pay().outcome is Outcome.APPROVED
    assert bytes.fromhex("06b000") not in counter.heard()
    assert not PROTOCOL.capabilities(settings).cancel_from_till


def test_a_cashier_who_cancels_before_the_request_has_sent_none() -> None:
    counter = Counter()
    counter.line.cancel_at_s = 0.0
    conclusion = counter.pay()
    assert (conclusion.outcome, conclusion.reason) == (Outcome.NOT_SENT, Reason.CANCELLED)
    assert bytes.fromhex("0601") not in counter.heard()


def test_a_till_that_closes_while_a_customer_pays_leaves_it_unknown() -> None:
    counter = Counter(customer_s=60.0)
    counter.line.stop_at_s = counter.clock.now_s + 10.0
    conclusion = counter.pay()
    assert (conclusion.outcome, conclusion.reason) == (Outcome.UNKNOWN, Reason.STOPPED)
    assert counter.clock.now_s < 1_011.0


# What is told late, or when asked.


@BOTH
def test_a_late_answer_is_kept_and_not_given_to_the_next_payment(settings: ZvtSettings) -> None:
    counter = Counter("late_next", settings)
    assert counter.pay().outcome is Outcome.UNKNOWN
    counter.connect()
    counter.director.insert(SCENARIOS["refuse"])
    conclusion = counter.pay(NEXT)
    assert conclusion.outcome is Outcome.DECLINED
    assert [late.amount_cents for late in counter.recorder.late_answers] == [1250]
    assert counter.charged_cents == 1250


@BOTH
def test_a_late_answer_is_taken_while_nothing_runs(settings: ZvtSettings) -> None:
    counter = Counter("late_answer", settings)
    assert counter.pay().reason is Reason.NO_ANSWER
    counter.dialogue.listen(60.0)
    assert [late.receipt for late in counter.recorder.late_answers] == ["0001"]
    assert counter.charged_cents == 1250


@BOTH
def test_a_late_answer_that_cannot_be_recorded_is_refused(settings: ZvtSettings) -> None:
    recorder = MemoryRecorder(failing=frozenset({"late"}))
    counter = Counter("late_answer", settings, recorder=recorder)
    counter.pay()
    counter.dialogue.listen(60.0)
    assert counter.terminal.ledger.acknowledged == set()
    assert counter.charged_cents == 0


def test_a_result_that_was_told_before_is_not_the_next_payments() -> None:
    counter = Counter()
    request = Request(REFERENCE, 1250, receipt_before="0001")
    conclusion = counter.pay(request)
    assert (conclusion.outcome, conclusion.reason) == (Outcome.UNKNOWN, Reason.NOT_A_RESULT)
    assert [late.receipt for late in counter.recorder.late_answers] == ["0001"]


@pytest.mark.parametrize(
    ("repeats", "found"), [(Repeats.STATUS, 1250), (Repeats.BARE, None), (Repeats.NONE, None)]
)
@BOTH
def test_the_last_operation_is_told_by_those_who_can(
    repeats: Repeats, found: int | None, settings: ZvtSettings
) -> None:
    counter = Counter(settings=settings, repeats=repeats)
    counter.pay()
    answer = counter.dialogue.ask_last(QUESTION)
    assert (answer.amount_cents if answer else None) == found
    counter.connect()
    again = counter.dialogue.ask_last(QUESTION)
    assert again == answer, "on a new line too"
    assert counter.charged_cents == 1250


def test_an_end_that_never_comes_is_confirmed_by_the_terminal_or_unknown() -> None:
    counter = Counter("no_completion", repeats=Repeats.BARE)
    assert counter.pay().reason is Reason.ANSWER_NOT_CLOSED
    silent = ZvtSettings(profile=Profile(repeats_last=False))
    counter = Counter("no_completion", silent)
    assert counter.pay().reason is Reason.ANSWER_NOT_CLOSED
    assert not PROTOCOL.capabilities(silent).query_last


# Other commands.


@BOTH
def test_a_refund_and_a_reversal_give_money_back(settings: ZvtSettings) -> None:
    counter = Counter(settings=settings)
    paid = counter.pay().answer
    assert paid is not None
    reversal = Request("T000000043", 1250, Kind.CANCELLATION, receipt=paid.receipt)
    assert counter.pay(reversal).outcome is Outcome.APPROVED
    assert counter.charged_cents == 0
    again = Request("T000000044", 1250, Kind.CANCELLATION, receipt=paid.receipt)
    conclusion = counter.pay(again)
    assert (conclusion.outcome, conclusion.reason) == NOT_POSSIBLE
    assert counter.pay(Request("T000000045", 300, Kind.REFUND)).outcome is Outcome.APPROVED
    assert counter.charged_cents == -300


def test_what_zvt_cannot_say_is_not_sent() -> None:
    counter = Counter()
    conclusion = counter.pay(Request(REFERENCE, 1250, cheque=True))
    assert (conclusion.outcome, conclusion.reason) == (Outcome.NOT_SENT, Reason.NOT_POSSIBLE)
    assert counter.line.transcript == []


@BOTH
def test_the_end_of_the_day_has_totals_and_papers(settings: ZvtSettings) -> None:
    counter = Counter(settings=settings)
    counter.pay()
    counter.pay(Request("T000000043", 350))
    totals = counter.dialogue.end_of_day()
    assert totals is not None
    assert (totals.total_cents, totals.complete) == (1600, True)
    assert [(one.brand, one.count, one.cents) for one in totals.brands] == [("Visa", 2, 1600)]
    assert "1600" in totals.slips[0].text
    empty = counter.dialogue.end_of_day()
    assert empty is not None
    assert empty.total_cents == 0


@pytest.mark.parametrize(
    ("scenario", "found"),
    [("approve", Presence.READY), ("busy", Presence.BUSY), ("silent", Presence.SILENT)],
)
@BOTH
def test_a_probe_says_what_it_found(scenario: str, found: Presence, settings: ZvtSettings) -> None:
    counter = Counter(scenario, settings)
    assert counter.dialogue.probe(3) is found
    assert counter.charged_cents == 0


def test_a_terminal_that_pays_is_busy() -> None:
    counter = Counter(customer_s=60.0)
    counter.line.stop_at_s = counter.clock.now_s + 10.0
    counter.pay()
    counter.line.stop_at_s = None
    assert counter.dialogue.probe(1) is Presence.BUSY


def test_a_line_is_registered_on_once_and_probed_before_each_payment() -> None:
    counter = Counter(settings=ZvtSettings())
    counter.pay()
    counter.pay(NEXT)
    assert counter.heard().count(bytes.fromhex("060006000000080978")) == 1
    assert counter.heard().count(bytes.fromhex("050100")) == 1


# No card number anywhere.


@BOTH
@pytest.mark.parametrize("scenario", ["full_number", "unplug_answer"])
def test_no_card_number_is_kept_shown_or_logged(
    scenario: str, settings: ZvtSettings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    counter = Counter(scenario, settings)
    conclusion = counter.pay()
    everything = repr((conclusion, counter.recorder, counter.dialogue, caplog.text))
    assert WHOLE_NUMBER[4:12] not in everything
    assert "2812" not in everything
    if conclusion.answer is not None:
        assert conclusion.answer.last4 == WHOLE_NUMBER[-4:]
        assert len(conclusion.slips) == 2


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


YES = bytes.fromhex("800000")
DONE = bytes.fromhex("060f00")
RIGHT = bytes.fromhex("040f0f2700 04000000001250 490978 870012".replace(" ", ""))
said = st.sampled_from(
    [
        YES,
        DONE,
        RIGHT,
        bytes.fromhex("849c00"),
        bytes.fromhex("061e016c"),
        bytes.fromhex("04ff010a"),
    ]
)
mad = st.lists(said | st.binary(max_size=300) | st.just(b""), max_size=60)


@given(mad, st.booleans(), st.booleans())
def test_a_mad_terminal_neither_hangs_nor_fools_the_till(
    pieces: list[bytes], starts_well: bool, on_serial: bool
) -> None:
    recorder = MemoryRecorder()
    start = [YES, DONE, YES] if starts_well else []
    if on_serial:
        pieces = [
            encode_frame(piece) if piece[:1] in b"\x80\x84\x04\x06" else piece for piece in pieces
        ]
        start = [encode_frame(piece) for piece in start]
    line = MadLine(deque([*start, *pieces]), recorder)
    settings = ZvtSettings(on_serial=on_serial)
    dialogue = ZvtDialogue(line, settings, recorder, deque(maxlen=8))
    try:
        conclusion = dialogue.carry_out(REQUEST)
    except RemoteProtocolError:
        conclusion = dialogue.interrupted()
    assert line.clock_s < 7_200
    if conclusion.outcome is Outcome.APPROVED:
        assert recorder.answers[REFERENCE].amount_cents == REQUEST.amount_cents


def told(*messages: str) -> tuple[Conclusion, MemoryRecorder]:
    """Pay at a terminal that accepts the request and then says these messages."""
    recorder = MemoryRecorder()
    pieces = [YES, DONE, YES, *map(bytes.fromhex, messages)]
    line = MadLine(deque(pieces), recorder)
    dialogue = ZvtDialogue(line, ZvtSettings(), recorder, deque(maxlen=8))
    return dialogue.carry_out(REQUEST), recorder


STATUS = "040f0f 2700 04000000001250 490978 870012"
REFUSAL = "040f0f 2705 04000000001250 490978 870000"


def test_the_same_result_twice_is_one_result() -> None:
    conclusion, recorder = told(STATUS, STATUS, "060f00")
    assert conclusion.outcome is Outcome.APPROVED
    assert recorder.late_answers == []


def test_two_results_that_differ_are_none() -> None:
    conclusion, recorder = told(REFUSAL, STATUS, "060f00")
    assert conclusion.reason is Reason.ANSWER_OF_ANOTHER
    assert len(recorder.late_answers) == 1


def test_a_refused_result_may_end_either_way() -> None:
    for end in ("061e0105", "061e00", "060f00"):
        assert told(REFUSAL, end)[0].outcome is Outcome.DECLINED


def test_an_unreadable_result_is_refused_and_a_readable_one_after_it_counts() -> None:
    assert told("040f03 2700 04", "061e016c")[0].reason is Reason.ANSWER_UNREADABLE
    assert told("040f03 2700 04", STATUS, "060f00")[0].outcome is Outcome.APPROVED


def test_a_result_of_another_amount_is_unknown() -> None:
    other = STATUS.replace("1250", "2040")
    assert told(other, "060f00")[0].reason is Reason.AMOUNT_DIFFERS


def test_a_terminal_may_ask_for_more_time_within_a_limit() -> None:
    recorder = MemoryRecorder()
    line = MadLine(deque([YES, DONE, YES, bytes.fromhex("04ff020a99")]), recorder)
    dialogue = ZvtDialogue(line, ZvtSettings(), recorder, deque(maxlen=8))
    assert dialogue.carry_out(REQUEST).reason is Reason.NO_ANSWER
    assert line.clock_s == pytest.approx(900.0, abs=10.0)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: ZvtSettings(password="12345"),
        lambda: ZvtSettings(config_byte=256),
        lambda: ZvtSettings(t3_s=0.0),
        lambda: ZvtSettings(answer_timeout_s=1.0),
    ],
)
def test_settings_that_would_lose_answers_are_refused(wrong: Callable[[], ZvtSettings]) -> None:
    with pytest.raises(LocalProtocolError, match="expected"):
        wrong()
