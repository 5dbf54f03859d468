"""Beyond the plain payment: several terminals, by hand, in part, tips, taken back, stopped."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import pytest

from pos.app import cancel_sale, pay_by_card, refund, resolve_card, take_payment
from pos.app.ports import Abilities, DeviceHealth, DeviceState
from pos.app.views import show
from pos.domain.errors import (
    BadAmount,
    CardBusy,
    CardMissing,
    CardStopsThere,
    CardUnresolved,
    DiskFull,
    SaleIsPaidInPart,
    TerminalCannot,
    UnknownAttempt,
    UnknownTerminal,
)
from pos.domain.payment import Attempt, Direction, State
from pos.domain.receipt import Stamp, ticket_document
from tests.pos.app.test_receipts import words_of
from tests.pos.fakes import BREAD, WINE, Counter, FakeTerminal

BY_HAND = Abilities(by_hand=True, cancellations=True, cheques=True)


def states(counter: Counter) -> list[str]:
    return [data["state"] for data in counter.chain("payment")]


def begin(counter: Counter, amount: int | None = None, **how: str) -> Attempt:
    return pay_by_card.begin(counter.desk, amount, **how).wait().attempt


# --- several terminals ---------------------------------------------------------------------------


@pytest.fixture
def two(counter: Counter) -> Counter:
    """A counter with a second terminal."""
    counter.terminals.append(FakeTerminal("mobile"))
    counter.desk.ports = counter.ports_again()
    return counter


def test_the_first_terminal_that_is_well_is_asked(two: Counter) -> None:
    two.ring(BREAD)
    assert begin(two).terminal == "tpe"
    two.answers(State.DECLINED)
    two.terminal.state = DeviceHealth(DeviceState.OFFLINE)
    assert begin(two).terminal == "mobile"


def test_the_terminal_that_is_named_is_asked_and_no_other(two: Counter) -> None:
    two.ring(BREAD)
    assert begin(two, terminal="mobile").terminal == "mobile"
    with pytest.raises(CardBusy):
        begin(two, terminal="tpe")
    with pytest.raises(UnknownTerminal) as unknown:
        pay_by_card.pick(two.desk, "bank")
    assert unknown.value.params == {"name": "bank", "known": "tpe, mobile"}


def test_an_unknown_payment_blocks_its_terminal_and_no_other(two: Counter) -> None:
    from pos.app import park

    two.ring(WINE)
    begin(two)
    two.answers(State.UNKNOWN)
    park.park(two.desk).wait()
    two.ring(BREAD)
    with pytest.raises(CardUnresolved):
        begin(two, terminal="tpe")
    assert begin(two).terminal == "mobile"


def test_only_a_terminal_that_refunds_is_asked_for_one(two: Counter) -> None:
    two.ring(BREAD)
    take_payment.take_tender(two.desk, "cash").wait()
    two.terminal.abilities = Abilities(refunds=False)
    refund.refund(two.desk, 1, (refund.Wanted(1),)).wait()
    attempt = begin(two)
    assert (attempt.terminal, attempt.direction) == ("mobile", Direction.REFUND)


def test_a_refund_that_no_terminal_does_is_refused(counter: Counter) -> None:
    counter.ring(BREAD)
    take_payment.take_tender(counter.desk, "cash").wait()
    counter.terminal.abilities = Abilities(refunds=False)
    refund.refund(counter.desk, 1, (refund.Wanted(1),)).wait()
    with pytest.raises(TerminalCannot):
        begin(counter)


# --- a terminal that stands alone ----------------------------------------------------------------


@pytest.fixture
def alone(counter: Counter) -> Counter:
    """A counter whose terminal has no line."""
    counter.terminal.abilities = BY_HAND
    counter.ring(WINE)
    return counter


def test_what_the_cashier_is_to_type_is_on_disk_before_the_till_asks_for_it(
    alone: Counter,
) -> None:
    attempt = begin(alone)
    assert states(alone) == ["prepared", "sending"]
    assert alone.terminal.begun == []
    view = show(alone.desk).attempts[0]
    assert (view.state, view.by_hand, attempt.amount) == (State.SENDING, True, 899)


def test_what_the_terminal_shows_is_journaled_as_an_answer(alone: Counter) -> None:
    attempt = begin(alone)
    news = pay_by_card.answer_by_hand(
        alone.desk, attempt.reference, State.APPROVED, authorisation="123456", last4="4242"
    ).wait()
    assert states(alone) == ["prepared", "sending", "answered", "approved"]
    assert news.settled is not None
    (tender,) = news.settled.ticket.tenders
    assert tender.details["authorisation"] == "123456"
    assert tender.details["last4"] == "4242"


@pytest.mark.parametrize("state", [State.DECLINED, State.CANCELLED])
def test_a_refusal_by_hand_leaves_the_sale(alone: Counter, state: State) -> None:
    attempt = begin(alone)
    pay_by_card.answer_by_hand(alone.desk, attempt.reference, state).wait()
    assert states(alone)[-2:] == ["answered", str(state)]
    assert take_payment.take_tender(alone.desk, "cash").wait() is not None


def test_a_cashier_who_does_not_know_leaves_it_unknown(alone: Counter) -> None:
    attempt = begin(alone)
    pay_by_card.answer_by_hand(alone.desk, attempt.reference, State.UNKNOWN).wait()
    with pytest.raises(CardUnresolved):
        take_payment.take_tender(alone.desk, "cash")
    resolve_card.resolve(alone.desk, attempt.reference, charged=True).wait()
    assert len(alone.chain("ticket")) == 1


def test_a_till_that_died_meanwhile_leaves_it_unknown(alone: Counter) -> None:
    begin(alone)
    alone.restart()
    assert [x.state for x in alone.desk.attempts] == [State.UNKNOWN]


def test_a_terminal_on_a_line_is_not_answered_for(counter: Counter) -> None:
    counter.ring(WINE)
    attempt = begin(counter)
    counter.recorder.sending(attempt.reference)
    with pytest.raises(CardBusy):
        pay_by_card.answer_by_hand(counter.desk, attempt.reference, State.APPROVED).wait()
    with pytest.raises(UnknownAttempt):
        pay_by_card.answer_by_hand(counter.desk, "NOBODY0001", State.APPROVED).wait()


def test_a_cheque_that_a_terminal_reads_is_a_cheque(alone: Counter) -> None:
    attempt = begin(alone, tender="Chèque")
    news = pay_by_card.answer_by_hand(alone.desk, attempt.reference, State.APPROVED).wait()
    assert news.settled is not None
    assert [(t.name, str(t.kind)) for t in news.settled.ticket.tenders] == [("Chèque", "cheque")]
    assert alone.chain("payment")[0]["tender"] == "Chèque"


def test_a_terminal_without_cheques_reads_none(counter: Counter) -> None:
    counter.ring(WINE)
    with pytest.raises(TerminalCannot):
        begin(counter, tender="Chèque")


# --- amounts -------------------------------------------------------------------------------------


def test_what_is_approved_in_part_pays_a_part(counter: Counter) -> None:
    counter.ring(WINE)
    attempt = begin(counter)
    counter.recorder.sending(attempt.reference)
    counter.recorder.answered(attempt.reference, {})
    assert counter.concludes(State.APPROVED, charged=500).settled is None
    assert show(counter.desk).sale.due == 399
    assert take_payment.take_tender(counter.desk, "cash").wait() is not None


def test_a_tip_is_kept_beside_the_sale(counter: Counter) -> None:
    counter.ring(WINE)
    attempt = begin(counter)
    counter.recorder.sending(attempt.reference)
    counter.recorder.answered(attempt.reference, {"brand": "VISA", "contactless": True})
    settled = counter.concludes(State.APPROVED, charged=999).settled
    assert settled is not None
    (tender,) = settled.ticket.tenders
    assert (tender.amount, tender.given, tender.kept, tender.change) == (899, 999, 100, 0)
    stamp = Stamp(1, 1, 1, "2026-11-25T10:00:00.000+01:00", "1", "abcd")
    paper = words_of(ticket_document(settled.ticket, stamp, counter.desk.settings.words))
    assert "VISA" in paper
    assert "Sans contact" in paper
    assert "dont pourboire 1,00" in paper


# --- taken back ----------------------------------------------------------------------------------


def paid_in_part(counter: Counter) -> Attempt:
    """5,00 of 8,99 paid by card, on a terminal that can take it back."""
    counter.terminal.abilities = Abilities(cancellations=True)
    counter.ring(WINE)
    attempt = begin(counter, 500)
    counter.answers(State.APPROVED, receipt="0470")
    return attempt


def test_a_card_payment_of_the_open_sale_is_taken_back_on_its_terminal(counter: Counter) -> None:
    paid = paid_in_part(counter)
    with pytest.raises(SaleIsPaidInPart):
        cancel_sale.cancel_sale(counter.desk)
    attempt = pay_by_card.take_back(counter.desk, paid.reference).wait().attempt
    assert (attempt.direction, attempt.amount, attempt.of) == (
        Direction.CANCELLATION,
        500,
        paid.reference,
    )
    assert counter.terminal.begun[-1].details["of_receipt"] == "0470"
    counter.answers(State.APPROVED)
    assert show(counter.desk).sale.tenders == ()
    assert show(counter.desk).sale.due == 899
    reversed_ = [x for x in counter.chain("payment") if x["state"] == "reversed"]
    assert [(x["reference"], x["details"]["by"]) for x in reversed_] == [
        (paid.reference, attempt.reference)
    ]
    assert cancel_sale.cancel_sale(counter.desk).wait() == 0


def test_a_refused_cancellation_leaves_the_payment(counter: Counter) -> None:
    paid = paid_in_part(counter)
    pay_by_card.take_back(counter.desk, paid.reference).wait()
    counter.answers(State.DECLINED)
    assert show(counter.desk).sale.due == 399
    assert "reversed" not in states(counter)


def test_an_unknown_cancellation_keeps_the_sale_open(counter: Counter) -> None:
    paid = paid_in_part(counter)
    attempt = pay_by_card.take_back(counter.desk, paid.reference).wait().attempt
    counter.answers(State.UNKNOWN)
    with pytest.raises(CardUnresolved):
        take_payment.take_tender(counter.desk, "cash")
    resolve_card.resolve(counter.desk, attempt.reference, charged=True).wait()
    assert show(counter.desk).sale.due == 899


def test_what_a_terminal_cannot_take_back_is_said(counter: Counter) -> None:
    paid = paid_in_part(counter)
    counter.terminal.abilities = Abilities()
    with pytest.raises(TerminalCannot):
        pay_by_card.take_back(counter.desk, paid.reference)
    with pytest.raises(UnknownAttempt):
        pay_by_card.take_back(counter.desk, "NOBODY0001")


# --- stopped -------------------------------------------------------------------------------------


def test_a_running_payment_is_stopped_where_the_terminal_lets_us(counter: Counter) -> None:
    counter.ring(WINE)
    attempt = begin(counter)
    with pytest.raises(CardStopsThere):
        pay_by_card.stop(counter.desk, attempt.reference)
    counter.terminal.abilities = Abilities(cancels=True)
    pay_by_card.stop(counter.desk, attempt.reference)
    assert counter.terminal.cancels == 1
    counter.answers(State.CANCELLED)
    with pytest.raises(UnknownAttempt):
        pay_by_card.stop(counter.desk, attempt.reference)


# --- another amount ------------------------------------------------------------------------------


@pytest.mark.parametrize(("read", "kept"), [(898, 0), (1_000, 101)])
def test_what_the_paper_says_of_the_amount_is_what_counts(
    counter: Counter, read: int, kept: int
) -> None:
    counter.ring(WINE)
    attempt = begin(counter)
    counter.answers(State.UNKNOWN)
    news = resolve_card.resolve(counter.desk, attempt.reference, charged=True, amount=read).wait()
    assert news.attempt.charged == read
    if read < 899:
        assert show(counter.desk).sale.due == 1
        assert take_payment.take_tender(counter.desk, "cash").wait() is not None
    else:
        assert news.settled is not None
        (tender,) = news.settled.ticket.tenders
        assert (tender.given, tender.kept, "tip" in tender.details) == (read, kept, False)


@pytest.mark.parametrize("read", [0, -1, 100_000_000])
def test_an_amount_that_no_terminal_takes_is_refused(counter: Counter, read: int) -> None:
    counter.ring(WINE)
    attempt = begin(counter)
    counter.answers(State.UNKNOWN)
    before = counter.on_disk
    with pytest.raises(BadAmount):
        resolve_card.resolve(counter.desk, attempt.reference, charged=True, amount=read).wait()
    assert counter.on_disk == before


def test_a_terminal_that_stands_alone_may_have_taken_another_amount(alone: Counter) -> None:
    attempt = begin(alone)
    pay_by_card.answer_by_hand(alone.desk, attempt.reference, State.APPROVED, amount=500).wait()
    assert show(alone.desk).sale.due == 399


def test_an_attempt_that_never_left_and_could_not_be_closed_is_not_stuck(counter: Counter) -> None:
    """The disk took `prepared`, the terminal refused, and the disk refused to note that."""
    counter.ring(WINE)
    counter.terminal.refusal = CardMissing()
    counter.terminal.on_begin = None
    run = counter.desk.ports.ledger.run
    calls = 0

    def refuse_the_second(work: Any, operator: str, *, durable: bool = True) -> Future[Any]:
        nonlocal calls
        calls += 1
        if calls == 2:
            failed: Future[Any] = Future()
            failed.set_exception(DiskFull(reason="full"))
            return failed
        return run(work, operator, durable=durable)

    counter.desk.ports.ledger.run = refuse_the_second  # type: ignore[method-assign]
    with pytest.raises(DiskFull):
        begin(counter)
    counter.desk.ports.ledger.run = run  # type: ignore[method-assign]
    counter.desk.reload()
    (stuck,) = counter.desk.attempts
    assert stuck.state is State.PREPARED
    resolve_card.resolve(counter.desk, stuck.reference, charged=False).wait()
    assert states(counter) == ["prepared", "not_sent"]
    assert take_payment.take_tender(counter.desk, "cash").wait() is not None
