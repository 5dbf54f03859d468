"""A card payment's states: the one table that everything about an attempt goes by.

An attempt is journaled at each state. `prepared` and `sending` are on disk before the first byte
of the dialogue; the terminal's result is on disk as `answered` before it is acknowledged, and
final once the dialogue closed properly or a person confirmed it. What may have been sent and has
no result is `unknown`, never `declined`; nothing is ever sent again by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from pos.domain.errors import IllegalStep
from pos.domain.money import Cents

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
    }
)
RUNNING: Final = frozenset({State.PREPARED, State.SENDING, State.ANSWERED})
AT_START: Final[Mapping[State, State]] = MappingProxyType(
    {
        State.PREPARED: State.NOT_SENT,  # the first byte leaves only after `sending` is on disk
        State.SENDING: State.UNKNOWN,
        State.ANSWERED: State.UNKNOWN,
    }
)


class Direction(StrEnum):
    """Which way the money goes."""

    PAYMENT = "payment"
    REFUND = "refund"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to move money on a terminal; `amount` is in cents and positive.

    `reference` is the till's own, 10 characters, and travels to the terminal. `details` holds what
    the terminal told that may be kept: authorisation, last four digits, brand.
    """

    reference: str
    terminal: str
    direction: Direction
    amount: Cents
    sale: str
    state: State = State.PREPARED
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def towards_shop(self) -> Cents:
        """What it brings the shop: negative when it gives money back."""
        return self.amount if self.direction is Direction.PAYMENT else -self.amount

    @property
    def is_settled(self) -> bool:
        """Whether no open question is left about it."""
        return self.state not in RUNNING and self.state is not State.UNKNOWN


def step(attempt: Attempt, state: State, **details: object) -> Attempt:
    """The attempt in its next state; IllegalStep when the table has no such step."""
    if state not in STEPS[attempt.state]:
        raise IllegalStep(state=attempt.state, step=state)
    return replace(attempt, state=state, details={**attempt.details, **details})


def draw() -> str:
    """The state table as a Mermaid diagram, for the documents."""
    lines = ["stateDiagram-v2", "    [*] --> prepared"]
    for state, following in STEPS.items():
        lines += [f"    {state} --> {target}" for target in State if target in following]
        if not following:
            lines.append(f"    {state} --> [*]")
    return "\n".join(lines)
