"""What the entry line understands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos.domain.errors import PosError
from pos.domain.sale import Discount
from pos.tui.typed import Item, Quick, Reduce, Search, amount_of, read, read_amount, sought


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("4006381333931", Item("4006381333931")),
        ("3*400", Item("400", 3000)),
        ("0,350*400", Item("400", 350)),
        ("400@2,50", Item("400", None, 250)),
        ("2*400@1", Item("400", 2000, 100)),
        ("pain com", Search("pain com")),
        ("3*pain", Search("pain", 3000)),
        (".4", Quick(4)),
        ("2*.4", Quick(4, 2000)),
        ("-10%", Reduce(Discount(rate=1000))),
        ("-2,00", Reduce(Discount(amount=200))),
        ("", None),
    ],
)
def test_one_line_takes_everything(text: str, meaning: object) -> None:
    assert read(text) == meaning


@pytest.mark.parametrize("text", ["3*", "@2", "1*2*3", "a@b", "0*400", "-", "-200%", "400@1,234"])
def test_what_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(PosError):
        read(text)


def test_an_amount_without_a_separator_is_whole_euros() -> None:
    assert read_amount("20") == 2000
    assert read_amount("20,5") == 2050
    assert read_amount(" ") is None
    assert amount_of("2x") is None


@given(st.text(max_size=30))
def test_any_text_is_understood_or_refused(text: str) -> None:
    sought(text)
    try:
        read(text)
    except PosError:
        return
