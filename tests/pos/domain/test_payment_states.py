from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos.domain.errors import IllegalStep
from pos.domain.payment import (
    AT_START,
    FIRST,
    RUNNING,
    STEPS,
    Attempt,
    Direction,
    State,
    draw,
    from_data,
    note,
    step,
    to_data,
)

PREPARED = Attempt("A1B2C3D4E5", "counter", Direction.PAYMENT, 1234, "sale-1")
LEGAL = {
    (State.PREPARED, State.SENDING),
    (State.PREPARED, State.NOT_SENT),
    (State.SENDING, State.NOT_SENT),
    (State.SENDING, State.ANSWERED),
    (State.SENDING, State.UNKNOWN),
    (State.ANSWERED, State.APPROVED),
    (State.ANSWERED, State.DECLINED),
    (State.ANSWERED, State.CANCELLED),
    (State.ANSWERED, State.UNKNOWN),
    (State.UNKNOWN, State.APPROVED),
    (State.UNKNOWN, State.NOT_CHARGED),
    (State.APPROVED, State.REVERSED),
    (State.ORPHAN, State.EXPLAINED),
}


def in_state(state: State) -> Attempt:
    return Attempt("A1B2C3D4E5", "counter", Direction.PAYMENT, 1234, "sale-1", state)


@pytest.mark.parametrize(("state", "following"), sorted(LEGAL))
def test_every_step_of_the_table_is_taken(state: State, following: State) -> None:
    assert step(in_state(state), following).state is following


@pytest.mark.parametrize(("state", "following"), sorted(set(product(State, State)) - LEGAL))
def test_every_other_step_is_refused(state: State, following: State) -> None:
    with pytest.raises(IllegalStep) as refusal:
        step(in_state(state), following)
    assert refusal.value.params == {"state": state, "step": following}


def test_the_table_covers_every_state_and_leads_everywhere() -> None:
    assert set(STEPS) == set(State)
    reached, waiting = set[State](), list(FIRST)
    while waiting:
        state = waiting.pop()
        if state not in reached:
            reached.add(state)
            waiting += STEPS[state]
    assert reached == set(State)


@pytest.mark.parametrize("state", State)
def test_an_attempt_is_settled_when_no_question_is_left(state: State) -> None:
    assert in_state(state).is_settled == (state not in {*RUNNING, State.UNKNOWN, State.ORPHAN})
    if in_state(state).is_settled:
        assert STEPS[state] <= {State.REVERSED}


def test_what_runs_when_the_till_stops_gets_a_legal_state_at_start() -> None:
    assert set(AT_START) == RUNNING
    assert AT_START[State.PREPARED] is State.NOT_SENT
    assert AT_START[State.SENDING] is AT_START[State.ANSWERED] is State.UNKNOWN
    assert all((state, then) in LEGAL for state, then in AT_START.items())


def test_a_charge_that_may_have_happened_is_never_called_declined() -> None:
    """Only the terminal's own answer declines; doubt ends in approved or not charged."""
    assert [state for state in State if State.DECLINED in STEPS[state]] == [State.ANSWERED]
    assert STEPS[State.UNKNOWN] == {State.APPROVED, State.NOT_CHARGED}


@given(st.lists(st.sampled_from(State), max_size=12))
def test_details_gather_and_the_rest_of_an_attempt_never_changes(path: list[State]) -> None:
    attempt = PREPARED
    for place, state in enumerate(path):
        try:
            attempt = step(attempt, state, **{f"at_{place}": place})
        except IllegalStep:
            continue
        assert attempt.details[f"at_{place}"] == place
    assert (attempt.reference, attempt.amount, attempt.sale) == ("A1B2C3D4E5", 1234, "sale-1")


def test_the_diagram_draws_each_step_once_and_nothing_else() -> None:
    lines = draw().splitlines()
    assert lines[:3] == ["stateDiagram-v2", "    [*] --> prepared", "    [*] --> orphan"]
    ends = {state for state in State if not STEPS[state]}
    expected = {f"    {a} --> {b}" for a, b in LEGAL} | {f"    {end} --> [*]" for end in ends}
    assert sorted(lines[3:]) == sorted(expected)


def test_a_note_keeps_the_state_and_adds_to_what_is_known() -> None:
    noted = note(in_state(State.UNKNOWN), proposal="approved")
    assert (noted.state, noted.proposal) == (State.UNKNOWN, State.APPROVED)
    assert step(noted, State.NOT_CHARGED).proposal is None


@pytest.mark.parametrize(
    ("direction", "charged", "brings"),
    [
        (Direction.PAYMENT, None, 1234),
        (Direction.PAYMENT, 1000, 1000),
        (Direction.REFUND, None, -1234),
        (Direction.CANCELLATION, None, -1234),
    ],
)
def test_what_an_attempt_brings_the_shop(
    direction: Direction, charged: int | None, brings: int
) -> None:
    details = {} if charged is None else {"charged": charged}
    attempt = Attempt("A1B2C3D4E5", "counter", direction, 1234, "sale-1", details=details)
    assert attempt.towards_shop == brings


@pytest.mark.parametrize("tender", ["card", "Chèque"])
@pytest.mark.parametrize("of", ["", "B1B2C3D4E5"])
def test_an_attempt_comes_back_from_its_journal_entry(tender: str, of: str) -> None:
    attempt = Attempt(
        "A1B2C3D4E5", "counter", Direction.PAYMENT, 1, "s", State.UNKNOWN, {"a": 1}, tender, of
    )
    assert from_data(to_data(attempt)) == attempt


def test_an_entry_of_an_ordinary_card_payment_has_no_new_members() -> None:
    assert set(to_data(PREPARED)) == {
        "reference",
        "terminal",
        "direction",
        "amount",
        "sale",
        "state",
        "details",
    }
