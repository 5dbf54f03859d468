"""What a sale earns by a rule pack. Pure, and the same on till and server, to the cent.

The base is what was bought of eligible families and paid in the shopper's own money: the smaller of
the two, so that no reward is ever earned on a reward. Each rule gives its part of that base; then
the limits cut, from the last rule to the first, and the budget after them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from sync.contract.rewards.facts import Cut, Earned, Facts, Part, Reason, Room
from sync.contract.rewards.rules import Limit, Percent, Rule, RulePack, Tiers, Window

_UNKNOWN = Room()


class _Given(NamedTuple):
    """What one rule gives of a base, or why nothing; `missing` to give more."""

    part: Part
    reason: Reason | None = None
    missing: int | None = None


def evaluate(pack: RulePack, facts: Facts, room: Room = _UNKNOWN) -> Earned:
    """What a sale earns, with the reason when that is nothing.

    Rules that only the server can decide give nothing here (rewards.at_claim).
    """
    base, reason = eligible(pack, facts)
    reason = _outside(pack, facts.at) or reason
    if reason is not None:
        return Earned(0, base, reason=reason)
    given = [found for rule in pack.rules if (found := _give(rule, base, facts, room))]
    parts = _sole(given) if pack.sole else [one.part for one in given if one.part.amount]
    missing = min((one.missing for one in given if one.missing is not None), default=None)
    if not parts:
        first = next((one.reason for one in given if one.reason), Reason.FLOOR)
        return Earned(0, base, reason=first, missing=missing)
    return _cut(
        pack, Earned(sum(x.amount for x in parts), base, tuple(parts), missing=missing), room
    )


def as_if_paid(pack: RulePack, facts: Facts) -> Facts:
    """A sale that is not paid yet, as if what is due were paid in money that counts."""
    due = facts.total - facts.vouchers - sum(facts.tenders.values())
    if due <= 0 or not pack.tenders:
        return facts
    kind = pack.tenders[0]
    paid = {**facts.tenders, kind: facts.tenders.get(kind, 0) + due}
    return replace(facts, tenders=paid)


def eligible(pack: RulePack, facts: Facts) -> tuple[int, Reason | None]:
    """The base that counts in cents, and why it is nothing when it is."""
    if facts.total <= 0:
        return 0, Reason.NOTHING_SOLD
    goods = facts.total - sum(
        max(amount, 0) for family, amount in facts.families.items() if family in pack.excluded
    )
    if goods <= 0:
        return 0, Reason.FAMILIES
    own = sum(amount for kind, amount in facts.tenders.items() if kind in pack.tenders)
    if own <= 0:
        return 0, Reason.VOUCHERS if facts.vouchers > 0 else Reason.TENDERS
    return min(goods, own), None


def _outside(pack: RulePack, at: str) -> Reason | None:
    moment = datetime.fromisoformat(at)
    if moment < datetime.fromisoformat(pack.starts_at):
        return Reason.NOT_STARTED
    if moment >= datetime.fromisoformat(pack.ends_at):
        return Reason.ENDED
    return None


def _give(rule: Rule, base: int, facts: Facts, room: Room) -> _Given | None:
    """What a rule gives; None for one that the server alone decides."""
    if not isinstance(rule, Percent | Tiers):
        return None
    nothing = Part(rule.id, 0)
    if rule.windows and not any(_within(window, facts.at) for window in rule.windows):
        return _Given(nothing, Reason.WINDOW)
    if rule.first is not None and room.uses.get(rule.id, 0) >= rule.first:
        return _Given(nothing, Reason.FIRST)
    if base < rule.floor:
        return _Given(nothing, Reason.FLOOR, rule.floor - base)
    if isinstance(rule, Percent):
        counted = base if rule.base_max is None else min(base, rule.base_max)
        return _Given(Part(rule.id, counted * rule.rate // 10_000))
    return _tier(rule, base)


def _tier(rule: Tiers, base: int) -> _Given:
    reached = [tier.reward for tier in rule.tiers if tier.floor <= base]
    ahead = [tier.floor - base for tier in rule.tiers if tier.floor > base]
    reward = reached[-1] if reached else 0
    return _Given(Part(rule.id, reward), None if reward else Reason.FLOOR, min(ahead, default=None))


def _within(window: Window, at: str) -> bool:
    moment = datetime.fromisoformat(at)
    if window.weekdays and moment.isoweekday() not in window.weekdays:
        return False
    return window.from_time <= f"{moment:%H:%M}" < window.until_time


def _sole(given: list[_Given]) -> list[Part]:
    best = max((one.part for one in given), key=lambda part: part.amount, default=None)
    return [best] if best and best.amount else []


def _cut(pack: RulePack, earned: Earned, room: Room) -> Earned:
    for reason, most, limit in _bounds(pack, room):
        over = earned.amount - max(most, 0)
        if over <= 0:
            continue
        earned = replace(
            earned,
            amount=earned.amount - over,
            parts=_less(earned.parts, over),
            cuts=(*earned.cuts, Cut(reason, over, limit)),
            reason=None if over < earned.amount else reason,
        )
    return earned


def _bounds(pack: RulePack, room: Room) -> Iterator[tuple[Reason, int, Limit | None]]:
    """What the reward may not exceed, in the order in which it is cut."""
    for limit in pack.limits:
        left = limit.most if limit.scope == "sale" else room.left.get(limit)
        if left is None or limit.action == "spend":
            continue
        if limit.action == "earn":
            yield Reason.LIMIT, left, limit
        elif left < 1:
            yield Reason.LIMIT, 0, limit
    if room.money is not None:
        yield Reason.BUDGET, room.money, None


def _less(parts: tuple[Part, ...], over: int) -> tuple[Part, ...]:
    """The parts less an amount, taken from the last to the first."""
    kept: list[Part] = []
    for part in reversed(parts):
        taken = min(part.amount, over)
        over -= taken
        if part.amount > taken:
            kept.append(Part(part.rule, part.amount - taken))
    return tuple(reversed(kept))
