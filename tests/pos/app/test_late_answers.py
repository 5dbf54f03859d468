"""What a terminal tells late or unasked: it settles, proposes, or is kept and raised."""

from __future__ import annotations

import pytest

from pos.app import park, pay_by_card, resolve_card, take_payment
from pos.app.desk import CardNews
from pos.app.views import show
from pos.domain.errors import CardUnresolved, NeedsManager, UnknownAttempt
from pos.domain.finding import Finding, Trust
from pos.domain.payment import Attempt, State
from tests.pos.fakes import BREAD, WINE, Counter

ECHOES = Trust(echoes=True)


def in_doubt(counter: Counter) -> Attempt:
    """A card payment of 8,99 whose answer did not come in time."""
    counter.ring(WINE)
    pay_by_card.begin(counter.desk).wait()
    return counter.answers(State.UNKNOWN).attempt


def late(
    counter: Counter,
    reference: str,
    amount: int | None,
    state: State,
    trust: Trust = ECHOES,
    **details: str,
) -> CardNews | None:
    """The terminal says something that nobody waits for."""
    told = {"authorisation": "123456", **details}
    receipt = details.get("receipt", "")
    counter.recorder.late("tpe", Finding(state, amount, reference, receipt, told), trust)
    return counter.hear() if counter.news else None


def test_a_late_approval_of_our_own_pays_the_sale(counter: Counter) -> None:
    attempt = in_doubt(counter)
    late(counter, attempt.reference, 899, State.APPROVED)
    assert counter.desk.attempts == ()
    assert counter.desk.last is not None
    assert counter.desk.last.ticket.total.ttc == 899
    said = counter.chain("payment")[-1]
    assert (said["state"], said["details"]["late"]) == ("approved", True)
    assert counter.desk.last.ticket.tenders[0].details["authorisation"] == "123456"


def test_a_late_refusal_frees_the_sale(counter: Counter) -> None:
    attempt = in_doubt(counter)
    late(counter, attempt.reference, 899, State.DECLINED)
    assert counter.chain("payment")[-1]["state"] == "not_charged"
    assert counter.desk.attempts == ()
    assert show(counter.desk).sale.due == 899
    assert take_payment.take_tender(counter.desk, "cash").wait() is not None


def test_the_same_late_answer_twice_pays_once_and_alarms_nobody(counter: Counter) -> None:
    attempt = in_doubt(counter)
    assert late(counter, attempt.reference, 899, State.APPROVED) is not None
    entries = len(counter.entries)
    assert late(counter, attempt.reference, 899, State.APPROVED) is None
    assert len(counter.chain("ticket")) == 1
    assert len(counter.entries) == entries


@pytest.mark.parametrize(
    ("reference", "amount", "state"),
    [
        ("OTHER00001", 899, State.APPROVED),
        ("REF0000001", None, State.APPROVED),
        ("REF0000001", 899, State.UNKNOWN),
    ],
)
def test_an_answer_that_is_not_surely_ours_is_kept_and_raised_and_settles_nothing(
    counter: Counter, reference: str, amount: int | None, state: State
) -> None:
    attempt = in_doubt(counter)
    news = late(counter, reference, amount, state)
    assert news is not None
    assert news.orphan
    assert counter.chain("ticket") == []
    assert counter.desk.attempts[0].reference == attempt.reference
    orphan = counter.desk.attempts[1]
    assert (orphan.state, orphan.amount, orphan.sale) == (State.ORPHAN, amount or 0, "")
    assert orphan.details["told_reference"] == reference
    assert orphan.details["says"] == str(state)


def test_another_amount_under_our_reference_is_proposed_with_that_amount(counter: Counter) -> None:
    attempt = in_doubt(counter)
    news = late(counter, attempt.reference, 500, State.APPROVED)
    assert news is not None
    assert (news.orphan, news.attempt.proposal) == (False, State.APPROVED)
    done = resolve_card.resolve(counter.desk, attempt.reference, charged=True).wait()
    assert (done.settled, done.attempt.charged) == (None, 500)
    assert show(counter.desk).sale.due == 399


def test_without_an_echo_an_answer_of_the_same_amount_is_a_proposal(counter: Counter) -> None:
    attempt = in_doubt(counter)
    news = late(counter, "A12345", 899, State.APPROVED, Trust())
    assert news is not None
    assert (news.orphan, news.attempt.proposal) == (False, State.APPROVED)
    assert counter.chain("ticket") == []
    with pytest.raises(CardUnresolved):
        take_payment.take_tender(counter.desk, "cash")
    settled = resolve_card.resolve(counter.desk, attempt.reference, charged=True).wait().settled
    assert settled is not None
    assert settled.ticket.tenders[0].details["authorisation"] == "123456"


def test_a_proposal_that_a_person_denies_leaves_nothing_of_it(counter: Counter) -> None:
    attempt = in_doubt(counter)
    late(counter, "", 899, State.APPROVED, Trust())
    resolve_card.resolve(counter.desk, attempt.reference, charged=False).wait()
    assert show(counter.desk).sale.due == 899
    assert "authorisation" not in counter.chain("payment")[-1]["details"]


def test_an_orphan_is_never_given_to_the_next_sale(counter: Counter) -> None:
    counter.ring(BREAD)
    late(counter, "OTHER00001", 345, State.APPROVED)
    assert show(counter.desk).sale.due == 345
    assert show(counter.desk).sale.tenders == ()
    pay_by_card.begin(counter.desk).wait()  # and it blocks no terminal
    assert counter.answers(State.APPROVED).settled is not None


def test_the_same_orphan_twice_is_raised_once(counter: Counter) -> None:
    assert late(counter, "OTHER00001", 345, State.APPROVED) is not None
    assert late(counter, "OTHER00001", 345, State.APPROVED) is None
    assert late(counter, "OTHER00001", 346, State.APPROVED) is not None


def test_two_answers_without_any_number_are_two_orphans(counter: Counter) -> None:
    for _ in range(2):
        assert late(counter, "", 345, State.APPROVED) is not None


def test_an_orphan_stays_open_until_somebody_explains_it(counter: Counter) -> None:
    late(counter, "OTHER00001", 345, State.APPROVED)
    counter.restart()
    counter.sign_on()
    (orphan,) = counter.desk.attempts
    news = resolve_card.explain(counter.desk, orphan.reference, "essai 4970101234567893").wait()
    assert news.attempt.state is State.EXPLAINED
    said = counter.chain("payment")[-1]["details"]
    assert (said["explained_by"], said["explanation"]) == ("1", "essai [card number]")
    assert counter.desk.attempts == ()
    with pytest.raises(UnknownAttempt):
        resolve_card.explain(counter.desk, orphan.reference, "again")


def test_a_large_orphan_is_a_managers_to_explain(counter_with_limit: Counter) -> None:
    counter = counter_with_limit
    late(counter, "OTHER00001", 5_001, State.APPROVED)
    with pytest.raises(NeedsManager):
        resolve_card.explain(counter.desk, counter.desk.attempts[0].reference, "x")
    counter.sign_on("2")
    resolve_card.explain(counter.desk, counter.desk.attempts[0].reference, "x").wait()


def test_an_answer_to_an_attempt_that_still_runs_does_not_settle_it(counter: Counter) -> None:
    counter.ring(WINE)
    attempt = pay_by_card.begin(counter.desk).wait().attempt
    counter.recorder.sending(attempt.reference)
    late(counter, attempt.reference, 899, State.APPROVED)
    assert counter.chain("ticket") == []
    counter.recorder.answered(attempt.reference, {})
    assert counter.concludes(State.APPROVED).settled is not None


def test_a_late_approval_pays_a_parked_sale_and_the_one_after_a_restart(counter: Counter) -> None:
    attempt = in_doubt(counter)
    park.park(counter.desk, "a").wait()
    counter.restart()
    counter.sign_on()
    counter.ring(BREAD)
    late(counter, attempt.reference, 899, State.APPROVED)
    assert park.parked(counter.desk) == ()
    assert counter.desk.sale is not None
    assert len(counter.chain("ticket")) == 1


def test_a_late_approval_that_agrees_with_the_paper_changes_nothing(counter: Counter) -> None:
    attempt = in_doubt(counter)
    resolve_card.resolve(counter.desk, attempt.reference, charged=True).wait()
    entries = len(counter.entries)
    assert late(counter, attempt.reference, 899, State.APPROVED) is None
    assert len(counter.entries) == entries


def test_a_late_approval_of_what_was_said_not_to_be_charged_is_raised(counter: Counter) -> None:
    """Cancelled here, authorised there a minute later: nobody may overlook it."""
    attempt = in_doubt(counter)
    resolve_card.resolve(counter.desk, attempt.reference, charged=False).wait()
    take_payment.take_tender(counter.desk, "cash").wait()
    news = late(counter, attempt.reference, 899, State.APPROVED)
    assert news is not None
    assert news.orphan
    assert news.attempt.details["was"] == "not_charged"
    assert len(counter.chain("ticket")) == 1


def test_an_answer_of_another_terminal_settles_nothing_here(counter: Counter) -> None:
    attempt = in_doubt(counter)
    finding = Finding(State.APPROVED, 899, attempt.reference)
    counter.recorder.late("elsewhere", finding, ECHOES)
    assert counter.hear().orphan
    assert counter.chain("ticket") == []
