"""What is decided when a reward is claimed, because only the server knows who comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from sync.contract.rewards.facts import Part, Person
from sync.contract.rewards.rules import InstantWin, ReturnVisit, RulePack

_CHANCES = 10_000


def bonus(pack: RulePack, person: Person, day: str, base: int) -> list[Part]:
    """The bonus for coming back to a shop on another business day, for each rule that gives one."""
    today = date.fromisoformat(day)
    ages = [(today - date.fromisoformat(visit)).days for visit in person.visits]
    return [
        Part(rule.id, rule.reward)
        for rule in pack.rules
        if isinstance(rule, ReturnVisit)
        and base >= rule.floor
        and any(1 <= age <= rule.within_days for age in ages)
    ]


def draw(
    pack: RulePack, base: int, below: Callable[[int], int], uses: Mapping[str, int]
) -> list[Part]:
    """What is won. `below(n)` is an even chance of 0 to n - 1; `uses` how often each rule gave."""
    return [
        Part(rule.id, rule.reward)
        for rule in pack.rules
        if isinstance(rule, InstantWin)
        and base >= rule.floor
        and (rule.first is None or uses.get(rule.id, 0) < rule.first)
        and below(_CHANCES) < rule.chance
    ]
