from __future__ import annotations

import pytest

from pos.app import pay_by_card, take_payment
from pos.app.views import show
from pos.domain.events import EventCode
from pos.domain.payment import Attempt, State
from tests.pos.fakes import BREAD, WINE, Counter


def in_doubt(counter: Counter) -> Attempt:
    """A card payment of 8,99 whose answer did not come in time."""
    counter.ring(WINE)
    pay_by_card.begin(counter.desk).wait()
    return counter.answers(State.UNKNOWN).attempt


def late(counter: Counter, reference: str, amount: int, state: State) -> None:
    """The terminal says something that nobody waits for."""
    counter.recorder.late(reference, amount, state, {"authorisation": "123456"})
    if counter.news:
        counter.hear()


def test_a_late_approval_of_our_own_pays_the_sale(counter: Counter) -> None:
    attempt = in_doubt(counter)
    late(counter, attempt.reference, 899, State.APPROVED)
    assert counter.desk.attempts == ()
    assert counter.desk.last is not None
    assert counter.desk.last.ticket.total.ttc == 899
    said = counter.chain("payment")[-1]
    assert (said["state"], said["details"]["late"]) == ("approved", True)


def test_a_late_refusal_frees_the_sale(counter: Counter) -> None:
    attempt = in_doubt(counter)
    late(counter, attempt.reference, 899, State.DECLINED)
    assert counter.chain("payment")[-1]["state"] == "not_charged"
    assert counter.desk.attempts == ()
    assert show(counter.desk).sale.due == 899
    assert take_payment.take_tender(counter.desk, "cash").wait() is not None


def test_the_same_late_answer_twice_pays_once(counter: Counter) -> None:
    attempt = in_doubt(counter)
    for _ in range(2):
        late(counter, attempt.reference, 899, State.APPROVED)
    assert len(counter.chain("ticket")) == 1
    assert [data["state"] for data in counter.chain("payment")].count("approved") == 1
    assert len(counter.events(EventCode.CARD_TROUBLE)) == 1


@pytest.mark.parametrize(
    ("reference", "amount", "state"),
    [
        ("OTHER00001", 899, State.APPROVED),
        ("", 899, State.APPROVED),
        ("REF0000001", 898, State.APPROVED),
        ("REF0000001", 899, State.UNKNOWN),
    ],
)
def test_an_answer_that_is_not_surely_ours_is_kept_and_settles_nothing(
    counter: Counter, reference: str, amount: int, state: State
) -> None:
    attempt = in_doubt(counter)
    late(counter, reference, amount, state)
    assert [x.reference for x in counter.desk.attempts] == [attempt.reference]
    assert counter.chain("ticket") == []
    assert counter.events(EventCode.CARD_TROUBLE) == [
        {"orphan_answer": {"reference": reference, "amount": amount, "says": str(state)}}
    ]


def test_an_orphan_is_never_given_to_the_next_sale(counter: Counter) -> None:
    counter.ring(BREAD)
    late(counter, "OTHER00001", 345, State.APPROVED)
    assert show(counter.desk).sale.due == 345
    assert show(counter.desk).sale.tenders == ()


def test_an_answer_to_an_attempt_that_still_runs_waits_for_its_end(counter: Counter) -> None:
    counter.ring(WINE)
    attempt = pay_by_card.begin(counter.desk).wait().attempt
    counter.recorder.sending(attempt.reference)
    late(counter, attempt.reference, 899, State.APPROVED)
    assert counter.chain("ticket") == []
    counter.recorder.answered(attempt.reference, {})
    assert counter.concludes(State.APPROVED).settled is not None


def test_a_late_approval_pays_a_parked_sale_and_the_one_after_a_restart(counter: Counter) -> None:
    from pos.app import park

    attempt = in_doubt(counter)
    park.park(counter.desk, "a").wait()
    counter.restart()
    counter.sign_on()
    counter.ring(BREAD)
    late(counter, attempt.reference, 899, State.APPROVED)
    assert park.parked(counter.desk) == ()
    assert counter.desk.sale is not None
    assert len(counter.chain("ticket")) == 1


def test_a_late_approval_after_the_paper_was_read_changes_nothing(counter: Counter) -> None:
    attempt = in_doubt(counter)
    pay_by_card.resolve(counter.desk, attempt.reference, charged=True).wait()
    tickets = counter.chain("ticket")
    late(counter, attempt.reference, 899, State.APPROVED)
    assert counter.chain("ticket") == tickets
