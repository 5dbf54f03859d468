"""Card payments from the desk over a real line to a simulated terminal, and into the journal."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from drivers.simulators.card.concert_scenarios import OVERWRITTEN, SCENARIOS
from drivers.simulators.line import PtyServer
from pos.app import refund, resolve_card, ring_up, take_payment
from pos.app.desk import Desk
from pos.app.ports import DeviceState
from pos.app.views import show, status_view
from pos.domain.errors import CardBusy, CardMissing, CardUnresolved, DiskFull
from pos.domain.payment import State
from tests.pos.adapters.card_bench import CardBench
from tests.pos.adapters.printer_bench import STOP_S, eventually
from tests.pos.fakes import BREAD, WINE

Make = Callable[..., CardBench]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Makes benches and puts them away."""
    made: list[CardBench] = []

    def one(**how: Any) -> CardBench:
        made.append(CardBench(tmp_path, **how))
        return made[-1]

    yield one
    for bench in made:
        bench.end()


def agrees(bench: CardBench) -> None:
    """The terminal and the journal tell the same charges, and the journal is whole."""
    assert bench.approved == bench.charged
    bench.audit()


# --- results -----------------------------------------------------------------------------------


@pytest.mark.parametrize("on_tcp", [False, True])
def test_an_approved_card_settles_the_sale_and_both_books_agree(make: Make, on_tcp: bool) -> None:
    bench = make(on_tcp=on_tcp)
    news = bench.pay()
    assert news.settled is not None
    assert [(t.name, t.amount) for t in news.settled.ticket.tenders] == [("card", 345)]
    assert bench.states() == ["prepared", "sending", "answered", "approved"]
    assert bench.charged == {news.attempt.reference: 345}
    eventually(lambda: bench.acknowledged == 1)
    assert bench.desk.sale is None
    eventually(lambda: bench.health is DeviceState.ONLINE)
    agrees(bench)


@pytest.mark.parametrize("how", ["refuse", "abandon"])
def test_a_refused_card_leaves_the_sale_to_be_paid_otherwise(make: Make, how: str) -> None:
    bench = make()
    bench.next_is(how)
    news = bench.pay()
    assert (news.attempt.state, news.settled) == (State.DECLINED, None)
    assert take_payment.take_tender(bench.desk, "cash").wait() is not None
    assert bench.charged == {}
    agrees(bench)


@pytest.mark.parametrize("how", ["busy", "silent"])
def test_a_terminal_that_takes_no_request_is_not_sent_and_may_be_asked_again(
    make: Make, how: str
) -> None:
    bench = make()
    bench.settings = replace(bench.settings, enq_tries=1, session_timeout_s=0.5)
    bench.restart()
    bench.next_is(*[how] * 4)
    assert bench.pay().attempt.state is State.NOT_SENT
    eventually(lambda: bench.health is DeviceState.FAULT)
    bench.next_is(*["approve"] * 8)
    bench.begin()
    assert bench.ends().settled is not None
    agrees(bench)


@pytest.mark.parametrize("how", ["nak_once", "bad_lrc_once", "answer_split", "full_number"])
def test_a_rough_line_costs_nobody_anything(make: Make, how: str) -> None:
    bench = make()
    bench.next_is(how)
    news = bench.pay()
    assert news.settled is not None
    agrees(bench)
    whole = "4970101234567893"
    assert whole not in str([entry.data for entry in bench.entries])


def test_a_sale_is_split_between_cash_and_two_cards(make: Make) -> None:
    bench = make()
    bench.ring(BREAD, WINE)
    assert take_payment.take_tender(bench.desk, "cash", 200).wait() is None
    bench.begin(500)
    assert bench.ends().settled is None
    bench.begin()
    settled = bench.ends().settled
    assert settled is not None
    assert [t.amount for t in settled.ticket.tenders] == [200, 500, 544]
    agrees(bench)


def test_a_refund_goes_back_to_the_card(make: Make) -> None:
    bench = make()
    sold = bench.pay().settled
    assert sold is not None
    refund.refund(bench.desk, sold.number).wait()
    bench.begin()
    back = bench.ends()
    assert back.settled is not None
    assert back.settled.ticket.total.ttc == -345
    assert sum(bench.charged.values()) == 0
    agrees(bench)


def test_a_terminal_asked_twice_at_once_is_busy_and_the_second_is_written_as_not_sent(
    make: Make,
) -> None:
    bench = make()
    bench.next_is(replace(SCENARIOS["approve"], customer_s=3600.0))
    bench.ring(BREAD)
    bench.begin()
    with pytest.raises(CardBusy):
        bench.begin()
    assert len(bench.chain("payment")) >= 1
    bench.restart()


# --- a terminal that is not there --------------------------------------------------------------


def test_an_absent_terminal_concludes_not_sent_and_the_till_sells_for_cash(make: Make) -> None:
    bench = make()
    bench.url = bench.url + "-gone"
    bench.restart()
    bench.ring(BREAD)
    bench.begin()
    eventually(lambda: bench.health is DeviceState.OFFLINE)
    bench.let_time_pass()
    assert bench.ends().attempt.state is State.NOT_SENT
    assert take_payment.take_tender(bench.desk, "cash").wait() is not None
    agrees(bench)


def test_a_driver_that_has_stopped_is_a_missing_terminal_and_leaves_no_attempt_open(
    make: Make,
) -> None:
    bench = make()
    bench.driver.stop(STOP_S)
    bench.ring(BREAD)
    with pytest.raises(CardMissing):
        bench.begin()
    assert bench.states() == ["prepared", "not_sent"]
    assert bench.store.ledger.open_attempts() == ()


# --- unknown, and how a person or the terminal ends it -----------------------------------------


@pytest.mark.parametrize("charged", [True, False])
@pytest.mark.parametrize("how", ["unplug", "unplug_answer"])
def test_a_cable_pulled_midway_is_unknown_until_a_person_reads_the_paper(
    make: Make, how: str, charged: bool
) -> None:
    bench = make()
    bench.next_is(replace(SCENARIOS[how], charges=charged))
    news = bench.pay()
    reference = news.attempt.reference
    assert news.attempt.state is State.UNKNOWN
    assert [a.reference for a in show(bench.desk).attempts] == [reference]
    with pytest.raises(CardUnresolved):  # the terminal waits, and only the terminal
        bench.begin()
    on_paper = reference in bench.charged
    assert on_paper is charged
    done = resolve_card.resolve(
        bench.desk, reference, charged=on_paper, authorisation="123456" if on_paper else ""
    ).wait()
    assert (done.settled is not None) is charged
    if not charged:
        assert take_payment.take_tender(bench.desk, "cash").wait() is not None
    agrees(bench)


def test_the_cable_that_a_person_pulls_is_unknown_too(make: Make) -> None:
    bench = make()
    bench.next_is(replace(SCENARIOS["approve"], customer_s=3600.0))
    bench.ring(BREAD)
    bench.begin()
    eventually(lambda: bench.states()[-1] == "sending" and _is_paying(bench))
    assert isinstance(bench.line, PtyServer)
    bench.line.unplug()
    assert bench.ends().attempt.state is State.UNKNOWN
    assert bench.reason() == "card.line_lost"


def _is_paying(bench: CardBench) -> bool:
    return bench.line.act(lambda: bench.device.mode.name) == "PAYING"


def test_a_late_answer_that_echoes_the_reference_settles_the_sale_by_itself(make: Make) -> None:
    bench = make()
    attempt = _times_out(bench, "late_next")
    bench.driver.probe()  # the terminal brings what it holds
    news = bench.ends()
    assert (news.attempt.reference, news.attempt.state) == (attempt, State.APPROVED)
    assert news.settled is not None
    eventually(lambda: bench.acknowledged == 1)
    agrees(bench)


def test_a_late_answer_under_another_reference_waits_for_a_person(make: Make) -> None:
    bench = make(echoes=False)
    attempt = _times_out(bench, replace(SCENARIOS["late_next"], private=OVERWRITTEN))
    bench.driver.probe()
    news = bench.ends()
    assert (news.attempt.reference, news.attempt.proposal) == (attempt, State.APPROVED)
    assert bench.chain("ticket") == []
    done = resolve_card.resolve(bench.desk, attempt, charged=True, authorisation="A12345").wait()
    assert done.settled is not None
    agrees(bench)


def _times_out(bench: CardBench, how: Any) -> str:
    """A payment that the customer made and whose answer does not come in time."""
    bench.next_is(how)
    bench.ring(BREAD)
    reference = bench.begin().reference
    bench.wait_until_paid()
    bench.let_time_pass()
    news = bench.ends()
    assert news.attempt.state is State.UNKNOWN
    assert bench.reason() == "card.no_answer"
    return reference


def test_a_terminal_that_writes_its_own_reference_pays_the_attempt_that_waits(make: Make) -> None:
    bench = make(echoes=False)
    bench.next_is("private_overwritten")
    news = bench.pay()
    assert news.settled is not None
    answered = bench.chain("payment")[-2]
    assert answered["details"]["terminal_reference"] == OVERWRITTEN.strip()
    agrees(bench)


def test_a_strange_reference_from_a_terminal_known_to_echo_is_not_ours(make: Make) -> None:
    bench = make(echoes=True)
    bench.next_is("private_overwritten")
    bench.ring(BREAD)
    bench.begin()
    raised = bench.ends()
    assert raised.orphan
    assert raised.attempt.details["told_reference"] == OVERWRITTEN.strip()
    bench.let_time_pass()
    assert bench.ends().attempt.state is State.UNKNOWN
    assert bench.desk.sale is not None


# --- the disk, and the till's own end ----------------------------------------------------------


def refuse_after(
    bench: CardBench, monkeypatch: pytest.MonkeyPatch, allowed: int, times: int = 1
) -> None:
    """Let the device thread write some times, then find the disk full some times."""
    run = bench.store.ledger.run
    count = 0

    def refusing(work: Any, operator: str, *, durable: bool = True) -> Any:
        nonlocal count
        on_device = threading.current_thread().name.startswith("device-")
        count += on_device
        full = on_device and allowed < count <= allowed + times
        return run(_no_room if full else work, operator, durable=durable)

    monkeypatch.setattr(bench.store.ledger, "run", refusing)


def _no_room(_: Any) -> None:
    raise DiskFull(reason="no room")


def test_an_answer_that_cannot_be_written_is_not_acknowledged_and_is_unknown(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = make()
    refuse_after(bench, monkeypatch, allowed=1)
    news = bench.pay()
    assert news.attempt.state is State.UNKNOWN
    assert bench.reason() == "card.answer_not_recorded"
    assert bench.states() == ["prepared", "sending", "unknown"]
    assert bench.acknowledged == 0
    resolve_card.resolve(
        bench.desk, news.attempt.reference, charged=True, authorisation="123456"
    ).wait()
    agrees(bench)


def test_an_answer_that_was_not_acknowledged_is_offered_again_and_settles_the_sale(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = make(reoffers=3)
    refuse_after(bench, monkeypatch, allowed=1)
    bench.ring(BREAD)
    bench.begin()
    eventually(lambda: bench.states()[-1] == "approved")
    assert bench.states() == ["prepared", "sending", "unknown", "approved"]
    eventually(lambda: bench.acknowledged == 1)
    assert bench.ends().settled is not None
    agrees(bench)


def test_a_payment_whose_start_cannot_be_written_never_reaches_the_terminal(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = make()
    refuse_after(bench, monkeypatch, allowed=0)
    assert bench.pay().attempt.state is State.NOT_SENT
    assert bench.reason() == "card.not_recorded"
    assert bench.paper == []


def test_an_end_that_cannot_be_written_is_unknown_after_the_restart(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = make()
    refuse_after(bench, monkeypatch, allowed=2)
    bench.ring(BREAD)
    reference = bench.begin().reference
    eventually(lambda: not bench.driver.busy)
    assert bench.states() == ["prepared", "sending", "answered"]
    monkeypatch.undo()
    bench.restart()
    (attempt,) = bench.desk.attempts
    assert (attempt.reference, attempt.state) == (reference, State.UNKNOWN)
    resolve_card.resolve(bench.desk, reference, charged=True, authorisation="123456").wait()
    agrees(bench)


@pytest.mark.parametrize("charged", [True, False])
def test_a_till_killed_while_the_customer_pays_finds_the_attempt_unknown(
    make: Make, charged: bool
) -> None:
    bench = make()
    # Taken at once, answered after the end of time: the till is killed in between.
    bench.next_is(replace(SCENARIOS["late_answer"], charges=charged, late_s=3600.0))
    bench.ring(BREAD)
    reference = bench.begin().reference
    bench.wait_until_paid()
    bench.kill()
    bench.start_again()
    assert bench.states(reference) == ["prepared", "sending", "unknown"]
    (attempt,) = bench.desk.attempts
    assert attempt.reference == reference
    assert bench.desk.sale is not None
    done = resolve_card.resolve(
        bench.desk, reference, charged=charged, authorisation="1" if charged else ""
    ).wait()
    assert (done.settled is not None) is charged
    agrees(bench)


def test_the_answer_that_a_killed_till_missed_is_taken_by_the_next_one(make: Make) -> None:
    bench = make()
    bench.next_is("late_next")
    bench.ring(BREAD)
    reference = bench.begin().reference
    bench.wait_until_paid()
    bench.kill()
    bench.start_again()  # its greeting lets the terminal bring what it holds
    eventually(lambda: bench.states(reference)[-1] == "approved")
    assert bench.ends().settled is not None
    agrees(bench)


# --- many --------------------------------------------------------------------------------------


def test_after_a_hard_day_the_terminals_ledger_is_the_journals_to_the_cent(make: Make) -> None:
    bench = make(echoes=False)
    day = (
        "approve", "refuse", "unplug", "nak_once", "private_overwritten", "no_eot", "abandon",
        "bad_lrc_once", "stat_unknown", "answer_split", "unplug_answer", "approve",
    )  # fmt: skip
    for turn, how in enumerate(day):
        bench.next_is(how)
        ring_up.by_code(bench.desk, BREAD, (turn + 1) * 1000).wait()
        news = _settles(bench, how)
        if news is not State.APPROVED:
            take_payment.take_tender(bench.desk, "cash").wait()
    assert bench.desk.sale is None
    assert len(bench.chain("ticket")) == len(day)
    assert len(bench.charged) >= len(day) - 3
    agrees(bench)


def _settles(bench: CardBench, how: str) -> State:
    """One payment, and the cashier's look at the terminal's paper where it is in doubt."""
    bench.begin()
    if how == "no_eot":
        eventually(lambda: bench.states()[-1] == "answered")
        bench.let_time_pass()
    news = bench.ends()
    if news.attempt.state is State.UNKNOWN:
        reference = news.attempt.reference
        charged = reference in bench.charged
        news = resolve_card.resolve(
            bench.desk, reference, charged=charged, authorisation="1" if charged else ""
        ).wait()
    return news.attempt.state


def test_a_desk_without_a_terminal_says_so(make: Make) -> None:
    bench = make()
    bench.ring(BREAD)
    desk: Desk = bench.desk
    desk.ports = replace(desk.ports, terminals={})
    with pytest.raises(CardMissing):
        bench.begin()
    assert status_view(desk).terminals == {}
