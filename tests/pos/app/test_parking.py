from __future__ import annotations

from threading import Event

import pytest

from pos.app import card_attempts, close_session, park, pay_by_card, take_payment
from pos.app.park import PARKED_MAX
from pos.app.views import show
from pos.domain.errors import CardBusy, LimitReached, SaleIsEmpty, SaleIsOpen, UnknownParked
from pos.domain.events import EventCode
from pos.domain.payment import State, step
from tests.pos.fakes import BAG, BREAD, WINE, Counter


def test_a_parked_sale_leaves_the_desk_free_and_its_trace(counter: Counter) -> None:
    counter.ring(BREAD)
    sale = counter.desk.sale
    assert sale is not None
    assert park.park(counter.desk, "Mme Petit").wait().parked_as == "Mme Petit"
    assert counter.desk.sale is None
    assert [x.parked_as for x in park.parked(counter.desk)] == ["Mme Petit"]
    assert counter.events(EventCode.SALE_PARKED) == [
        {"sale": sale.id, "lines": 1, "training": False}
    ]


def test_a_recalled_sale_is_the_one_that_was_parked(counter: Counter) -> None:
    counter.ring(BREAD)
    sale = counter.desk.sale
    park.park(counter.desk, "Mme Petit").wait()
    counter.ring(WINE)
    take_payment.take_tender(counter.desk, "cash").wait()
    assert park.recall(counter.desk, "Mme Petit").wait() == sale
    assert counter.desk.sale == sale
    assert park.parked(counter.desk) == ()
    assert len(counter.events(EventCode.SALE_RECALLED)) == 1


def test_without_a_name_sales_get_the_next_free_number(counter: Counter) -> None:
    for code in (BREAD, WINE, BAG):
        counter.ring(code)
        park.park(counter.desk).wait()
    park.recall(counter.desk, "2").wait()
    park.park(counter.desk).wait()
    assert sorted(str(x.parked_as) for x in park.parked(counter.desk)) == ["1", "2", "3"]


def test_the_one_that_waits_alone_needs_no_name(counter: Counter) -> None:
    counter.ring(BREAD)
    park.park(counter.desk, "seul").wait()
    assert park.recall(counter.desk).wait().lines[0].product.code == BREAD


def test_a_name_that_is_taken_or_unknown_is_refused_and_changes_nothing(counter: Counter) -> None:
    counter.ring(BREAD)
    park.park(counter.desk, "a").wait()
    counter.ring(WINE)
    before = counter.on_disk
    with pytest.raises(LimitReached):
        park.park(counter.desk, "a")
    with pytest.raises(SaleIsOpen):
        park.recall(counter.desk, "a")
    assert counter.on_disk == before
    park.park(counter.desk, "b").wait()
    before = counter.on_disk
    for name in ("c", ""):
        with pytest.raises(UnknownParked) as refusal:
            park.recall(counter.desk, name)
        assert refusal.value.params["known"] == "a, b"
    assert counter.on_disk == before


def test_nothing_cannot_be_parked(counter: Counter) -> None:
    with pytest.raises(SaleIsEmpty):
        park.park(counter.desk)


def test_parked_sales_have_a_limit(counter: Counter) -> None:
    for _ in range(PARKED_MAX):
        counter.ring(BAG)
        park.park(counter.desk).wait()
    counter.ring(BAG)
    with pytest.raises(LimitReached):
        park.park(counter.desk)
    assert show(counter.desk).status.parked == PARKED_MAX


def test_parked_sales_survive_a_restart_and_a_closing(counter: Counter) -> None:
    counter.ring(BREAD)
    take_payment.take_tender(counter.desk, "cash", 100).wait()
    park.park(counter.desk, "a").wait()
    counter.ring(WINE)
    take_payment.take_tender(counter.desk, "cash").wait()
    close_session.close(counter.desk).wait()
    counter.restart()
    counter.sign_on()
    park.recall(counter.desk).wait()
    assert show(counter.desk).sale.due == 245


def test_a_trainee_and_a_cashier_never_take_up_each_others_sales(counter: Counter) -> None:
    counter.ring(BREAD)
    park.park(counter.desk, "vrai").wait()
    counter.sign_on("3")
    counter.ring(WINE)
    park.park(counter.desk, "faux").wait()
    with pytest.raises(UnknownParked):
        park.recall(counter.desk, "vrai")
    assert park.recall(counter.desk).wait().training
    park.park(counter.desk, "faux").wait()
    counter.sign_on("1")
    with pytest.raises(UnknownParked):
        park.recall(counter.desk, "faux")
    assert not park.recall(counter.desk).wait().training


def test_a_sale_is_parked_while_its_card_runs_and_the_approval_pays_it(counter: Counter) -> None:
    counter.ring(BREAD)
    pay_by_card.begin(counter.desk).wait()
    park.park(counter.desk, "a").wait()
    counter.ring(WINE)
    news = counter.answers(State.APPROVED)
    assert news.settled is not None
    assert news.settled.ticket.total.ttc == 345
    assert park.parked(counter.desk) == ()
    assert counter.desk.sale is not None
    assert take_payment.take_tender(counter.desk, "cash").wait() is not None


def test_recalled_before_its_card_has_answered_the_lines_stay(counter: Counter) -> None:
    counter.ring(BREAD)
    pay_by_card.begin(counter.desk).wait()
    park.park(counter.desk, "a").wait()
    park.recall(counter.desk, "a").wait()
    with pytest.raises(CardBusy):
        counter.ring(WINE)
    assert counter.answers(State.DECLINED).settled is None
    counter.ring(WINE)


def test_a_part_that_a_card_paid_meanwhile_is_not_lost_by_parking(counter: Counter) -> None:
    """The desk has not heard of the approval yet when the cashier parks the sale."""
    counter.ring(WINE)
    pay_by_card.begin(counter.desk, 500).wait()
    reference = counter.terminal.begun[-1].reference
    counter.recorder.sending(reference)
    counter.recorder.answered(reference, {})
    counter.recorder.concluded(reference, State.APPROVED, {})
    park.park(counter.desk, "a").wait()
    counter.hear()
    park.recall(counter.desk, "a").wait()
    assert show(counter.desk).sale.due == 399


def test_a_sale_that_a_card_has_just_paid_is_not_parked_again(counter: Counter) -> None:
    """Or it would be sold a second time when it is recalled."""
    counter.ring(WINE)
    pay_by_card.begin(counter.desk).wait()
    reference = counter.terminal.begun[-1].reference
    counter.recorder.sending(reference)
    counter.recorder.answered(reference, {})
    counter.recorder.concluded(reference, State.APPROVED, {})
    with pytest.raises(SaleIsEmpty):
        park.park(counter.desk, "a").wait()
    counter.hear()
    assert counter.store.ledger.drafts() == ()
    assert counter.desk.sale is None
    assert counter.desk.last is not None


def test_a_parked_sale_that_a_card_has_just_paid_is_not_recalled(counter: Counter) -> None:
    counter.ring(WINE)
    pay_by_card.begin(counter.desk).wait()
    park.park(counter.desk, "a").wait()
    reference = counter.terminal.begun[-1].reference
    counter.recorder.sending(reference)
    counter.recorder.answered(reference, {})
    # The approval is on its way to disk when the cashier asks for the sale.
    ledger, disk_answers = counter.store.ledger, Event()
    ledger.run(lambda _: disk_answers.wait(10), "till")
    approval = ledger.run(
        lambda tx: card_attempts.conclude(
            counter.desk, tx, step(tx.open_attempts()[0], State.APPROVED)
        ),
        "till",
    )
    asked = park.recall(counter.desk, "a")
    disk_answers.set()
    assert approval.result(10).settled is not None
    with pytest.raises(UnknownParked):
        asked.wait()
    assert ledger.drafts() == ()


def test_a_name_that_is_too_long_is_cut_and_the_sale_parked(counter: Counter) -> None:
    counter.ring(BREAD)
    assert park.park(counter.desk, "M" * 200).wait().parked_as == "M" * 80
