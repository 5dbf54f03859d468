"""An attempt whose end is unknown: what a terminal that is asked proves, and what a person does."""

from __future__ import annotations

import pytest

from pos.app import pay_by_card, resolve_card, sign_on, take_payment
from pos.app.ports import Abilities
from pos.app.views import show
from pos.domain.errors import NeedsManager, TerminalCannot, UnknownAttempt
from pos.domain.finding import Finding, Trust
from pos.domain.payment import Attempt, State
from tests.pos.fakes import BREAD, WINE, Counter

SAFE, ECHOES, REVERSES = Trust(), Trust(echoes=True), Trust(reverses=True)


def cut_off(counter: Counter, **answered: str) -> Attempt:
    """The till dies in the middle of a payment of 8,99, perhaps with its answer on disk."""
    counter.ring(WINE)
    attempt = pay_by_card.begin(counter.desk).wait().attempt
    counter.recorder.sending(attempt.reference)
    if answered:
        counter.recorder.answered(attempt.reference, answered)
    counter.restart()
    counter.sign_on()
    return counter.desk.attempts[0]


def finds(counter: Counter, attempt: Attempt, trust: Trust, finding: Finding) -> None:
    """The terminal was asked, and tells its last operation."""
    counter.recorder.found(attempt.reference, finding, trust)
    if counter.news:
        counter.hear()


def test_after_a_restart_the_terminal_is_asked_about_what_was_open(counter: Counter) -> None:
    attempt = cut_off(counter, receipt="0470")
    assert counter.recorder.questions("tpe") == (attempt,)
    assert counter.recorder.questions("elsewhere") == ()
    assert attempt.details["receipt"] == "0470"


def test_the_answer_that_was_on_disk_is_confirmed_by_its_number(counter: Counter) -> None:
    attempt = cut_off(counter, receipt="0470", last4="1234")
    found = Finding(State.APPROVED, 899, receipt="0470", details={"receipt": "0470"})
    finds(counter, attempt, SAFE, found)
    assert counter.desk.attempts == ()
    (ticket,) = counter.chain("ticket")
    assert ticket["tenders"][0]["details"]["last4"] == "1234"


def test_an_echoed_reference_settles_what_had_no_answer(counter: Counter) -> None:
    attempt = cut_off(counter)
    finds(counter, attempt, ECHOES, Finding(State.APPROVED, 899, attempt.reference))
    assert len(counter.chain("ticket")) == 1


def test_without_proof_the_terminals_word_waits_for_a_person(counter: Counter) -> None:
    attempt = cut_off(counter)
    finds(counter, attempt, SAFE, Finding(State.APPROVED, 899, receipt="0471"))
    assert counter.chain("ticket") == []
    assert show(counter.desk).attempts[0].proposal is State.APPROVED
    entries = len(counter.entries)
    finds(counter, attempt, SAFE, Finding(State.APPROVED, 899, receipt="0471"))
    assert len(counter.entries) == entries, "asked again, it told nothing new"


def test_a_terminal_whose_last_number_is_an_older_one_did_not_charge(counter: Counter) -> None:
    counter.ring(BREAD)
    pay_by_card.begin(counter.desk).wait()
    counter.answers(State.APPROVED, receipt="0469")
    attempt = cut_off(counter)
    assert attempt.details["receipt_before"] == "0469"
    finds(counter, attempt, SAFE, Finding(State.APPROVED, 345, receipt="0469"))
    assert counter.desk.attempts[0].proposal is State.NOT_CHARGED
    finds(counter, attempt, REVERSES, Finding(State.APPROVED, 345, receipt="0469"))
    assert counter.desk.attempts == ()
    assert counter.chain("payment")[-1]["state"] == "not_charged"


def test_what_is_settled_meanwhile_is_not_settled_again(counter: Counter) -> None:
    attempt = cut_off(counter)
    resolve_card.resolve(counter.desk, attempt.reference, charged=False).wait()
    with pytest.raises(UnknownAttempt):
        finds(counter, attempt, ECHOES, Finding(State.APPROVED, 899, attempt.reference))
    assert counter.chain("ticket") == []


def test_a_running_attempt_is_no_question(counter: Counter) -> None:
    counter.ring(WINE)
    attempt = pay_by_card.begin(counter.desk).wait().attempt
    counter.recorder.sending(attempt.reference)
    assert counter.recorder.questions("tpe") == ()
    finds(counter, attempt, ECHOES, Finding(State.APPROVED, 899, attempt.reference))
    assert counter.chain("ticket") == []


def test_the_cashier_lets_the_terminal_be_asked_where_it_can(counter: Counter) -> None:
    attempt = cut_off(counter)
    with pytest.raises(TerminalCannot):
        resolve_card.ask_terminal(counter.desk, attempt.reference)
    counter.terminal.abilities = Abilities(asks=True)
    resolve_card.ask_terminal(counter.desk, attempt.reference)
    assert counter.terminal.asked == 1
    with pytest.raises(UnknownAttempt):
        resolve_card.ask_terminal(counter.desk, "NOBODY0001")


def test_above_the_shops_limit_a_manager_says_what_became_of_it(
    counter_with_limit: Counter,
) -> None:
    counter = counter_with_limit
    counter.ring(*[WINE] * 6)  # 53,94
    attempt = pay_by_card.begin(counter.desk).wait().attempt
    counter.answers(State.UNKNOWN)
    before = counter.on_disk
    with pytest.raises(NeedsManager):
        resolve_card.resolve(counter.desk, attempt.reference, charged=False)
    assert counter.on_disk == before
    sign_on.approve(counter.desk, "2", "2222").wait()
    resolve_card.resolve(counter.desk, attempt.reference, charged=False).wait()
    with pytest.raises(NeedsManager):  # it was for this one time
        counter.desk.require_right("resolve", always=True)
    assert take_payment.take_tender(counter.desk, "cash").wait() is not None


def test_up_to_the_shops_limit_a_cashier_does(counter_with_limit: Counter) -> None:
    attempt = cut_off(counter_with_limit)
    resolve_card.resolve(counter_with_limit.desk, attempt.reference, charged=False).wait()
    assert counter_with_limit.desk.attempts == ()


def test_a_card_number_typed_as_authorisation_is_not_kept(counter: Counter) -> None:
    attempt = cut_off(counter)
    number = "4970 1012 3456 7893"
    resolve_card.resolve(counter.desk, attempt.reference, charged=True, authorisation=number).wait()
    assert counter.chain("payment")[-1]["details"]["authorisation"] == "[card number]"
    assert not any("7893" in str(entry.data) for entry in counter.entries)
