from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.server.exports.disclosure import (
    TOTAL,
    Cell,
    Content,
    bridges,
    hidden_cells,
    may_publish,
    merged,
    with_totals,
)


def firms(*amounts: int, name: str = "f") -> Content:
    return {f"{name}{number}": (cents,) for number, cents in enumerate(amounts)}


@pytest.mark.parametrize(
    ("content", "may"),
    [
        (firms(), False),
        (firms(100, 100), False),
        (firms(1, 1, 1), True),
        (firms(85, 8, 7), True),
        (firms(8501, 800, 699), False),
        (firms(85, 15, 0), True),
        (firms(0, 0, 0), True),
        (firms(-90, 5, 5), False),
        ({"a": (1, 90), "b": (1, 5), "c": (1, 5)}, False),  # one figure of two is enough
    ],
)
def test_a_cell_needs_three_businesses_of_which_none_has_more_than_85_percent(
    content: Content, may: bool
) -> None:
    assert may_publish(content) is may


def test_a_business_with_two_shops_in_a_cell_counts_once() -> None:
    together = merged([firms(10, 20), {"f0": (30,)}])
    assert together == {"f0": (40,), "f1": (20,)}


def test_a_table_that_keeps_every_secret_is_published_whole() -> None:
    cells = {(row, column): firms(5, 6, 7) for row in "ab" for column in "xy"}
    assert hidden_cells(cells) == frozenset()


def test_one_unsafe_cell_takes_the_cheapest_rectangle_with_it() -> None:
    cells: dict[Cell, Content] = {
        (row, column): firms(100, 100, 100, name=row + column) for row in "abc" for column in "xyz"
    }
    cells["a", "x"] = firms(100, 100)
    cells["a", "y"] = firms(50, 50, 50, name="ay")
    cells["b", "x"] = firms(40, 40, 40, name="bx")
    assert hidden_cells(cells) == {("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")}


def test_two_single_businesses_do_not_hide_each_other() -> None:
    """Each knows itself, and would read the other off the total."""
    cells = {
        ("a", "x"): firms(10, name="p"),
        ("a", "y"): firms(20, name="q"),
        ("a", "z"): firms(30, 30, 30, name="r"),
        ("b", "x"): firms(40, 40, 40, name="s"),
        ("b", "y"): firms(40, 40, 40, name="t"),
        ("b", "z"): firms(40, 40, 40, name="u"),
    }
    assert ("a", "z") in hidden_cells(cells)


def test_a_town_of_one_business_publishes_nothing() -> None:
    every = {("a", "x"), ("a", TOTAL), (TOTAL, "x"), (TOTAL, TOTAL)}
    assert hidden_cells({("a", "x"): firms(100)}) == every
    assert hidden_cells({}) == frozenset()


def test_an_edge_on_a_circle_is_no_bridge() -> None:
    square = [(row, column) for row in "ab" for column in "xy"]
    assert bridges(square) == []
    assert bridges([*square, ("c", "y")]) == [("c", "y")]


amounts = st.integers(-20, 500)
contents = st.dictionaries(
    st.sampled_from([f"f{number}" for number in range(12)]), st.tuples(amounts, amounts), min_size=1
)
tables = st.dictionaries(st.tuples(st.sampled_from("abcd"), st.sampled_from("wxyz")), contents)


def solve(known: dict[Cell, int], unknown: set[Cell], every: set[Cell]) -> set[Cell]:
    """Which unknowns the sums of the lines fix, by Gauss over all of them at once."""
    names = sorted(unknown)
    rows: list[list[Fraction]] = []
    lines = [("row", name) for name in {row for row, _ in every}]
    lines += [("column", name) for name in {column for _, column in every}]
    for kind, name in lines:
        at = 0 if kind == "row" else 1
        equation = [Fraction(0)] * (len(names) + 1)
        for place in every:
            if place[at] == name:
                sign = -1 if place[1 - at] == TOTAL else 1
                if place in unknown:
                    equation[names.index(place)] += sign
                else:
                    equation[-1] -= sign * known[place]
        rows.append(equation)
    pivots: dict[int, list[Fraction]] = {}
    for equation in rows:
        for column, pivot in pivots.items():
            if equation[column]:
                factor = equation[column]
                equation = [a - factor * b for a, b in zip(equation, pivot, strict=True)]
        lead = next((i for i, one in enumerate(equation[:-1]) if one), None)
        if lead is None:
            continue
        equation = [one / equation[lead] for one in equation]
        for column, pivot in pivots.items():
            factor = pivot[lead]
            pivots[column] = [a - factor * b for a, b in zip(pivot, equation, strict=True)]
        pivots[lead] = equation
    return {
        names[column]
        for column, pivot in pivots.items()
        if not any(one for i, one in enumerate(pivot[:-1]) if i != column)
    }


@settings(max_examples=300, deadline=None)
@given(tables)
def test_nothing_hidden_can_be_worked_out_from_what_is_published(
    cells: dict[Cell, Content],
) -> None:
    every, hidden = with_totals(cells), set(hidden_cells(cells))
    assert all(may_publish(every[place]) for place in every.keys() - hidden)
    for figure in (0, 1):
        values = {place: sum(one[figure] for one in every[place].values()) for place in every}
        shown = {place: values[place] for place in every.keys() - hidden}
        assert solve(shown, hidden, set(every)) == set()


@settings(max_examples=200, deadline=None)
@given(tables)
def test_what_a_line_hides_under_a_shown_total_could_be_published_as_one(
    cells: dict[Cell, Content],
) -> None:
    every, hidden = with_totals(cells), hidden_cells(cells)
    for at in (0, 1):
        for name in {place[at] for place in every}:
            line = [place for place in every if place[at] == name]
            total = next(place for place in line if place[1 - at] == TOTAL)
            lost = [every[place] for place in line if place in hidden]
            if lost and total not in hidden:
                assert may_publish(merged(lost))


def test_the_solver_of_this_test_finds_what_can_be_found() -> None:
    every = with_totals({("a", "x"): firms(1), ("a", "y"): firms(2), ("b", "x"): firms(3)})
    values = {place: sum(one[0] for one in every[place].values()) for place in every}
    hidden = {("a", "x")}
    shown = {place: values[place] for place in every.keys() - hidden}
    assert solve(shown, hidden, set(every)) == hidden


def test_a_large_table_is_done_in_time_that_grows_with_it() -> None:
    cells = {
        (f"d{row}", f"t{column}"): firms(
            *[10 * (row + column + 1)] * (1 + (row * column) % 5), name=f"{row}.{column}."
        )
        for row in range(40)
        for column in range(40)
    }
    hidden = hidden_cells(cells)
    assert 0 < len(hidden) < len(with_totals(cells))
    assert bridges(hidden) == []
