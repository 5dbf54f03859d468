"""How long a budget lasts: the pace of the last days, the day it runs out, an even pace. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sync.contract.watching import Forecast

BURN_DAYS: Final = 7
_WHOLE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Pot:
    """Reward money in cents: what was pledged, and what left the budget on each day.

    What tills hold on lease has not left it. `opens` and `ends` are the first and the last day of
    earning, both included.
    """

    budget: int
    spent: Mapping[date, int]
    opens: date
    ends: date


def forecast(pot: Pot, today: date) -> Forecast:
    """Where a budget goes. Days that are not over count in no pace."""
    spent = sum(pot.spent.values())
    left = pot.budget - spent
    burn, days = _burn(pot, today)
    planned = _planned(pot, today)
    before = sum(cents for day, cents in pot.spent.items() if day < today)
    still = (pot.ends - max(today, pot.opens)).days + 1
    return Forecast(
        budget=pot.budget,
        spent=spent,
        left=left,
        burn=burn // days if days else None,
        burn_days=days,
        runs_out_on=_runs_out(pot, left, burn, days, today),
        ends_on=pot.ends.isoformat(),
        planned=planned,
        pace=before * _WHOLE // planned if planned else None,
        even=max(left, 0) // still if still > 0 else None,
    )


def _burn(pot: Pot, today: date) -> tuple[int, int]:
    """What the last whole days spent, and how many they are: none before the opening."""
    last = min(today - timedelta(days=1), pot.ends)
    first = max(last - timedelta(days=BURN_DAYS - 1), pot.opens)
    days = max((last - first).days + 1, 0)
    return sum(cents for day, cents in pot.spent.items() if first <= day <= last), days


def _runs_out(pot: Pot, left: int, burn: int, days: int, today: date) -> str | None:
    """The day on which the last cent goes, if that comes before the end."""
    if left <= 0:
        return today.isoformat()
    if burn <= 0 or today > pot.ends:
        return None
    whole_days = (left * days - 1) // burn  # days that it outlasts entirely, from today on
    if whole_days > (pot.ends - today).days:
        return None
    return (today + timedelta(days=whole_days)).isoformat()


def _planned(pot: Pot, today: date) -> int:
    length = (pot.ends - pot.opens).days + 1
    over = min(max((today - pot.opens).days, 0), length)
    return pot.budget * over // length if length > 0 else 0
