from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import LocalProtocolError
from drivers.escpos.layout import Line, lay_out, plain
from drivers.escpos.page import Columns, Cut, Feed, Kick, Page, Qr, Rule, Text


def lines(page: Page, columns: int = 32) -> list[str]:
    return [row.text for row in lay_out(page, columns) if isinstance(row, Line)]


def test_text_is_placed_left_centre_and_right() -> None:
    page = (Text("ici"), Text("ici", align="center"), Text("ici", align="right"))
    assert lines(page, 11) == ["ici", "    ici", "        ici"]


def test_doubled_text_takes_two_cells_a_character() -> None:
    assert lines((Text("ABCDEF GHI", double=True),), 16) == ["ABCDEF", "GHI"]


def test_an_amount_stands_at_the_right_edge() -> None:
    assert lines((Columns("Thé", "3,00\u202f€"),), 20) == ["Thé           3,00 €"]


def test_a_long_name_is_wrapped_and_its_amount_stays_whole_on_the_last_line() -> None:
    page = (Columns("Crème brûlée à l'ancienne de Normandie", "12,50 €"),)
    assert lines(page, 24) == ["Crème brûlée à", "l'ancienne de", "Normandie        12,50 €"]


def test_an_amount_that_leaves_no_room_gets_its_own_line() -> None:
    page = (Columns("Acompte versé", "1 234 567,89 € TTC"),)
    assert lines(page, 24) == ["Acompte versé", "      1 234 567,89 € TTC"]


def test_a_rule_crosses_the_paper() -> None:
    assert lines((Rule("="),), 8) == ["========"]


def test_the_plain_receipt_shows_everything() -> None:
    page = (Text("A", bold=True), Kick(), Qr("B1XYZ"), Feed(2), Cut())
    assert plain(page, 12) == "A\n[QR B1XYZ]\n\n\n- - - - - -\n"


@pytest.mark.parametrize("data", ["", "é", "a\x1bb", "x" * 661])
def test_a_qr_code_that_readers_would_disagree_on_is_refused(data: str) -> None:
    with pytest.raises(LocalProtocolError):
        Qr(data)


def test_other_impossible_elements_are_refused() -> None:
    with pytest.raises(LocalProtocolError):
        Rule("--")
    with pytest.raises(LocalProtocolError):
        Rule("\x1b")
    with pytest.raises(LocalProtocolError):
        Feed(0)


@given(
    st.text(max_size=80),
    st.text(max_size=20),
    st.booleans(),
    st.sampled_from([32, 42, 44, 48]),
)
def test_no_line_is_ever_wider_than_the_paper(
    left: str, right: str, double: bool, columns: int
) -> None:
    page = (Columns(left, right, double=double), Text(left, double=double, align="center"))
    cells = columns // 2 if double else columns
    assert all(len(line) <= cells for line in lines(page, columns))


@given(st.text(max_size=60), st.from_regex(r"-?[0-9]{1,6},[0-9]{2} €", fullmatch=True))
def test_an_amount_is_never_cut(name: str, amount: str) -> None:
    assert any(line.endswith(amount) for line in lines((Columns(name, amount),), 32))
