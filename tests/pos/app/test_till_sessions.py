from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from pos.app import close_session, session, take_payment
from pos.app.desk import Session
from pos.domain.errors import FloatDeclared
from tests.pos.fakes import BREAD, EVENING, Counter


def test_the_float_opens_the_session(counter: Counter) -> None:
    opened = session.declare_float(counter.desk, 15_000).wait()
    assert opened == counter.desk.session == Session(1, "2026-11-22")
    assert counter.chain("cash") == [
        {
            "kind": "float",
            "amount": 15_000,
            "declared": True,
            "session": 1,
            "day": "2026-11-22",
        }
    ]


def test_the_float_is_declared_once_a_session(counter: Counter) -> None:
    session.declare_float(counter.desk, 15_000).wait()
    before = counter.on_disk
    with pytest.raises(FloatDeclared) as refusal:
        session.declare_float(counter.desk, 20_000).wait()
    assert refusal.value.params == {"amount": 15_000}
    assert counter.on_disk == before
    assert counter.desk.session == Session(1, "2026-11-22")


def test_the_first_sale_opens_a_session_with_an_empty_float_that_may_still_be_declared(
    counter: Counter,
) -> None:
    counter.ring(BREAD)
    take_payment.take_tender(counter.desk, "cash").wait()
    assert [(x["amount"], x["declared"]) for x in counter.chain("cash")] == [(0, False)]
    session.declare_float(counter.desk, 5_000).wait()
    totals, _ = close_session.read_x(counter.desk)
    assert totals.drawer.opening_float == 5_000
    assert totals.drawer.expected == 5_345
    assert totals.session == 1


def test_a_second_sale_opens_no_second_session(counter: Counter) -> None:
    for _ in range(2):
        counter.ring(BREAD)
        take_payment.take_tender(counter.desk, "cash").wait()
    assert len(counter.chain("cash")) == 1


def test_a_restarted_till_is_in_the_same_session(counter: Counter) -> None:
    session.declare_float(counter.desk, 15_000).wait()
    counter.now += timedelta(days=1)
    counter.restart()
    counter.sign_on()
    assert counter.desk.session == Session(1, "2026-11-22")
    with pytest.raises(FloatDeclared):
        session.declare_float(counter.desk, 1).wait()


def test_after_a_closing_a_restarted_till_is_in_no_session(counter: Counter) -> None:
    session.declare_float(counter.desk, 15_000).wait()
    close_session.close(counter.desk).wait()
    counter.restart()
    counter.sign_on()
    assert counter.desk.session is None
    assert session.declare_float(counter.desk, 100).wait().number == 2


def test_a_desk_that_missed_the_opening_finds_it_in_the_journal(counter: Counter) -> None:
    """The device thread may settle a sale after the float is on disk and before the desk knows."""
    session.declare_float(counter.desk, 15_000).wait()
    counter.desk.session = None
    counter.ring(BREAD)
    take_payment.take_tender(counter.desk, "cash").wait()
    assert len(counter.chain("cash")) == 1
    totals, _ = close_session.read_x(counter.desk)
    assert totals.drawer.opening_float == 15_000


def test_a_desk_that_missed_the_closing_opens_the_next_session(counter: Counter) -> None:
    opened = session.declare_float(counter.desk, 0).wait()
    close_session.close(counter.desk).wait()
    counter.desk.session = opened
    counter.ring(BREAD)
    settled = take_payment.take_tender(counter.desk, "cash").wait()
    assert settled is not None
    assert settled.ticket.session == 2


@pytest.mark.parametrize(
    ("hour", "day"), [(4, "2026-11-21"), (5, "2026-11-22"), (23, "2026-11-22"), (0, "2026-11-21")]
)
def test_a_sale_after_midnight_belongs_to_the_evening_before(
    counter: Counter, hour: int, day: str
) -> None:
    counter.now = EVENING.replace(hour=hour)
    assert session.declare_float(counter.desk, 0).wait().day == day


def test_the_business_day_is_the_shops_own_wherever_the_clock_stands(counter: Counter) -> None:
    counter.now = datetime(2026, 11, 22, 23, 30, tzinfo=timezone(timedelta(hours=-10)))
    assert session.declare_float(counter.desk, 0).wait().day == "2026-11-22"


def test_a_session_keeps_its_day_past_midnight(counter: Counter) -> None:
    session.declare_float(counter.desk, 0).wait()
    counter.now = EVENING + timedelta(hours=7)
    counter.ring(BREAD)
    settled = take_payment.take_tender(counter.desk, "cash").wait()
    assert settled is not None
    assert settled.ticket.day == "2026-11-22"
