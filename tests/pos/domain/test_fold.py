from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos.domain.catalogue import Unit, fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [("Crème Brûlée", "creme brulee"), ("ŒUFS", "oeufs"), ("Græsk ½", "graesk 1⁄2")],
)
def test_accents_and_case_are_folded(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_all_spellings_of_a_letter_fold_alike(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


@given(st.text(st.characters(codec="iso8859-15")))
def test_what_is_folded_stays_as_it_is(text: str) -> None:
    assert fold(fold(text)) == fold(text) == fold(text.upper())


@pytest.mark.parametrize("unit", Unit)
def test_only_pieces_are_whole(unit: Unit) -> None:
    assert unit.allows(2000)
    assert unit.allows(350) == (unit is not Unit.PIECE)
