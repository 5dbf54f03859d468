"""The terminal's own ledger against the till's journal and what the screen names.

The terminal's entries are known by the amount that was asked, which is another one for each sale of
a proof: some protocols carry no reference of the till.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from drivers.simulators.card.ledger import Entry
from drivers.simulators.card.ledger import Ledger as Paper
from pos.app.desk import Desk
from pos.app.ports import Ledger
from pos.app.views import attempts_view
from pos.domain.payment import Attempt, Direction, State, from_data


class Sin(StrEnum):
    """What must never be."""

    DOUBLED = "charged twice"
    FORGOTTEN = "charge forgotten"
    WRONG_DECLINED = "said not charged, was charged"
    WRONG_APPROVED = "said paid, was not charged so"
    UNNAMED = "open and not named on the screen"
    STUCK = "still runs"


class Violation(NamedTuple):
    """A sin, and the figures."""

    sin: Sin
    detail: str


def judge(desk: Desk, paper: Paper, *, forged: bool = False) -> Iterator[Violation]:
    """Everything that is wrong once the till has come to rest.

    `forged`: the line made up bytes, so that the terminal may believe delivered what never was.
    """
    attempts: dict[int, list[Attempt]] = defaultdict(list)
    latest = attempts_of(desk.ports.ledger)
    for attempt in latest.values():
        attempts[attempt.amount].append(attempt)
    entries: dict[int, list[Entry]] = defaultdict(list)
    for entry in paper.entries:
        entries[entry.asked_cents].append(entry)
    for amount in sorted(attempts.keys() | entries.keys()):
        ours = [a for a in attempts[amount] if a.state not in _RAISED]
        if ours:
            raised = len(ours) < len(attempts[amount])
            yield from _ours(ours, entries[amount], raised=raised)
        elif not forged:
            yield from _strangers(len(attempts[amount]), entries[amount], paper)
    yield from _unnamed(latest.values(), desk)


def attempts_of(ledger: Ledger) -> dict[str, Attempt]:
    """Every attempt of a journal as it was left, by reference."""
    found: dict[str, Attempt] = {}
    for entry in ledger.since(0):
        if entry.payload.chain == "payment" and "reference" in entry.data:
            attempt = from_data(entry.data)
            found[attempt.reference] = attempt
    return found


def _ours(
    attempts: Sequence[Attempt], entries: Sequence[Entry], *, raised: bool
) -> Iterator[Violation]:
    """Attempts of one amount, and what the terminal did with that amount.

    `raised`: it came after a person had said what her paper said, and stands there as an orphan.
    """
    moved = sum(entry.charged_cents for entry in entries)
    told = f"{[_said(a) for a in attempts]}, the terminal moved {moved}"
    times = sum(_sign(entry.charged_cents) for entry in entries)
    sent = [_signed(a, 1) for a in attempts if a.state is not State.NOT_SENT]
    if not sum(x for x in sent if x < 0) <= times <= sum(x for x in sent if x > 0):
        yield Violation(Sin.DOUBLED if sent else Sin.WRONG_DECLINED, told)
    if any(attempt.state is State.UNKNOWN for attempt in attempts):
        return
    paid = sum(_signed(a, a.charged) for a in attempts if a.state in _MOVED)
    if moved == paid:
        return
    if any(attempt.state in _MOVED for attempt in attempts):
        yield Violation(Sin.WRONG_APPROVED, told)
    elif not raised and not any(attempt.state in _RUNNING for attempt in attempts):
        yield Violation(Sin.WRONG_DECLINED, told)


_MOVED = frozenset({State.APPROVED, State.REVERSED})
_RAISED = frozenset({State.ORPHAN, State.EXPLAINED})
_RUNNING = frozenset({State.PREPARED, State.SENDING, State.ANSWERED})


def _signed(attempt: Attempt, cents: int) -> int:
    return cents if attempt.direction is Direction.PAYMENT else -cents


def _sign(cents: int) -> int:
    return (cents > 0) - (cents < 0)


def _said(attempt: Attempt) -> str:
    return f"{attempt.direction} {attempt.amount} {attempt.state}"


def _strangers(kept: int, entries: Sequence[Entry], paper: Paper) -> Iterator[Violation]:
    """What the till took from the terminal and knows nothing of stands in the journal."""
    delivered = [x for x in entries if x.charged_cents and x.number in paper.acknowledged]
    if len(delivered) > kept:
        yield Violation(Sin.FORGOTTEN, f"the till acknowledged {delivered[0].charged_cents}")


def _unnamed(attempts: Iterable[Attempt], desk: Desk) -> Iterator[Violation]:
    """Every attempt with an open question is on the screen, and none of them runs for ever."""
    shown = {view.reference: view.state for view in attempts_view(desk)}
    for attempt in attempts:
        state = shown.get(attempt.reference)
        if attempt.is_settled:
            continue
        if state is None:
            yield Violation(Sin.UNNAMED, _said(attempt))
        elif state in _RUNNING:
            yield Violation(Sin.STUCK, _said(attempt))


def moved_by(paper: Paper, attempt: Attempt) -> int:
    """What the terminal's paper says was moved for an attempt, in cents towards the shop."""
    return sum(
        entry.charged_cents for entry in paper.entries if entry.asked_cents == attempt.amount
    )
