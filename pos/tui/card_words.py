"""What the till says about a card attempt: what it is, where it is, how it ended, what is known."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from pos.app.card_attempts import SAID_BY_A_PERSON
from pos.app.views import AttemptView
from pos.domain.money import Cents
from pos.domain.payment import RUNNING, Attempt, Direction, State
from pos.domain.receipt import tender_label
from pos.i18n import Language

# Ends without any effect, of which the terminal's reason tells more than the state.
_NOTHING_DONE: Final = frozenset({State.NOT_SENT, State.DECLINED})


def head(language: Language, direction: Direction) -> str:
    """What is asked of the terminal: `CARTE`."""
    return language.say(f"tui.card.head.{direction}")


def the_terminal(language: Language, name: str, terminals: Collection[str]) -> str:
    """The terminal in a sentence; its name only where there are several."""
    if len(terminals) < 2 and name in terminals:
        return language.say("tui.card.the_terminal")
    return language.say("tui.card.the_terminal_named", terminal=name)


def now(language: Language, attempt: AttemptView) -> str:
    """Where an attempt is: what the terminal shows while it runs, what is to be done after."""
    if attempt.by_hand and attempt.state in RUNNING:
        return language.say(f"tui.card.type_in.{attempt.direction}")
    step = f"tui.card.step.{attempt.said.step}"
    if attempt.state is State.SENDING and step in language.keys:
        return language.say(step)
    if attempt.state is State.UNKNOWN and attempt.proposal is not None:
        return language.say("tui.card.proposed")
    return language.say(f"tui.card.state.{attempt.state}")


def short(language: Language, attempt: AttemptView | Attempt) -> str:
    """The same in a word or two."""
    state = "running" if attempt.state in RUNNING else attempt.state
    return language.say(f"tui.card.short.{state}")


def end(language: Language, attempt: Attempt) -> str:
    """How an attempt ended; the terminal's reason where that tells more."""
    amount, charged = language.money(attempt.amount), attempt.charged
    reason = str(attempt.details.get("reason", "")).removeprefix("card.")
    nothing = f"tui.card.nothing.{reason}"
    if attempt.state in _NOTHING_DONE and nothing in language.keys:
        return language.say(nothing)
    if attempt.state in {State.ORPHAN, State.EXPLAINED}:
        return language.say(f"tui.card.end.{attempt.state}", amount=amount)
    told = language.say(f"tui.card.end.{attempt.direction}.{attempt.state}", amount=amount)
    if attempt.state is not State.APPROVED or charged == attempt.amount:
        return told
    by_a_person = attempt.details.keys() & SAID_BY_A_PERSON  # who reads a paper knows of no tip
    more = "tui.card.too_much" if by_a_person else "tui.card.with_tip"
    key = "tui.card.partly" if charged < attempt.amount else more
    over = language.money(charged - attempt.amount)
    return language.say(key, charged=language.money(charged), amount=amount, over=over)


def story(
    language: Language, attempt: AttemptView, terminals: Collection[str], at: str | None
) -> str:
    """What was asked, where and when, under which reference."""
    return language.say(
        f"tui.resolve.story.{attempt.direction}",
        amount=language.money(attempt.amount),
        terminal=the_terminal(language, attempt.terminal, terminals),
        time=language.time(at) if at else "?",
        reference=attempt.reference,
    )


def told_amount(attempt: AttemptView) -> Cents | None:
    """The amount of an approval that broke off, where it is not what was asked."""
    told = attempt.details.get("answered_amount")
    if not told or told == attempt.amount or attempt.details.get("said") != State.APPROVED:
        return None
    return int(told)


def finding(language: Language, details: Mapping[str, Any], amount: int | None) -> str:
    """What a terminal told of an operation: `accepté, 12,34 €, autorisation 123456`."""
    said = language.say(f"tui.said.{details.get('says', State.UNKNOWN)}")
    told = [said, language.money(amount) if amount else language.say("tui.said.no_amount")]
    told += [
        language.say(f"tui.said.{name}", text=details[name])
        for name in ("authorisation", "last4", "receipt")
        if details.get(name)
    ]
    return ", ".join(told)


def tender(language: Language, name: str, amount: int | None) -> str:
    """A tender that was asked for: `Espèces 20,00 €`."""
    label = tender_label(name, language)
    return f"{label} {language.money(amount)}" if amount else label
