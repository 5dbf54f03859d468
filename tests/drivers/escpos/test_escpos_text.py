from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.escpos.profiles import PROFILES
from drivers.escpos.text import normalise, wrap

CODECS = sorted({profile.code_page.codec for profile in PROFILES.values()})


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("12,50\u202f€", "12,50 €"),
        ("1\u00a0234,00\u00a0€", "1 234,00 €"),
        ("Cre\u0300me bru\u0302le\u0301e", "Crème brûlée"),
        ("Œufs à l’ancienne – bio", "Œufs à l’ancienne – bio"),
        ("a\x1b@b", "a@b"),
        ("porte\x10\x14\x01\x00\x01ouverte", "porteouverte"),
        ("deux\nlignes\tet\rfin", "deux lignes et fin"),
        ("inv\u200bis\ufeffible\u202e", "invisible"),
        ("ﬁn", "fin"),
        ("Ángström Łódź", "Ángström Lódz"),
    ],
)
def test_text_is_made_printable_on_windows_1252(raw: str, shown: str) -> None:
    assert normalise(raw, "cp1252") == shown


def test_signs_that_a_table_lacks_become_letters_not_question_marks() -> None:
    assert normalise("Œuf d’oie – bœuf… 3 €", "cp858") == "OEuf d'oie - boeuf... 3 €"
    assert normalise("Crème 3 €", "cp437") == "Crème 3 EUR"
    assert normalise("ÀÉÈ", "cp437") == "AÉE"


def test_only_what_has_no_letter_at_all_becomes_a_question_mark() -> None:
    assert normalise("茶", "cp1252") == "?"


def test_the_euro_and_accents_have_the_bytes_the_printer_expects() -> None:
    assert normalise("€éèœ’", "cp1252").encode("cp1252") == b"\x80\xe9\xe8\x9c\x92"
    assert normalise("€éèàçêÉ", "cp858").encode("cp858") == b"\xd5\x82\x8a\x85\x87\x88\x90"


@given(st.text(max_size=200), st.sampled_from(CODECS))
def test_any_text_becomes_bytes_without_a_single_control(text: str, codec: str) -> None:
    shown = normalise(text, codec)
    raw = shown.encode(codec)
    assert len(raw) == len(shown)
    assert all(byte >= 0x20 and byte != 0x7F for byte in raw)


@given(st.text(max_size=200), st.sampled_from(CODECS))
def test_normalising_twice_changes_nothing_more(text: str, codec: str) -> None:
    once = normalise(text, codec)
    assert normalise(once, codec) == once


@given(st.text(alphabet="abcdéèêàùçôïœŒÉÈÀÇ€'\" .,-0123456789", max_size=80))
def test_french_is_printed_as_it_is_written(text: str) -> None:
    assert normalise(text, "cp1252") == unicodedata.normalize("NFC", text)


def test_wrapping_breaks_at_spaces_and_cuts_only_words_too_long() -> None:
    assert wrap("un deux trois", 8) == ["un deux", "trois"]
    assert wrap("anticonstitutionnellement", 10) == ["anticonsti", "tutionnell", "ement"]
    assert wrap("", 10) == [""]


@given(st.text(alphabet="abc ", max_size=120), st.integers(1, 48))
def test_wrapping_never_overflows_and_loses_no_letter(text: str, cells: int) -> None:
    lines = wrap(text, cells)
    assert all(len(line) <= cells for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
