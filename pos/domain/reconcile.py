"""Compare what a terminal added up with the attempts that the till has, and name the differences.

A sum that differs is explained, where that can be, by the attempts that may be wrong: one that is
unknown or was said not to be charged, an answer that belonged to none, an approval that a person
gave and the terminal does not have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations
from typing import Any, Final

from pos.domain.money import Cents
from pos.domain.payment import Attempt, State

SUSPECTS_MAX: Final = 12  # combinations of more say nothing any more
TOGETHER_MAX: Final = 3


@dataclass(frozen=True, slots=True)
class TerminalTotals:
    """What a terminal says since its last end of day: cents, refunds taken off.

    `count` is how many operations that is, None where it does not tell.
    """

    total: Cents
    count: int | None = None
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Tried:
    """An attempt since the last comparison, in its last state, and when it began."""

    attempt: Attempt
    at: str


class Doubt(StrEnum):
    """Why an attempt may be what differs."""

    UNKNOWN = "unknown"
    SAID_NOT_CHARGED = "said_not_charged"
    ORPHAN = "orphan"
    SAID_CHARGED = "said_charged"
    NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True)
class Suspect:
    """An attempt that may be what differs; `effect` is what it would add to the till's sum."""

    tried: Tried
    doubt: Doubt
    effect: Cents


@dataclass(frozen=True, slots=True)
class Comparison:
    """A terminal's totals beside ours.

    `explained` are the suspects that together make exactly the difference, the likeliest set;
    `suspects` are all of them, for a person who has to look further. `whole` is False when there
    were too many attempts to look at all of them.
    """

    terminal: str
    theirs: TerminalTotals
    ours: Cents
    count: int
    suspects: tuple[Suspect, ...] = ()
    explained: tuple[Suspect, ...] = ()
    whole: bool = True

    @property
    def difference(self) -> Cents:
        """Terminal less till, in cents."""
        return self.theirs.total - self.ours

    @property
    def agrees(self) -> bool:
        """Whether sums, and counts where both tell, are the same."""
        return self.difference == 0 and self.theirs.count in (None, self.count)


def compare(
    terminal: str, theirs: TerminalTotals, tried: Sequence[Tried], *, whole: bool = True
) -> Comparison:
    """Compare a terminal's totals with the attempts on it since the last comparison."""
    booked = [one for one in tried if _is_booked(one.attempt)]
    ours = sum(one.attempt.towards_shop for one in booked)
    suspects = tuple(found for one in tried if (found := _suspect(one)) is not None)
    comparison = Comparison(terminal, theirs, ours, len(booked), whole=whole)
    if comparison.agrees:
        return comparison
    explained = _explain(comparison.difference, suspects)
    return replace(comparison, suspects=suspects, explained=explained)


def _is_booked(attempt: Attempt) -> bool:
    """A payment that was reversed is on the terminal as two operations, and so is it here."""
    if attempt.state is State.EXPLAINED:
        return "paid" in attempt.details  # an answer that a person gave to a sale
    return attempt.state in {State.APPROVED, State.REVERSED}


def _suspect(one: Tried) -> Suspect | None:
    attempt, details = one.attempt, one.attempt.details
    if attempt.state is State.UNKNOWN:
        return Suspect(one, Doubt.UNKNOWN, attempt.towards_shop)
    if attempt.state is State.NOT_CHARGED and "resolved_by" in details:
        return Suspect(one, Doubt.SAID_NOT_CHARGED, attempt.towards_shop)
    if _is_booked(attempt) and not details.keys() & {"resolved_by", "answered_by"}:
        return None
    if attempt.state in {State.ORPHAN, State.EXPLAINED} and details.get("says") == State.APPROVED:
        return Suspect(one, Doubt.ORPHAN, attempt.towards_shop)
    if attempt.state is State.APPROVED and "resolved_by" in details:
        return Suspect(one, Doubt.SAID_CHARGED, -attempt.towards_shop)
    if attempt.state is State.APPROVED and "answered_by" in details:
        return Suspect(one, Doubt.NO_ANSWER, -attempt.towards_shop)
    return None


def _explain(difference: Cents, suspects: tuple[Suspect, ...]) -> tuple[Suspect, ...]:
    """The fewest suspects whose effects make the difference; the oldest among equals."""
    if difference == 0 or len(suspects) > SUSPECTS_MAX:
        return ()
    for size in range(1, min(TOGETHER_MAX, len(suspects)) + 1):
        for together in combinations(suspects, size):
            if sum(one.effect for one in together) == difference:
                return together
    return ()


def to_data(comparison: Comparison) -> dict[str, Any]:
    """The canonical JSON value of a comparison, for its journal entry."""
    theirs = comparison.theirs
    return {
        "terminal": comparison.terminal,
        "theirs": {"total": theirs.total, "count": theirs.count, "complete": theirs.complete},
        "ours": {"total": comparison.ours, "count": comparison.count},
        "difference": comparison.difference,
        **({} if comparison.whole else {"whole": False}),
        "explained": [one.tried.attempt.reference for one in comparison.explained],
        "suspects": [
            {
                "reference": one.tried.attempt.reference,
                "doubt": str(one.doubt),
                "effect": one.effect,
            }
            for one in comparison.suspects
        ],
    }
