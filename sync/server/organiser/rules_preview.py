"""What a rule pack would give, before it is in force: example baskets, by the evaluator itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sync.contract.rewards.at_claim import bonus, draw
from sync.contract.rewards.evaluate import evaluate
from sync.contract.rewards.facts import Earned, Facts, Person, Room
from sync.contract.rewards.rules import RulePack

BASKETS: Final = (1_200, 3_500, 8_000)
_HOURS_TRIED: Final = 7 * 24


@dataclass(frozen=True, slots=True)
class Example:
    """A basket of eligible goods paid by card, in cents: what it earns, and what may come on top.

    `bonus` is given to a shopper who was in the same shop the day before, `win` to one who is
    lucky. `why` names the reason when nothing is earned, and `cut` the one that took a part.
    """

    basket: int
    earned: int
    bonus: int
    win: int
    why: str
    cut: str


@dataclass(frozen=True, slots=True)
class Preview:
    """The examples of a pack, all at one moment of the campaign."""

    at: str
    examples: tuple[Example, ...]


def preview(pack: RulePack, now: str) -> Preview:
    """The examples at the first hour, from now or the campaign's start, at which most is earned."""
    at = max(_hours(pack, now), key=lambda hour: _earned(pack, BASKETS[-1], hour).amount)
    return Preview(at, tuple(_example(pack, basket, at) for basket in BASKETS))


def _hours(pack: RulePack, now: str) -> Iterator[str]:
    start = datetime.fromisoformat(pack.starts_at)
    first = max(start, datetime.fromisoformat(now).astimezone(start.tzinfo))
    if first >= datetime.fromisoformat(pack.ends_at):
        first = start
    for hours in range(_HOURS_TRIED):
        yield (first + timedelta(hours=hours)).isoformat(timespec="seconds")


def _example(pack: RulePack, basket: int, at: str) -> Example:
    earned, day = _earned(pack, basket, at), at[:10]
    yesterday = (date.fromisoformat(day) - timedelta(days=1)).isoformat()
    again = bonus(pack, Person((yesterday,)), day, earned.base)
    won = draw(pack, earned.base, lambda _: 0, {})
    return Example(
        basket,
        earned.amount,
        sum(part.amount for part in again) if earned.amount else 0,
        sum(part.amount for part in won) if earned.amount else 0,
        str(earned.reason or ""),
        str(earned.cuts[0].reason) if earned.cuts else "",
    )


def _earned(pack: RulePack, basket: int, at: str) -> Earned:
    """What a shopper of whom nothing is known yet earns, in a shop that no limit singles out."""
    left = {limit: limit.most for limit in pack.limits if limit.key is None}
    paid = dict.fromkeys(pack.tenders[:1], basket)
    return evaluate(pack, Facts(at, at[:10], basket, tenders=paid), Room(left))
