"""What a close reading of the card payments found: each case as it could happen at a counter."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from pos.app import (
    cancel_sale,
    pay_by_card,
    payment_recorder,
    reconcile_cards,
    refund,
    resolve_card,
    take_payment,
)
from pos.app.ports import Abilities, DeviceHealth, DeviceState
from pos.app.views import show
from pos.domain.errors import (
    CardStillBusy,
    NeedsManager,
    NothingToPay,
    SaleIsPaidInPart,
    TenderTooMuch,
    TenderWrongWay,
    UnknownAttempt,
    UnknownTender,
)
from pos.domain.finding import Finding, Trust
from pos.domain.payment import Attempt, State
from pos.domain.reconcile import TerminalTotals
from tests.pos.fakes import BREAD, WINE, Counter

ECHOES, REVERSES = Trust(echoes=True), Trust(reverses=True)


def begin(counter: Counter, code: str = WINE, **how: Any) -> Attempt:
    counter.ring(code)
    return pay_by_card.begin(counter.desk, **how).wait().attempt


def in_doubt(counter: Counter, code: str = WINE) -> Attempt:
    begin(counter, code)
    return counter.answers(State.UNKNOWN).attempt


# --- amounts -------------------------------------------------------------------------------------


def test_an_answer_of_another_amount_that_was_on_disk_is_what_charged_means(
    counter: Counter,
) -> None:
    attempt = begin(counter)
    counter.recorder.sending(attempt.reference)
    told = {"said": "approved", "answered_amount": 600}
    counter.recorder.answered(attempt.reference, told)
    counter.restart()
    counter.sign_on()
    done = resolve_card.resolve(counter.desk, attempt.reference, charged=True).wait()
    assert done.attempt.charged == 600
    assert show(counter.desk).sale.due == 299


def test_the_amount_that_a_person_read_overrules_what_the_terminal_told(counter: Counter) -> None:
    """Two flipped bits made 899 of the answer's 898, and the check byte right."""
    attempt = in_doubt(counter)
    counter.recorder.late("tpe", Finding(State.APPROVED, 898, attempt.reference), ECHOES)
    counter.hear()
    done = resolve_card.resolve(counter.desk, attempt.reference, charged=True, amount=899).wait()
    assert done.settled is not None


def test_a_refusal_of_another_amount_says_nothing_of_what_was_charged(counter: Counter) -> None:
    attempt = begin(counter)
    counter.recorder.sending(attempt.reference)
    counter.recorder.answered(attempt.reference, {"said": "declined", "answered_amount": 600})
    counter.concludes(State.UNKNOWN)
    done = resolve_card.resolve(counter.desk, attempt.reference, charged=True).wait()
    assert done.attempt.charged == 899


def test_the_managers_limit_is_for_the_amount_that_was_read_too(
    counter_with_limit: Counter,
) -> None:
    attempt = in_doubt(counter_with_limit)
    with pytest.raises(NeedsManager):
        resolve_card.resolve(
            counter_with_limit.desk, attempt.reference, charged=True, amount=500_000
        )


def test_a_cheque_that_a_terminal_approved_keeps_its_sale_from_being_cancelled(
    counter: Counter,
) -> None:
    counter.terminal.abilities = Abilities(cheques=True)
    counter.ring(WINE)
    pay_by_card.begin(counter.desk, 500, tender="Chèque").wait()
    counter.answers(State.APPROVED)
    with pytest.raises(SaleIsPaidInPart):
        cancel_sale.cancel_sale(counter.desk)


def test_a_cheque_is_concluded_after_its_tender_left_the_configuration(counter: Counter) -> None:
    counter.terminal.abilities = Abilities(cheques=True)
    counter.ring(WINE)
    attempt = pay_by_card.begin(counter.desk, tender="Chèque").wait().attempt
    counter.answers(State.UNKNOWN)
    del counter.desk.settings.tenders["Chèque"]  # type: ignore[attr-defined] # a dict here
    settled = resolve_card.resolve(counter.desk, attempt.reference, charged=True).wait().settled
    assert settled is not None
    assert str(settled.ticket.tenders[0].kind) == "cheque"


def test_only_cards_and_cheques_go_to_a_terminal_and_only_amounts(counter: Counter) -> None:
    counter.ring(WINE)
    before = counter.on_disk
    with pytest.raises(UnknownTender):
        pay_by_card.begin(counter.desk, tender="cash")
    with pytest.raises(NothingToPay):
        pay_by_card.begin(counter.desk, -5)
    assert counter.on_disk == before


def test_money_does_not_go_back_by_a_cheque(counter: Counter) -> None:
    counter.terminal.abilities = Abilities(cheques=True)
    counter.ring(BREAD)
    take_payment.take_tender(counter.desk, "cash").wait()
    refund.refund(counter.desk, 1, (refund.Wanted(1),)).wait()
    with pytest.raises(TenderWrongWay):
        pay_by_card.begin(counter.desk, tender="Chèque")


# --- the terminal's numbers ----------------------------------------------------------------------


def test_a_terminal_that_ended_its_day_may_begin_its_numbers_anew(counter: Counter) -> None:
    begin(counter, BREAD)
    counter.answers(State.APPROVED, receipt="0001")
    reconcile_cards.reconcile(counter.desk, "tpe", TerminalTotals(345)).wait()
    assert "receipt_before" not in begin(counter).details


def test_what_is_settled_later_does_not_turn_the_terminals_numbers_back(counter: Counter) -> None:
    late = Finding(State.APPROVED, 700, "", "0007", {"receipt": "0007"})
    counter.recorder.late("tpe", late, ECHOES)
    orphan = counter.hear().attempt
    begin(counter, BREAD)
    counter.answers(State.APPROVED, receipt="0020")
    resolve_card.explain(counter.desk, orphan.reference, "essai").wait()
    assert begin(counter).details["receipt_before"] == "0020"


# --- a slow disk ---------------------------------------------------------------------------------


def held(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The writer is busy until the result is called; the recorder's patience is short."""
    gate = threading.Event()
    counter.store.writer.submit(gate.wait)
    monkeypatch.setattr(payment_recorder, "ANSWER_COMMIT_TIMEOUT_S", 0.05)
    return gate.set


def test_a_late_answer_that_reaches_the_disk_too_late_is_told_all_the_same(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = in_doubt(counter)
    let_go = held(counter, monkeypatch)
    with pytest.raises(TimeoutError):
        counter.recorder.late("tpe", Finding(State.APPROVED, 899, attempt.reference), ECHOES)
    let_go()
    counter.store.writer.submit(lambda: None).result(30)
    news = counter.hear()
    assert news.settled is not None
    assert counter.desk.sale is None
    assert counter.desk.attempts == ()


def test_what_is_settled_already_brings_the_desk_up_to_date(counter: Counter) -> None:
    attempt = in_doubt(counter)
    counter.recorder.late("tpe", Finding(State.APPROVED, 899, attempt.reference), ECHOES)
    counter.news.clear()  # the news was lost on its way to the front
    counter.desk.approved = "2"
    with pytest.raises(UnknownAttempt):
        resolve_card.resolve(counter.desk, attempt.reference, charged=True)
    assert counter.desk.attempts == ()
    assert counter.desk.approved is None


def test_a_defect_while_concluding_leads_to_the_attempt_too(counter: Counter) -> None:
    attempt = begin(counter)
    counter.recorder.sending(attempt.reference)
    run = counter.desk.ports.ledger.run

    def broken(*_: Any, **__: Any) -> Future[Any]:
        failed: Future[Any] = Future()
        failed.set_exception(KeyError("a defect"))
        return failed

    counter.desk.ports.ledger.run = broken  # type: ignore[method-assign]
    with pytest.raises(KeyError):
        counter.recorder.concluded(attempt.reference, State.APPROVED, {})
    counter.desk.ports.ledger.run = run  # type: ignore[method-assign]
    assert counter.hear().attempt.state is State.UNKNOWN
    resolve_card.resolve(counter.desk, attempt.reference, charged=True).wait()
    assert len(counter.chain("ticket")) == 1


# --- a terminal with its customer ----------------------------------------------------------------


def test_nobody_says_not_charged_by_mistake_while_the_customer_pays(counter: Counter) -> None:
    attempt = in_doubt(counter)
    counter.terminal.state = DeviceHealth(DeviceState.FAULT, "card.busy")
    before = counter.on_disk
    with pytest.raises(CardStillBusy):
        resolve_card.resolve(counter.desk, attempt.reference, charged=False)
    assert counter.on_disk == before
    resolve_card.resolve(counter.desk, attempt.reference, charged=False, sure=True).wait()
    assert counter.chain("payment")[-1]["details"]["while_busy"] is True


def test_charged_may_be_said_at_any_time(counter: Counter) -> None:
    attempt = in_doubt(counter)
    counter.terminal.state = DeviceHealth(DeviceState.FAULT, "card.busy")
    assert resolve_card.resolve(counter.desk, attempt.reference, charged=True).wait().settled


# --- orphans -------------------------------------------------------------------------------------


def test_a_repeated_approval_in_part_is_no_orphan(counter: Counter) -> None:
    attempt = begin(counter)
    counter.recorder.sending(attempt.reference)
    counter.recorder.answered(attempt.reference, {})
    counter.concludes(State.APPROVED, charged=600)
    counter.recorder.late("tpe", Finding(State.APPROVED, 600, attempt.reference), ECHOES)
    assert counter.news == []


def test_a_terminal_that_talks_without_end_does_not_fill_the_screen(counter: Counter) -> None:
    for _ in range(payment_recorder.ORPHANS_MAX + 5):
        counter.recorder.late("tpe", Finding(State.APPROVED, 700), ECHOES)
    counter.desk.reload()
    assert len(counter.desk.attempts) == payment_recorder.ORPHANS_MAX
    assert counter.chain("payment")[-1]["details"]["more"]["amount"] == 700


def test_an_orphan_pays_the_sale_that_it_belongs_to(counter: Counter) -> None:
    """Said not to be charged, charged all the same: the sale is still open."""
    attempt = in_doubt(counter)
    resolve_card.resolve(counter.desk, attempt.reference, charged=False).wait()
    told = {"authorisation": "123456"}
    finding = Finding(State.APPROVED, 899, attempt.reference, "", told)
    counter.recorder.late("tpe", finding, ECHOES)
    orphan = counter.hear().attempt
    assert orphan.details["was_of"] == attempt.sale
    settled = resolve_card.adopt(counter.desk, orphan.reference).wait().settled
    assert settled is not None
    (tender,) = settled.ticket.tenders
    assert (tender.amount, tender.details["authorisation"]) == (899, "123456")
    assert counter.desk.attempts == ()
    day = reconcile_cards.reconcile(counter.desk, "tpe", TerminalTotals(899, 1)).wait()
    assert day.agrees


def test_an_orphan_pays_no_more_than_what_is_due_and_only_if_it_was_approved(
    counter: Counter,
) -> None:
    for state, amount in ((State.APPROVED, 900), (State.DECLINED, 500)):
        counter.recorder.late("tpe", Finding(state, amount, "OTHER00001"), ECHOES)
    counter.hear()
    counter.ring(WINE)
    large, declined = counter.desk.attempts
    with pytest.raises(TenderTooMuch):
        resolve_card.adopt(counter.desk, large.reference)
    with pytest.raises(UnknownAttempt):
        resolve_card.adopt(counter.desk, declined.reference)


# --- the end of the day --------------------------------------------------------------------------


def test_too_many_payments_for_one_comparison_are_said_and_end(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile_cards, "ENTRIES_MAX", 4)
    for _ in range(2):
        begin(counter, BREAD)
        counter.answers(State.APPROVED)
    day = reconcile_cards.reconcile(counter.desk, "tpe", TerminalTotals(690)).wait()
    assert (day.whole, day.ours) == (False, 345)
    assert counter.chain("payment")[-1]["totals"]["whole"] is False
    assert reconcile_cards.reconcile(counter.desk, "tpe", TerminalTotals(0)).wait().agrees


def test_what_settles_an_attempt_as_not_charged_is_kept(counter: Counter) -> None:
    begin(counter, BREAD)
    counter.answers(State.APPROVED, receipt="0469")
    attempt = in_doubt(counter)
    finding = Finding(State.APPROVED, 345, "", "0469", {"receipt": "0469"})
    counter.recorder.found(attempt.reference, finding, REVERSES)
    said = counter.chain("payment")[-1]
    assert (said["state"], said["details"]["found"]["receipt"]) == ("not_charged", "0469")
