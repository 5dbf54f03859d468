from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from pos.app import change_sale, move_cash, park, ring_up, session, sign_on, take_payment
from pos.app.desk import Desk
from pos.app.ports import Role
from pos.domain.errors import (
    NeedsManager,
    PinDelayed,
    PosError,
    SaleIsOpen,
    SignOnFirst,
    UnknownLine,
    UnknownStaff,
    WrongPin,
)
from pos.domain.events import EventCode
from pos.domain.sale import Discount
from tests.pos.fakes import BREAD, STAFF, WINE, Counter

ALL_ACTS = frozenset({"void", "discount", "override", "return", "refund", "cancel", "float", "z"})


def guarded(counter: Counter, code: str = "1") -> Desk:
    """A desk where a manager must allow everything."""
    settings = counter.desk.settings
    counter.desk.settings = type(settings)(
        settings.shop,
        settings.words,
        settings.tenders,
        settings.templates,
        manager_acts=ALL_ACTS,
    )
    return counter.sign_on(code)


def test_a_code_and_its_pin_sign_on_and_the_journal_knows_the_code_only(counter: Counter) -> None:
    assert sign_on.sign_on(counter.desk, "2", "2222").wait() == STAFF["2"]
    assert counter.desk.operator == STAFF["2"]
    assert counter.events(EventCode.SIGN_ON) == [{"staff": "2", "role": "manager"}]
    assert b"Dominique" not in b"".join(entry.signed.payload for entry in counter.entries)


def test_a_wrong_pin_and_an_unknown_code_sign_nobody_on(counter: Counter) -> None:
    counter.desk.operator = None
    before = counter.on_disk
    for code, pin, refusal in (("1", "1112", WrongPin), ("9", "1111", UnknownStaff)):
        with pytest.raises(refusal):
            sign_on.sign_on(counter.desk, code, pin)
    assert counter.desk.operator is None
    assert counter.on_disk == before


def test_after_three_wrong_pins_even_the_right_one_must_wait(counter: Counter) -> None:
    for _ in range(3):
        with pytest.raises(WrongPin):
            sign_on.sign_on(counter.desk, "1", "0000")
    with pytest.raises(PinDelayed) as refusal:
        sign_on.sign_on(counter.desk, "1", "1111")
    assert refusal.value.params == {"seconds": 1}
    counter.now += timedelta(seconds=1)
    assert sign_on.sign_on(counter.desk, "1", "1111").wait().code == "1"


def test_nothing_is_sold_before_somebody_signs_on(counter: Counter) -> None:
    counter.desk.operator = None
    before = counter.on_disk
    for act in (
        lambda: ring_up.by_code(counter.desk, BREAD),
        lambda: take_payment.take_tender(counter.desk, "cash"),
        lambda: session.declare_float(counter.desk, 100),
        lambda: move_cash.no_sale(counter.desk, "monnaie"),
        lambda: sign_on.lock(counter.desk),
        lambda: sign_on.approve(counter.desk, "2", "2222"),
    ):
        with pytest.raises(SignOnFirst):
            act()
    assert counter.on_disk == before


def test_locking_leaves_the_desk_and_keeps_the_sale(counter: Counter) -> None:
    counter.ring(BREAD)
    sign_on.lock(counter.desk).wait()
    assert counter.desk.operator is None
    assert counter.desk.sale is not None
    assert counter.events(EventCode.SIGN_OFF) == [{"staff": "1"}]


def test_the_next_cashier_goes_on_with_the_sale_and_the_trainee_does_not(counter: Counter) -> None:
    counter.ring(BREAD)
    with pytest.raises(SaleIsOpen):
        sign_on.sign_on(counter.desk, "3", "3333")
    sign_on.sign_on(counter.desk, "2", "2222").wait()
    settled = take_payment.take_tender(counter.desk, "cash").wait()
    assert settled is not None
    assert settled.entry.payload.operator == "2"


def test_a_training_sale_waits_aside_when_somebody_else_signs_on(counter: Counter) -> None:
    counter.sign_on("3")
    counter.ring(BREAD)
    counter.restart()
    sign_on.sign_on(counter.desk, "1", "1111").wait()
    assert counter.desk.sale is None
    assert [(x.parked_as, x.training) for x in park.parked(counter.desk)] == [("1", True)]
    sign_on.sign_on(counter.desk, "3", "3333").wait()
    assert park.recall(counter.desk).wait().training


def test_a_training_sale_emptied_by_voids_does_not_make_the_next_sale_training(
    counter: Counter,
) -> None:
    counter.sign_on("3")
    counter.ring(BREAD)
    change_sale.void_line(counter.desk, 1).wait()
    sign_on.sign_on(counter.desk, "1", "1111").wait()
    counter.ring(WINE)
    settled = take_payment.take_tender(counter.desk, "cash").wait()
    assert settled is not None
    assert not settled.ticket.training
    assert settled.entry.payload.chain == "ticket"
    assert counter.store.ledger.drafts() == ()


def test_what_only_a_manager_may_do_is_refused_to_a_cashier(counter: Counter) -> None:
    desk = guarded(counter)
    counter.ring(BREAD)
    before = counter.on_disk
    for act in (
        lambda: change_sale.void_line(desk, 1),
        lambda: change_sale.give_discount(desk, Discount(rate=1000)),
        lambda: ring_up.by_code(desk, WINE, unit_price=1),
        lambda: ring_up.return_item(desk, WINE),
        lambda: session.declare_float(desk, 100),
    ):
        with pytest.raises(NeedsManager):
            act()
    assert counter.on_disk == before


def test_a_manager_needs_nobody(counter: Counter) -> None:
    desk = guarded(counter, "2")
    counter.ring(BREAD)
    change_sale.void_line(desk, 1).wait()


def test_a_managers_pin_allows_one_act_and_no_second(counter: Counter) -> None:
    desk = guarded(counter)
    counter.ring(BREAD, WINE)
    sign_on.approve(desk, "2", "2222").wait()
    assert counter.events(EventCode.APPROVAL) == [{"staff": "2"}]
    change_sale.void_line(desk, 1).wait()
    with pytest.raises(NeedsManager):
        change_sale.void_line(desk, 2)


def test_an_act_that_is_refused_for_another_reason_leaves_the_approval(counter: Counter) -> None:
    desk = guarded(counter)
    counter.ring(BREAD)
    sign_on.approve(desk, "2", "2222").wait()
    with pytest.raises(UnknownLine):
        change_sale.void_line(desk, 7)
    change_sale.void_line(desk, 1).wait()


@pytest.mark.parametrize(("code", "pin"), [("1", "1111"), ("3", "3333"), ("2", "1111")])
def test_only_a_managers_right_pin_approves(counter: Counter, code: str, pin: str) -> None:
    desk = guarded(counter)
    with pytest.raises(PosError):
        sign_on.approve(desk, code, pin).wait()
    assert desk.approved is None
    assert counter.events(EventCode.APPROVAL) == []


def test_an_approval_ends_with_the_cashiers_turn(counter: Counter) -> None:
    desk = guarded(counter)
    sign_on.approve(desk, "2", "2222").wait()
    sign_on.lock(desk).wait()
    sign_on.sign_on(desk, "1", "1111").wait()
    counter.ring(BREAD)
    with pytest.raises(NeedsManager):
        change_sale.void_line(desk, 1)


def test_a_trainee_never_touches_the_real_till(counter: Counter) -> None:
    desk = counter.sign_on("3")
    assert desk.operator is not None
    assert desk.operator.role is Role.TRAINEE
    before = counter.on_disk
    acts: list[Callable[[], object]] = [
        lambda: session.declare_float(desk, 100),
        lambda: move_cash.paid_in(desk, 100, "monnaie"),
        lambda: move_cash.no_sale(desk, "monnaie"),
    ]
    for act in acts:
        with pytest.raises(NeedsManager):
            act()
    assert counter.on_disk == before
