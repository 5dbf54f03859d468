from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos.domain import closing as closings
from pos.domain.closing import (
    Closing,
    Drawer,
    opened,
    with_cash,
    with_copy,
    with_event,
    with_ticket,
)
from pos.domain.events import EventCode
from pos.domain.tender import TenderKind
from pos.domain.ticket import Ticket, TicketType
from pos.domain.vat import ZERO
from sync.contract import canonical
from tests.pos.domain.baskets import added, tickets

days = st.lists(tickets(), max_size=8)
moves = st.lists(
    st.tuples(
        st.sampled_from(["paid_in", "paid_out", "pickup", "no_sale"]), st.integers(0, 50_000)
    ),
    max_size=6,
)


def closed(day: list[Ticket], closing: Closing | None = None) -> Closing:
    closing = closing or opened(None, 1, "2026-11-22")
    for number, ticket in enumerate(day, 1):
        closing = with_ticket(closing, number, ticket)
    return closing


def sold(day: list[Ticket]) -> list[Ticket]:
    return [ticket for ticket in day if not ticket.training]


@given(days)
def test_a_closing_is_the_sum_of_its_tickets_to_the_cent(day: list[Ticket]) -> None:
    closing = closed(day)
    real = sold(day)
    assert closing.total == added([ticket.total for ticket in real])
    assert closing.total == closing.sales + closing.given_back
    assert added(list(closing.rates.values())) == closing.total
    for rate, amounts in closing.rates.items():
        per_ticket = [x.amounts for ticket in real for x in ticket.rates if x.rate == rate]
        assert amounts == added(per_ticket)
    assert closing.sales.ttc >= 0 >= closing.given_back.ttc


@given(days)
def test_the_tenders_of_a_closing_cover_its_total(day: list[Ticket]) -> None:
    closing = closed(day)
    taken = [tender for ticket in sold(day) for tender in ticket.tenders]
    assert sum(total.amount for total in closing.tenders.values()) == closing.total.ttc
    assert sum(total.count for total in closing.tenders.values()) == len(taken)
    assert sum(total.kept for total in closing.tenders.values()) == sum(t.kept for t in taken)


@given(days, moves, st.integers(0, 100_000))
def test_the_drawer_holds_what_went_in_less_what_went_out(
    day: list[Ticket], moved: list[tuple[str, int]], opening: int
) -> None:
    closing = with_cash(opened(None, 1, "2026-11-22"), "float", opening, declared=True)
    assert closing.float_declared
    closing = closed(day, closing)
    notes = opening
    for kind, amount in moved:
        closing = with_cash(closing, kind, amount, declared=True)
        notes += {"paid_in": amount, "paid_out": -amount, "pickup": -amount}.get(kind, 0)
    for tender in (tender for ticket in sold(day) for tender in ticket.tenders):
        notes += tender.given if tender.kind is TenderKind.CASH else 0
        notes -= tender.change  # change is always cash
    assert closing.drawer.expected == notes
    assert closing.no_sales == sum(kind == "no_sale" for kind, _ in moved)
    counted = replace(closing.drawer, counted=notes - 15)
    assert (closing.drawer.difference, counted.difference) == (None, -15)


@given(days)
def test_training_is_counted_and_touches_no_total(day: list[Ticket]) -> None:
    closing = closed([replace(ticket, training=True) for ticket in day])
    assert closing.training_tickets == len(day)
    assert replace(closing, training_tickets=0) == opened(None, 1, "2026-11-22")


@given(days)
def test_tickets_lines_returns_and_numbers_are_counted(day: list[Ticket]) -> None:
    real = [replace(ticket, training=False) for ticket in day]
    closing = closed(real)
    assert closing.tickets == len(day)
    assert closing.lines == sum(len(ticket.lines) for ticket in day)
    assert closing.returns == sum(ticket.type is TicketType.RETURN for ticket in day)
    assert (closing.first_ticket, closing.last_ticket) == ((1, len(day)) if day else (None, None))
    assert closing.discounts == sum(x.discount for ticket in day for x in ticket.lines)


@given(days, days)
def test_perpetual_totals_go_on_from_one_session_to_the_next(
    first: list[Ticket], second: list[Ticket]
) -> None:
    one = closed(first)
    two = closed(second, opened(one, 2, "2026-12-31"))
    lines = [x for ticket in sold(first + second) for x in ticket.lines]
    assert two.perpetual_net == one.total.ttc + two.total.ttc
    assert two.perpetual_absolute == sum(abs(line.amounts.ttc) for line in lines)
    assert two.year_total == two.perpetual_net
    three = opened(two, 3, "2027-01-01")
    assert (three.perpetual_net, three.perpetual_absolute) == (
        two.perpetual_net,
        two.perpetual_absolute,
    )
    assert (three.year, three.year_total, three.total) == ("2027", 0, ZERO)


@given(days, st.none() | st.integers(0, 100_000), st.lists(st.text(max_size=5), max_size=2))
def test_a_closing_is_read_back_from_its_canonical_bytes(
    day: list[Ticket], counted: int | None, unresolved: list[str]
) -> None:
    closing = closed(day)
    drawer = replace(closing.drawer, opening_float=15_000, counted=counted)
    closing = replace(closing, drawer=drawer, unresolved=tuple(unresolved))
    raw = canonical.encode(closings.to_data(closing))
    read = canonical.decode(raw)
    assert isinstance(read, dict)
    assert closings.from_data(read) == closing


def test_a_float_that_nobody_declared_may_still_be_declared() -> None:
    closing = with_cash(opened(None, 1, "2026-11-22"), "float", 0, declared=False)
    assert (closing.drawer.expected, closing.float_declared) == (0, False)
    closing = with_cash(closing, "float", 15_000, declared=True)
    assert (closing.drawer.expected, closing.float_declared) == (15_000, True)


def test_copies_voided_lines_and_cancelled_sales_are_counted() -> None:
    closing = with_copy(opened(None, 1, "2026-11-22"))
    for code in EventCode:
        closing = with_event(closing, code)
    assert (closing.copies, closing.voided_lines, closing.cancelled_sales) == (1, 1, 1)


def test_only_known_movements_move_cash() -> None:
    with pytest.raises(ValueError, match="moves no cash"):
        with_cash(opened(None, 1, "2026-11-22"), "gift", 1, declared=True)
    assert Drawer(100, 50, 5, 20, 30).expected == 105
