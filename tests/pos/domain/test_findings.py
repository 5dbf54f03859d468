"""How much a terminal's word proves about an attempt whose end is unknown."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos.domain.finding import NOTHING, Finding, Judgement, Trust, Weight, weigh
from pos.domain.payment import Attempt, Direction, State

OURS, OTHER = "A1B2C3D4E5", "Z9Y8X7W6V5"
SAFE, ECHOES, REVERSES = Trust(), Trust(echoes=True), Trust(reverses=True)
CHARGED = Judgement(Weight.SETTLES, State.APPROVED)
FREE = Judgement(Weight.SETTLES, State.NOT_CHARGED)
PERHAPS = Judgement(Weight.PROPOSES, State.APPROVED)
PERHAPS_NOT = Judgement(Weight.PROPOSES, State.NOT_CHARGED)


def attempt(**details: str) -> Attempt:
    return Attempt(OURS, "tpe", Direction.PAYMENT, 1250, "sale", State.UNKNOWN, details)


def said(
    state: State, amount: int | None = 1250, reference: str = "", receipt: str = ""
) -> Finding:
    return Finding(state, amount, reference, receipt)


@pytest.mark.parametrize(
    ("state", "judgement"),
    [(State.APPROVED, CHARGED), (State.DECLINED, FREE), (State.CANCELLED, FREE)],
)
def test_our_reference_and_amount_settle_where_references_are_echoed(
    state: State, judgement: Judgement
) -> None:
    assert weigh(attempt(), said(state, 1250, OURS), ECHOES, alone=False) == judgement


def test_our_reference_proves_nothing_where_it_may_be_overwritten() -> None:
    assert weigh(attempt(), said(State.APPROVED, 1250, OURS), SAFE, alone=True) == PERHAPS
    assert weigh(attempt(), said(State.APPROVED, 1250, OURS), SAFE, alone=False) == NOTHING


def test_anothers_reference_is_not_ours_where_references_are_echoed() -> None:
    assert weigh(attempt(), said(State.APPROVED, 1250, OTHER), ECHOES, alone=True) == NOTHING


def test_an_echo_that_is_missing_leaves_a_proposal() -> None:
    assert weigh(attempt(), said(State.APPROVED, 1250, ""), ECHOES, alone=True) == PERHAPS


def test_the_number_of_the_answer_that_was_on_disk_settles() -> None:
    answered = attempt(receipt="0470")
    assert weigh(answered, said(State.APPROVED, receipt="0470"), SAFE, alone=False) == CHARGED
    assert weigh(answered, said(State.DECLINED, receipt="0470"), SAFE, alone=False) == FREE
    assert weigh(answered, said(State.APPROVED, receipt="0471"), SAFE, alone=True) == PERHAPS


def test_a_terminal_whose_last_operation_is_an_earlier_one_did_not_charge_ours() -> None:
    before = attempt(receipt_before="0469")
    earlier = said(State.APPROVED, 9999, receipt="0469")
    assert weigh(before, earlier, SAFE, alone=True) == PERHAPS_NOT
    assert weigh(before, earlier, REVERSES, alone=True) == FREE
    assert weigh(before, earlier, REVERSES, alone=False) == NOTHING


@pytest.mark.parametrize("amount", [1249, 1251, None, 0])
def test_another_amount_never_settles(amount: int | None) -> None:
    for trust, alone in product((SAFE, ECHOES, REVERSES), (True, False)):
        for reference, receipt in product((OURS, ""), ("0470", "")):
            finding = said(State.APPROVED, amount, reference, receipt)
            judged = weigh(attempt(receipt="0470"), finding, trust, alone=alone)
            assert judged.weight is not Weight.SETTLES


def test_another_amount_that_is_surely_ours_is_for_a_person() -> None:
    part = said(State.APPROVED, 600, OURS)
    assert weigh(attempt(), part, ECHOES, alone=False) == PERHAPS
    assert weigh(attempt(), part, SAFE, alone=True) == NOTHING
    assert weigh(
        attempt(receipt="0470"), said(State.APPROVED, 600, "", "0470"), SAFE, alone=True
    ) == (PERHAPS)
    assert weigh(attempt(), said(State.DECLINED, None, OURS), ECHOES, alone=True) == NOTHING


def test_a_number_seen_before_with_our_amount_may_be_a_new_one() -> None:
    """A terminal that begins its numbers anew after its end of day."""
    before = attempt(receipt_before="0001")
    same = said(State.APPROVED, 1250, receipt="0001")
    assert weigh(before, same, REVERSES, alone=True) == PERHAPS_NOT


@pytest.mark.parametrize("direction", [Direction.REFUND, Direction.CANCELLATION])
def test_what_a_terminal_takes_back_by_itself_are_payments(direction: Direction) -> None:
    details = {"receipt_before": "0469"}
    other = Attempt(OURS, "tpe", direction, 1250, "sale", State.UNKNOWN, details)
    earlier = said(State.APPROVED, 9999, receipt="0469")
    assert weigh(other, earlier, REVERSES, alone=True) == PERHAPS_NOT


@given(
    st.sampled_from([State.UNKNOWN, State.ORPHAN, State.SENDING]),
    st.sampled_from([1250, 1, None]),
    st.sampled_from([OURS, OTHER, ""]),
    st.sampled_from(["0470", "0469", ""]),
    st.booleans(),
    st.booleans(),
)
def test_what_is_no_result_proves_nothing(
    state: State, amount: int | None, reference: str, receipt: str, echoes: bool, alone: bool
) -> None:
    open_one = attempt(receipt="0470", receipt_before="0469")
    finding = said(state, amount, reference, receipt)
    assert weigh(open_one, finding, Trust(echoes=echoes), alone=alone) == NOTHING
