"""Turnover that the campaign may have added: shops against their own weeks before it. Pure.

For each day of the campaign, what the same shops made on the same weekday in the weeks before is
what would have been expected. The weakest and the strongest of those weekdays give the range; where
shops that give no rewards sold in both periods as well, what they made of their own former turnover
corrects the expectation, and the range is widened to hold that answer too. Holidays, weather and
shops that closed are not corrected for: this is an estimate, and is always called one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sync.contract.watching import Estimate

SHOPS_MIN: Final = 3
DAYS_MIN: Final = 7
WEEKS: Final = (4, 3, 2)  # so many weeks before the opening, if there are enough shops
_WHOLE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Group:
    """Shops that sold in each week before: how many, and their turnover in cents by day."""

    shops: int
    turnover: Mapping[date, int]


@dataclass(frozen=True, slots=True)
class Panel:
    """Shops that give rewards, and shops that do not; `weeks` of both before the opening.

    `opens` to `last` are the whole days of the campaign, both included.
    """

    giving: Group
    others: Group
    weeks: int
    opens: date
    last: date


def estimate(panel: Panel) -> Estimate:
    """What the giving shops made beyond their own former weeks; `lacking` when that says little."""
    days = [panel.opens + timedelta(days=n) for n in range((panel.last - panel.opens).days + 1)]
    if len(days) < DAYS_MIN:
        return Estimate(lacking="days")
    if panel.giving.shops < SHOPS_MIN:
        return Estimate(lacking="baseline")
    before = [_same_weekdays(panel, panel.giving, day) for day in days]
    turnover = sum(panel.giving.turnover.get(day, 0) for day in days)
    expected = sum(map(sum, before)) // panel.weeks
    trend = _trend(panel, days)
    answers = [turnover - sum(map(max, before)), turnover - sum(map(min, before))]
    if trend is not None:
        answers.append(turnover - expected * trend // _WHOLE)
    return Estimate(
        lacking=None,
        shops=panel.giving.shops,
        weeks=panel.weeks,
        days=len(days),
        turnover=turnover,
        expected=expected,
        low=min(answers),
        high=max(answers),
        others=panel.others.shops,
        trend=trend,
    )


def _trend(panel: Panel, days: list[date]) -> int | None:
    """What the others made of their own former turnover; None when they are too few."""
    if panel.others.shops < SHOPS_MIN:
        return None
    expected = sum(sum(_same_weekdays(panel, panel.others, day)) for day in days)
    made = sum(panel.others.turnover.get(day, 0) for day in days)
    return made * panel.weeks * _WHOLE // expected if expected > 0 else None


def _same_weekdays(panel: Panel, group: Group, day: date) -> list[int]:
    """The turnover of a day's weekday in each week before the opening, the latest first."""
    back = (day - panel.opens).days // 7 + 1
    latest = day - timedelta(weeks=back)
    return [group.turnover.get(latest - timedelta(weeks=n), 0) for n in range(panel.weeks)]
