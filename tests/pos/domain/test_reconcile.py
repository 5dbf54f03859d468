"""A terminal's totals against our attempts: what agrees, and which attempts explain the rest."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pos.domain.payment import Attempt, Direction, State
from pos.domain.reconcile import (
    SUSPECTS_MAX,
    Comparison,
    Doubt,
    TerminalTotals,
    Tried,
    compare,
    to_data,
)


def tried(
    number: int,
    amount: int,
    state: State = State.APPROVED,
    direction: Direction = Direction.PAYMENT,
    **details: Any,
) -> Tried:
    attempt = Attempt(f"R{number:09}", "tpe", direction, amount, "s", state, details)
    return Tried(attempt, f"2026-11-25T10:{number % 60:02}:00.000+01:00")


def compared(total: int, *attempts: Tried, count: int | None = None) -> Comparison:
    return compare("tpe", TerminalTotals(total, count), attempts)


def named(comparison: Comparison) -> list[tuple[str, Doubt]]:
    return [(one.tried.attempt.reference, one.doubt) for one in comparison.explained]


def test_a_day_without_doubt_agrees() -> None:
    day = compared(
        1_500,
        tried(1, 1_000),
        tried(2, 800),
        tried(3, 300, direction=Direction.REFUND),
        tried(4, 999, State.DECLINED),
        tried(5, 500, State.NOT_SENT),
        count=3,
    )
    assert (day.agrees, day.ours, day.count, day.difference) == (True, 1_500, 3, 0)
    assert day.suspects == day.explained == ()


def test_a_reversed_payment_and_its_cancellation_are_two_operations_of_no_sum() -> None:
    day = compared(
        700,
        tried(1, 700),
        tried(2, 500, State.REVERSED),
        tried(3, 500, direction=Direction.CANCELLATION),
        count=3,
    )
    assert day.agrees


def test_what_was_added_as_a_tip_and_what_was_approved_in_part_count_as_charged() -> None:
    assert compared(1_600, tried(1, 1_000, charged=1_100), tried(2, 800, charged=500)).agrees


def test_an_unknown_payment_explains_what_the_till_lacks() -> None:
    day = compared(1_234 + 500, tried(1, 500), tried(2, 1_234, State.UNKNOWN))
    assert (day.agrees, day.difference) == (False, 1_234)
    assert named(day) == [("R000000002", Doubt.UNKNOWN)]


def test_a_payment_said_not_to_be_charged_explains_what_the_till_lacks() -> None:
    day = compared(500, tried(1, 500, State.NOT_CHARGED, resolved_by="1"))
    assert named(day) == [("R000000001", Doubt.SAID_NOT_CHARGED)]


def test_an_answer_that_belonged_to_none_explains_what_the_till_lacks() -> None:
    day = compared(700, tried(1, 700, State.EXPLAINED, says="approved"))
    assert named(day) == [("R000000001", Doubt.ORPHAN)]


def test_an_approval_of_a_person_explains_what_the_terminal_lacks() -> None:
    day = compared(0, tried(1, 900, resolved_by="1"))
    assert (day.difference, named(day)) == (-900, [("R000000001", Doubt.SAID_CHARGED)])


def test_several_together_explain_a_difference() -> None:
    day = compared(
        300 + 450,
        tried(1, 300, State.UNKNOWN),
        tried(2, 450, State.NOT_CHARGED, resolved_by="1"),
        tried(3, 99, State.UNKNOWN),
    )
    assert [reference for reference, _ in named(day)] == ["R000000001", "R000000002"]


def test_a_difference_that_nothing_explains_lists_all_suspects() -> None:
    day = compared(1, tried(1, 300, State.UNKNOWN))
    assert (day.explained, len(day.suspects)) == ((), 1)


def test_the_same_sum_of_another_number_of_operations_does_not_agree() -> None:
    assert not compared(500, tried(1, 500), count=2).agrees


@given(
    st.lists(
        st.tuples(st.integers(1, 99_999), st.sampled_from(State), st.sampled_from(Direction)),
        max_size=SUSPECTS_MAX + 4,
    ),
    st.integers(-100_000, 100_000),
)
def test_what_explains_a_difference_adds_up_to_it(
    attempts: list[tuple[int, State, Direction]], total: int
) -> None:
    day = compared(
        total,
        *(tried(n, cents, state, way) for n, (cents, state, way) in enumerate(attempts)),
    )
    if day.explained:
        assert sum(one.effect for one in day.explained) == day.difference
    assert all(one in day.suspects for one in day.explained)
    assert to_data(day)["difference"] == total - day.ours
