"""Sentences chosen by number and kind."""

from __future__ import annotations

import pytest

from pos.i18n import language
from pos.tui.words import counted, kind_of, state_of


@pytest.mark.parametrize(
    ("code", "count", "said"),
    [
        ("fr", 0, "(0 ligne)"),
        ("fr", 1, "(1 ligne)"),
        ("fr", 2, "(2 lignes)"),
        ("en", 0, "(0 lines)"),
        ("en", 1, "(1 line)"),
        ("en", 2, "(2 lines)"),
    ],
)
def test_a_number_takes_its_noun_with_it(code: str, count: int, said: str) -> None:
    assert counted(language(code), "tui.total.lines", count) == said


def test_every_kind_of_ticket_has_its_sentences() -> None:
    keys = language("fr").keys
    for total in (-1, 0, 1):
        for training in (False, True):
            kind = kind_of(total, training=training)
            assert {f"tui.done.{kind}", f"tui.last.{kind}"} <= keys


@pytest.mark.parametrize(
    ("sentence", "state"),
    [
        ("Plus de papier : mettez un rouleau.", "Plus de papier"),
        ("Cover open: close it.", "Cover open"),
        ("Le serveur ne répond pas. La caisse réessaie seule.", "Le serveur ne répond pas"),
        ("Envoi arrêté.", "Envoi arrêté"),
        ("tcp://1.2.3.4:9100", "tcp://1.2.3.4:9100"),
    ],
)
def test_a_bar_keeps_the_state_and_leaves_the_advice(sentence: str, state: str) -> None:
    assert state_of(sentence) == state
