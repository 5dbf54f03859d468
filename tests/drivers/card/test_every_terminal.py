"""One behaviour for all terminals: the same suite over every protocol, on every kind of line.

The real driver and a simulated terminal, in virtual time. What the customer was charged is read
from the terminal's own ledger. A new protocol is one line in
ways.py.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from drivers.card.interface import (
    Capabilities,
    Conclusion,
    Kind,
    Outcome,
    Progress,
    Reason,
    Request,
)
from drivers.card.settings import SAFE, Profile
from drivers.card_terminal import protocol_named
from drivers.simulators.card.director import Director
from drivers.simulators.card.protocols import make, scenarios
from drivers.simulators.card.terminal import Options
from tests.drivers.card.virtual_line import Fault, MemoryRecorder, VirtualLine
from tests.drivers.card.virtual_till import VirtualTill
from tests.drivers.card.ways import WAYS, Way
from tests.sampling import sample

KNOWN = Profile(keeps_answers=True, repeats_last=True)
# Six digits that are found again in any request, as text or as packed decimals, and nowhere else.
CENTS = 135_792
REFERENCE = "T000000042"
PAYMENT = Request(REFERENCE, CENTS)
CUSTOMER_S = 5.0
SLOW_S = 60.0
READ_SLICE_S = 5.0
# Each protocol's own tests put a fault at each byte; here at every third, each fault at others.
STRIDE = 3
# Long enough for every late answer and every question that the till asks by itself.
AFTERMATH_S = 400.0
LUHN_RUN = re.compile(r"\d{12,19}")


@pytest.fixture(params=list(WAYS))
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Way:
    found = WAYS[request.param]
    package = found.protocol.replace("-", "_")
    # Virtual time needs no short reads, and there are many dialogues to hold.
    for each in ("concert", package):
        monkeypatch.setattr(f"drivers.card.{each}.session.READ_SLICE_S", READ_SLICE_S)
    return found


class Counter:
    """A till and a terminal that speak one way."""

    def __init__(
        self,
        way: Way,
        scenario: str = "approve",
        *,
        profile: Profile = SAFE,
        customer_s: float = CUSTOMER_S,
        failing: str = "",
        **settings: Any,
    ) -> None:
        self.table = scenarios(way.protocol)
        director = Director(self.table, self.table[scenario])
        options = Options(customer_s=customer_s)
        self.terminal = make(way.protocol, options, director=director, serial=way.serial)
        self.ledger = self.terminal.ledger
        made = way.settings(profile=profile, **way.own, **settings)
        protocol = protocol_named(way.protocol)
        self.can: Capabilities = protocol.capabilities(made)
        self.recorder = MemoryRecorder(frozenset(failing.split()))
        self.till = VirtualTill(
            self.terminal, protocol, made, on_network=not way.serial, recorder=self.recorder
        )
        self.writes: list[tuple[int, bytes]] = []
        self.till.on_open = self._listen_in

    def _listen_in(self, line: VirtualLine) -> None:
        line.on_write = lambda data: self.writes.append((len(line.transcript), data))

    def on_open(self, do: Callable[[VirtualLine], None]) -> None:
        """Do something with each line that is opened from now on."""

        def both(line: VirtualLine) -> None:
            self._listen_in(line)
            do(line)

        self.till.on_open = both

    def pay(
        self, request: Request = PAYMENT, faults: Mapping[int, Fault] | None = None
    ) -> Conclusion:
        conclusion = self.till.carry_out(request, faults)
        assert conclusion is not None
        return conclusion

    def requests(self) -> list[int]:
        """Where in the dialogue the till wrote its request, as often as it did."""
        return [at for at, data in self.writes if is_request(data)]

    @property
    def charged_cents(self) -> list[int]:
        """What was charged, or given back, of our amount."""
        return [
            entry.charged_cents
            for entry in self.ledger.entries
            if entry.asked_cents == CENTS and entry.charged_cents
        ]


def is_request(data: bytes) -> bool:
    return str(CENTS).encode() in data or bytes.fromhex(str(CENTS)) in data


def judge(counter: Counter, conclusion: Conclusion) -> None:
    """What the till says is what the terminal's ledger says, or it says that it does not know."""
    net_cents = sum(counter.charged_cents)
    assert sum(cents > 0 for cents in counter.charged_cents) <= 1, "charged twice"
    if conclusion.outcome is Outcome.APPROVED:
        assert net_cents == CENTS
    elif conclusion.outcome is not Outcome.UNKNOWN:
        assert net_cents == 0


# How a payment ends.


def test_a_payment_is_approved(way: Way) -> None:
    counter = Counter(way)
    conclusion = counter.pay()
    assert (conclusion.outcome, conclusion.reason) == (Outcome.APPROVED, Reason.APPROVED)
    answer = counter.recorder.answers[REFERENCE]
    assert conclusion.answer == answer
    assert (answer.amount_cents, answer.currency) == (CENTS, "978")
    assert counter.charged_cents == [CENTS]


@pytest.mark.parametrize("scenario", ["refuse", "abandon", "timeout"])
def test_a_payment_that_is_not_made_charges_nothing(way: Way, scenario: str) -> None:
    counter = Counter(way, scenario)
    conclusion = counter.pay()
    assert conclusion.outcome in {Outcome.DECLINED, Outcome.CANCELLED}
    assert scenario != "refuse" or conclusion.outcome is Outcome.DECLINED
    assert counter.charged_cents == []
    counter.till.rest(AFTERMATH_S)
    assert counter.recorder.late_answers == []


@pytest.mark.parametrize(("scenario", "reason"), [("busy", Reason.BUSY), ("silent", Reason.SILENT)])
def test_a_terminal_that_does_not_listen_is_sent_nothing_or_it_is_unknown(
    way: Way, scenario: str, reason: Reason
) -> None:
    counter = Counter(way, scenario)
    conclusion = counter.pay()
    if counter.requests():  # on a protocol without a question that comes first
        assert conclusion.outcome is Outcome.UNKNOWN
    else:
        assert (conclusion.outcome, conclusion.reason) == (Outcome.NOT_SENT, reason)
    assert counter.charged_cents == []


def test_another_amount_is_never_an_approval(way: Way) -> None:
    counter = Counter(way, "amount_differs")
    conclusion = counter.pay()
    assert (conclusion.outcome, conclusion.reason) == (Outcome.UNKNOWN, Reason.AMOUNT_DIFFERS)
    assert conclusion.answer is not None


def test_an_answer_that_does_not_come_in_time_is_unknown_and_never_given_to_the_next(
    way: Way,
) -> None:
    counter = Counter(way, "late_answer")
    conclusion = counter.pay()
    assert conclusion.outcome is Outcome.UNKNOWN
    counter.till.rest(AFTERMATH_S)
    charged = counter.charged_cents  # or taken back by the terminal itself
    assert counter.recorder.conclusions == {REFERENCE: conclusion}, "what comes late ends nothing"
    counter.terminal.director.insert(counter.table["refuse"])
    refused = counter.pay(Request("T000000043", CENTS))
    assert refused.outcome is Outcome.DECLINED
    assert counter.charged_cents == charged


def test_a_late_answer_meets_the_next_payment_and_does_not_decide_it(way: Way) -> None:
    counter = Counter(way, "late_next")
    assert counter.pay().outcome is Outcome.UNKNOWN
    counter.terminal.director.insert(counter.table["refuse"])
    charged = counter.charged_cents
    conclusion = counter.pay(Request("T000000043", CENTS))
    assert conclusion.outcome is not Outcome.APPROVED
    assert counter.charged_cents == charged


def test_a_till_that_closes_while_a_customer_pays_leaves_it_unknown(way: Way) -> None:
    counter = Counter(way, customer_s=SLOW_S)
    counter.on_open(lambda line: setattr(line, "stop_at_s", line.now_s() + 20.0))
    conclusion = counter.pay()
    assert (conclusion.outcome, conclusion.reason) == (Outcome.UNKNOWN, Reason.STOPPED)
    assert counter.till.clock.now_s < 1000.0 + SLOW_S


def test_a_till_that_closes_before_the_request_sends_none(way: Way) -> None:
    counter = Counter(way)
    counter.on_open(lambda line: setattr(line, "stop_at_s", line.now_s()))
    conclusion = counter.pay()
    assert conclusion.outcome in {Outcome.NOT_SENT, Outcome.UNKNOWN}
    judge(counter, conclusion)


def test_a_payment_shows_where_it_is(way: Way) -> None:
    counter = Counter(way)
    counter.pay()
    shown = counter.recorder.shown
    assert shown[:2] == [Progress.CONNECTING, Progress.REQUESTING]
    assert Progress.WAITING_CUSTOMER in shown


def test_a_screen_that_fails_does_not_touch_the_payment(way: Way) -> None:
    assert Counter(way, failing="progress").pay().outcome is Outcome.APPROVED


# The line.


def request_at(way: Way) -> tuple[int, int, int]:
    """Where in an undisturbed dialogue the request begins and ends, and how long all of it is."""
    counter = Counter(way)
    counter.pay()
    [begins] = counter.requests()
    ends = begins + next(len(data) for at, data in counter.writes if at == begins)
    return begins, ends, len(counter.till.line.transcript)


def test_a_line_that_dies_before_the_request_has_sent_nothing(way: Way) -> None:
    begins, _, _ = request_at(way)
    for at in range(begins):
        counter = Counter(way)
        conclusion = counter.pay(faults={at: Fault.DIES})
        assert (conclusion.outcome, conclusion.reason) == (Outcome.NOT_SENT, Reason.OFFLINE), at
        assert counter.charged_cents == []


def test_a_line_that_dies_in_the_request_or_before_the_answer_leaves_it_unknown(way: Way) -> None:
    begins, ends, _ = request_at(way)
    for at in range(begins, ends):
        counter = Counter(way)
        conclusion = counter.pay(faults={at: Fault.DIES})
        assert (conclusion.outcome, conclusion.reason) == (Outcome.UNKNOWN, Reason.LINE_LOST), at


@pytest.mark.parametrize(
    ("first", "fault"), [(0, Fault.DIES), (1, Fault.MUTE), (2, Fault.LOST)], ids=str
)
@pytest.mark.parametrize("scenario", ["approve", "refuse"])
def test_a_fault_in_the_dialogue_never_makes_the_till_say_what_is_not_true(
    way: Way, scenario: str, first: int, fault: Fault
) -> None:
    *_, size = request_at(way)
    for at in sample(range(first, size, STRIDE), first):
        counter = Counter(way, scenario)
        conclusion = counter.pay(faults={at: fault})
        counter.till.rest(CUSTOMER_S * 4)
        judge(counter, conclusion)
        assert counter.recorder.conclusions == {REFERENCE: conclusion}


def test_a_terminal_that_loses_its_power_in_the_dialogue_fools_nobody(way: Way) -> None:
    *_, size = request_at(way)
    for at in sample(range(0, size, STRIDE)):
        counter = Counter(way)
        conclusion = counter.pay(faults={at: Fault.DIES})
        counter.terminal.power_cut()
        counter.till.rest(CUSTOMER_S * 4)
        judge(counter, conclusion)
        assert counter.pay(Request("T000000043", CENTS + 1)).outcome is Outcome.APPROVED


def test_a_line_that_breaks_in_the_answer_leaves_it_unknown_unless_all_was_told(way: Way) -> None:
    counter = Counter(way, "unplug_answer")
    conclusion = counter.pay()
    assert conclusion.reason in {Reason.LINE_LOST, Reason.APPROVED}
    judge(counter, conclusion)


def test_nothing_is_ever_asked_twice_by_itself(way: Way) -> None:
    for scenario in ("late_answer", "late_next", "unplug", "unplug_answer"):
        counter = Counter(way, scenario, profile=KNOWN)
        judge(counter, counter.pay())
        counter.till.rest(AFTERMATH_S)
        assert len(counter.requests()) == 1, scenario


# The recorder.


@pytest.mark.parametrize("scenario", ["approve", "refuse"])
def test_what_is_recorded_comes_in_this_order(way: Way, scenario: str) -> None:
    counter = Counter(way, scenario)
    counter.on_open(lambda line: setattr(line, "on_write", lambda _: noted(counter, "sending")))
    counter.pay()
    assert counter.recorder.events == [
        ("sending", REFERENCE),
        ("answered", REFERENCE),
        ("concluded", REFERENCE),
    ]


def noted(counter: Counter, what: str) -> None:
    assert (what, REFERENCE) in counter.recorder.events


def test_an_attempt_that_cannot_be_recorded_sends_nothing(way: Way) -> None:
    counter = Counter(way, failing="sending")
    conclusion = counter.pay()
    assert (conclusion.outcome, conclusion.reason) == (Outcome.NOT_SENT, Reason.NOT_RECORDED)
    assert counter.writes == []


@pytest.mark.parametrize("scenario", ["approve", "refuse"])
def test_an_answer_that_cannot_be_recorded_is_unknown_and_not_acknowledged(
    way: Way, scenario: str
) -> None:
    counter = Counter(way, scenario, failing="answered late")
    conclusion = counter.pay()
    assert (conclusion.outcome, conclusion.reason) == (
        Outcome.UNKNOWN,
        Reason.ANSWER_NOT_RECORDED,
    )
    assert counter.ledger.acknowledged == set()


def test_an_end_that_cannot_be_recorded_stays_open(way: Way) -> None:
    counter = Counter(way, failing="concluded")
    assert counter.till.carry_out(PAYMENT) is None
    assert REFERENCE in counter.recorder.answers
    counter.recorder.failing = frozenset()
    assert counter.pay(Request("T000000043", CENTS)).outcome is Outcome.APPROVED


# What is declared is true.


def test_refunds_are_as_declared(way: Way) -> None:
    counter = Counter(way)
    assert counter.can.refund
    conclusion = counter.pay(Request(REFERENCE, CENTS, Kind.REFUND))
    assert conclusion.outcome is Outcome.APPROVED
    assert counter.charged_cents == [-CENTS]


def test_cancellations_are_as_declared(way: Way) -> None:
    counter = Counter(way)
    answer = counter.pay().answer
    assert answer is not None
    cancel = Request("T000000043", CENTS, Kind.CANCELLATION, receipt=answer.receipt)
    conclusion = counter.pay(cancel)
    assert (conclusion.outcome is Outcome.APPROVED) is counter.can.cancellation
    assert sum(counter.charged_cents) == (0 if counter.can.cancellation else CENTS)


def test_cheques_are_as_declared(way: Way) -> None:
    counter = Counter(way)
    conclusion = counter.pay(Request(REFERENCE, CENTS, cheque=True))
    if counter.can.cheque:
        assert conclusion.outcome is Outcome.APPROVED
        assert conclusion.answer is not None
        assert conclusion.answer.last4 is None
    else:
        assert conclusion.outcome is Outcome.NOT_SENT
        assert counter.requests() == []


def test_stopping_from_the_till_is_as_declared(way: Way) -> None:
    counter = Counter(way, customer_s=SLOW_S)
    counter.on_open(lambda line: setattr(line, "cancel_at_s", line.now_s() + 20.0))
    conclusion = counter.pay()
    if counter.can.cancel_from_till:
        assert conclusion.outcome is Outcome.CANCELLED
        assert counter.till.clock.now_s < 1000.0 + SLOW_S
    else:
        assert conclusion.outcome is Outcome.APPROVED
    judge(counter, conclusion)


@pytest.mark.parametrize("profile", [SAFE, KNOWN, Profile(repeats_last=False)])
def test_asking_for_the_last_operation_is_as_declared(way: Way, profile: Profile) -> None:
    counter = Counter(way, profile=profile, failing="concluded")
    assert counter.till.carry_out(PAYMENT) is None
    counter.till.ask()
    found = counter.recorder.findings
    if counter.can.query_last:
        [(reference, answer)] = found
        assert (reference, answer.amount_cents) == (REFERENCE, CENTS)
        assert answer.receipt == counter.recorder.answers[REFERENCE].receipt
    else:
        assert found == []
    assert counter.can.query_last <= (profile.repeats_last is not False)


def test_a_part_of_the_amount_is_an_approval_only_where_that_is_declared(way: Way) -> None:
    if "partial" not in scenarios(way.protocol):
        assert not Counter(way).can.partial_approval
        return
    counter = Counter(way, "partial")
    conclusion = counter.pay()
    if counter.can.partial_approval:
        assert (conclusion.outcome, conclusion.reason) == (
            Outcome.APPROVED,
            Reason.PARTLY_APPROVED,
        )
        assert conclusion.answer is not None
        assert [conclusion.answer.amount_cents] == counter.charged_cents
    else:
        assert conclusion.outcome is Outcome.UNKNOWN


def test_papers_are_as_declared(way: Way) -> None:
    for papers in ({}, way.papers):
        counter = Counter(way, **papers)
        conclusion = counter.pay()
        assert conclusion.answer is not None
        slips = (*conclusion.answer.slips, *conclusion.slips)
        assert bool(slips) is counter.can.ticket_text is bool(papers)


def test_the_end_of_day_is_as_declared(way: Way) -> None:
    counter = Counter(way)
    counter.pay()
    written = len(counter.writes)
    counter.till.end_day()
    [totals] = counter.recorder.day
    if counter.can.end_of_day:
        assert totals is not None
        assert totals.total_cents == CENTS
    else:
        assert totals is None
        assert len(counter.writes) == written


def test_a_terminal_known_to_echo_is_believed_only_with_our_reference(way: Way) -> None:
    counter = Counter(way, profile=Profile(echoes_reference=True))
    conclusion = counter.pay()
    assert conclusion.outcome is Outcome.APPROVED
    assert conclusion.answer is not None
    assert (conclusion.answer.private_data == REFERENCE) is counter.can.echoes_reference


# No card number anywhere.


def test_no_card_number_is_kept_shown_or_logged(way: Way, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for scenario in ("full_number", "unplug_answer"):
        counter = Counter(way, scenario, profile=KNOWN, **way.papers)
        counter.pay()
        counter.till.rest(SLOW_S)
        everything = repr((counter.recorder, counter.can, counter.till.__dict__.values()))
        for run in LUHN_RUN.findall(everything + caplog.text):
            assert not is_card_number(run)


def is_card_number(digits: str) -> bool:
    """Tell whether digits pass the Luhn check."""
    doubled = [int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(digits))]
    return sum(number // 10 + number % 10 for number in doubled) % 10 == 0
