"""A terminal's totals beside ours, as lines to read: the sums, then each difference by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from rich.cells import cell_len

from pos.domain.reconcile import Comparison, Suspect
from pos.i18n import Language
from pos.tui.text import wrap
from pos.tui.words import counted

WIDTH: Final = 70
_COLUMNS: Final = WIDTH - 4
_AMOUNT_WIDTH: Final = 12
_LABEL_WIDTH: Final = 24


def comparison_text(comparison: Comparison, language: Language) -> str:
    """All of it, wrapped to the paper on the screen."""
    return "\n".join([*_sums(comparison, language), "", *_verdict(comparison, language)])


def _sums(comparison: Comparison, language: Language) -> Iterator[str]:
    theirs = comparison.theirs
    yield _sum("terminal", theirs.total, theirs.count, language)
    yield _sum("till", comparison.ours, comparison.count, language)
    yield _sum("difference", comparison.difference, None, language)


def _sum(name: str, cents: int, count: int | None, language: Language) -> str:
    label = language.say(f"tui.comparison.{name}")
    line = f"{_padded(label, _LABEL_WIDTH)}{_right(language.money(cents))}"
    if count is None:
        return line
    return f"{line}   {counted(language, 'tui.comparison.operations', count)}"


def _verdict(comparison: Comparison, language: Language) -> Iterator[str]:
    say = language.say
    if not comparison.theirs.complete:
        yield from _wrapped(say("tui.comparison.incomplete"))
        yield ""
    if comparison.agrees:
        yield from _wrapped(say("tui.comparison.agrees"))
        return
    if comparison.difference == 0:
        yield from _wrapped(say("tui.comparison.counts_differ"))
    others = [one for one in comparison.suspects if one not in comparison.explained]
    yield from _named("tui.comparison.explained", comparison.explained, language)
    yield from _named("tui.comparison.suspects", others, language)
    yield from _wrapped(say(_advice(comparison)))


def _advice(comparison: Comparison) -> str:
    if comparison.explained:
        return "tui.comparison.then_explained"
    return "tui.comparison.then_suspects" if comparison.suspects else "tui.comparison.then_none"


def _named(key: str, suspects: Iterable[Suspect], language: Language) -> Iterator[str]:
    lines = [line for suspect in suspects for line in _suspect(suspect, language)]
    if lines:
        yield from _wrapped(language.say(key))
        yield from lines
        yield ""


def _suspect(suspect: Suspect, language: Language) -> Iterator[str]:
    """One attempt that may be what differs: amount, time, its last state in words."""
    attempt = suspect.tried.attempt
    when = language.time(suspect.tried.at)
    doubt = language.say(f"tui.doubt.{suspect.doubt}", reference=attempt.reference)
    yield f"{_right(language.money(suspect.effect))}  {when}"
    for line in wrap(doubt, _COLUMNS - _AMOUNT_WIDTH - 2):
        yield " " * (_AMOUNT_WIDTH + 2) + line


def _wrapped(text: str) -> list[str]:
    return wrap(text, _COLUMNS)


def _right(text: str) -> str:
    return " " * max(_AMOUNT_WIDTH - cell_len(text), 0) + text


def _padded(text: str, width: int) -> str:
    return text + " " * max(width - cell_len(text), 1)
