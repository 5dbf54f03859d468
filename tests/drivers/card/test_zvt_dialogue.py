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


@BOTH
def test_a_number_known_before_does_not_say_whose_the_result_is(settings: ZvtSettings) -> None:
    counter = Counter(settings=settings)
    request = Request(REFERENCE, 1250, receipt_before="0001")
    conclusion = counter.pay(request)
    assert (conclusion.outcome, conclusion.reason) == (Outcome.UNKNOWN, Reason.ANSWER_OF_ANOTHER)
    assert conclusion.answer == counter.recorder.answers[REFERENCE]
    assert counter.recorder.late_answers == []
    assert counter.charged_cents == 1250, "acknowledged, for it is on disk with the attempt"
    open_question = Question(REFERENCE, 1250, Kind.PAYMENT, "0001", "0001")
    found = counter.dialogue.ask_last(open_question)
    assert found is not None
    assert (found.amount_cents, found.receipt) == (1250, ""), "the number proves nothing"


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


# Results that are told twice, and numbers that are used twice.


TOLD_AT = "0b000007 0c101112 0d1122"
LATER = "0b000009 0c101530 0d1122"


def result(cents: int, more: str = "", code: str = "00", receipt: str = "0042") -> str:
    data = f"27{code} 04{cents:012d} 490978 87{receipt} {more}"
    return f"040f{len(bytes.fromhex(data)):02x} {data}"


@dataclass
class Script:
    """A terminal that answers each command with what is written, on a line of one piece each."""

    said: dict[str, list[str]]
    recorder: MemoryRecorder = field(default_factory=MemoryRecorder)
    settings: ZvtSettings = field(default_factory=ZvtSettings)
    cancels: bool = False
    clock_s: float = 0.0
    stopping: bool = False
    written: list[bytes] = field(default_factory=list)
    _incoming: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        self.dialogue = ZvtDialogue(self, self.settings, self.recorder, deque(maxlen=8))

    def read(self, bytes_max: int, timeout_s: float) -> bytes:
        if not self._incoming:
            self.clock_s += timeout_s
        piece = bytes(self._incoming[:bytes_max])
        del self._incoming[:bytes_max]
        return piece

    def write(self, data: bytes, timeout_s: float) -> None:
        self.written.append(data)
        scripts = self.said.get(data[:2].hex(), ["800000 060f00"])
        if data[0] not in {0x80, 0x84}:
            self._incoming += bytes.fromhex(scripts.pop(0) if len(scripts) > 1 else scripts[0])

    def now_s(self) -> float:
        return self.clock_s

    def wants_cancel(self) -> bool:
        waits = self.written[-1][:2] == bytes.fromhex("0601") if self.written else False
        wanted, self.cancels = self.cancels and waits, self.cancels and not waits
        return wanted

    def pay(self, number: int, cents: int, receipt_before: str = "") -> Conclusion:
        request = Request(f"T{number:09d}", cents, receipt_before=receipt_before)
        return self.dialogue.carry_out(request)

    @property
    def late(self) -> list[tuple[int | None, str]]:
        return [(answer.amount_cents, answer.receipt) for answer in self.recorder.late_answers]

    def refused(self) -> int:
        return sum(data[0] == 0x84 for data in self.written)


def payments(*said: str) -> Script:
    return Script({"0601": [f"800000 {one} 060f00" for one in said]})


def test_a_result_told_again_is_late_and_the_new_one_counts() -> None:
    first = result(500, TOLD_AT)
    script = payments(first, first + result(500, LATER, receipt="0043"))
    assert script.pay(1, 500).outcome is Outcome.APPROVED
    conclusion = script.pay(2, 500, "0042")
    assert conclusion.outcome is Outcome.APPROVED
    assert conclusion.answer is not None
    assert conclusion.answer.receipt == "0043"
    assert script.late == [(500, "0042")]


def test_a_result_told_again_and_nothing_else_is_no_result() -> None:
    first = result(500, TOLD_AT)
    script = payments(first, first)
    script.pay(1, 500)
    assert script.pay(2, 500, "0042").reason is Reason.NOT_A_RESULT
    assert script.late == [(500, "0042")]


@pytest.mark.parametrize(
    ("first", "cents"),
    [
        (result(500, TOLD_AT), 500),
        (result(900), 500),
        (result(500, code="05"), 500),
    ],
    ids=["trace and time", "amount", "it was refused"],
)
def test_a_number_that_is_used_again_is_known_by_the_rest(first: str, cents: int) -> None:
    script = payments(first, result(cents, LATER))
    script.pay(1, 900 if "900" in first else 500)
    assert script.pay(2, cents, "0042").outcome is Outcome.APPROVED
    assert script.late == []


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("", ""),
        (TOLD_AT, ""),
        ("0b000007 0c101112 0d1122", "0b000007 0c101530 0d1122"),
        ("0b000007 0c101112 0d1122", "0b000009 0c101112 0d1122"),
    ],
    ids=["nothing told", "told once", "same trace", "same second"],
)
def test_a_number_that_may_be_an_old_one_is_kept_with_the_attempt_and_unknown(
    first: str, then: str
) -> None:
    script = payments(result(500, first), result(500, then + " 8a0a"))
    script.pay(1, 500)
    conclusion = script.pay(2, 500)
    assert (conclusion.outcome, conclusion.reason) == (Outcome.UNKNOWN, Reason.ANSWER_OF_ANOTHER)
    assert script.recorder.answers["T000000002"].receipt == "0042"
    assert script.late == []
    assert script.refused() == 0


def test_an_old_number_with_another_amount_is_left_to_the_past() -> None:
    script = payments(result(900) + result(500, receipt="0043"))
    assert script.pay(1, 500, "0042").outcome is Outcome.APPROVED
    assert script.late == [(900, "0042")]


def test_a_late_answer_with_a_number_in_doubt_settles_nothing_by_it() -> None:
    script = payments(result(500))
    assert script.pay(1, 500, "0042").outcome is Outcome.UNKNOWN
    script.recorder.open.append(Question("T000000001", 500, Kind.PAYMENT, "0042", "0042"))
    script._incoming += bytes.fromhex(result(500))
    script.dialogue.listen(1.0)
    assert script.late == [(500, "")]


# Results during commands that move no money.


COMMANDS: dict[str, Callable[[ZvtDialogue], object]] = {
    "0600": lambda dialogue: dialogue.end_of_day(),
    "0501": lambda dialogue: dialogue.probe(1),
    "0650": lambda dialogue: dialogue.end_of_day(),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_result_told_during_another_command_is_on_disk_before_it_is_acknowledged(
    command: str,
) -> None:
    script = Script({command: [f"800000 {result(899)} 060f00"]})
    assert COMMANDS[command](script.dialogue) in {None, Presence.READY}
    assert script.late == [(899, "0042")]
    assert script.refused() == 0


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("said", [result(899), "040f03 2700 04"], ids=["whole", "unreadable"])
def test_a_result_told_during_another_command_that_is_not_on_disk_is_refused(
    command: str, said: str
) -> None:
    recorder = MemoryRecorder(failing=frozenset({"late"}))
    script = Script({command: [f"800000 {said} 060f00"]}, recorder)
    COMMANDS[command](script.dialogue)
    assert script.refused() == 1


def test_an_operation_told_in_an_end_of_day_is_late_and_the_sums_are_the_sums() -> None:
    for more in ("", "3b 3132333435360000"):
        operation = result(899, more, receipt="0000" if more else "0042")
        script = Script({"0650": [f"800000 {result(4000, receipt='0000')} {operation} 060f00"]})
        totals = script.dialogue.end_of_day()
        assert totals is not None
        assert totals.total_cents == 4000
        assert [cents for cents, _ in script.late] == [899]


def test_what_cannot_be_read_to_its_end_is_no_sum() -> None:
    script = Script({"0650": ["800000 040f0d 2700 04000000000899 f7 870042 060f00"]})
    assert script.dialogue.end_of_day() is None
    assert [cents for cents, _ in script.late] == [899]


def test_two_last_operations_are_none_and_are_kept() -> None:
    said = result(500) + result(500) + result(899, receipt="0043")
    script = Script({"0620": [f"800000 {said} 060f00"]})
    assert script.dialogue.ask_last(QUESTION) is None
    assert script.late == [(500, "0042"), (899, "0043")]


# The answer to a wish to stop.


@pytest.mark.parametrize("answer", ["800000", "848300"])
@pytest.mark.parametrize("probes", [True, False])
def test_an_answer_to_a_stop_that_comes_behind_the_end_answers_nothing_else(
    answer: str, probes: bool
) -> None:
    refusal = result(899, code="05", receipt="0000")
    script = Script(
        {
            "0601": ["800000", "848500"],
            "06b0": [f"{refusal} 060f00 {answer}"],
            "0501": ["800000 060f0100"],
        },
        settings=ZvtSettings(probe_before=probes),
        cancels=True,
    )
    assert script.pay(1, 899).outcome is Outcome.DECLINED
    before_s = script.clock_s
    assert script.pay(2, 500).reason is Reason.NOT_POSSIBLE
    assert script.recorder.answers["T000000002"].raw_status == "84-85"
    assert script.clock_s - before_s < 1.0, "it came, so that nothing waits for it"


def test_a_stop_that_is_never_answered_holds_up_the_next_command_once() -> None:
    ended = "061e016c"
    script = Script({"0601": ["800000", "800000 " + result(500) + "060f00"], "06b0": [ended]})
    script.cancels = True
    assert script.pay(1, 899).outcome is Outcome.CANCELLED
    assert script.pay(2, 500).outcome is Outcome.APPROVED
    assert 5.0 <= script.clock_s < 6.0
    script.dialogue.probe(1)
    assert script.clock_s < 6.0


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
