"""A disk that answers after the till gave up: what it wrote late is never done a second time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any

import pytest

from pos.app import (
    cancel_sale,
    change_sale,
    close_session,
    park,
    pay_by_card,
    resolve_card,
    ring_up,
    take_payment,
)
from pos.app.desk import Pending
from pos.app.views import attempts_view, show
from pos.domain.errors import (
    CardUnresolved,
    DiskFull,
    DiskSlow,
    NoSession,
    SaleChanged,
)
from pos.domain.events import EventCode
from pos.domain.payment import State
from tests.pos.fakes import BREAD, WINE, Counter


def too_late(counter: Counter, act: Callable[[], Pending[Any]]) -> None:
    """Do an act whose commit comes after the till stopped waiting for it."""
    gate = Event()
    counter.store.writer.submit(gate.wait)
    with pytest.raises(DiskSlow):
        act().wait(0.01)
    gate.set()
    written(counter)


def written(counter: Counter) -> None:
    """Wait until the writer has done all it was given, and what that led to."""
    for _ in range(2):
        counter.store.writer.submit(lambda: None).result(30)


@contextmanager
def full_disk(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A disk on which nothing can be written for a while."""

    def refuse(**_: object) -> None:
        raise DiskFull(reason="full")

    with monkeypatch.context() as patch:
        patch.setattr(counter.store.ledger._database, "transaction", refuse)
        yield


def test_a_sale_that_was_settled_too_late_is_not_settled_again(counter: Counter) -> None:
    counter.ring(BREAD)
    too_late(counter, lambda: take_payment.take_tender(counter.desk, "cash"))
    with pytest.raises(SaleChanged):
        take_payment.take_tender(counter.desk, "cash").wait()
    assert counter.desk.sale is None
    assert len(counter.chain("ticket")) == 1
    counter.audit()


def test_a_sale_that_was_settled_too_late_does_not_come_back_with_the_next_line(
    counter: Counter,
) -> None:
    counter.ring(BREAD)
    too_late(counter, lambda: take_payment.take_tender(counter.desk, "cash"))
    with pytest.raises(SaleChanged):
        ring_up.by_code(counter.desk, WINE).wait()
    assert not show(counter.desk).sale.lines
    assert counter.store.ledger.drafts() == ()
    counter.ring(WINE)
    assert len(show(counter.desk).sale.lines) == 1


def test_a_part_that_was_taken_too_late_is_seen_before_the_rest_is_taken(counter: Counter) -> None:
    counter.ring(BREAD)
    too_late(counter, lambda: take_payment.take_tender(counter.desk, "cash", 100))
    with pytest.raises(SaleChanged):
        take_payment.take_tender(counter.desk, "cash").wait()
    assert counter.desk.sale is not None
    assert counter.desk.sale.paid == 100


def test_a_sale_that_was_cancelled_too_late_is_cancelled_once(counter: Counter) -> None:
    counter.ring(BREAD)
    too_late(counter, lambda: cancel_sale.cancel_sale(counter.desk))
    with pytest.raises(SaleChanged):
        cancel_sale.cancel_sale(counter.desk).wait()
    assert len(counter.events(EventCode.SALE_CANCELLED)) == 1


def test_a_z_that_came_too_late_is_the_only_one(counter: Counter) -> None:
    counter.ring(BREAD)
    take_payment.take_tender(counter.desk, "cash").wait()
    too_late(counter, lambda: close_session.close(counter.desk))
    with pytest.raises(NoSession):
        close_session.close(counter.desk)
    assert len(counter.chain("closing")) == 1


def test_the_session_that_a_late_sale_opened_can_be_closed(counter: Counter) -> None:
    counter.ring(BREAD)
    too_late(counter, lambda: take_payment.take_tender(counter.desk, "cash"))
    counter.desk.reload()
    assert close_session.close(counter.desk).wait().closing.tickets == 1


def test_a_card_attempt_that_was_prepared_too_late_blocks_no_terminal(counter: Counter) -> None:
    counter.ring(BREAD)
    too_late(counter, lambda: pay_by_card.begin(counter.desk))
    assert counter.terminal.begun == []
    assert counter.store.ledger.open_attempts() == ()
    pay_by_card.begin(counter.desk).wait()
    assert counter.answers(State.APPROVED).settled is not None


def test_an_end_that_the_disk_refused_is_for_the_cashier_to_tell(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter.ring(BREAD)
    reference = pay_by_card.begin(counter.desk).wait().attempt.reference
    counter.recorder.sending(reference)
    counter.recorder.answered(reference, {})
    with full_disk(counter, monkeypatch), pytest.raises(DiskFull):
        counter.recorder.concluded(reference, State.APPROVED, {})
    assert counter.hear().attempt.state is State.UNKNOWN
    assert [x.state for x in attempts_view(counter.desk)] == [State.UNKNOWN]
    with pytest.raises(CardUnresolved):
        take_payment.take_tender(counter.desk, "cash")
    news = resolve_card.resolve(counter.desk, reference, charged=True, authorisation="12").wait()
    assert news.settled is not None
    states = [data["state"] for data in counter.chain("payment")]
    assert states == ["prepared", "sending", "answered", "unknown", "approved"]


def test_an_attempt_that_never_left_is_over_whatever_the_disk_refused(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter.ring(BREAD)
    reference = pay_by_card.begin(counter.desk).wait().attempt.reference
    with full_disk(counter, monkeypatch), pytest.raises(DiskFull):
        counter.recorder.concluded(reference, State.NOT_SENT, {})
    counter.hear()
    news = resolve_card.resolve(counter.desk, reference, charged=False).wait()
    assert news.attempt.state is State.NOT_SENT
    assert take_payment.take_tender(counter.desk, "cash").wait() is not None


def test_a_sale_emptied_by_voids_never_hides_the_one_under_way(counter: Counter) -> None:
    counter.ring(WINE)
    park.park(counter.desk, "x").wait()
    counter.ring(BREAD)
    change_sale.void_line(counter.desk, 1).wait()
    park.recall(counter.desk, "x").wait()
    assert len(counter.store.ledger.drafts()) == 1
    take_payment.take_tender(counter.desk, "cash").wait()
    counter.ring(BREAD)
    shown = counter.desk.sale
    pay_by_card.begin(counter.desk).wait()
    counter.answers(State.DECLINED)
    assert counter.desk.sale == shown
