"""What the till is told in each scenario, on TCP and on the link, in virtual time."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass, field, replace

import pytest

from drivers.card.caisse_ap import session
from drivers.card.caisse_ap.message import encode_request
from drivers.card.caisse_ap.protocol import PROTOCOL
from drivers.card.caisse_ap.settings import CaisseApSettings, Ticket
from drivers.card.concert import session as link_session
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
from drivers.card.wire import Dialogue
from drivers.errors import DeviceError, DriverError, RemoteProtocolError
from drivers.simulators.card.caisse_ap import CaisseApOptions, CaisseApTerminal
from drivers.simulators.card.caisse_ap_scenarios import OVERWRITTEN, SCENARIOS, WHOLE_NUMBER
from drivers.simulators.card.director import Director
from drivers.simulators.card.ledger import Ledger
from tests.drivers.card.virtual_line import Clock, Fault, MemoryRecorder, VirtualLine

REFERENCE = "T000000042"
REQUEST = Request(REFERENCE, 1250)
NEXT_REQUEST = Request("T000000043", 1250)
QUESTION = Question(REFERENCE, 1250, Kind.PAYMENT)
ON_TCP = CaisseApSettings()
ON_LINK = CaisseApSettings(on_link=True)
BOTH = pytest.mark.parametrize("how", [ON_TCP, ON_LINK], ids=["tcp", "link"])
ECHOING = Profile(echoes_reference=True)
REPEATING = Profile(echoes_reference=True, repeats_last=True)
AS_IS = CaisseApOptions()


@pytest.fixture(autouse=True)
def _long_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "READ_SLICE_S", 60.0)
    monkeypatch.setattr(link_session, "READ_SLICE_S", 60.0)


@dataclass
class Counter:
    """A dialogue with a simulated terminal, and all that both of them wrote down."""

    scenario: str = "approve"
    how: CaisseApSettings = ON_TCP
    options: CaisseApOptions = AS_IS
    recorder: MemoryRecorder = field(default_factory=MemoryRecorder)
    faults: dict[int, Fault] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.director = Director(SCENARIOS, script=[SCENARIOS[self.scenario]] * 9)
        self.options = replace(self.options, on_link=self.how.on_link)
        self.terminal = CaisseApTerminal(self.options, self.director, Ledger())
        self.clock = Clock()
        self.issued: deque[str] = deque(maxlen=8)
        self.line, self.dialogue = self.connect(self.faults)

    def connect(self, faults: dict[int, Fault] | None = None) -> tuple[VirtualLine, Dialogue]:
        self.line = VirtualLine(self.terminal, self.clock, faults or {}).connect()
        self.dialogue = PROTOCOL.open(self.line, self.how, self.recorder, self.issued)
        return self.line, self.dialogue

    def pay(self, request: Request = REQUEST) -> Conclusion:
        try:
            conclusion = self.dialogue.carry_out(request)
        except DriverError:
            conclusion = self.dialogue.interrupted()
        return conclusion

    def then(self, scenario: str) -> None:
        """Go on with another scenario."""
        while self.director.next() is SCENARIOS[self.scenario]:
            self.director.done()
        self.director.insert(SCENARIOS[scenario])

    def charged(self, reference: str = REFERENCE) -> int:
        return sum(entry.charged_cents for entry in self.terminal.ledger.charges(reference))

    def told(self) -> bytes:
        """Return what the till wrote."""
        return bytes(byte for direction, byte in self.line.transcript if direction == ">")


APPROVED = (Outcome.APPROVED, Reason.APPROVED)
CANCELLED = (Outcome.CANCELLED, Reason.CANCELLED)
DECLINED = (Outcome.DECLINED, Reason.DECLINED)
NOT_POSSIBLE = (Outcome.DECLINED, Reason.NOT_POSSIBLE)
STATUS_UNKNOWN = (Outcome.UNKNOWN, Reason.STATUS_UNKNOWN)
LINE_LOST = (Outcome.UNKNOWN, Reason.LINE_LOST)
NO_ANSWER = (Outcome.UNKNOWN, Reason.NO_ANSWER)
UNREADABLE = (Outcome.UNKNOWN, Reason.ANSWER_UNREADABLE)
OFFLINE = (Outcome.NOT_SENT, Reason.OFFLINE)

EXPECTED = {
    "approve": APPROVED,
    "refuse": DECLINED,
    "abandon": CANCELLED,
    "timeout": CANCELLED,
    "busy": STATUS_UNKNOWN,
    "silent": NO_ANSWER,
    "asleep": OFFLINE,
    "collision": APPROVED,
    "nak_once": APPROVED,
    "nak_always": APPROVED,
    "bad_lrc_once": APPROVED,
    "bad_lrc_always": APPROVED,
    "answer_cut": UNREADABLE,
    "answer_split": APPROVED,
    "late_answer": NO_ANSWER,
    "late_next": NO_ANSWER,
    "no_eot": APPROVED,
    "taken": (Outcome.UNKNOWN, Reason.NOT_A_RESULT),
    "done_unknown": STATUS_UNKNOWN,
    "amount_differs": (Outcome.UNKNOWN, Reason.AMOUNT_DIFFERS),
    "private_overwritten": APPROVED,
    "full_number": APPROVED,
    "unplug": LINE_LOST,
    "unplug_answer": LINE_LOST,
    "reset": LINE_LOST,
    "partial": (Outcome.APPROVED, Reason.PARTLY_APPROVED),
    "complement": DECLINED,
    "no_amount": CANCELLED,
    "padded": APPROVED,
    "extra_tags": APPROVED,
    "forbidden": DECLINED,
    "operator": CANCELLED,
    "bad_format": NOT_POSSIBLE,
    "bad_selection": NOT_POSSIBLE,
    "unknown_action": NOT_POSSIBLE,
    "bad_currency": NOT_POSSIBLE,
    "not_completed": STATUS_UNKNOWN,
    "no_reason": STATUS_UNKNOWN,
    "version_0300": APPROVED,
    "version_0301": APPROVED,
    "version_0310": APPROVED,
}
ON_THE_LINK = EXPECTED | {
    "busy": (Outcome.NOT_SENT, Reason.BUSY),
    "silent": (Outcome.NOT_SENT, Reason.SILENT),
    "asleep": APPROVED,
    "nak_always": (Outcome.UNKNOWN, Reason.REQUEST_REJECTED),
    "bad_lrc_always": UNREADABLE,
    "no_eot": (Outcome.UNKNOWN, Reason.ANSWER_NOT_CLOSED),
}


def test_every_scenario_has_its_expected_outcome() -> None:
    assert EXPECTED.keys() == SCENARIOS.keys() == ON_THE_LINK.keys()


@pytest.mark.parametrize("how", [ON_TCP, ON_LINK], ids=["tcp", "link"])
@pytest.mark.parametrize("scenario", EXPECTED)
def test_a_scenario_is_concluded_as_it_should(scenario: str, how: CaisseApSettings) -> None:
    counter = Counter(scenario, how)
    conclusion = counter.pay()
    expected = (ON_THE_LINK if how.on_link else EXPECTED)[scenario]
    assert (conclusion.outcome, conclusion.reason) == expected
    if conclusion.outcome is Outcome.APPROVED:
        assert conclusion.answer == counter.recorder.answers[REFERENCE]
        assert conclusion.answer is not None
        assert conclusion.answer.amount_cents == counter.charged()
    elif conclusion.outcome is not Outcome.UNKNOWN:
        assert counter.charged() == 0


@BOTH
def test_an_approval_tells_the_card_and_its_numbers(how: CaisseApSettings) -> None:
    answer = Counter(how=how).pay().answer
    assert answer is not None
    assert (answer.last4, answer.brand, answer.contactless) == ("2440", "CB", False)
    assert (answer.authorisation, answer.receipt, answer.mode) == ("624477", "000001", "001")
    assert answer.private_data == REFERENCE
    assert answer.slips == ()


@BOTH
@pytest.mark.parametrize("html", [False, True], ids=["text", "html"])
def test_a_ticket_that_was_asked_for_is_masked_text(how: CaisseApSettings, *, html: bool) -> None:
    asking = replace(how, ticket=Ticket.MERCHANT)
    for scenario, number in {
        "approve": "*" * 12 + "2440",
        "full_number": "*" * 12 + "7893",
    }.items():
        answer = Counter(scenario, asking, CaisseApOptions(html=html)).pay().answer
        assert answer is not None
        (slip,) = answer.slips
        assert not slip.for_customer
        expected = ["CARTE BANCAIRE", number, "FIN **/**", "MONTANT 1250 c", "DÉBIT"]
        assert slip.text.splitlines() == expected


@BOTH
def test_a_payment_shows_where_it_is(how: CaisseApSettings) -> None:
    counter = Counter(how=how)
    counter.pay()
    assert counter.recorder.shown == [
        Progress.CONNECTING,
        Progress.REQUESTING,
        Progress.WAITING_CUSTOMER,
        Progress.ANSWERING,
    ]


@BOTH
def test_a_screen_that_fails_touches_no_payment(how: CaisseApSettings) -> None:
    counter = Counter(how=how, recorder=MemoryRecorder(failing=frozenset({"progress"})))
    assert counter.pay().outcome is Outcome.APPROVED


@BOTH
@pytest.mark.parametrize("kind", [Kind.REFUND, Kind.CANCELLATION])
def test_money_goes_back_as_it_was_asked(how: CaisseApSettings, kind: Kind) -> None:
    counter = Counter(how=how)
    request = Request(REFERENCE, 1250, kind, receipt="000017")
    assert counter.pay(request).outcome is Outcome.APPROVED
    assert counter.charged() == -1250
    assert (b"CH006000017" in counter.told()) is (kind is Kind.CANCELLATION)


@BOTH
def test_a_refund_in_part_is_not_what_was_asked(how: CaisseApSettings) -> None:
    conclusion = Counter("partial", how).pay(Request(REFERENCE, 1250, Kind.REFUND))
    assert (conclusion.outcome, conclusion.reason) == (Outcome.UNKNOWN, Reason.AMOUNT_DIFFERS)


@BOTH
def test_a_cheque_is_asked_for_by_its_application(how: CaisseApSettings) -> None:
    counter = Counter("full_number", how)
    answer = counter.pay(Request(REFERENCE, 1250, cheque=True)).answer
    assert answer is not None
    assert (answer.mode, answer.last4, answer.contactless) == ("00C", None, None)


@BOTH
def test_more_than_was_asked_is_a_tip_only_where_tips_are_taken(how: CaisseApSettings) -> None:
    tipped = Counter("amount_differs", replace(how, profile=Profile(tips=True))).pay()
    assert tipped.outcome is Outcome.APPROVED
    assert tipped.answer is not None
    assert tipped.answer.amount_cents == 1251


def test_a_terminal_that_wants_line_ends_rejects_what_has_none() -> None:
    wanting = CaisseApOptions(wants_crlf=True)
    assert Counter(options=wanting).pay().reason is Reason.NOT_POSSIBLE
    counter = Counter(how=CaisseApSettings(append_crlf=True), options=wanting)
    assert counter.pay().outcome is Outcome.APPROVED
    assert Counter(how=CaisseApSettings(append_crlf=True)).pay().outcome is Outcome.APPROVED


def test_nothing_is_said_before_a_payment_but_the_request() -> None:
    counter = Counter()
    counter.pay()
    assert counter.told().count(b"CZ004") == 1
    assert b"BF" not in counter.told()


# The durable order.


@BOTH
def test_sending_is_on_disk_before_the_first_byte(how: CaisseApSettings) -> None:
    counter = Counter(how=how)

    def look(_data: bytes) -> None:
        assert ("sending", REFERENCE) in counter.recorder.events

    counter.line.on_write = look
    assert counter.pay().outcome is Outcome.APPROVED


@BOTH
def test_an_attempt_that_cannot_be_recorded_sends_nothing(how: CaisseApSettings) -> None:
    counter = Counter(how=how, recorder=MemoryRecorder(failing=frozenset({"sending"})))
    conclusion = counter.pay()
    assert (conclusion.outcome, conclusion.reason) == (Outcome.NOT_SENT, Reason.NOT_RECORDED)
    assert counter.told() == b""
    assert not counter.terminal.ledger.entries


@BOTH
def test_an_answer_that_cannot_be_recorded_leaves_the_end_unknown(how: CaisseApSettings) -> None:
    counter = Counter(how=how, recorder=MemoryRecorder(failing=frozenset({"answered"})))
    conclusion = counter.pay()
    assert (conclusion.outcome, conclusion.reason) == (
        Outcome.UNKNOWN,
        Reason.ANSWER_NOT_RECORDED,
    )
    assert not counter.terminal.ledger.acknowledged


def test_a_till_that_closes_before_the_request_sent_nothing() -> None:
    counter = Counter()
    counter.line.stop_at_s = 0.0
    conclusion = counter.pay()
    assert (conclusion.outcome, conclusion.reason) == (Outcome.NOT_SENT, Reason.STOPPED)
    assert not counter.terminal.ledger.entries


@BOTH
def test_a_till_that_closes_while_the_customer_pays_does_not_know(
    how: CaisseApSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (session, link_session):
        monkeypatch.setattr(module, "READ_SLICE_S", 1.0)
    counter = Counter("timeout", how)
    counter.line.stop_at_s = counter.clock.now_s + 10.0
    conclusion = counter.pay()
    assert (conclusion.outcome, conclusion.reason) == (Outcome.UNKNOWN, Reason.STOPPED)


def test_a_line_that_was_hung_up_before_the_request_costs_nothing() -> None:
    counter = Counter(faults={})
    counter.terminal.connected(counter.clock.now_s)
    counter.line._dead = True
    conclusion = counter.pay()
    assert (conclusion.outcome, conclusion.reason) == OFFLINE


def test_a_request_written_in_part_counts_as_sent_and_is_no_request() -> None:
    for at in range(len(encode_request(REQUEST, ON_TCP.form))):
        counter = Counter(faults={at: Fault.DIES})
        assert counter.pay().outcome is Outcome.UNKNOWN
        counter.connect()
        counter.dialogue.listen(60.0)
        assert not counter.terminal.ledger.entries


# Answers that are not ours.


def test_an_answer_after_the_time_is_late_and_not_the_next_payments() -> None:
    counter = Counter("late_answer")
    assert counter.pay().outcome is Outcome.UNKNOWN
    counter.then("approve")
    counter.clock.now_s += 30.0
    conclusion = counter.pay(NEXT_REQUEST)
    assert conclusion.outcome is Outcome.APPROVED
    assert conclusion.answer is not None
    assert conclusion.answer.private_data == NEXT_REQUEST.reference
    assert [late.private_data for late in counter.recorder.late_answers] == [REFERENCE]


def test_an_answer_that_comes_with_the_next_connection_is_late() -> None:
    counter = Counter("late_next")
    assert counter.pay().outcome is Outcome.UNKNOWN
    counter.then("approve")
    counter.issued.clear()  # the till was started anew
    counter.connect()
    assert counter.pay(NEXT_REQUEST).outcome is Outcome.APPROVED
    assert [late.private_data for late in counter.recorder.late_answers] == [REFERENCE]


def test_an_answer_of_an_open_attempt_is_known_after_a_restart() -> None:
    counter = Counter("late_next")
    counter.pay()
    counter.then("approve")
    counter.issued.clear()
    counter.recorder.open = [QUESTION]
    counter.connect()
    # On a slow network it comes only after our request.
    held = list(counter.line._incoming)
    counter.line._incoming.clear()
    counter.line.on_write = lambda _data: counter.line._incoming.extend(held)
    conclusion = counter.pay(NEXT_REQUEST)
    assert conclusion.outcome is Outcome.APPROVED
    assert conclusion.answer is not None
    assert conclusion.answer.private_data == NEXT_REQUEST.reference
    assert [late.private_data for late in counter.recorder.late_answers] == [REFERENCE]


def test_another_reference_from_a_terminal_that_echoes_is_not_ours() -> None:
    counter = Counter("private_overwritten", CaisseApSettings(profile=ECHOING))
    conclusion = counter.pay()
    assert (conclusion.outcome, conclusion.reason) == (Outcome.UNKNOWN, Reason.ANSWER_OF_ANOTHER)
    assert [late.private_data for late in counter.recorder.late_answers] == [OVERWRITTEN]


def test_a_refusal_without_reference_is_ours_even_from_a_terminal_that_echoes() -> None:
    for how in (ON_TCP, ON_LINK):
        counter = Counter("refuse", replace(how, profile=ECHOING))
        assert counter.pay().outcome is Outcome.DECLINED


@BOTH
def test_what_a_terminal_says_by_itself_is_kept(how: CaisseApSettings) -> None:
    counter = Counter("late_answer", how)
    counter.pay()
    counter.dialogue.listen(60.0)
    assert [late.private_data for late in counter.recorder.late_answers] == [REFERENCE]
    assert REFERENCE not in counter.recorder.answers


def test_a_late_answer_that_cannot_be_recorded_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    counter = Counter("late_answer", recorder=MemoryRecorder(failing=frozenset({"late"})))
    counter.pay()
    with caplog.at_level(logging.ERROR):
        counter.dialogue.listen(60.0)
    assert "could not be recorded" in caplog.text


# Is it there?


PROBES = {
    "approve": Presence.READY,
    "busy": Presence.BUSY,
    "silent": Presence.SILENT,
    "abandon": Presence.READY,
}


@BOTH
@pytest.mark.parametrize("scenario", PROBES)
def test_a_probe_tells_whether_the_terminal_is_free(scenario: str, how: CaisseApSettings) -> None:
    assert Counter(scenario, how).dialogue.probe(1) is PROBES[scenario]


def test_a_terminal_that_does_not_know_the_question_is_there() -> None:
    counter = Counter(options=CaisseApOptions(identifies=False))
    assert counter.dialogue.probe(1) is Presence.READY


def test_a_terminal_with_its_customer_is_busy() -> None:
    counter = Counter("late_answer")
    counter.pay()
    assert counter.dialogue.probe(1) is Presence.BUSY


def test_a_probe_that_meets_a_late_answer_keeps_it() -> None:
    counter = Counter("late_answer")
    counter.pay()
    counter.clock.now_s += 19.0
    counter.dialogue.probe(3)
    counter.dialogue.listen(10.0)
    assert [late.private_data for late in counter.recorder.late_answers] == [REFERENCE]


def test_a_probe_on_a_broken_line_raises() -> None:
    counter = Counter(faults={0: Fault.DIES})
    with pytest.raises(DeviceError):
        counter.dialogue.probe(1)


# What became of it?


def asking(how: CaisseApSettings, scenario: str, options: CaisseApOptions = AS_IS) -> Counter:
    """Return a counter with an attempt that is open, on a line opened anew."""
    counter = Counter(scenario, replace(how, profile=REPEATING), options)
    assert counter.pay().outcome is Outcome.UNKNOWN
    counter.then("approve")
    counter.recorder.open = [QUESTION]
    counter.connect()
    return counter


@BOTH
def test_a_duplicate_tells_what_became_of_a_payment(how: CaisseApSettings) -> None:
    counter = asking(how, "unplug")
    assert counter.dialogue.probe(1) is Presence.READY
    answer = counter.dialogue.ask_last(QUESTION)
    assert answer is not None
    assert (answer.status, answer.amount_cents) == (AnswerStatus.APPROVED, 1250)
    assert answer.private_data == REFERENCE
    assert not counter.recorder.late_answers
    assert counter.charged() == 1250


@BOTH
def test_a_duplicate_of_a_refusal_counts_only_with_our_reference(how: CaisseApSettings) -> None:
    counter = asking(how, "answer_cut")
    counter.then("refuse")
    counter.pay(NEXT_REQUEST)
    assert counter.dialogue.ask_last(QUESTION) is None
    found = counter.dialogue.ask_last(Question(NEXT_REQUEST.reference, 1250, Kind.PAYMENT))
    assert found is not None
    assert found.status is AnswerStatus.DECLINED


@BOTH
def test_a_terminal_without_duplicates_tells_nothing(how: CaisseApSettings) -> None:
    counter = asking(how, "unplug", CaisseApOptions(duplicates=0))
    assert counter.dialogue.probe(1) is Presence.READY
    assert counter.dialogue.ask_last(QUESTION) is None


@BOTH
def test_a_terminal_not_known_to_repeat_is_never_asked(how: CaisseApSettings) -> None:
    counter = Counter("unplug", how)
    counter.pay()
    counter.connect()
    assert counter.dialogue.ask_last(QUESTION) is None
    assert counter.told() == b""
    assert not PROTOCOL.capabilities(how).query_last
    assert PROTOCOL.capabilities(replace(how, profile=REPEATING)).query_last


def test_one_question_serves_every_open_attempt() -> None:
    counter = asking(ON_TCP, "unplug")
    counter.dialogue.probe(1)
    assert counter.dialogue.ask_last(QUESTION) is not None
    assert counter.dialogue.ask_last(Question("T000000001", 300, Kind.PAYMENT)) is None
    assert counter.told().count(b"CD0013") == 1
    counter.clock.now_s += 15.0
    counter.dialogue.ask_last(QUESTION)
    assert counter.told().count(b"CD0013") == 2


def test_a_terminal_that_is_silent_when_asked_is_silent() -> None:
    counter = asking(ON_TCP, "unplug")
    counter.then("silent")
    assert counter.dialogue.probe(1) is Presence.SILENT
    assert counter.dialogue.ask_last(QUESTION) is None


def test_a_late_answer_that_comes_instead_of_the_duplicate_is_kept() -> None:
    counter = Counter("late_answer", CaisseApSettings(profile=REPEATING))
    counter.pay()
    counter.recorder.open = [QUESTION]
    counter.clock.now_s += 19.97
    counter.dialogue.ask_last(QUESTION)
    counter.dialogue.listen(10.0)
    assert [late.private_data for late in counter.recorder.late_answers] == [REFERENCE]


def test_nothing_else_can_be_asked() -> None:
    for how in (ON_TCP, ON_LINK):
        assert Counter(how=how).dialogue.end_of_day() is None


# What never leaves.


@BOTH
@pytest.mark.parametrize("scenario", ["full_number", "complement", "extra_tags"])
def test_no_whole_number_leaves_the_driver(
    scenario: str, how: CaisseApSettings, caplog: pytest.LogCaptureFixture
) -> None:
    counter = Counter(scenario, replace(how, ticket=Ticket.BOTH))
    with caplog.at_level(logging.DEBUG):
        conclusion = counter.pay()
        counter.connect()
        counter.dialogue.listen(1.0)
    seen = f"{conclusion!r} {counter.recorder!r} {caplog.text}"
    assert WHOLE_NUMBER[:-4] not in seen
    assert "2709" not in seen
    assert "SOLDE" not in seen


def test_garbage_before_a_payment_costs_the_line_and_nothing_else() -> None:
    counter = Counter()
    counter.line._incoming.extend(b"garbage")
    with pytest.raises(RemoteProtocolError):
        counter.dialogue.carry_out(REQUEST)
    assert counter.dialogue.interrupted().outcome is Outcome.NOT_SENT
