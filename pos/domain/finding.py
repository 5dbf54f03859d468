"""What a terminal tells of an operation, and how much that proves about an attempt of ours.

A terminal is asked what became of an attempt whose end is unknown, or it tells by itself, late. It
settles the attempt only where it can be about nothing else; where that is likely, it makes a
proposal that a person confirms from the terminal's paper; else it proves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from pos.domain.money import Cents
from pos.domain.payment import Attempt, Direction, State


@dataclass(frozen=True, slots=True)
class Finding:
    """What a terminal said. `state` is approved, declined, cancelled or unknown.

    `amount` is in cents, None where it told none; `reference` is what stood where ours should be;
    `receipt` is the terminal's own number of the operation.
    """

    state: State
    amount: Cents | None
    reference: str = ""
    receipt: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trust:
    """What is known of a terminal, the safe assumption by default.

    `echoes`: it gives our reference back untouched. `reverses`: it takes back by itself a payment
    whose result was not acknowledged, so that one it does not have was not charged.
    """

    echoes: bool = False
    reverses: bool = False


class Weight(StrEnum):
    """How much a finding proves."""

    SETTLES = "settles"
    PROPOSES = "proposes"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a finding says of an attempt: `state` is approved or not_charged."""

    weight: Weight
    state: State = State.UNKNOWN


NOTHING: Final = Judgement(Weight.NOTHING)
_MEANS: Final = {
    State.APPROVED: State.APPROVED,
    State.DECLINED: State.NOT_CHARGED,
    State.CANCELLED: State.NOT_CHARGED,
}


def weigh(attempt: Attempt, finding: Finding, trust: Trust, *, alone: bool) -> Judgement:
    """Judge an unknown attempt by a finding; `alone` when no other attempt is open there.

    Two numbers can prove that a finding is about the attempt: our reference, if this terminal is
    known to echo references, and the terminal's own number, if the attempt's answer was on disk
    already. With the same amount they settle it; with another one that was approved (a part, a tip)
    a person confirms. An operation from before the attempt with another amount is not the attempt;
    with the same amount the terminal may have begun its numbers anew.
    """
    means = _MEANS.get(finding.state)
    if means is None:
        return NOTHING
    same_amount = finding.amount == attempt.amount
    if _is_the_one(attempt, finding, trust):
        return _of_the_one(finding, means, same_amount=same_amount)
    if not alone:
        return NOTHING
    if _is_an_earlier_one(attempt, finding):
        is_proof = trust.reverses and not same_amount and attempt.direction is Direction.PAYMENT
        return Judgement(Weight.SETTLES if is_proof else Weight.PROPOSES, State.NOT_CHARGED)
    if same_amount and _may_be_the_one(attempt, finding, trust):
        return Judgement(Weight.PROPOSES, means)
    return NOTHING


def _of_the_one(finding: Finding, means: State, *, same_amount: bool) -> Judgement:
    if same_amount:
        return Judgement(Weight.SETTLES, means)
    if finding.state is State.APPROVED and finding.amount:
        return Judgement(Weight.PROPOSES, State.APPROVED)
    return NOTHING


def _is_the_one(attempt: Attempt, finding: Finding, trust: Trust) -> bool:
    if trust.echoes and finding.reference == attempt.reference:
        return True
    receipt = attempt.details.get("receipt")
    return bool(receipt) and finding.receipt == receipt


def _is_an_earlier_one(attempt: Attempt, finding: Finding) -> bool:
    """Whether the terminal's last operation is one from before the attempt: it has none since."""
    before = attempt.details.get("receipt_before")
    return bool(before) and finding.receipt == before


def _may_be_the_one(attempt: Attempt, finding: Finding, trust: Trust) -> bool:
    """A terminal that echoes references tells another's: that one is not ours."""
    return not (trust.echoes and finding.reference and finding.reference != attempt.reference)
