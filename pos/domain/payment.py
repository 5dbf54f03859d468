"""A card payment's states: the one table that everything about an attempt goes by.

An attempt is journaled at each state. `prepared` and `sending` are on disk before the first byte
of the dialogue; the terminal's result is on disk as `answered` before it is acknowledged, and
final once the dialogue closed properly or a person confirmed it. What may have been sent and has
no result is `unknown`, never `declined`; nothing is ever sent again by itself. What a terminal
tells of an attempt that nobody knows is an `orphan`, until a person explained it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from pos.domain.errors import IllegalStep
from pos.domain.money import Cents
from pos.domain.tender import CARD

REFERENCE_LENGTH: Final = 10


class State(StrEnum):
    """Where an attempt stands."""

    PREPARED = "prepared"
    SENDING = "sending"
    NOT_SENT = "not_sent"
    ANSWERED = "answered"
    APPROVED = "approved"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"
    NOT_CHARGED = "not_charged"
    REVERSED = "reversed"
    ORPHAN = "orphan"
    EXPLAINED = "explained"


STEPS: Final[Mapping[State, frozenset[State]]] = MappingProxyType(
    {
        State.PREPARED: frozenset({State.SENDING, State.NOT_SENT}),
        State.SENDING: frozenset({State.NOT_SENT, State.ANSWERED, State.UNKNOWN}),
        State.ANSWERED: frozenset({State.APPROVED, State.DECLINED, State.CANCELLED, State.UNKNOWN}),
        State.UNKNOWN: frozenset({State.APPROVED, State.NOT_CHARGED}),
        State.APPROVED: frozenset({State.REVERSED}),
        State.NOT_SENT: frozenset(),
        State.DECLINED: frozenset(),
        State.CANCELLED: frozenset(),
        State.NOT_CHARGED: frozenset(),
        State.REVERSED: frozenset(),
        State.ORPHAN: frozenset({State.EXPLAINED}),
        State.EXPLAINED: frozenset(),
    }
)
FIRST: Final = (State.PREPARED, State.ORPHAN)
RUNNING: Final = frozenset({State.PREPARED, State.SENDING, State.ANSWERED})
OPEN: Final = RUNNING | {State.UNKNOWN, State.ORPHAN}
AT_START: Final[Mapping[State, State]] = MappingProxyType(
    {
        State.PREPARED: State.NOT_SENT,  # the first byte leaves only after `sending` is on disk
        State.SENDING: State.UNKNOWN,
        State.ANSWERED: State.UNKNOWN,
    }
)


class Direction(StrEnum):
    """Which way the money goes; a cancellation takes back a payment on the terminal."""

    PAYMENT = "payment"
    REFUND = "refund"
    CANCELLATION = "cancellation"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to move money on a terminal; `amount` is what was asked, in cents and positive.

    `reference` is the till's own, 10 characters, and travels to the terminal. `details` holds what
    the terminal told that may be kept: authorisation, last four digits, brand. `tender` is the
    means of payment that it pays by; `of` the reference of the payment that a cancellation takes
    back.
    """

    reference: str
    terminal: str
    direction: Direction
    amount: Cents
    sale: str
    state: State = State.PREPARED
    details: Mapping[str, Any] = field(default_factory=dict)
    tender: str = CARD.name
    of: str = ""

    @property
    def charged(self) -> Cents:
        """What the terminal moved once it approved: less in part, more with a tip."""
        charged: Cents = self.details.get("charged", self.amount)
        return charged

    @property
    def towards_shop(self) -> Cents:
        """What an approval brings the shop: negative when it gives money back."""
        return self.charged if self.direction is Direction.PAYMENT else -self.charged

    @property
    def told(self) -> Cents | None:
        """What its answer approved, where that was on disk before the dialogue broke off."""
        if self.details.get("said") != State.APPROVED:
            return None
        return self.details.get("answered_amount") or None

    @property
    def is_settled(self) -> bool:
        """Whether no open question is left about it."""
        return self.state not in OPEN

    @property
    def proposal(self) -> State | None:
        """What the terminal told of an unknown attempt that a person has yet to confirm."""
        said = self.details.get("proposal")
        return State(said) if said and self.state is State.UNKNOWN else None


def step(attempt: Attempt, state: State, **details: object) -> Attempt:
    """The attempt in its next state; IllegalStep when the table has no such step."""
    if state not in STEPS[attempt.state]:
        raise IllegalStep(state=attempt.state, step=state)
    return replace(attempt, state=state, details={**attempt.details, **details})


def note(attempt: Attempt, **details: object) -> Attempt:
    """The attempt where it is, with more known of it."""
    return replace(attempt, details={**attempt.details, **details})


def to_data(attempt: Attempt) -> dict[str, Any]:
    """The canonical JSON value of an attempt: the `data` of its journal entries."""
    data: dict[str, Any] = {
        "reference": attempt.reference,
        "terminal": attempt.terminal,
        "direction": str(attempt.direction),
        "amount": attempt.amount,
        "sale": attempt.sale,
        "state": str(attempt.state),
        "details": dict(attempt.details),
    }
    if attempt.tender != CARD.name:
        data["tender"] = attempt.tender
    if attempt.of:
        data["of"] = attempt.of
    return data


def from_data(data: Mapping[str, Any]) -> Attempt:
    """The attempt of a journal entry's `data`."""
    return Attempt(
        data["reference"],
        data["terminal"],
        Direction(data["direction"]),
        data["amount"],
        data["sale"],
        State(data["state"]),
        data["details"],
        data.get("tender", CARD.name),
        data.get("of", ""),
    )


def draw() -> str:
    """The state table as a Mermaid diagram, for the documents."""
    lines = ["stateDiagram-v2", *(f"    [*] --> {state}" for state in FIRST)]
    for state, following in STEPS.items():
        lines += [f"    {state} --> {target}" for target in State if target in following]
        if not following:
            lines.append(f"    {state} --> [*]")
    return "\n".join(lines)
