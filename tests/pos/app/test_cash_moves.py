from __future__ import annotations

from collections.abc import Callable

import pytest

from pos.app import close_session, move_cash, session
from pos.app.move_cash import REASON_LENGTH_MAX
from pos.domain.errors import BadAmount, BadCommand, PosError
from tests.pos.fakes import Counter


def test_each_move_is_journaled_with_its_reason_and_opens_the_drawer(counter: Counter) -> None:
    desk = counter.desk
    session.declare_float(desk, 10_000).wait()
    move_cash.paid_in(desk, 2_000, "monnaie").wait()
    move_cash.paid_out(desk, 350, " timbres ").wait()
    move_cash.pickup(desk, 5_000).wait()
    move_cash.no_sale(desk, "faire de la monnaie").wait()
    assert counter.chain("cash")[1:] == [
        {"kind": "paid_in", "amount": 2_000, "reason": "monnaie"},
        {"kind": "paid_out", "amount": 350, "reason": "timbres"},
        {"kind": "pickup", "amount": 5_000, "reason": ""},
        {"kind": "no_sale", "amount": 0, "reason": "faire de la monnaie"},
    ]
    assert counter.printer.kicks == 4
    totals, _ = close_session.read_x(desk)
    drawer = totals.drawer
    assert (drawer.opening_float, drawer.paid_in, drawer.paid_out, drawer.pickups) == (
        10_000,
        2_000,
        350,
        5_000,
    )
    assert drawer.expected == 6_650
    assert totals.no_sales == 1


def test_a_move_opens_the_session(counter: Counter) -> None:
    move_cash.paid_in(counter.desk, 2_000, "monnaie").wait()
    assert [(x["kind"], x["amount"]) for x in counter.chain("cash")] == [
        ("float", 0),
        ("paid_in", 2_000),
    ]
    assert counter.desk.session is not None


def test_a_move_without_amount_or_reason_is_refused_and_changes_nothing(counter: Counter) -> None:
    before = counter.on_disk
    wrong: list[tuple[Callable[[], object], type[PosError]]] = [
        (lambda: move_cash.paid_in(counter.desk, 0, "monnaie"), BadAmount),
        (lambda: move_cash.paid_out(counter.desk, -1, "timbres"), BadAmount),
        (lambda: move_cash.pickup(counter.desk, 0), BadAmount),
        (lambda: move_cash.paid_in(counter.desk, 100, "  "), BadCommand),
        (lambda: move_cash.no_sale(counter.desk, ""), BadCommand),
    ]
    for act, refusal in wrong:
        with pytest.raises(refusal):
            act()
    assert counter.on_disk == before
    assert counter.printer.kicks == 0


def test_an_endless_reason_is_cut(counter: Counter) -> None:
    move_cash.no_sale(counter.desk, "x" * 10_000).wait()
    assert len(counter.chain("cash")[-1]["reason"]) == REASON_LENGTH_MAX
