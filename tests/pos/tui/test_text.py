"""Text for cells: exact widths, and nothing that a console cannot show."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from pos.i18n import language
from pos.tui import big_digits
from pos.tui.text import SIGNS, clean, ends, fit, middle, right, wide, wrap

texts = st.text(max_size=40)
widths = st.integers(1, 30)


@given(texts)
def test_a_catalogue_cannot_put_control_characters_on_the_screen(text: str) -> None:
    shown = clean(text)
    assert shown.isprintable()
    assert all(" " <= x <= "~" or "\u00a1" <= x <= "\u017f" or x in SIGNS for x in shown)


@given(texts, widths)
def test_a_text_takes_exactly_its_cells(text: str, width: int) -> None:
    shown = clean(text)
    for place in (fit, right, middle):
        assert cell_len(place(shown, width)) == width
    assert wide(ends([(shown, "a")], [("1", "b")], width)) == width


def test_what_gives_way_never_touches_the_other_end() -> None:
    cut = ends([("Gain Fêtes à Montpellier", "a")], [("6,75", "b")], 23)
    assert "".join(text for text, _ in cut) == "Gain Fêtes à Mont… 6,75"


@given(texts, widths)
def test_wrapped_lines_keep_all_words_and_fit(text: str, width: int) -> None:
    shown = clean(text)
    lines = wrap(shown, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == "".join(shown.split())


@given(st.integers(-99_999_999, 99_999_999), st.sampled_from(["fr", "en"]))
def test_large_amounts_have_three_equal_rows_or_are_written_plain(cents: int, code: str) -> None:
    drawn = big_digits.draw(language(code).money(cents), 34)
    assert len(drawn) in {1, big_digits.HEIGHT}
    assert len({len(row) for row in drawn}) == 1
