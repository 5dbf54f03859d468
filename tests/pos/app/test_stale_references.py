"""What a till knows at its start of the references that it sent before."""

from __future__ import annotations

from pos.app import pay_by_card, resolve_card, take_payment
from pos.domain.payment import State
from tests.pos.fakes import BREAD, Counter


def test_the_references_sent_before_a_restart_are_known_after_it(counter: Counter) -> None:
    sent = []
    for end in (State.APPROVED, State.DECLINED, State.UNKNOWN):
        counter.ring(BREAD)
        sent.append(pay_by_card.begin(counter.desk).wait().attempt.reference)
        counter.answers(end)
        if end is State.DECLINED:
            take_payment.take_tender(counter.desk, "cash").wait()
    resolve_card.resolve(counter.desk, sent[-1], charged=True).wait()
    counter.restart()
    assert counter.recorder.issued("tpe", 64) == tuple(sent)
    assert counter.recorder.issued("tpe", 2) == tuple(sent[-2:])
    assert counter.recorder.issued("mobile", 64) == ()
