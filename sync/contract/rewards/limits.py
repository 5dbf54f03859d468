"""Where a limit counts: for whom, and in which stretch of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sync.contract.rewards.rules import Action, Limit, Scope


@dataclass(frozen=True, slots=True)
class Counter:
    """What is counted together: an action, for an owner in a scope, in a period."""

    action: Action
    scope: Scope
    owner: str
    period: str


def period_key(limit: Limit, day: str) -> str:
    """The stretch of time of a limit that a business day (YYYY-MM-DD) belongs to."""
    if limit.period == "day":
        return day
    if limit.period == "week":
        year, week, _ = date.fromisoformat(day).isocalendar()
        return f"{year}-W{week:02}"
    return ""


def counter(limit: Limit, owners: Mapping[Scope, str], day: str) -> Counter | None:
    """What a limit counts for a sale, by who is who in it; None when it does not concern it."""
    owner = "" if limit.scope == "campaign" else owners.get(limit.scope)
    if owner is None or (limit.key is not None and limit.key != owner):
        return None
    return Counter(limit.action, limit.scope, owner, period_key(limit, day))
