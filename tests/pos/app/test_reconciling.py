"""The end of a terminal's day, typed in or told: each comparison begins after the last."""

from __future__ import annotations

import pytest

from pos.app import pay_by_card, reconcile_cards, resolve_card
from pos.app.ports import Abilities
from pos.domain.errors import NeedsManager, TerminalCannot, UnknownTerminal
from pos.domain.payment import State
from pos.domain.reconcile import Comparison, TerminalTotals
from tests.pos.fakes import BREAD, WINE, Counter


def pay(counter: Counter, code: str, state: State = State.APPROVED) -> str:
    counter.ring(code)
    reference = pay_by_card.begin(counter.desk).wait().attempt.reference
    counter.answers(state)
    return reference


def typed(counter: Counter, total: int, count: int | None = None) -> Comparison:
    return reconcile_cards.reconcile(counter.desk, "tpe", TerminalTotals(total, count)).wait()


def test_totals_that_agree_are_journaled(counter: Counter) -> None:
    pay(counter, BREAD)
    pay(counter, WINE)
    day = typed(counter, 345 + 899, 2)
    assert day.agrees
    assert counter.chain("payment")[-1] == {
        "totals": {
            "terminal": "tpe",
            "theirs": {"total": 1_244, "count": 2, "complete": True},
            "ours": {"total": 1_244, "count": 2},
            "difference": 0,
            "explained": [],
            "suspects": [],
        }
    }


def test_the_next_comparison_begins_after_the_last(counter: Counter) -> None:
    pay(counter, BREAD)
    assert typed(counter, 345).agrees
    assert typed(counter, 0).agrees
    pay(counter, WINE)
    counter.restart()
    counter.sign_on()
    assert typed(counter, 899).agrees


def test_a_payment_that_was_unknown_counts_when_it_ended(counter: Counter) -> None:
    reference = pay(counter, WINE, State.UNKNOWN)
    day = typed(counter, 899)
    assert [x.tried.attempt.reference for x in day.explained] == [reference]
    resolve_card.resolve(counter.desk, reference, charged=True).wait()
    assert typed(counter, 899).agrees


def test_a_payment_said_not_to_be_charged_is_named(counter: Counter) -> None:
    pay(counter, BREAD, State.DECLINED)
    counter.desk.sale = None
    reference = pay(counter, WINE, State.UNKNOWN)
    resolve_card.resolve(counter.desk, reference, charged=False).wait()
    day = typed(counter, 899, 1)
    assert (day.difference, [x.tried.attempt.reference for x in day.explained]) == (
        899,
        [reference],
    )


def test_a_terminal_that_adds_up_is_asked_and_its_totals_come_as_news(counter: Counter) -> None:
    pay(counter, BREAD)
    with pytest.raises(TerminalCannot):
        reconcile_cards.end_of_day(counter.desk, "tpe")
    counter.terminal.abilities = Abilities(end_of_day=True)
    reconcile_cards.end_of_day(counter.desk, "tpe")
    assert counter.terminal.days == 1
    counter.recorder.totals("tpe", TerminalTotals(345, 1))
    (news,) = counter.totals_news
    assert news.comparison is not None
    assert news.comparison.agrees
    assert counter.chain("payment")[-1]["totals"]["difference"] == 0


def test_a_terminal_that_could_not_be_asked_is_said_and_journals_nothing(counter: Counter) -> None:
    entries = len(counter.entries)
    counter.recorder.totals("tpe", None)
    assert counter.totals_news[0].comparison is None
    assert len(counter.entries) == entries


def test_who_and_what_is_checked(counter: Counter) -> None:
    with pytest.raises(UnknownTerminal):
        reconcile_cards.reconcile(counter.desk, "bank", TerminalTotals(0))
    counter.sign_on("3")
    with pytest.raises(NeedsManager):
        typed(counter, 0)


def test_a_comparison_leaves_the_journal_whole(counter: Counter) -> None:
    pay(counter, BREAD)
    typed(counter, 1)
    counter.restart()
    counter.audit()
